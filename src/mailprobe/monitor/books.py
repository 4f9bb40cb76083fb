"""One door for every fact: on disk first, then judged, then told."""

from __future__ import annotations

import asyncio
from collections import deque
from typing import TYPE_CHECKING, Final

import msgspec

from mailprobe.judge import fates
from mailprobe.judge.incidents import fold
from mailprobe.judge.watchbook import Watchbook
from mailprobe.model.entry import Changed, Counted, Intended, MailEntry, Sampled, Stated

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence
    from datetime import datetime

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

    async def open(self) -> None:
        """Come back to where the last run stopped, whatever ended it."""
        covered = 0
        kept = await self.ledger.kept(SNAPSHOT)
        if kept is not None:
            covered, self.watchbook = msgspec.json.decode(kept, type=_Snapshot)
        kinds = (Sampled.kind, Counted.kind, Stated.kind)
        async for _, entry in self.ledger.entries(kinds=kinds, after=covered):
            # Their events stand in the ledger already and were told.
            self._fold(entry)
        waiting = await self.ledger.passages(pending=True, limit=PENDING_MAX)
        self.pending = {one.token: one for one in waiting}

    async def record(
        self,
        *entries: Entry,
        keep: Mapping[str, bytes | None] | None = None,
        details: Sequence[Detail] = (),
        also: Callable[[tuple[Passage, ...]], Sequence[Entry]] | None = None,
    ) -> None:
        """
        Write entries down, then judge and tell what follows from them.

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
            events = [event for entry in entries for event in self._fold(entry)]
            if events:
                notes = (Changed(at=event.at, event=event) for event in events)
                await self.ledger.append(*notes)
        self._on_change(passages)
        for entry in entries:
            self.on_entry(entry)
        for event in events:
            self._on_event(event)

    async def tick(self, fact: Fact) -> None:
        """
        Let time pass, or take in what was announced.

        Some things are over when nothing happens. Now and then, and with each change,
        a snapshot goes to disk.
        """
        async with self._turn:
            self.watchbook, events = fold(self.watchbook, fact)
            if events or self._aged():
                notes = [Changed(at=event.at, event=event) for event in events]
                head = await self.ledger.head()
                snapshot = msgspec.json.encode((head.seq, self.watchbook))
                await self.ledger.append(*notes, keep={SNAPSHOT: snapshot})
                self._kept_at = self.watchbook.now
        for event in events:
            self._on_event(event)

    def _aged(self) -> bool:
        """Whether the snapshot on disk is old, or there is none of this run."""
        kept, now = self._kept_at, self.watchbook.now
        if kept is None or now is None:
            return True
        return not 0 <= (now - kept).total_seconds() < SNAPSHOT_EVERY

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


_Snapshot = tuple[int, Watchbook]
