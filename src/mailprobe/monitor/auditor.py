"""Keeps the books: who is overdue, what is still held, whether all adds up."""

from __future__ import annotations

from collections import defaultdict, deque
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Final

from mailprobe.judge import fates
from mailprobe.judge.arrival import handed_over
from mailprobe.model.entry import Alarmed, Counted, Expired
from mailprobe.model.incident import Tick
from mailprobe.model.passage import Fate
from mailprobe.model.sample import Backlog
from mailprobe.monitor.answers import mails

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from mailprobe.model.entry import Entry
    from mailprobe.model.passage import Passage
    from mailprobe.monitor.desk import Desk
    from mailprobe.monitor.detail import Detail

TAIL: Final = timedelta(hours=2)  # long enough for some ten mails of any platform
TAIL_LEAST: Final = 5  # fewer mails have no tail
TAIL_SHARE: Final = 0.9  # nine of ten: one that was greylisted says nothing
USUAL: Final = timedelta(days=7)  # each hour of the week once
STALE: Final = timedelta(hours=1)  # of a week, what one hour adds changes nothing
PRUNE_EVERY: Final = 3600.0  # seconds; reports are kept for days
ARRIVED: Final = frozenset({Fate.DELIVERED, Fate.LATE, Fate.JUNK, Fate.RECOVERED})


class Auditor:
    """
    Counts what is still waited for, and gives up what is past its horizon.

    Of mails it remembers when they were sent and how long they took, one week and a
    bounded number of them.
    """

    def __init__(self, desk: Desk) -> None:
        self._desk = desk
        # Some 7,000 mails a week come from 42 routes; older ones make room.
        self._delays: dict[str, deque[tuple[datetime, float]]] = defaultdict(
            lambda: deque(maxlen=10_000)
        )
        self._late: dict[str, int] = defaultdict(int)
        self._usually: dict[str, tuple[datetime, float | None]] = {}
        self._imbalance = 0  # as it was told last
        self._pruned_at: float | None = None

    async def open(self) -> None:
        """Come back to what the last run knew: how long mail took in the last week."""
        since = self._desk.now() - USUAL
        async for passage in mails(self._desk.books.ledger, since):
            self.arrived((passage,))
        self._late.clear()

    def arrived(self, passages: Iterable[Passage]) -> None:
        """Take note of mails whose fate is known now."""
        for one in passages:
            if one.fate not in ARRIVED or one.delay is None or one.duplicates:
                continue
            platform = self._platform(one)
            self._delays[platform].append((handed_over(one), one.delay))
            self._late[platform] += one.delay > one.late_after

    async def audit(
        self, seen: Sequence[Entry] = (), details: Sequence[Detail] = ()
    ) -> None:
        """
        Count once: backlogs, mails to be given up, and the balance.

        Reports whose time is up are removed, now and then.

        Args:
            seen: What is to be written down with it.
            details: The reports of that.
        """
        desk, now = self._desk, self._desk.now()
        pending = tuple(desk.books.pending.values())
        horizon = timedelta(seconds=desk.plan.horizon)
        given_up = [
            Expired(at=now, token=one.token)
            for one in pending
            if fates.overdue(one, now, horizon)
        ]
        platforms = sorted({c.party.platform for c in desk.plan.cohorts})
        counted = [Counted(at=now, backlog=self._backlog(p, now)) for p in platforms]
        alarms = await self._alarms(now)
        await desk.books.record(*seen, *given_up, *counted, *alarms, details=details)
        await desk.books.tick(Tick(at=now))
        elapsed = desk.elapsed()
        if self._pruned_at is None or elapsed - self._pruned_at >= PRUNE_EVERY:
            self._pruned_at = elapsed
            await desk.books.ledger.prune(now)

    async def _alarms(self, now: datetime) -> list[Alarmed]:
        """Say so if the books do not balance, and again only if that changes."""
        before = self._imbalance
        self._imbalance = found = (await self._desk.books.ledger.balance()).imbalance
        if found in (0, before):
            return []
        return [Alarmed(at=now, what=f"{found} mails are unaccounted for")]

    def _backlog(self, platform: str, now: datetime) -> Backlog:
        pending = [
            one
            for one in self._desk.books.pending.values()
            if self._platform(one) == platform
        ]
        ages = [
            age
            for one in pending
            if (age := (now - handed_over(one)).total_seconds()) > one.late_after
        ]
        known = self._delays[platform]
        while known and known[0][0] < now - USUAL:
            known.popleft()
        arrived, self._late[platform] = self._late[platform], 0
        return Backlog(
            at=now,
            platform=platform,
            waiting=len(ages),
            oldest=max(ages, default=0.0),
            arrived=arrived,
            tail=tail([delay for sent, delay in known if sent >= now - TAIL]),
            usual=self._usual(platform, now),
        )

    def _usual(self, platform: str, now: datetime) -> float | None:
        """
        Return the tail of the quiet times of a week; None if there were none.

        It changes slowly, and takes sorting. What an outage delays is not usual, or
        mail would seem as fast as ever as soon as it has been slow for long enough.
        """
        at, usual = self._usually.get(platform, (None, None))
        if at is None or not timedelta() <= now - at < STALE:
            outages = [
                (one.began_at, one.closed_at or now)
                for one in self._desk.books.watchbook.incidents
                if one.culprit == platform
            ]
            usual = tail(
                [
                    delay
                    for sent, delay in self._delays[platform]
                    if sent < now - TAIL
                    and not any(began <= sent < over for began, over in outages)
                ]
            )
            self._usually[platform] = now, usual
        return usual

    def _platform(self, passage: Passage) -> str:
        return self._desk.party_of(passage.recipient).platform


def tail(delays: list[float]) -> float | None:
    """Return what nine of ten delays do not exceed; None for too few of them."""
    if len(delays) < TAIL_LEAST:
        return None
    ranked = sorted(delays)
    return ranked[min(int(TAIL_SHARE * len(ranked)), len(ranked) - 1)]
