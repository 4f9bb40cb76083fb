"""One door for every fact: on disk first, then judged, then told."""

from __future__ import annotations

import asyncio
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
    from mailprobe.monitor.detail import Detail
    from mailprobe.monitor.ledger import Ledger

SNAPSHOT: Final = "watchbook"
PENDING_MAX: Final = 50_000  # 200 canaries that get nothing for five days


class Books:
    """
    The ledger, the incidents that follow from it, and the mails waited for.

    Attributes:
        ledger: Where everything is written.
        watchbook: What is known of incidents.
        pending: The mails that may still arrive, by token.
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
        self._on_event = on_event
        self._on_change = on_change
        self._turn = asyncio.Lock()
        self._heard = 0  # statements up to this entry are folded
        self._said: list[Stated] = []  # those since then that are, too

    async def open(self) -> None:
        """Come back to where the last run stopped, whatever ended it."""
        covered = 0
        kept = await self.ledger.kept(SNAPSHOT)
        if kept is not None:
            covered, self.watchbook = read_snapshot(kept)
        self._heard = covered
        kinds = (Sampled.kind, Counted.kind, Stated.kind)
        async for seq, entry in self.ledger.entries(kinds=kinds, after=covered):
            # Their events stand in the ledger already and were told.
            self._fold(entry)
            self._heard = seq
        waiting = await self.ledger.passages(pending=True, limit=PENDING_MAX)
        self.pending = {one.token: one for one in waiting}

    async def record(
        self,
        *entries: Entry,
        keep: Mapping[str, bytes | None] | None = None,
        details: Sequence[Detail] = (),
    ) -> tuple[Passage, ...]:
        """
        Write entries down, then judge and tell what follows from them.

        Returns:
            The passages that these entries changed, as they are now.
        """
        async with self._turn:
            await self.ledger.append(*entries, keep=keep, details=details)
            changed = {}
            for entry in entries:
                if isinstance(entry, MailEntry):
                    passage = await self._follow(entry)
                    changed[entry.token] = passage
            events = [event for entry in entries for event in self._fold(entry)]
            self._said += [entry for entry in entries if isinstance(entry, Stated)]
            if events:
                notes = (Changed(at=event.at, event=event) for event in events)
                await self.ledger.append(*notes)
        passages = tuple(one for one in changed.values() if one is not None)
        self._on_change(passages)
        for event in events:
            self._on_event(event)
        return passages

    async def tick(self, fact: Fact) -> None:
        """Let time pass: some things are over when nothing happens."""
        async with self._turn:
            head = await self.ledger.head()
            heard = await self._hear(head.seq)
            self.watchbook, events = fold(self.watchbook, fact)
            events = (*heard, *events)
            notes = [Changed(at=event.at, event=event) for event in events]
            snapshot = msgspec.json.encode((head.seq, self.watchbook))
            await self.ledger.append(*notes, keep={SNAPSHOT: snapshot})
        for event in events:
            self._on_event(event)

    async def _hear(self, until: int) -> tuple[Event, ...]:
        """Take in what other processes noted that a provider said."""
        events: list[Event] = []
        noted = self.ledger.entries(kinds=(Stated.kind,), after=self._heard)
        async for seq, entry in noted:
            if seq > until:
                break
            if isinstance(entry, Stated) and entry in self._said:
                self._said.remove(entry)
            else:
                events += self._fold(entry)
        self._heard = until
        return tuple(events)

    def ends(self, token: str) -> tuple[str, str] | None:
        """Return sender and recipient of a mail that is waited for."""
        passage = self.pending.get(token)
        return (passage.sender, passage.recipient) if passage else None

    def waiting(self, recipient: str, since: datetime) -> tuple[str, ...]:
        """Return the tokens of mails to an address that were sent since then."""
        return tuple(
            one.token
            for one in self.pending.values()
            if one.recipient == recipient and one.intended_at >= since
        )

    async def _follow(self, entry: MailEntry) -> Passage | None:
        before = self.pending.get(entry.token)
        if isinstance(entry, Intended):
            after: Passage | None = fates.begin(entry)
        elif before is not None:
            after = fates.fold(before, entry)
        else:
            after = await self.ledger.passage(entry.token)
        if after is not None and after.pending:
            self.pending[after.token] = after
        else:
            self.pending.pop(entry.token, None)
        return after

    def _fold(self, entry: Entry) -> tuple[Event, ...]:
        fact: Fact
        match entry:
            case Sampled():
                fact = entry.sample
            case Counted():
                fact = entry.backlog
            case Stated():
                fact = entry
            case _:
                return ()
        self.watchbook, events = fold(self.watchbook, fact)
        return events


_Snapshot = tuple[int, Watchbook]


def read_snapshot(kept: bytes) -> tuple[int, Watchbook]:
    """Return what is known of incidents, and up to which entry it covers them."""
    found: tuple[int, Watchbook] = msgspec.json.decode(kept, type=_Snapshot)
    return found
