"""What an audit remembers, says once, and clears away."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

import pytest
import pytest_asyncio

from mailprobe.model.entry import Accepted, Alarmed, Counted, Pruned, Sampled
from mailprobe.model.sample import Backlog
from mailprobe.model.target import Mailbox
from mailprobe.monitor.auditor import PRUNE_EVERY, Auditor
from mailprobe.monitor.books import Books
from mailprobe.monitor.desk import Desk
from mailprobe.monitor.ledger import Ledger
from mailprobe.monitor.plan import Cohort, Plan, Route
from mailprobe.prober import Prober
from tests.judge.streams import BRANDS, WORK, stream
from tests.monitor.stories import LIBERO, NOON, Hand, Place, intended, seen

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from mailprobe.model.passage import Passage

pytestmark = pytest.mark.asyncio

HOUR = timedelta(hours=1)
BOX = "bob@libero.it"
PLAN = Plan(
    ledger="unused",
    mailboxes={"bob": Mailbox(BOX)},
    cohorts=(Cohort(name="libero", party=LIBERO, mailboxes=("bob",)),),
    routes=(Route(name="a to b", sender="bob", recipient="bob"),),
)


class Run:
    """The books of one run of a monitor, and who audits them."""

    def __init__(self, ledger: Ledger, clock: Hand) -> None:
        self.clock, self.ledger = clock, ledger
        self.books = Books(ledger, lambda _: None, self._changed)
        self.auditor = Auditor(Desk(PLAN, Prober(clock=clock), self.books))

    def _changed(self, passages: tuple[Passage, ...]) -> None:
        self.auditor.arrived(passages)

    async def mail(self, at: datetime, took: float) -> None:
        """Have a mail sent, and seen so many seconds later."""
        token, came = f"t{at:%d%H%M}", at + timedelta(seconds=took)
        one = seen(token)
        copy = replace(one.copy, seen_at=came, stored_at=came)
        await self.books.record(
            intended(token, at=at),
            Accepted(at=at, token=token, submitted_at=at),
            replace(one, at=came, copy=copy),
        )

    async def backlog(self) -> Backlog:
        """Audit; return what was counted."""
        await self.auditor.audit()
        (_, counted), *_ = await self.ledger.newest(Counted.kind)
        assert isinstance(counted, Counted)
        return counted.backlog


@pytest_asyncio.fixture
async def run(sqlite: Place) -> AsyncIterator[Run]:
    """Books on a new ledger, at noon."""
    clock = Hand()
    async with sqlite.open(clock=clock) as ledger:
        yield Run(ledger, clock)


async def test_an_outage_is_not_usual(run: Run) -> None:
    """However long it delays mail, usual is what was in quiet times; restarts too."""
    for minutes in range(60, 660, 60):
        await run.mail(NOON - timedelta(minutes=minutes), 5.0)
    fails = stream(NOON, 1.0, lambda one: WORK if one.party.name in BRANDS else None)
    await run.books.record(*(Sampled(at=one.known_at, sample=one) for one in fails))
    assert run.books.watchbook.open
    for minutes in range(5, 1435, 10):
        await run.mail(NOON + timedelta(minutes=minutes), 7200.0)
    run.clock.at = NOON + 24 * HOUR
    backlog = await run.backlog()
    assert (backlog.tail, backlog.usual) == (7200.0, 5.0)
    again = Run(run.ledger, run.clock)
    await again.books.open()
    await again.auditor.open()
    backlog = await again.backlog()
    assert (backlog.tail, backlog.usual, backlog.arrived) == (7200.0, 5.0, 0)


async def test_reports_go_when_their_time_is_up(run: Run) -> None:
    """Nobody has to remember it; and it is not looked for at each audit."""
    await run.ledger.attach("t", b"{}", failed=False)
    left = []
    for moment in (NOON + 8 * 24 * HOUR, NOON + 8 * 24 * HOUR):
        run.clock.at = moment
        await run.auditor.audit()
        left.append(await run.ledger.reports("t"))
        await run.ledger.attach("t", b"{}", failed=False)
    assert left == [(), (b"{}",)]
    run.clock.at += timedelta(days=7, seconds=PRUNE_EVERY)
    await run.auditor.audit()
    assert await run.ledger.reports("t") == ()
    pruned = [one async for _, one in run.ledger.entries(kinds=(Pruned.kind,))]
    assert [one.removed for one in pruned if isinstance(one, Pruned)] == [1, 2]
    assert (await run.ledger.verify()).sound


async def test_books_that_do_not_balance_are_told_once(run: Run, sqlite: Place) -> None:
    """An alarm, and not one for each audit; another if it gets worse."""
    await run.mail(NOON, 5.0)
    for lost in (1, 1, 2):
        sqlite.tamper("UPDATE ledger_balance SET submitted = :n", n=1 + lost)
        await run.auditor.audit()
    alarms = [one async for _, one in run.ledger.entries(kinds=(Alarmed.kind,))]
    assert [one.what for one in alarms if isinstance(one, Alarmed)] == [
        "1 mails are unaccounted for",
        "2 mails are unaccounted for",
    ]
