"""New mail in the folders of a mailbox: seen by its headers, removed by its UID."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final

from mailprobe.probes import fetched
from mailprobe.probes.imap import REFUSALS, inbox_facts
from mailprobe.wire.trouble import Trouble

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from datetime import datetime

    from mailprobe.model.report import Inbox
    from mailprobe.wire.imap import ImapSession
    from mailprobe.wire.recorder import Recorder

INBOX: Final = b"INBOX"
# Enough for our three headers however they were rewritten; a foreign header of
# a megabyte costs no more than this.
_PEEK: Final = (
    b"BODY.PEEK[HEADER.FIELDS (MESSAGE-ID SUBJECT X-MAILPROBE-CANARY)]<0.8192>"
)
_WHOLE: Final = b"BODY.PEEK[HEADER]<0.65536>"
NEWS_MAX: Final = 200  # new mails looked at in one poll; the rest wait for the next


@dataclass(slots=True)
class Place:
    """One folder that is watched, the first UID that counts as new, and of which."""

    name: bytes
    shown: str
    landed: str
    uidnext: int
    validity: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Sighting:
    """
    Where and when the canary was seen.

    Attributes:
        place: The folder.
        validity: Its UIDVALIDITY: with another, the UID is another mail's.
        uid: Its UID there.
        number: Its sequence number in that folder when it was seen.
        by: When the reply came that showed it, seconds of the probe.
        after: When the last look was begun that did not show it.
    """

    place: Place
    validity: int | None
    uid: int
    number: int
    by: float
    after: float


@dataclass(slots=True)
class NewMail:
    """
    Looks at what is new in a mailbox, through one IMAP connection.

    Only mails newer than the noted UIDNEXT are looked at, and of them only
    three headers: the cost does not grow with the mailbox.
    """

    session: ImapSession
    recorder: Recorder
    key: bytes
    places: list[Place] = field(default_factory=list)
    polls: int = 0
    last_look: float = 0.0
    unread: bool = False

    async def note_beginning(self, junk: list[tuple[bytes, str]]) -> None:
        """Note UIDNEXT of INBOX and of the junk folders, and open INBOX."""
        for name, shown in junk:
            told = await self._status(name)
            first, validity = told.get("UIDNEXT", 1), told.get("UIDVALIDITY")
            self.places.append(Place(name, shown, "junk", first, validity))
        facts = inbox_facts(await self.session.select(INBOX, read_only=True))
        end = await self._end(facts)
        self.places.insert(0, Place(INBOX, "INBOX", "inbox", end, facts.uidvalidity))
        self.last_look = self.recorder.elapsed()

    async def resume(self) -> None:
        """Open INBOX on a new connection and go on where the last one ended."""
        await self._open(self.places[0])
        self.unread = True  # what came meanwhile is no change of the open folder

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
        if self.session.take_change() or thorough or self.unread:
            await self._read_news(inbox, by=self.recorder.elapsed())
        for place in others:
            told = await self._status(place.name)
            by = self.recorder.elapsed()
            anew = told.get("UIDVALIDITY") not in (place.validity, None)
            if anew or told.get("UIDNEXT", 0) > place.uidnext:
                await self._open(place)
                await self._read_news(place, by=by)
                await self.return_to_inbox()
        # The news may have stood beside the reply to STATUS.
        if self.session.take_change():
            await self._read_news(inbox, by=self.recorder.elapsed())
        if not self.seen():
            self.last_look = began
        return self.seen()

    def seen(self) -> bool:
        """Whether the looking is over: what is sought was seen."""
        raise NotImplementedError

    def recognise(self, sighting: Sighting, headers: bytes) -> None:
        """Take note of a new mail."""
        raise NotImplementedError

    async def headers_of(
        self, place: Place, sightings: Sequence[Sighting]
    ) -> list[tuple[bytes, datetime | None]]:
        """
        Fetch headers of mails in one folder, and the times the store gives them.

        Of a mail that is gone, or has another UID by now, there are none.
        """
        if place.name != INBOX:
            await self._open(place)
        valid = {one.uid for one in sightings if one.validity == place.validity}
        told = await self._headers(valid) if valid else {}
        if place.name != INBOX:
            await self.return_to_inbox()
        none = b"", None
        return [
            told.get(one.uid, none) if one.validity == place.validity else none
            for one in sightings
        ]

    async def _headers(
        self, uids: Iterable[int]
    ) -> dict[int, tuple[bytes, datetime | None]]:
        wanted = b"%s (UID INTERNALDATE %s)" % (_set(uids), _WHOLE)
        told = {}
        for response in await self.session.command("UID FETCH", wanted):
            found = fetched.attributes(response)
            body = found.get("BODY") if found else None
            if found and isinstance(body, bytes):
                date = fetched.internal_date(found.get("INTERNALDATE"))
                told[fetched.number(found.get("UID"))] = body, date
        return told

    async def delete(self, sightings: Iterable[Sighting]) -> bool:
        """
        Delete mails that were seen; return whether all of them are gone.

        By UID only, and only what was recognised; see `remove`.
        """
        uids: dict[tuple[bytes, int | None], set[int]] = {}
        for one in sightings:
            uids.setdefault((one.place.name, one.validity), set()).add(one.uid)
        gone = [await remove(self.session, *where, uids[where]) for where in uids]
        return all(gone)

    async def return_to_inbox(self) -> None:
        """Open INBOX again; mail that came meanwhile is not missed."""
        await self._open(self.places[0])
        self.session.take_change()
        await self._read_news(self.places[0], by=self.recorder.elapsed())

    async def _open(self, place: Place) -> None:
        """
        Open a folder without changing it.

        Where UIDs were given anew (UIDVALIDITY), the newest mails are looked at
        once more: they are recognised by their tokens, not by their numbers.
        """
        facts = inbox_facts(await self.session.select(place.name, read_only=True))
        known, place.validity = place.validity, facts.uidvalidity
        if known not in (place.validity, None):
            place.uidnext = max(1, await self._end(facts) - NEWS_MAX)

    async def _end(self, facts: Inbox) -> int:
        """Return the UID that the next mail gets in the folder that is open."""
        if facts.uidnext is not None:
            return facts.uidnext
        if not facts.messages:  # RFC 3501 lets a server be silent about UIDNEXT
            return 1
        done = await self.session.command("FETCH", b"* (UID)")
        numbers = (fetched.attributes(response) for response in done)
        return max((fetched.number(n.get("UID")) for n in numbers if n), default=0) + 1

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
            if isinstance(body, bytes):
                sighting = Sighting(
                    place=place,
                    validity=place.validity,
                    uid=uid,
                    number=number,
                    by=by,
                    after=self.last_look,
                )
                self.recognise(sighting, body)
        place.uidnext = newest + 1
        if place is self.places[0]:
            self.unread = len(done) > NEWS_MAX + 1

    async def _status(self, name: bytes) -> dict[str, int]:
        try:
            done = await self.session.command("STATUS", fetched.status_of(name))
        except Trouble as trouble:
            if trouble.kind in REFUSALS:
                return {}  # the folder went away; it cannot hold our mail
            raise
        return fetched.status(done)


async def remove(
    session: ImapSession, folder: bytes, validity: int | None, uids: Iterable[int]
) -> bool:
    """
    Delete mails by UID; return whether they are gone.

    Where UIDs were given anew they are other mails now, which are left alone; in a
    folder that stays open they are not (RFC 9051 2.3.1.1). Without UIDPLUS ours stay
    flagged, since a plain EXPUNGE could remove somebody else's mail.
    """
    if session.writable != (folder, validity):
        facts = inbox_facts(await session.select(folder, read_only=False))
        if facts.uidvalidity != validity:
            return False
    wanted = _set(uids)
    await session.command("UID STORE", wanted + b" +FLAGS.SILENT (\\Deleted)")
    if not (session.offers("UIDPLUS") or session.offers("IMAP4REV2")):
        return False
    await session.command("UID EXPUNGE", wanted)
    return True


def _set(uids: Iterable[int]) -> bytes:
    return b",".join(b"%d" % uid for uid in sorted(set(uids)))
