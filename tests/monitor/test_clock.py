"""A clock that is set while the monitor runs: no burst, no silence, one note of it."""

from __future__ import annotations

import asyncio
from collections import defaultdict
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from typing import TYPE_CHECKING, Any

import pytest

from mailprobe.lab import Lab, simulated
from mailprobe.lab.outages import outage
from mailprobe.model.entry import Alarmed, Intended
from mailprobe.model.incident import Change
from mailprobe.model.sample import Party
from mailprobe.monitor.desk import NAP
from mailprobe.monitor.ledger import Ledger
from mailprobe.monitor.monitor import Monitor
from mailprobe.monitor.plan import Cohort, Plan, Route
from mailprobe.monitor.schedule import Breaker, Budget, next_slot, place_of
from mailprobe.prober import Prober
from tests.worlds import prober_options_for

if TYPE_CHECKING:
    from collections.abc import AsyncIterator
    from pathlib import Path

    from mailprobe.lab.simulated import SimulatedClock
    from mailprobe.model.entry import Entry
    from mailprobe.model.incident import Event

BEGINS = datetime(2026, 11, 24, 12, 5, tzinfo=UTC)
HOUR = timedelta(hours=1)
DAY = timedelta(days=1)
INTERVAL = 600.0
BOXES = ("ada@libero.test", "bob@libero.test")


class Settable:
    """A clock that somebody sets; the time that passes does not care."""

    def __init__(self, clock: SimulatedClock) -> None:
        self._clock = clock
        self.off = timedelta()

    def monotonic(self) -> float:
        """Return what no setting changes."""
        return self._clock.monotonic()

    def now(self) -> datetime:
        """Return the time that was set."""
        return self._clock.now() + self.off


class Timed(Ledger):
    """A ledger that notes when, in time that passes, a mail was intended."""

    sent: dict[str, list[float]]

    async def append(self, *entries: Entry, **others: Any) -> None:  # noqa: ANN401
        """Append."""
        for one in entries:
            if isinstance(one, Intended):
                now = asyncio.get_running_loop().time()
                self.sent[one.route].append(now)
        await super().append(*entries, **others)


@dataclass
class Run:
    """What a monitor did around the moment in which its clock was set."""

    sent: dict[str, list[float]] = field(default_factory=lambda: defaultdict(list))
    set_at: float = 0.0
    ended_at: float = 0.0
    failed_at: float = 0.0
    opened_at: float = 0.0
    events: list[Event] = field(default_factory=list)
    alarms: list[str] = field(default_factory=list)
    imbalance: int = -1


@asynccontextmanager
async def _watched(
    path: Path, run: Run, interval: float
) -> AsyncIterator[tuple[Settable, Lab, Monitor, Timed]]:
    clock = Settable(simulated.running_clock())
    async with Lab(now=clock.now, plain_tls=True) as lab:
        plan = Plan(
            ledger=path,
            mailboxes={address: lab.mailbox(address) for address in BOXES},
            cohorts=(
                Cohort(name="l", party=Party(name="l", platform="p"), mailboxes=BOXES),
            ),
            routes=tuple(
                Route(name=f"{s} to {r}", sender=s, recipient=r, interval=interval)
                for s in BOXES
                for r in BOXES
            ),
        )
        options = {**prober_options_for(lab), "clock": clock}
        ledger = Timed.open(path, clock=clock, threaded=False, durable=False)
        ledger.sent = run.sent
        prober = Prober(**options)
        on_event = run.events.append
        monitor = Monitor(plan, prober, ledger=ledger, on_event=on_event)
        async with prober, monitor:
            yield clock, lab, monitor, ledger


async def _run(path: Path, by: timedelta) -> Run:
    run = Run()
    loop = asyncio.get_running_loop()
    async with _watched(path, run, INTERVAL) as (clock, lab, monitor, ledger):
        await asyncio.sleep(3600)
        clock.off, run.set_at = by, loop.time()
        await asyncio.sleep(3600)
        run.failed_at = loop.time()
        with lab.fault(*outage("imap_down")):
            while not run.events:
                await asyncio.sleep(1)
                assert loop.time() < run.failed_at + 3600
            run.opened_at = loop.time()
        assert [e.change for e in monitor.events] == [Change.OPENED]
        run.ended_at = loop.time()
        run.imbalance = (await ledger.balance()).imbalance
        async for _, entry in ledger.entries(kinds=(Alarmed.kind,)):
            assert isinstance(entry, Alarmed)
            run.alarms.append(entry.what)
        assert (await ledger.verify()).sound
    return run


async def _after_a_night(path: Path) -> list[tuple[str, datetime]]:
    """Return what was sent, and at what time of day, around a night's sleep."""
    run, sent = Run(), []
    async with _watched(path, run, DAY.total_seconds()) as (clock, _, _, ledger):
        await asyncio.sleep(3600)
        clock.off = 8 * HOUR
        await asyncio.sleep((DAY - 9 * HOUR).total_seconds())
        async for _, entry in ledger.entries(kinds=(Intended.kind,)):
            assert isinstance(entry, Intended)
            sent.append((entry.route, entry.at))
    return sent


@pytest.mark.parametrize(
    ("by", "said"),
    [(-HOUR, "the clock was set back"), (HOUR, "the clock went ahead by 3600 s")],
)
def test_a_clock_that_is_set(tmp_path: Path, by: timedelta, said: str) -> None:
    """Mail goes on at its pace, an outage is still found, and one entry tells of it."""
    run = simulated.run(lambda: _run(tmp_path / "ledger.db", by), begins=BEGINS)
    (alarm,) = run.alarms
    assert said in alarm
    assert run.imbalance == 0
    assert run.opened_at - run.failed_at < 900
    assert len(run.sent) == 4
    for times in run.sent.values():
        gaps = [b - a for a, b in zip(times, [*times[1:], run.ended_at], strict=True)]
        # It takes up to a nap until it is noticed, and then at most one interval.
        assert max(gaps) <= INTERVAL + NAP + 1
        early = [gap for gap in gaps[:-1] if gap < INTERVAL - 1]
        assert len(early) <= 1
    everything = sorted(t for times in run.sent.values() for t in times)
    after = [t for t in everything if run.set_at <= t < run.set_at + INTERVAL]
    assert len(after) <= 2 * 4
    assert len({round(t) for t in after}) > 2  # not all at once


def test_a_clock_that_is_set_back_a_little(tmp_path: Path) -> None:
    """Nothing is sent before its time for that, and again when it has come."""
    by = timedelta(minutes=-2)
    run = simulated.run(lambda: _run(tmp_path / "ledger.db", by), begins=BEGINS)
    assert len(run.sent) == 4
    for times in run.sent.values():
        gaps = [b - a for a, b in pairwise(times)]
        assert all(INTERVAL - 1 < gap < INTERVAL + NAP + 1 for gap in gaps)


def test_a_machine_that_slept_keeps_to_the_time_of_day(tmp_path: Path) -> None:
    """What is due once a day, after a night's sleep, does not come a night late."""
    sent = simulated.run(lambda: _after_a_night(tmp_path / "ledger.db"), begins=BEGINS)
    assert sent
    for route, at in sent:
        before = at - timedelta(minutes=1)
        due = next_slot(before, DAY.total_seconds(), place_of(route))
        assert abs(at - due) < timedelta(minutes=1)


def test_what_was_sent_still_counts_after_the_clock_was_set_back() -> None:
    """An hour back frees no budget; a clock that was wrong by years blocks none."""
    budget = Budget(2)
    assert budget.take(BEGINS)
    assert budget.take(BEGINS + timedelta(minutes=1))
    assert not budget.take(BEGINS - HOUR)
    assert budget.take(BEGINS - timedelta(days=700))


def test_no_account_is_held_for_longer_than_a_hold() -> None:
    """A clock that is set back by years does not hold an account for years."""
    breaker = Breaker(hold=21_600.0)
    breaker.trip("a", BEGINS)
    past = BEGINS - timedelta(days=700)
    assert not breaker.closed("a", past)
    assert not breaker.closed("a", past + timedelta(hours=5, minutes=59))
    assert breaker.closed("a", past + timedelta(hours=6))
