"""Reading what is new in a folder: bounded, headers first, one bad mail at a time."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from datetime import timedelta
from typing import TYPE_CHECKING, Final, Literal, cast

from mailprobe.mail.arrival import FIELDS, Nature, Ours, may_be_bounce
from mailprobe.mail.bounce import read_bounce
from mailprobe.mail.returned import Action
from mailprobe.model.failure import Kind
from mailprobe.model.visit import Return, Sighting
from mailprobe.probes import fetched
from mailprobe.probes.imap import REFUSALS, inbox_facts
from mailprobe.probes.shelf import OWED_MAX
from mailprobe.wire.trouble import Trouble

if TYPE_CHECKING:
    from datetime import datetime

    from mailprobe.mail.bounce import Bounce
    from mailprobe.probes.shelf import Shelf
    from mailprobe.wire.imap import ImapSession
    from mailprobe.wire.recorder import Recorder

MAILS_MAX: Final = 500  # per folder and visit: a canary's mailbox gets some a day
PORTION: Final = 100  # mails asked for at once: under 1 MB of headers
SPAN: Final = 50_000  # UIDs listed at once: 1.5 MB at worst
BOUNCES_MAX: Final = 50  # bounces read per visit: 3 MB, and one canary has one
BOUNCE_BYTES: Final = 64 * 1024  # reports are some KiB; the mail within is ours
_LOST: Final = frozenset({Kind.IMAP_BYE, Kind.PEER_CLOSED})
_PEEK: Final = (
    f"(UID INTERNALDATE BODY.PEEK[HEADER.FIELDS ({' '.join(FIELDS).upper()})]<0.8192>)"
).encode()
_WHOLE: Final = b"(UID BODY.PEEK[]<0.%d>)" % BOUNCE_BYTES


@dataclass(frozen=True, slots=True)
class Head:
    """The headers of one mail, and when the store says it came."""

    uid: int
    headers: bytes
    came: datetime | None


@dataclass(slots=True)
class Reader:
    """
    Looks through folders over one connection, and keeps what is ours.

    Attributes:
        removes: Whether what is ours is going to be removed. Where some is expected,
            folders are opened for that at once.
    """

    session: ImapSession
    recorder: Recorder
    ours: Ours
    removes: bool = False
    sightings: list[Sighting] = field(default_factory=list)
    returns: list[Return] = field(default_factory=list)
    foreign: int = 0
    forged: int = 0
    bounces: int = 0

    def now(self, seconds: float | None = None) -> datetime:
        """Return the time, UTC: now, or *seconds* after the probe began."""
        elapsed = self.recorder.elapsed() if seconds is None else seconds
        return self.recorder.started_at + timedelta(seconds=elapsed)

    async def open(self, shelf: Shelf) -> None:
        """Open a folder, and find where what is new begins; no mail is changed."""
        read_only = not (self.removes and self.ours.expected)
        done = await self.session.select(shelf.name, read_only=read_only)
        facts = inbox_facts(done)
        self.session.take_change()
        shelf.messages, validity = facts.messages, facts.uidvalidity or 0
        end = facts.uidnext
        if end is None:  # RFC 3501 lets a server be silent about it
            end = await self._uid_at(facts.messages or 0) + 1
        if shelf.opened and validity == shelf.uidvalidity:
            shelf.end = end
            return
        count = facts.messages or 0
        begin = max(count - MAILS_MAX + 1, min(count, 1))
        unknown = shelf.unknown(validity, expecting=bool(self.ours.expected))
        shelf.begin(validity, end, await self._uid_at(begin) if unknown else 0)

    async def read(self, shelf: Shelf) -> None:
        """
        Look at what is new in the folder that is open, within this visit's bounds.

        What is behind `Shelf.uidnext` has been looked at, whatever happens; a
        mail that the server does not give out is owed.

        Raises:
            Trouble: If the conversation ended, or nothing can be read at all.
        """
        began = self.recorder.elapsed()
        while shelf.more and shelf.looked < MAILS_MAX:
            uids = await self._next(shelf)
            if uids and uids[0] <= shelf.wary:
                await self._one_by_one(shelf, uids)
            elif uids:
                await self._together(shelf, uids)
        if not shelf.more:
            shelf.looked_at = self.now(began)

    async def settle(self, shelf: Shelf) -> None:
        """
        Look again at what is owed, in the folder that is open.

        To be done last: a server may end the conversation over a mail that it
        cannot read.

        Raises:
            Trouble: If it does.
        """
        again, shelf.again = shelf.again, []
        shelf.owed |= set(again)
        # Not always the same one first: what lies behind it would never be read.
        start = int(self.recorder.started_at.timestamp()) % max(len(again), 1)
        for uid in (*again[start:], *again[:start]):
            await self._single(shelf, uid)

    async def _together(self, shelf: Shelf, uids: list[int]) -> None:
        try:
            heads = await self._heads(shelf, _range(uids))
            for head in heads:
                await self._judge(shelf, head)
        except Trouble as trouble:
            if trouble.kind in _LOST:
                shelf.wary = uids[-1]
            raise
        shelf.looked += len(heads)
        shelf.uidnext = uids[-1] + 1

    async def _one_by_one(self, shelf: Shelf, uids: list[int]) -> None:
        """Go on even if the server ends the conversation: behind that mail, later."""
        for uid in uids:
            shelf.uidnext = uid + 1
            shelf.owed.add(uid)
            shelf.looked += await self._single(shelf, uid)

    async def _single(self, shelf: Shelf, uid: int) -> bool:
        """Look at one mail; until that is done it is owed."""
        shelf.bad.add(uid)
        try:
            heads = await self._fetch(shelf, b"%d" % uid)
        except Trouble as trouble:
            if trouble.kind not in REFUSALS:
                raise
            return False
        shelf.owed.discard(uid)
        shelf.bad.discard(uid)
        try:
            for head in heads:
                await self._judge(shelf, head)
        except Trouble:
            shelf.owed.add(uid)
            raise
        return bool(heads)

    async def unchanged(self, shelf: Shelf) -> bool:
        """Ask whether nothing has come since the last visit; it is not opened."""
        began, page = self.recorder.elapsed(), shelf.before
        told = await self._status(shelf) if page else {}
        numbering = told.get("UIDVALIDITY"), told.get("UIDNEXT")
        if page is None or numbering != (page.uidvalidity, page.uidnext):
            return False
        shelf.begin(page.uidvalidity, page.uidnext)
        shelf.messages, shelf.looked_at = told.get("MESSAGES"), self.now(began)
        return True

    async def news(self, shelf: Shelf) -> bool:
        """Ask whether there is something new in a folder that is not open."""
        return (await self._status(shelf)).get("UIDNEXT", 0) > shelf.uidnext

    async def _status(self, shelf: Shelf) -> dict[str, int]:
        """Return the numbers of a folder that is not open; none if it is refused."""
        wanted = fetched.status_of(shelf.name)
        try:
            return fetched.status(await self.session.command("STATUS", wanted))
        except Trouble as trouble:
            if trouble.kind in REFUSALS:
                return {}
            raise

    async def _next(self, shelf: Shelf) -> list[int]:
        """Return the UIDs to be asked for next; skip a stretch that has none."""
        assert shelf.end is not None  # noqa: S101 - it is open
        start, end = shelf.uidnext, shelf.end
        room = min(PORTION, MAILS_MAX - shelf.looked)
        if end - start <= room:
            return list(range(start, end))
        last = min(end, start + SPAN) - 1
        uids = await self._uids(b"%d:%d" % (start, last))
        if not uids:
            shelf.uidnext = last + 1
        return uids[:room]

    async def _uids(self, wanted: bytes) -> list[int]:
        done = await self.session.command("UID FETCH", wanted + b" (UID)")
        found = (fetched.attributes(response) for response in done)
        return sorted({fetched.number(f.get("UID")) for f in found if f} - {0})

    async def _uid_at(self, place: int) -> int:
        if not place:
            return 0
        done = await self.session.command("FETCH", b"%d (UID)" % place)
        found = (fetched.attributes(response) for response in done)
        return max((fetched.number(f.get("UID")) for f in found if f), default=0)

    async def _heads(self, shelf: Shelf, wanted: bytes) -> list[Head]:
        """Fetch headers; one by one where a mail keeps the others from coming."""
        try:
            return await self._fetch(shelf, wanted)
        except Trouble as trouble:
            if trouble.kind not in REFUSALS:
                raise
            return await self._singly(shelf, await self._uids(wanted), trouble)

    async def _singly(self, shelf: Shelf, uids: list[int], why: Trouble) -> list[Head]:
        heads: list[Head] = []
        bad: list[int] = []
        for uid in uids[:MAILS_MAX]:
            try:
                heads += await self._fetch(shelf, b"%d" % uid)
            except Trouble as trouble:
                if trouble.kind not in REFUSALS:
                    raise
                bad.append(uid)
                if len(shelf.owed | set(bad)) > OWED_MAX:
                    raise why from None
        shelf.owed |= set(bad)
        shelf.bad |= set(bad)
        return heads

    async def _fetch(self, shelf: Shelf, wanted: bytes) -> list[Head]:
        done = await self.session.command("UID FETCH", wanted + b" " + _PEEK)
        heads = []
        for response in done:
            found = fetched.attributes(response)
            uid = fetched.number(found.get("UID")) if found else 0
            if found is None or not uid:
                continue
            body, came = found.get("BODY"), found.get("INTERNALDATE")
            if isinstance(body, bytes):
                heads.append(Head(uid, body, fetched.internal_date(came)))
            elif "BODY" in found:
                shelf.owed.add(uid)
                shelf.bad.add(uid)
        return heads

    async def _judge(self, shelf: Shelf, head: Head) -> None:
        """Keep what a mail is to us."""
        old = head.uid < shelf.known
        if not old and may_be_bounce(head.headers):
            bounce = await self._bounce(shelf, head)
            if bounce is not None:
                token = self.ours.returned(bounce, head.headers)
                if token:
                    self._returned(shelf, head, bounce, token)
                else:
                    self.foreign += bool(bounce.canary_tokens)
                return
            if head.uid in shelf.owed:
                return  # it could not be read, or not any more: the next visit tells
        nature, token = self.ours.nature(head.headers)
        if old and token not in self.ours.expected:
            return
        if nature is Nature.OURS:
            self._saw(shelf, head, token)
        self.foreign += nature is Nature.FOREIGN
        self.forged += nature is Nature.FORGED

    async def _bounce(self, shelf: Shelf, head: Head) -> Bounce | None:
        if self.bounces >= BOUNCES_MAX:
            shelf.owed.add(head.uid)  # for the next visit
            return None
        self.bounces += 1
        try:
            done = await self.session.command("UID FETCH", b"%d " % head.uid + _WHOLE)
        except Trouble as trouble:
            if trouble.kind not in REFUSALS:
                raise
            shelf.owed.add(head.uid)
            shelf.bad.add(head.uid)
            return None
        for response in done:
            found = fetched.attributes(response)
            body = found.get("BODY") if found else None
            if isinstance(body, bytes):
                return read_bounce(body)
        return None

    def _saw(self, shelf: Shelf, head: Head, token: str) -> None:
        self.sightings.append(
            Sighting(
                token=token,
                folder=shelf.shown,
                landed=shelf.landed,
                uid=head.uid,
                uidvalidity=shelf.uidvalidity,
                internal_date=head.came,
                seen_at=self.now(),
                unseen_at=shelf.looked_at,
                renumbered=shelf.renumbered,
            )
        )

    def _returned(self, shelf: Shelf, head: Head, bounce: Bounce, token: str) -> None:
        made = Return(
            token=token,
            folder=shelf.shown,
            uid=head.uid,
            uidvalidity=shelf.uidvalidity,
            internal_date=head.came,
            seen_at=self.now(),
            action="failed",
            reporting_mta=bounce.reporting_mta,
        )
        self.returns += by_recipient(bounce, made)


def by_recipient(bounce: Bounce, made: Return) -> list[Return]:
    """Return what a bounce says of each recipient; nothing if it does not say."""
    return [
        replace(
            made,
            action=cast("Literal['failed']", Action(one.action).value),
            recipient=one.recipient,
            original=one.original,
            status=one.status,
            said=one.diagnostic,
        )
        for one in bounce.recipients
    ]


def _range(uids: list[int]) -> bytes:
    return b"%d:%d" % (uids[0], uids[-1])
