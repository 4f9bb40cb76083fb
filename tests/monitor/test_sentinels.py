"""Old mails are kept in sight: lost, altered, numbered anew, or given back."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import TYPE_CHECKING

import pytest
import pytest_asyncio

from mailprobe.lab import Lab
from mailprobe.model.entry import Planted, Reread
from mailprobe.model.incident import State
from mailprobe.model.sample import Party
from mailprobe.monitor import notices
from mailprobe.monitor.books import Books
from mailprobe.monitor.desk import Desk
from mailprobe.monitor.ledger import Ledger
from mailprobe.monitor.plan import Cohort, Plan, Route
from mailprobe.monitor.reader import Reader
from mailprobe.prober import Prober
from tests.incidents import INCIDENT, NOON
from tests.monitor.stories import Hand
from tests.worlds import prober_options_for

if TYPE_CHECKING:
    from collections.abc import AsyncIterator
    from pathlib import Path

    from mailprobe.lab.store import Folder

pytestmark = pytest.mark.asyncio

ADA = "ada@libero.test"
OLD = b"From: b@x.test\r\nMessage-ID: <old@x.test>\r\n\r\nHello from long ago.\r\n"
OVER = replace(INCIDENT, parties=("libero",), state=State.CLOSED)


class World:
    """A mailbox with an old mail in it, and who reads it."""

    def __init__(self, lab: Lab, desk: Desk, clock: Hand) -> None:
        self.lab, self.desk, self.clock = lab, desk, clock
        self.reader = self.another()

    def another(self) -> Reader:
        """Return the reader of another run."""
        return Reader(self.desk, "ada", 1800.0, 0.0)

    @property
    def inbox(self) -> Folder:
        """The folder, to do harm to."""
        folder = self.lab.store.account(ADA).folder("INBOX")
        assert folder
        return folder

    async def read(self) -> list[Reread]:
        """Visit, and return what was written of old mails so far."""
        await self.reader.visit()
        entries = self.desk.books.ledger.entries(kinds=(Reread.kind,))
        return [entry async for _, entry in entries if isinstance(entry, Reread)]

    async def planted(self) -> list[Planted]:
        """Return what was written of mails read for the first time."""
        entries = self.desk.books.ledger.entries(kinds=(Planted.kind,))
        return [entry async for _, entry in entries if isinstance(entry, Planted)]


@pytest_asyncio.fixture
async def world(tmp_path: Path) -> AsyncIterator[World]:
    """A lab whose mailbox holds an old mail, and a plan that wants sentinels."""
    clock = Hand(NOON)
    async with Lab() as lab:
        lab.store.account(ADA)
        lab.store.deliver(ADA, OLD)
        plan = Plan(
            ledger=tmp_path / "ledger.sqlite",
            mailboxes={"ada": lab.mailbox(ADA)},
            cohorts=(
                Cohort(
                    name="l",
                    party=Party(name="libero", platform="italiaonline"),
                    mailboxes=("ada",),
                ),
            ),
            routes=(Route(name="r", sender="ada", recipient="ada"),),
            sentinels=True,
        )
        prober = Prober(**prober_options_for(lab))
        ledger = Ledger.open(plan.ledger, clock=clock)
        async with prober, ledger:
            desk = Desk(plan, prober, Books(ledger, lambda _: None, lambda _: None))
            desk._clock = clock
            yield World(lab, desk, clock)


async def test_one_is_planted_and_read_again_every_day(world: World) -> None:
    """The oldest mail, once; then it is looked for after a day, not before."""
    assert await world.read() == []
    (planted,) = await world.planted()
    assert (planted.uid, planted.size) == (1, len(world.inbox.messages[0].raw))
    assert await world.read() == []
    world.clock.at = NOON + timedelta(days=1)
    (seen,) = await world.read()
    assert (seen.found, seen.changed) == (True, ())
    assert len(await world.planted()) == 1
    assert notices.of(seen, world.desk.plan) is None


async def test_a_lost_mail_is_told_after_the_incident(world: World) -> None:
    """When the incident is over it is looked for at once; and again when it is back."""
    await world.read()
    lost = world.inbox.messages[0]
    world.inbox.remove({lost.uid})
    assert await world.read() == []
    world.reader.after(replace(OVER, culprit="posta", parties=("posta",)))
    assert await world.read() == []
    world.reader.after(OVER)
    assert world.desk.nudge("ada").is_set()
    (seen,) = await world.read()
    assert not seen.found
    notice = notices.of(seen, world.desk.plan)
    assert notice
    assert notice.text == f"{ADA}: the mail with UID 1 is not there any more"
    world.inbox.add(lost.raw, lost.arrived)
    world.reader.after(OVER)
    _, seen = await world.read()
    assert (seen.found, seen.changed) == (True, ("uid",))


async def test_an_altered_mail_is_told_once(world: World) -> None:
    """Another content under the old number is no longer that mail."""
    await world.read()
    world.inbox.messages[0].raw = world.inbox.messages[0].raw + b"PS: not mine.\r\n"
    world.reader.after(OVER)
    await world.read()
    world.reader.after(OVER)
    told = await world.read()
    assert [one.changed for one in told] == [("size", "digest"), ()]


async def test_a_mailbox_that_was_numbered_anew(world: World) -> None:
    """A new UIDVALIDITY has the mail looked for; it is the same if its bytes are."""
    await world.read()
    world.inbox.uid_validity += 1
    assert await world.read() == []
    (seen,) = await world.read()
    assert (seen.found, seen.changed) == (True, ("uidvalidity",))
    world.reader.after(OVER)
    _, again = await world.read()
    assert (again.found, again.changed) == (True, ())


async def test_the_next_run_knows_it(world: World) -> None:
    """What was planted outlives the process."""
    await world.read()
    world.reader = world.another()
    await world.reader.open()
    world.inbox.remove({1})
    world.reader.after(OVER)
    (seen,) = await world.read()
    assert not seen.found
    assert len(await world.planted()) == 1


async def test_none_is_planted_where_only_canaries_are(world: World) -> None:
    """A mail of ours is removed soon, and would be missed for nothing."""
    world.inbox.remove({1})
    token = f"mp1-00000000-00000000-{'0' * 32}-{'0' * 32}"
    world.lab.store.deliver(ADA, OLD.replace(b"old@", token.encode() + b"@"))
    await world.read()
    assert await world.planted() == []
    world.lab.store.deliver(ADA, OLD)
    world.inbox.remove({2})
    await world.read()
    assert await world.planted() == []
    world.clock.at = NOON + timedelta(days=1)
    await world.read()
    assert len(await world.planted()) == 1


async def test_what_is_lost_for_good_makes_room(world: World) -> None:
    """After a month another mail is kept in sight."""
    await world.read()
    world.inbox.remove({1})
    world.lab.store.deliver(ADA, OLD.replace(b"old@", b"new@"))
    for day in (1, 2, 33):
        world.clock.at = NOON + timedelta(days=day)
        await world.read()
    world.clock.at = NOON + timedelta(days=34)
    told = await world.read()
    assert [one.found for one in told] == [False, False, False]
    assert [one.uid for one in await world.planted()] == [1, 2]
