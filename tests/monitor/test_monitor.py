"""A monitor at the lab: what it sends, reads, notes and judges."""

from __future__ import annotations

import asyncio
from contextlib import AsyncExitStack
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
import pytest_asyncio

from mailprobe.lab import Lab
from mailprobe.lab.outages import outage
from mailprobe.model.entry import Alarmed, Intended, Sampled, Tripped
from mailprobe.model.passage import Fate
from mailprobe.model.sample import Function, Outcome, Party
from mailprobe.monitor import courier, lookout
from mailprobe.monitor.auditor import Auditor, tail
from mailprobe.monitor.books import Books
from mailprobe.monitor.desk import PER_PLATFORM, Desk
from mailprobe.monitor.ledger import Ledger
from mailprobe.monitor.monitor import Monitor
from mailprobe.monitor.plan import OUTSIDE, Cohort, Plan, Route
from mailprobe.monitor.reader import Reader
from mailprobe.prober import Prober

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from mailprobe.model.entry import Entry
    from mailprobe.model.incident import Event

ITALIA = Party(name="libero", platform="italiaonline")
POSTA = Party(name="posta", platform="posta")


class World:
    """A lab, and one monitor's parts on it, each to be moved by hand."""

    def __init__(self, lab: Lab, plan: Plan, ledger: Ledger, prober: Prober) -> None:
        self.lab, self.plan, self.ledger, self.prober = lab, plan, ledger, prober
        self.events: list[Event] = []
        self.books = Books(ledger, self.events.append, lambda _: None)
        self.desk = Desk(plan, prober, self.books)
        self.readers = {
            name: Reader(self.desk, name, 1800.0, 0.0) for name in plan.mailboxes
        }

    def route(self, sender: str, recipient: str) -> Route:
        """Return a route that is not in the plan."""
        return Route(
            name=f"{sender} to {recipient}", sender=sender, recipient=recipient
        )

    async def entries(self, kind: type[Entry]) -> list[Entry]:
        """Return the entries of one kind."""
        return [e async for _, e in self.ledger.entries(kinds=(kind.kind,))]


@pytest_asyncio.fixture
async def world(tmp_path: Path) -> AsyncIterator[World]:
    """A lab of two brands, with a ledger and a prober."""
    async with Lab() as lab:
        boxes = {
            "ada": lab.mailbox("ada@libero.test"),
            "bob": lab.mailbox("bob@libero.test"),
            "eve": lab.mailbox("ada@posta.test"),
        }
        plan = Plan(
            ledger=tmp_path / "ledger.sqlite",
            mailboxes=boxes,
            cohorts=(
                Cohort(name="libero", party=ITALIA, mailboxes=("ada", "bob")),
                Cohort(name="posta", party=POSTA, mailboxes=("eve",)),
            ),
            routes=(Route(name="around", sender="eve", recipient="ada"),),
            outside="canary@outside.test",
            patience=5.0,
        )
        prober = Prober(
            ca_file=lab.ca_file,
            nameservers=[lab.nameserver],
            mx_port=lab.mx_port,
            catalogue=lab.catalogue,
        )
        async with prober, Ledger.open(plan.ledger) as ledger:
            yield World(lab, plan, ledger, prober)


@pytest.mark.asyncio
async def test_a_mail_is_sent_seen_and_accounted_for(world: World) -> None:
    """Its intent is on disk before it is sent, and its fate once it is seen."""
    await courier.send(world.desk, world.route("eve", "ada"))
    (intent,) = await world.entries(Intended)
    assert isinstance(intent, Intended)
    assert world.desk.nudge("ada").is_set()
    await world.readers["ada"].visit()
    found = await world.ledger.passage(intent.token)
    assert found
    assert found.fate is Fate.DELIVERED
    assert found.delay is not None
    balance = await world.ledger.balance()
    assert (balance.submitted, balance.delivered, balance.imbalance) == (1, 1, 0)
    told = {
        (e.sample.function, e.sample.outcome)
        for e in await world.entries(Sampled)
        if isinstance(e, Sampled)
    }
    assert told == {
        (Function.SUBMIT, Outcome.PASS),
        (Function.READ, Outcome.PASS),
        (Function.DELIVER, Outcome.PASS),
    }
    assert not world.books.pending


@pytest.mark.asyncio
async def test_it_sends_while_nobody_can_read(world: World) -> None:
    """A closed mailbox keeps no mail back; it is seen when the mailbox opens."""
    with world.lab.fault(*outage("imap_down", domain="libero.test")):
        await courier.send(world.desk, world.route("eve", "ada"))
        await world.readers["ada"].visit()
        assert len(world.books.pending) == 1
    await world.readers["ada"].visit()
    balance = await world.ledger.balance()
    assert (balance.delivered, balance.in_flight) == (1, 0)


@pytest.mark.asyncio
async def test_mail_from_outside_goes_to_the_mx(world: World) -> None:
    """A route from outside tells whether the world's mail is taken."""
    await courier.send(world.desk, world.route(OUTSIDE, "bob"))
    await world.readers["bob"].visit()
    samples = [e.sample for e in await world.entries(Sampled) if isinstance(e, Sampled)]
    assert (Function.ACCEPT, Outcome.PASS) in {(s.function, s.outcome) for s in samples}
    assert (await world.ledger.balance()).delivered == 1


@pytest.mark.asyncio
async def test_a_refused_account_is_left_alone(world: World) -> None:
    """After one refusal nobody logs in any more, and the ledger says until when."""
    with world.lab.fault(*outage("credentials_refused", domain="posta.test")):
        await courier.send(world.desk, world.route("eve", "ada"))
    (tripped,) = await world.entries(Tripped)
    assert isinstance(tripped, Tripped)
    assert tripped.account == "eve"
    await courier.send(world.desk, world.route("eve", "ada"))
    assert len(await world.entries(Intended)) == 1
    assert (await world.ledger.balance()).rejected == 1


@pytest.mark.asyncio
async def test_who_waits_for_a_turn_may_be_refused_meanwhile(world: World) -> None:
    """Then it does not log in, and no mail is intended that nobody tries to send."""
    desk, counters = world.desk, world.lab.store.counters
    async with AsyncExitStack() as turns:
        for platform in ("italiaonline", "posta"):
            for _ in range(PER_PLATFORM):
                await turns.enter_async_context(desk.pace(platform))
        waiting = [
            asyncio.ensure_future(courier.send(desk, world.route("eve", "ada"))),
            asyncio.ensure_future(world.readers["ada"].visit()),
        ]
        await asyncio.sleep(0)
        for name in ("ada", "eve"):
            desk.breaker.trip(name, desk.now())
    await asyncio.gather(*waiting)
    assert not await world.entries(Intended)
    assert not counters["submission"].connections + counters["imap"].connections


@pytest.mark.asyncio
async def test_a_run_goes_on_where_the_last_one_ended(world: World) -> None:
    """Bookmarks, mails waited for and refusals outlive the process."""
    await courier.send(world.desk, world.route("eve", "ada"))
    again = World(world.lab, world.plan, world.ledger, world.prober)
    await again.books.open()
    assert set(again.books.pending) == set(world.books.pending) != set()
    await again.readers["ada"].visit()
    assert not again.books.pending


@pytest.mark.asyncio
async def test_a_bounce_ends_a_mail(world: World) -> None:
    """What comes back to its sender is bounced, by the token in it."""
    await world.readers["eve"].visit()
    with world.lab.fault(*outage("mail_bounces", domain="libero.test")):
        await courier.send(world.desk, world.route("eve", "ada"))
    await world.readers["eve"].visit()
    balance = await world.ledger.balance()
    assert (balance.bounced, balance.in_flight) == (1, 0)


@pytest.mark.asyncio
async def test_what_is_overdue_is_counted_and_given_up(world: World) -> None:
    """A mail that never came waits in the backlog, and is lost past its horizon."""
    with world.lab.fault(*outage("mail_lost", domain="libero.test")):
        await courier.send(world.desk, world.route("eve", "ada"))
    (passage,) = world.books.pending.values()
    auditor = Auditor(world.desk)
    await auditor.audit()
    assert (await world.ledger.balance()).in_flight == 1
    past = passage.intended_at - timedelta(days=6)
    world.books.pending[passage.token] = passage.__class__(
        **{
            **{name: getattr(passage, name) for name in passage.__slots__},
            "intended_at": past,
            "submitted_at": past,
        }
    )
    await auditor.audit()
    assert (await world.ledger.balance()).presumed_lost == 1


@pytest.mark.asyncio
async def test_a_monitor_starts_and_ends(world: World) -> None:
    """Entered and left at once, it has noted both, and nothing is open."""
    plan = world.plan
    other = replace(plan, ledger=Path(f"{plan.ledger}2"))
    async with Monitor(other, world.prober) as monitor:
        assert monitor.events.maxlen
    async with Ledger.open(other.ledger, write=False) as ledger:
        kinds = [entry.kind async for _, entry in ledger.entries()]
    assert kinds.count("ran") == 2


@pytest.mark.asyncio
@pytest.mark.parametrize("awaited", [True, False])
async def test_a_part_that_fails_ends_the_whole(
    world: World, monkeypatch: pytest.MonkeyPatch, *, awaited: bool
) -> None:
    """Whether `run` is awaited or not, nobody takes half a monitor for a whole."""

    async def broken(_: Desk) -> None:
        message = "a fault of ours"
        raise ZeroDivisionError(message)

    monkeypatch.setattr(lookout, "watch_clock", broken)
    plan = replace(world.plan, ledger=Path(f"{world.plan.ledger}2"))
    monitor = Monitor(plan, world.prober)

    async def watch() -> None:
        async with monitor:
            await (monitor.run() if awaited else asyncio.sleep(0.01))

    with pytest.raises(ZeroDivisionError, match="a fault of ours"):
        await watch()
    async with Ledger.open(plan.ledger, write=False) as ledger:
        kinds = [entry.kind async for _, entry in ledger.entries()]
    assert (kinds[0], kinds[-1]) == ("ran", "ran")


@pytest.mark.asyncio
async def test_it_lets_go_though_it_is_cancelled_twice(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Whoever is cancelled while it ends leaves the ledger to the next monitor."""
    begun, ending = asyncio.Event(), asyncio.Event()
    plan = replace(world.plan, ledger=f"{world.plan.ledger}2")

    async def slow(_: Desk) -> None:
        begun.set()
        try:
            await asyncio.sleep(3600)
        finally:
            ending.set()
            await asyncio.sleep(3600)

    monkeypatch.setattr(lookout, "watch_clock", slow)

    async def watch() -> None:
        async with Monitor(plan, world.prober) as monitor:
            await monitor.run()

    work = asyncio.ensure_future(watch())
    await begun.wait()
    work.cancel()
    await ending.wait()
    work.cancel()
    with pytest.raises(asyncio.CancelledError):
        await work
    async with Ledger.open(plan.ledger) as ledger:
        await ledger.claim()


@pytest.mark.asyncio
async def test_another_key_is_said(world: World) -> None:
    """Mail that was signed with a key that is gone cannot be recognised: an alarm."""
    await courier.send(world.desk, world.route("eve", "ada"))
    prober = Prober(
        ca_file=world.lab.ca_file, nameservers=[world.lab.nameserver], attempts=1
    )
    async with prober, Monitor(world.plan, prober):
        pass
    (alarm,) = await world.entries(Alarmed)
    assert isinstance(alarm, Alarmed)
    assert "key was changed: 1 mails" in alarm.what


@pytest.mark.parametrize(
    ("delays", "found"),
    [([], None), ([1.0] * 4, None), ([1.0] * 9 + [99.0], 99.0), ([1.0] * 20, 1.0)],
)
def test_the_tail_is_what_nine_of_ten_do_not_exceed(
    delays: list[float], found: float | None
) -> None:
    """Of too few mails there is none."""
    assert tail(delays) == found
