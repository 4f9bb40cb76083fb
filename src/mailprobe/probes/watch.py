"""Watching a mailbox for one canary: polls that see, IDLE that tells."""

from __future__ import annotations

import asyncio
from contextlib import suppress
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final

from mailprobe.mail import canary as mark
from mailprobe.mail import imap as read
from mailprobe.model.failure import Kind
from mailprobe.probes import fetched
from mailprobe.probes.imap import inbox_facts
from mailprobe.wire.trouble import Trouble

if TYPE_CHECKING:
    from collections.abc import Callable
    from datetime import datetime

    from mailprobe.mail.canary import Canary
    from mailprobe.model.limits import Limits
    from mailprobe.wire.imap import ImapSession
    from mailprobe.wire.recorder import Recorder

INBOX: Final = b"INBOX"
# Enough for our three headers however they were rewritten; a foreign header of
# a megabyte costs no more than this.
_PEEK: Final = (
    b"BODY.PEEK[HEADER.FIELDS (MESSAGE-ID SUBJECT X-MAILPROBE-CANARY)]<0.8192>"
)
_WHOLE: Final = b"BODY.PEEK[HEADER]<0.65536>"
# Seconds between polls from which on a server's silence is not relied upon:
# by then the extra question costs less than a mail that is overlooked.
TRUSTING: Final = 1.0
NEWS_MAX: Final = 200  # new mails looked at in one poll; the rest wait for the next


@dataclass(slots=True)
class Place:
    """One folder that is watched, and the first UID that counts as new."""

    name: bytes
    shown: str
    landed: str
    uidnext: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Sighting:
    """
    Where and when the canary was seen.

    Attributes:
        place: The folder.
        uid: Its UID there.
        number: Its sequence number in that folder when it was seen.
        by: When the reply came that showed it, seconds of the probe.
        after: When the last look was begun that did not show it.
    """

    place: Place
    uid: int
    number: int
    by: float
    after: float


@dataclass(slots=True)
class Watch:
    """
    Looks for one canary through one IMAP connection.

    Only mails newer than the noted UIDNEXT are looked at, and of them only
    three headers: the cost does not grow with the mailbox.
    """

    session: ImapSession
    recorder: Recorder
    canary: Canary
    key: bytes
    places: list[Place] = field(default_factory=list)
    sightings: list[Sighting] = field(default_factory=list)
    foreign: int = 0
    polls: int = 0
    last_look: float = 0.0

    async def note_beginning(self, junk: list[tuple[bytes, str]]) -> None:
        """Note UIDNEXT of INBOX and of the junk folders, and open INBOX."""
        for name, shown in junk:
            uidnext = await self._status_uidnext(name)
            self.places.append(Place(name, shown, "junk", uidnext or 1))
        done = await self.session.select(INBOX, read_only=True)
        facts = inbox_facts(done)
        uidnext = facts.uidnext
        if uidnext is None:  # RFC 3501 lets a server be silent about it
            uidnext = await self._highest_uid(facts.messages) + 1
        self.places.insert(0, Place(INBOX, "INBOX", "inbox", uidnext))
        self.last_look = self.recorder.elapsed()

    async def look(self, *, thorough: bool = False) -> bool:
        """
        Look once into every folder; return whether our mail is there.

        Args:
            thorough: Look at what is new even if the server tells of no change.
        """
        began = self.recorder.elapsed()
        self.polls += 1
        inbox, *others = self.places
        await self.session.command("NOOP")
        if self.session.take_change() or thorough:
            await self._read_news(inbox, by=self.recorder.elapsed())
        for place in others:
            uidnext = await self._status_uidnext(place.name)
            by = self.recorder.elapsed()
            if uidnext is not None and uidnext > place.uidnext:
                await self.session.select(place.name, read_only=True)
                await self._read_news(place, by=by)
                await self._return_to_inbox()
        # The news may have stood beside the reply to STATUS.
        if self.session.take_change():
            await self._read_news(inbox, by=self.recorder.elapsed())
        if not self.sightings:
            self.last_look = began
        return bool(self.sightings)

    async def headers(self, sighting: Sighting) -> tuple[bytes, datetime | None]:
        """Fetch the headers of our mail and the time the store gives it."""
        if sighting.place.name != INBOX:
            await self.session.select(sighting.place.name, read_only=True)
        wanted = b"%d (INTERNALDATE %s)" % (sighting.uid, _WHOLE)
        done = await self.session.command("UID FETCH", wanted)
        if sighting.place.name != INBOX:
            await self._return_to_inbox()
        for response in done:
            found = fetched.attributes(response)
            body = found.get("BODY") if found else None
            if found and isinstance(body, bytes):
                return body, fetched.internal_date(found.get("INTERNALDATE"))
        return b"", None

    async def remove(self) -> bool:
        """
        Delete every sighted copy; return whether all of them are gone.

        By UID only, and only what was recognised; without UIDPLUS the copies
        stay flagged, since a plain EXPUNGE could remove somebody else's mail.
        """
        gone = True
        for sighting in self.sightings:
            await self.session.select(sighting.place.name, read_only=False)
            uid = b"%d" % sighting.uid
            await self.session.command("UID STORE", uid + b" +FLAGS.SILENT (\\Deleted)")
            if self.session.offers("UIDPLUS") or self.session.offers("IMAP4REV2"):
                await self.session.command("UID EXPUNGE", uid)
            else:
                gone = False
        return gone

    async def _read_news(self, place: Place, *, by: float) -> None:
        wanted = b"%d:* (UID %s)" % (place.uidnext, _PEEK)
        done = await self.session.command("UID FETCH", wanted)
        newest = place.uidnext - 1
        for response in done[: NEWS_MAX + 1]:
            found = fetched.attributes(response)
            uid = fetched.number(found.get("UID")) if found else 0
            # `n:*` also names the last mail when nothing is new (RFC 9051 6.4.9).
            if found is None or uid < place.uidnext:
                continue
            newest = max(newest, uid)
            body = found.get("BODY")
            number = fetched.number(response.rest.split(b" ", 1)[0])
            if isinstance(body, bytes) and self._is_ours(body):
                self.sightings.append(
                    Sighting(
                        place=place,
                        uid=uid,
                        number=number,
                        by=by,
                        after=self.last_look,
                    )
                )
        place.uidnext = newest + 1

    def _is_ours(self, headers: bytes) -> bool:
        found = mark.tokens(headers)
        origins = {mark.origin(token, self.canary, self.key) for token in found}
        if mark.Origin.OURS in origins:
            return True
        self.foreign += bool(origins)
        return False

    async def _status_uidnext(self, name: bytes) -> int | None:
        try:
            done = await self.session.command("STATUS", fetched.status_of(name))
        except Trouble as trouble:
            if trouble.kind in {Kind.IMAP_NO, Kind.IMAP_BAD}:
                return None  # the folder went away; it cannot hold our mail
            raise
        return fetched.uidnext(done)

    async def _highest_uid(self, messages: int | None) -> int:
        if not messages:
            return 0
        done = await self.session.command("FETCH", b"* (UID)")
        numbers = (fetched.attributes(response) for response in done)
        return max((fetched.number(n.get("UID")) for n in numbers if n), default=0)

    async def _return_to_inbox(self) -> None:
        # Mail that came while another folder was open must not be missed.
        await self.session.select(INBOX, read_only=True)
        self.session.take_change()
        await self._read_news(self.places[0], by=self.recorder.elapsed())


async def watch_until(  # noqa: PLR0913 - what to watch, how long, when to stop
    watch: Watch,
    limits: Limits,
    *,
    since: float,
    until: float,
    nudge: asyncio.Event,
    hopeless: Callable[[], bool],
) -> bool:
    """
    Poll until the canary is seen; return False when it is no use any more.

    The pause between polls grows with the time waited, so that the error of
    the sight stays a small share of the transit time.

    Args:
        watch: What to look with.
        limits: The pauses, and the budget of one look.
        since: When the mail was submitted, seconds of the probe.
        until: When to give up.
        nudge: Set when a look is due at once.
        hopeless: Whether the mail can no longer be expected.
    """
    elapsed = watch.recorder.elapsed
    pause = 0.0
    while True:
        nudge.clear()
        left = until - elapsed()
        async with asyncio.timeout(limits.command):
            if await watch.look(thorough=pause >= TRUSTING or left <= 0):
                return True
        left = until - elapsed()
        if left <= 0 or hopeless():
            return False
        share = limits.poll_share * (elapsed() - since)
        pause = min(max(limits.poll_first, share), limits.poll_longest, left)
        with suppress(TimeoutError):
            async with asyncio.timeout(pause):
                await nudge.wait()


@dataclass(slots=True)
class Listener:
    """
    Notes what IDLE tells, on a connection of its own: ``(when, EXISTS)`` pairs.

    Attributes:
        session: A session in IDLE.
        nudge: Set at every push, so that a look follows at once.
        shift: What turns the session's seconds into those of the trip.
        pushes: What was told.
        renumbered: Mail was removed meanwhile, so that numbers have shifted.
        heard: Set at every push.
    """

    session: ImapSession
    nudge: asyncio.Event
    shift: float
    pushes: list[tuple[float, int]] = field(default_factory=list)
    renumbered: bool = False
    heard: asyncio.Event = field(default_factory=asyncio.Event)

    async def run(self) -> None:
        """Listen until cancelled, or until the connection ends: then it is deaf."""
        with suppress(Trouble):
            while True:
                for at, response in await self.session.idle_push():
                    number = read.count(response, "EXISTS")
                    gone = read.count(response, "EXPUNGE") is not None
                    self.renumbered = self.renumbered or gone
                    if number is not None and len(self.pushes) < NEWS_MAX:
                        self.pushes.append((at + self.shift, number))
                        self.nudge.set()
                        self.heard.set()

    async def told(self, sighting: Sighting, grace: float) -> float | None:
        """
        Return when the server told of a mail; None if not in time.

        A push counts from the number that the mail has; where numbers have
        shifted, from the last look that did not show it.

        Args:
            sighting: The mail, as a poll saw it in INBOX.
            grace: Seconds to go on waiting for it.
        """
        with suppress(TimeoutError):
            async with asyncio.timeout(grace):
                while True:
                    self.heard.clear()
                    for at, exists in self.pushes:
                        late = self.renumbered and at >= sighting.after
                        if late or exists >= sighting.number:
                            return at
                    await self.heard.wait()
        return None
