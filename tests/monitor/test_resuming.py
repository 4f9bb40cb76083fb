"""What a new run takes over: accounts that are left alone, and what was sent."""

from __future__ import annotations

from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from datetime import timedelta
from typing import TYPE_CHECKING

import pytest
import pytest_asyncio

from mailprobe.lab import Lab
from mailprobe.lab.outages import outage
from mailprobe.model.entry import Intended, Ran, Tripped
from mailprobe.model.sample import Party
from mailprobe.monitor import courier, resuming
from mailprobe.monitor.books import Books
from mailprobe.monitor.desk import Desk
from mailprobe.monitor.ledger import Ledger
from mailprobe.monitor.monitor import Monitor
from mailprobe.monitor.plan import OUTSIDE, Cohort, Plan, Route
from mailprobe.monitor.reader import Reader
from mailprobe.prober import Prober
from tests.monitor.stories import NOON, Hand, Place
from tests.worlds import prober_options_for

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

pytestmark = pytest.mark.asyncio

LIBERO = Party(name="libero", platform="italiaonline")
POSTA = Party(name="posta", platform="posta")
HOUR = timedelta(hours=1)
ROUTES = {
    "out": Route(name="out", sender="eve", recipient="ada"),
    "back": Route(name="back", sender="ada", recipient="eve"),
    "world": Route(name="world", sender=OUTSIDE, recipient="ada"),
}


@dataclass
class Runs:
    """A lab, and one run of a monitor after the other on one ledger."""

    lab: Lab
    plan: Plan
    clock: Hand

    @asynccontextmanager
    async def run(self) -> AsyncIterator[Desk]:
        """Begin as a monitor does, and go nowhere by itself."""
        prober = Prober(**prober_options_for(self.lab), clock=self.clock)
        async with prober, Ledger.open(self.plan.ledger, clock=self.clock) as ledger:
            desk = Desk(
                self.plan, prober, Books(ledger, lambda _: None, lambda _: None)
            )
            await desk.books.open()
            await resuming.resume(desk)
            yield desk

    async def sent(self, desk: Desk) -> int:
        """Return how many mails were intended so far."""
        kinds = (Intended.kind,)
        return len([1 async for _ in desk.books.ledger.entries(kinds=kinds)])


@pytest_asyncio.fixture
async def runs(place: Place) -> AsyncIterator[Runs]:
    """A lab of two brands, and a ledger on SQLite or PostgreSQL."""
    async with Lab() as lab:
        boxes = {
            "ada": lab.mailbox("ada@libero.test"),
            "bob": lab.mailbox("bob@libero.test"),
            "eve": lab.mailbox("ada@posta.test"),
        }
        plan = Plan(
            ledger=place.where,
            mailboxes=boxes,
            cohorts=(
                Cohort(name="libero", party=LIBERO, mailboxes=("ada", "bob")),
                Cohort(name="posta", party=POSTA, mailboxes=("eve",)),
            ),
            routes=tuple(ROUTES.values()),
            outside="canary@outside.test",
            budget=2,
            patience=5.0,
        )
        yield Runs(lab, plan, Hand())


async def test_an_account_stays_held(runs: Runs) -> None:
    """Over any number of restarts, until its time is up; then it is tried again."""
    with runs.lab.fault(*outage("credentials_refused", domain="posta.test")):
        async with runs.run() as desk:
            await courier.send(desk, ROUTES["out"])
    attempts = runs.lab.store.counters["submission"].auth_attempts
    for hours in (1, 5):
        runs.clock.at = NOON + hours * HOUR
        async with runs.run() as desk:
            await courier.send(desk, ROUTES["out"])
            assert await runs.sent(desk) == 1
            (tripped,) = [
                e async for _, e in desk.books.ledger.entries(kinds=(Tripped.kind,))
            ]
            assert isinstance(tripped, Tripped)
            assert tripped.until == NOON + 6 * HOUR
    assert runs.lab.store.counters["submission"].auth_attempts == attempts
    runs.clock.at = NOON + 6 * HOUR
    async with runs.run() as desk:
        await courier.send(desk, ROUTES["out"])
        assert await runs.sent(desk) == 2
        assert (await desk.books.ledger.balance()).accepted == 1


async def test_an_account_that_was_freed_stays_free(runs: Runs) -> None:
    """When a sibling got in again, all were freed; a restart does not forget it."""
    async with runs.run() as desk:
        with runs.lab.fault(*outage("credentials_refused", domain="libero.test")):
            for name in ("ada", "bob"):
                await Reader(desk, name, 1800.0, 0.0).visit()
        assert not desk.may_log_in("ada", NOON)
        assert not desk.may_log_in("bob", NOON)
        desk.breaker.until["ada"] = NOON
        runs.clock.at = NOON + HOUR
        await Reader(desk, "ada", 1800.0, 0.0).visit()
        assert desk.may_log_in("bob", runs.clock.at)
    async with runs.run() as desk:
        assert desk.may_log_in("bob", runs.clock.at)
        assert desk.may_log_in("ada", runs.clock.at)


async def test_a_clock_set_back_between_two_runs(runs: Runs) -> None:
    """No account is held for longer than a hold, whatever the ledger's dates say."""
    runs.clock.at = NOON + timedelta(days=300)
    with runs.lab.fault(*outage("credentials_refused", domain="posta.test")):
        async with runs.run() as desk:
            await courier.send(desk, ROUTES["out"])
    runs.clock.at = NOON
    async with runs.run() as desk:
        assert not desk.may_log_in("eve", NOON + HOUR)
        assert desk.may_log_in("eve", NOON + 7 * HOUR)


async def test_a_budget_is_counted_over_restarts(runs: Runs) -> None:
    """What earlier runs sent in the last day counts; for the world outside as well."""
    for _ in range(3):
        async with runs.run() as desk:
            for route in ROUTES.values():
                await courier.send(desk, route)
    runs.clock.at = NOON + timedelta(hours=23)
    async with runs.run() as desk:
        await courier.send(desk, ROUTES["out"])
        assert await runs.sent(desk) == 3 * runs.plan.budget
    runs.clock.at = NOON + timedelta(hours=25)
    async with runs.run() as desk:
        await courier.send(desk, ROUTES["out"])
        assert await runs.sent(desk) == 3 * runs.plan.budget + 1


async def test_who_writes_from_outside_has_a_budget_of_its_own(runs: Runs) -> None:
    """Also if it bears the address of a mailbox, and over restarts."""
    runs.plan = replace(runs.plan, outside=runs.plan.mailboxes["eve"].address)
    async with runs.run() as desk:
        for _ in range(2):
            await courier.send(desk, ROUTES["world"])
    async with runs.run() as desk:
        await courier.send(desk, ROUTES["world"])
        assert await runs.sent(desk) == 2
        await courier.send(desk, ROUTES["out"])
        assert await runs.sent(desk) == 3


async def test_a_whole_monitor_is_at_home_there(runs: Runs) -> None:
    """It starts, claims its ledger, knows how things stand, and ends in order."""
    async with runs.run() as desk:
        await courier.send(desk, ROUTES["out"])
        await Reader(desk, "ada", 1800.0, 0.0).visit()
    prober = Prober(**prober_options_for(runs.lab), clock=runs.clock)
    plan = replace(runs.plan, ledger=runs.plan.ledger)
    async with prober, Monitor(plan, prober) as monitor:
        snapshot = monitor.snapshot()
    assert snapshot.sent == 1
    assert snapshot.in_flight == 0
    working = {
        (one.party.name, found.function.value): (found.working, found.of)
        for one in snapshot.parties
        for found in one.functions
    }
    assert working["libero", "deliver"] == working["libero", "read"] == (1, 1)
    assert working["posta", "submit"] == (1, 1)
    async with Ledger.open(plan.ledger, write=False) as ledger:
        ran = [e async for _, e in ledger.entries(kinds=(Ran.kind,))]
        assert (await ledger.verify()).sound
    assert [one.running for one in ran if isinstance(one, Ran)] == [True, False]
