"""One door for every fact: on disk first, then judged, then told."""

from __future__ import annotations

import asyncio
from collections import deque
from datetime import datetime
from typing import TYPE_CHECKING, Final, TypeAlias

import msgspec

from mailprobe.judge import fates
from mailprobe.judge.incidents import fold
from mailprobe.judge.watchbook import Watchbook
from mailprobe.model.entry import Changed, Counted, Intended, MailEntry, Sampled, Stated
from mailprobe.model.incident import Change, State

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping, Sequence

    from mailprobe.judge.incidents import Fact
    from mailprobe.model.entry import Entry
    from mailprobe.model.incident import Event
    from mailprobe.model.passage import Passage
    from mailprobe.model.sample import Sample
    from mailprobe.monitor.detail import Detail
    from mailprobe.monitor.ledger import Ledger

SNAPSHOT: Final = "watchbook"
LOOKS_MAX: Final = 20_000  # of one hour: 200 canaries looked at every 36 s
SNAPSHOT_EVERY: Final = 3600.0  # seconds: an hour's facts are folded anew in a blink
PENDING_MAX: Final = 50_000  # 200 canaries that get nothing for five days


class Books:
    """
    The ledger, the incidents that follow from it, and the mails waited for.

    Attributes:
        ledger: Where everything is written.
        watchbook: What is known of incidents.
        pending: The mails that may still arrive, by token.
        looks: The last samples, oldest first.
        on_entry: Called with each entry when it is written.
    """

    def __init__(
        self,
        ledger: Ledger,
        on_event: Callable[[Event], None],
        on_change: Callable[[tuple[Passage, ...]], None],
    ) -> None:
        self.ledger = ledger
        self.watchbook = Watchbook()
        self.pending: dict[str, Passage] = {}
        self.looks: deque[Sample] = deque(maxlen=LOOKS_MAX)
        self.on_entry: Callable[[Entry], None] = lambda _: None
        self._on_event = on_event
        self._on_change = on_change
        self._turn = asyncio.Lock()
        self._kept_at: datetime | None = None
        self._heard = 0  # statements up to this entry are folded

    async def open(self) -> None:
        """Come back to where the last run stopped, whatever ended it."""
        covered = 0
        kept = await self.ledger.kept(SNAPSHOT)
        if kept is not None:
            covered, self.watchbook = read_snapshot(kept)
        self._heard = covered
        told: set[_Mark] = set()
        events: list[Event] = []
        kinds = (Sampled.kind, Counted.kind, Stated.kind, Changed.kind)
        async for seq, entry in self.ledger.entries(kinds=kinds, after=covered):
            if isinstance(entry, Changed):
                told.add(_mark(entry.event))
            else:
                events += self._fold(entry)
            self._heard = seq
        # A run that was killed may have noted facts, and not yet what follows.
        missed = [event for event in events if _mark(event) not in told]
        await self.ledger.append(*_notes(missed))
        waiting = await self.ledger.passages(pending=True, limit=PENDING_MAX)
        self.pending = {one.token: one for one in waiting}
        for event in missed:
            self._on_event(event)

    async def record(
        self,
        *entries: Entry,
        keep: Mapping[str, bytes | None] | None = None,
        details: Sequence[Detail] = (),
        also: Callable[[tuple[Passage, ...]], Sequence[Entry]] | None = None,
    ) -> None:
        """
        Write entries down, then judge and tell what follows from them.

        What a provider said is heard at once if it is noted here, and at the next
        `tick` if another process noted it.

        Args:
            entries: What happened.
            keep: As in `Ledger.append`.
            details: As in `Ledger.append`.
            also: Given the mails as these entries change them, returns what else is
                to be written with them.
        """
        async with self._turn:
            changed = await self._foresee(entries)
            passages = tuple(one for one in changed.values() if one is not None)
            if also is not None:
                entries = (*entries, *also(passages))
            await self.ledger.append(*entries, keep=keep, details=details)
            for token, passage in changed.items():
                if passage is not None and passage.pending:
                    self.pending[token] = passage
                else:
                    self.pending.pop(token, None)
            events = list(await self._taken_in(entries))
            if events:
                await self.ledger.append(*_notes(events))
        self._on_change(passages)
        for entry in entries:
            self.on_entry(entry)
        for event in events:
            self._on_event(event)

    async def _taken_in(self, entries: Sequence[Entry]) -> Iterable[Event]:
        facts = [entry for entry in entries if not isinstance(entry, Stated)]
        events = [event for entry in facts for event in self._fold(entry)]
        if len(facts) < len(entries):  # what others noted before comes in its turn
            head = await self.ledger.head()
            events += await self._hear(head.seq)
        return events

    async def tick(self, fact: Fact) -> None:
        """
        Let time pass, or take in what was announced.

        Some things are over when nothing happens. Now and then, and with each change,
        a snapshot goes to disk.
        """
        async with self._turn:
            head = await self.ledger.head()
            heard = await self._hear(head.seq)
            self.watchbook, events = fold(self.watchbook, fact)
            events = (*heard, *events)
            if events or self._aged():
                snapshot = msgspec.json.encode((head.seq, self.watchbook))
                await self.ledger.append(*_notes(events), keep={SNAPSHOT: snapshot})
                self._kept_at = self.watchbook.now
        for event in events:
            self._on_event(event)

    def _aged(self) -> bool:
        """Whether the snapshot on disk is old, or tells of an incident that goes on."""
        kept, now = self._kept_at, self.watchbook.now
        if kept is None or now is None:
            return True
        if any(one.state is not State.CLOSED for one in self.watchbook.incidents):
            return True  # whoever asks gets what still waits from it
        return not 0 <= (now - kept).total_seconds() < SNAPSHOT_EVERY

    async def _hear(self, until: int) -> tuple[Event, ...]:
        """Take in what was noted that a provider said, here or elsewhere."""
        events: list[Event] = []
        noted = self.ledger.entries(kinds=(Stated.kind,), after=self._heard)
        async for seq, entry in noted:
            if seq > until:
                break
            events += self._fold(entry)
        self._heard = until
        return tuple(events)

    def ends(self, token: str) -> tuple[str, str] | None:
        """Return sender and recipient of a mail that is waited for."""
        passage = self.pending.get(token)
        return (passage.sender, passage.recipient) if passage else None

    async def passage(self, token: str) -> Passage | None:
        """Return what is known of a mail; None if none was sent with that token."""
        return self.pending.get(token) or await self.ledger.passage(token)

    def waiting(self, recipient: str, since: datetime) -> list[Passage]:
        """Return the mails to an address, sent since then, that may still arrive."""
        return [
            one
            for one in self.pending.values()
            if one.recipient == recipient and one.intended_at >= since
        ]

    async def _foresee(self, entries: Sequence[Entry]) -> dict[str, Passage | None]:
        """Return the mails that these entries change, as they will be."""
        changed: dict[str, Passage | None] = {}
        for entry in entries:
            if not isinstance(entry, MailEntry):
                continue
            token = entry.token
            before = changed.get(token)
            if isinstance(entry, Intended):
                changed[token] = fates.begin(entry)
                continue
            before = before or await self.passage(token)
            changed[token] = fates.fold(before, entry) if before else None
        return changed

    def _fold(self, entry: Entry) -> tuple[Event, ...]:
        fact: Fact
        match entry:
            case Sampled():
                fact = entry.sample
                self.looks.append(fact)
            case Counted():
                fact = entry.backlog
            case Stated():
                fact = entry
            case _:
                return ()
        self.watchbook, events = fold(self.watchbook, fact)
        return events


def _notes(events: Iterable[Event]) -> list[Changed]:
    return [Changed(at=event.at, event=event) for event in events]


def _mark(event: Event) -> _Mark:
    return event.incident.id, event.change, event.at


_Mark: TypeAlias = tuple[str, Change, datetime]
_Snapshot = tuple[int, Watchbook]


def read_snapshot(kept: bytes) -> tuple[int, Watchbook]:
    """Return what is known of incidents, and up to which entry it covers them."""
    found: tuple[int, Watchbook] = msgspec.json.decode(kept, type=_Snapshot)
    return found
