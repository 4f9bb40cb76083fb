"""The monitor itself on the stage: what it sent, saw, and said of incidents."""

from __future__ import annotations

from bisect import bisect_right
from dataclasses import dataclass
from datetime import UTC, timedelta
from functools import cached_property
from typing import TYPE_CHECKING, Final

from mailprobe import Prober
from mailprobe.judge.incidents import fold
from mailprobe.judge.watchbook import Watchbook
from mailprobe.model.entry import Counted, Sampled, Stated
from mailprobe.model.incident import Maintenance, Statement
from mailprobe.model.sample import Backlog, Function, Party, Sample
from mailprobe.monitor.ledger import Ledger
from mailprobe.monitor.monitor import Monitor
from mailprobe.monitor.plan import OUTSIDE, Cohort, Plan, Route

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable
    from datetime import datetime
    from pathlib import Path

    from mailprobe.judge.incidents import Fact
    from mailprobe.model.entry import Entry
    from mailprobe.model.incident import Event, Incident
    from mailprobe.model.passage import Balance, Passage
    from tests.replays.scenario import Scenario
    from tests.replays.stage import Stage

WORLD: Final = "p1@posta.test"
"""Who mail from outside says it is from: a canary, so that its bounces are read."""

LOOK_EVERY: Final = 1800.0
"""Seconds, as for mail; the mail from outside tells of MX hosts as often."""


@dataclass(frozen=True, kw_only=True)
class Monitored:
    """
    What a monitor left behind.

    Attributes:
        passages: Every canary by token, from the ledger.
        events: What was told of incidents, in order.
        incidents: The incidents as they are at the end.
        balance: The ledger's own.
        facts: All that incidents are made of, as it was written down, in order.
    """

    passages: dict[str, Passage]
    events: tuple[Event, ...]
    incidents: tuple[Incident, ...]
    balance: Balance
    facts: tuple[Fact, ...]

    @cached_property
    def samples(self) -> tuple[Sample, ...]:
        """Every look, in the order in which it was known."""
        return tuple(one for one in self.facts if isinstance(one, Sample))

    @cached_property
    def counts(self) -> tuple[tuple[Backlog, Incident], ...]:
        """Each count of a platform that has an incident, and the incident after it."""
        found = []
        for fact, book, _ in self._again:
            if isinstance(fact, Backlog):
                found += [(fact, i) for i in book.open if i.culprit == fact.platform]
        return tuple(found)

    @cached_property
    def again(self) -> tuple[Event, ...]:
        """Return what the same facts, in the same order, tell a second time."""
        return tuple(event for _, _, events in self._again for event in events)

    @cached_property
    def _again(self) -> list[tuple[Fact, Watchbook, tuple[Event, ...]]]:
        found, book = [], Watchbook()
        for fact in self.facts:
            book, events = fold(book, fact)
            found.append((fact, book, events))
        return found

    def around(self, function: Function, at: datetime, window: float) -> list[Sample]:
        """Return the looks at a function in a window before a time."""
        looks = self._by_function[function]
        first = bisect_right(looks, at - timedelta(seconds=window), key=_at)
        return looks[first : bisect_right(looks, at, key=_at)]

    @cached_property
    def _by_function(self) -> dict[Function, list[Sample]]:
        """Return the looks at each function by the time of which they tell."""
        return {
            function: sorted(
                (s for s in self.samples if s.function is function), key=_at
            )
            for function in Function
        }


def _at(sample: Sample) -> datetime:
    return sample.at


def monitor(folder: Path) -> Callable[[Stage], Awaitable[Monitored]]:
    """Return a program that runs a monitor, with its ledger in a folder."""

    async def program(stage: Stage) -> Monitored:
        return await _run(stage, folder / "ledger.sqlite")

    return program


def plan_of(stage: Stage, ledger: Path) -> Plan:
    """Return what a scenario asks a monitor to do; mailboxes go by their address."""
    scenario = stage.scenario
    return Plan(
        ledger=ledger,
        mailboxes=stage.mailboxes,
        cohorts=tuple(
            Cohort(
                name=brand.domain,
                party=Party(name=brand.domain, platform=brand.platform),
                mailboxes=brand.addresses,
            )
            for brand in scenario.brands
        ),
        routes=tuple(
            Route(
                name=route.name,
                sender=OUTSIDE if route.outside else route.sender,
                recipient=route.recipient,
                interval=route.every,
                late_after=scenario.late_after,
            )
            for route in scenario.routes
        ),
        outside=WORLD,
        look_every=LOOK_EVERY,
        maintenance=tuple(
            Maintenance(
                party=one.party,
                begins_at=one.begins.astimezone(UTC),
                ends_at=one.ends.astimezone(UTC),
            )
            for one in scenario.maintenance
        ),
    )


async def _run(stage: Stage, file: Path) -> Monitored:
    plan = plan_of(stage, file)
    events: list[Event] = []
    ledger = Ledger.open(file, clock=stage.clock, threaded=False, durable=False)
    async with Prober(**stage.prober_options) as prober:
        at_work = Monitor(plan, prober, ledger=ledger, on_event=events.append)
        async with at_work:
            for said in _said(stage.scenario):
                await stage.until(said.at)
                await at_work.books.record(said)
            await stage.until(stage.scenario.ends)
        async with ledger:
            passages = await ledger.passages(limit=100_000)
            kinds = (Sampled.kind, Counted.kind, Stated.kind)
            facts = [_fact(entry) async for _, entry in ledger.entries(kinds=kinds)]
            return Monitored(
                passages={one.token: one for one in passages},
                events=tuple(events),
                incidents=at_work.books.watchbook.incidents,
                balance=await ledger.balance(),
                facts=(*plan.maintenance, *facts),
            )


def _fact(entry: Entry) -> Fact:
    match entry:
        case Sampled():
            return entry.sample
        case Counted():
            return entry.backlog
        case Stated():
            return entry
        case _:
            raise AssertionError(entry.kind)


def _said(scenario: Scenario) -> list[Stated]:
    found = [
        Stated(
            at=one.at.astimezone(UTC),
            party=one.party,
            statement=Statement(
                at=one.at.astimezone(UTC), text=one.text, resolved=one.resolved
            ),
        )
        for one in scenario.statements
        if scenario.begins <= one.at < scenario.ends
    ]
    return sorted(found, key=lambda one: one.at)
