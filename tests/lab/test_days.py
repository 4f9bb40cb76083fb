"""Faults that last for days: held, returned and lost mail, and what is kept of it."""

from __future__ import annotations

import asyncio
from collections import Counter
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Final

import pytest

from mailprobe.lab import (
    Bounce,
    Delay,
    Duplicate,
    Fault,
    Hold,
    Journey,
    Junk,
    Lab,
    Lose,
    Queue,
    Refuse,
    Reply,
    Stall,
)
from mailprobe.lab.post import Mail
from mailprobe.lab.simulated import run, running_clock
from mailprobe.lab.switchboard import Plan, Site, Switchboard

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

BEGINS: Final = datetime(2023, 1, 23, tzinfo=UTC)
DAY: Final = timedelta(days=1)
AT_HOME: Final = Site("submission", "smtp.libero.test", ("libero.test",), "tls")
ELSEWHERE: Final = Site("submission", "smtp.posta.test", ("posta.test",), "tls")
IMAP: Final = Site("imap", "imap.libero.test", ("libero.test",), "tls")
ADA: Final = "ada@libero.test"
BOB: Final = "bob@libero.test"
SENDER: Final = "ada@posta.test"
NO_MX: Final = Refuse(service="mx", domain="libero.test", platform=True)


def send(lab: Lab, name: str, recipient: str = ADA, site: Site = AT_HOME) -> Journey:
    """Hand a mail over, and return its journey."""
    mail = Mail(
        sender=SENDER,
        recipients=(recipient,),
        text=f"Subject: x\r\nMessage-ID: <{name}@posta.test>\r\n\r\nx\r\n".encode(),
        entered=site,
        client="probe",
        protocol="ESMTPSA",
        at=lab.now(),
    )
    lab.post.accept(mail)
    return lab.post.journeys.of(f"<{name}@posta.test>")[-1]


def in_lab(
    program: Callable[[Lab], Awaitable[None]], queue: Queue | None = None
) -> None:
    """Run a program in a lab whose days pass at once."""

    async def main() -> None:
        async with Lab(now=running_clock().now, queue=queue) as lab:
            await program(lab)

    run(main, begins=BEGINS)


def test_hold() -> None:
    """Held mail is stored days later in its order, and its date says so."""

    async def program(lab: Lab) -> None:
        hold = Hold(BEGINS, BEGINS + DAY, BEGINS + 4 * DAY, BEGINS + 5 * DAY)
        with lab.fault(hold):
            first = send(lab, "first")
            await asyncio.sleep(DAY.total_seconds() / 2)
            second = send(lab, "second")
        third = send(lab, "third")
        assert (first.pending, second.pending, third.pending) == (True, True, False)
        await asyncio.sleep(9 * DAY.total_seconds())
        assert first.stored == [(BEGINS + 4 * DAY, "INBOX")]
        assert second.stored == [(BEGINS + 4.5 * DAY, "INBOX")]
        dates = [message.arrived for message in lab.store.messages(ADA)]
        assert dates == [BEGINS + 0.5 * DAY, BEGINS + 4 * DAY, BEGINS + 4.5 * DAY]
        assert lab.waiting == 0

    in_lab(program)


def test_bounce_later() -> None:
    """A bounce may come days after the mail, whatever is wrong by then."""

    async def program(lab: Lab) -> None:
        with lab.fault(Bounce("550 5.4.7 too late", after=2 * 86400.0)):
            journey = send(lab, "returned")
        await asyncio.sleep(DAY.total_seconds())
        assert journey.pending
        assert lab.store.messages(SENDER) == ()
        await asyncio.sleep(DAY.total_seconds())
        assert (journey.returned_at, journey.said) == (
            BEGINS + 2 * DAY,
            "550 5.4.7 too late",
        )
        (bounce,) = lab.store.messages(SENDER)
        assert b"Message-ID: <returned@posta.test>" in bounce.raw
        assert b"Date: Wed, 25 Jan 2023" in bounce.raw

    in_lab(program)


@pytest.mark.parametrize(
    ("fault", "fate"),
    [
        (Lose(), (0, False, True)),
        (Bounce(), (0, True, False)),
        (Duplicate(3), (3, False, False)),
        (Junk(), (1, False, False)),
        (Delay(60.0), (1, False, False)),
    ],
)
def test_journey(fault: Fault, fate: tuple[int, bool, bool]) -> None:
    """The lab remembers what it did with a mail, each copy with its folder."""

    async def program(lab: Lab) -> None:
        with lab.fault(fault):
            journey = send(lab, "sent")
            await asyncio.sleep(100)
        assert not journey.pending
        stored = len(journey.stored)
        assert (stored, bool(journey.returned_at), bool(journey.lost_at)) == fate
        folder = "Junk" if isinstance(fault, Junk) else "INBOX"
        assert {name for _, name in journey.stored} <= {folder}
        await lab.renew()
        assert list(lab.post.journeys) == []

    in_lab(program)


def test_queue_gives_up() -> None:
    """A queue tries an MX that does not answer until its time is up, then returns."""

    async def program(lab: Lab) -> None:
        with lab.fault(NO_MX):
            late = send(lab, "late", site=ELSEWHERE)
            await asyncio.sleep(DAY.total_seconds())
            in_time = send(lab, "early", site=ELSEWHERE)
            await asyncio.sleep(DAY.total_seconds() + 3600)
        await asyncio.sleep(3600)
        assert late.returned_at is not None
        assert timedelta() <= late.returned_at - (BEGINS + 2 * DAY) < timedelta(hours=1)
        assert late.stored == []
        ((stored, _),) = in_time.stored
        assert timedelta() < stored - (BEGINS + 2 * DAY) <= timedelta(hours=2)
        assert in_time.tries > 20  # the pauses grow from minutes to an hour

    in_lab(program, Queue(retry=300.0, longest=3600.0, life=2 * 86400.0))


def test_patient_queue() -> None:
    """Without a patience of its own, a queue goes on as soon as an MX takes mail."""

    async def program(lab: Lab) -> None:
        with lab.fault(NO_MX):
            journey = send(lab, "sent", site=ELSEWHERE)
            await asyncio.sleep(20 * DAY.total_seconds())
            assert (journey.pending, journey.tries) == (True, 1)
        assert journey.stored == [(BEGINS + 20 * DAY, "INBOX")]

    in_lab(program)


def test_one_mailbox() -> None:
    """A fault of one mailbox befalls its mail and its sessions, and nobody else's."""

    async def program(lab: Lab) -> None:
        with lab.fault(Lose(mailboxes=("ADA@libero.test",))):
            lost, kept = send(lab, "lost"), send(lab, "kept", BOB)
        assert (lost.lost_at, len(kept.stored)) == (BEGINS, 1)

    in_lab(program)
    board = Switchboard(())
    refusal = Reply("SELECT", "NO", "[UNAVAILABLE]", service="imap", mailboxes=(ADA,))
    board.inject(refusal)
    assert board.plan(IMAP, "SELECT", mailbox=ADA).reply == refusal
    assert board.plan(IMAP, "SELECT", mailbox=BOB) == Plan()
    assert board.plan(IMAP, "SELECT") == Plan()


def test_chance() -> None:
    """A fault by chance strikes as often as it says, and the same with one seed."""

    def strikes(seed: int) -> list[bool]:
        board = Switchboard((), seed=seed)
        board.inject(Stall("CONNECT", chance=0.1))
        return [board.plan(IMAP, "CONNECT") != Plan() for _ in range(2000)]

    assert strikes(1) == strikes(1) != strikes(2)
    assert 150 < Counter(strikes(1))[True] < 250


def test_clock() -> None:
    """All that servers write goes by the lab's clock; certificates hold now as well."""

    async def program(lab: Lab) -> None:
        await asyncio.sleep(3600)
        send(lab, "dated", site=ELSEWHERE)
        (message,) = lab.store.messages(ADA)
        assert message.arrived == BEGINS + timedelta(hours=1)
        assert message.raw.count(b"Mon, 23 Jan 2023 01:00:00 +0000") == 2
        account = lab.store.account(ADA)
        assert account.folders["INBOX"].uid_validity >= BEGINS.timestamp()

    in_lab(program)
