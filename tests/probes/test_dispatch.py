"""Handing one canary over: once, and never again behind the final dot."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from typing import TYPE_CHECKING

import pytest

from mailprobe import Limits, Prober, UsageError
from mailprobe.lab import Drop, Refuse, Reply, Stall
from tests.probes.canaries import ADA, BOB, canary, options

if TYPE_CHECKING:
    from mailprobe import Step
    from mailprobe.lab import Fault, ThreadedLab
    from tests.real.world import RealWorld
    from tests.worlds import World


@pytest.mark.asyncio
async def test_a_mail_is_handed_over_by_its_sender(world: World) -> None:
    """The server's own words, and when it took the mail, are told."""
    async with Prober(**options(world)) as prober:
        check = await prober.dispatch(canary(), world.mailbox(ADA), timeout=30)
    report = check.report
    assert check.status == "ok", check.why
    assert report.outcome == "accepted"
    assert report.authenticated is True
    assert report.accepted is not None
    assert report.accepted.code == 250
    assert report.submitted_at is not None
    assert report.acceptance is not None
    assert report.tls is not None
    assert report.tls.verified


@pytest.mark.asyncio
async def test_a_mail_goes_from_outside_to_the_mx(world: World) -> None:
    """Without a mailbox it goes to an MX host of the recipient, with no login."""
    async with Prober(**options(world)) as prober:
        check = await prober.dispatch(canary(), timeout=30)
    assert check.status == "ok", check.why
    assert check.report.outcome == "accepted"
    assert check.report.authenticated is None
    assert check.report.step("auth") is None


@pytest.mark.asyncio
@pytest.mark.real
@pytest.mark.parametrize("code", [451, 550])
async def test_real_mx_hosts_that_refuse(real_world: RealWorld, code: int) -> None:
    """A recipient that Postfix refuses is told with its own words."""
    with real_world.reject_rcpt(code, "posta.test"):
        async with Prober(**options(real_world)) as prober:
            check = await prober.dispatch(canary(), timeout=30)
    failure = check.verdict.failure
    assert check.report.outcome == "refused"
    assert failure is not None
    assert failure.reply is not None
    assert failure.reply.code == code
    assert check.report.submitted_at is None


@pytest.mark.asyncio
@pytest.mark.parametrize(
    ("fault", "outcome", "messages"),
    [
        (Reply("MAIL", 550, "5.7.1 no"), "refused", 0),
        (Reply("RCPT", 451, "4.3.0 no"), "refused", 0),
        (Reply("ACCEPT", 552, "5.2.2 full"), "refused", 0),
        (Reply("AUTH", 454, "4.7.0 later"), "never_handed_over", 0),
        (Reply("GREETING", 554, "5.7.1 no"), "never_handed_over", 0),
        (Drop("TLS"), "never_handed_over", 0),
        (Drop("DATA"), "never_handed_over", 0),
        (Drop("ACCEPT"), "unconfirmed", 1),
        (Drop("ACCEPT", reset=True), "unconfirmed", 1),
        (Drop("QUIT"), "accepted", 1),
    ],
    ids=lambda value: str(value)[:50],
)
async def test_how_it_ended(
    lab_world: ThreadedLab, fault: Fault, outcome: str, messages: int
) -> None:
    """Each ending is told apart, and no mail is handed over twice."""
    lab_world.store.clear()
    async with Prober(**options(lab_world)) as prober:
        with lab_world.fault(replace(fault, service="submission")):
            check = await prober.dispatch(canary(), lab_world.mailbox(ADA), timeout=20)
    assert check.report.outcome == outcome
    assert (check.status == "ok") is (outcome == "accepted")
    assert lab_world.store.counters["submission"].messages == messages
    assert (check.report.submitted_at is None) is (
        outcome == "never_handed_over" or fault.where in {"MAIL", "RCPT"}  # type: ignore[attr-defined]
    )


@pytest.mark.asyncio
async def test_a_deadline_behind_the_dot_leaves_it_open(lab_world: ThreadedLab) -> None:
    """When our own time is up behind the final dot, the mail counts as sent."""
    lab_world.store.clear()
    async with Prober(**options(lab_world)) as prober:
        with lab_world.fault(Stall("ACCEPT", service="submission")):
            check = await prober.dispatch(canary(), lab_world.mailbox(ADA), timeout=2)
    assert check.report.outcome == "unconfirmed"
    assert check.report.submitted_at is not None
    assert lab_world.store.counters["submission"].messages == 1


@pytest.mark.asyncio
async def test_cancelled_behind_the_dot(lab_world: ThreadedLab) -> None:
    """Cancellation behind the final dot passes through; nothing is sent again."""
    lab_world.store.clear()
    written = asyncio.Event()

    def notice(_: str, step: Step) -> None:
        if step.phase == "data":
            written.set()

    async with Prober(**options(lab_world), on_step=notice) as prober:
        with lab_world.fault(Stall("ACCEPT", service="submission")):
            box = lab_world.mailbox(ADA)
            task = asyncio.create_task(prober.dispatch(canary(), box, timeout=20))
            await written.wait()
            task.cancel()
            with pytest.raises(asyncio.CancelledError):
                await task
    lab_world.settle()
    assert lab_world.store.counters["submission"].connections == 1
    assert lab_world.store.counters["submission"].messages <= 1


@pytest.mark.asyncio
@pytest.mark.parametrize(
    "fault",
    [
        Drop("ACCEPT", service="mx"),
        Reply("ACCEPT", 451, "4.3.0 queue file", service="mx"),
    ],
    ids=["lost", "refused"],
)
async def test_no_second_mx_behind_the_dot(
    lab_world: ThreadedLab, fault: Fault
) -> None:
    """Once the mail was written to one MX host, no other is tried."""
    lab_world.store.clear()
    async with Prober(**options(lab_world)) as prober:
        with lab_world.fault(fault):
            check = await prober.dispatch(canary(), timeout=20)
    assert check.status != "ok"
    assert lab_world.store.counters["mx"].connections == 1


@pytest.mark.asyncio
async def test_hosts_are_tried_in_order_of_preference(lab_world: ThreadedLab) -> None:
    """The best host is tried first; why it was passed over is told."""
    lab_world.store.clear()
    async with Prober(**options(lab_world)) as prober:
        with lab_world.fault(Refuse(service="mx", host="mx1.posta.test")):
            check = await prober.dispatch(canary(), timeout=20)
    assert check.status == "ok"
    assert [failure.kind for failure in check.report.passed_over] == ["tcp_refused"]
    assert "mx_passed_over" in {found.code for found in check.findings}


@pytest.mark.asyncio
async def test_a_host_that_is_silent_does_not_use_up_the_rest(
    lab_world: ThreadedLab,
) -> None:
    """A host that never greets is left after its budget, for the next one."""
    limits = Limits(greeting=0.3)
    async with Prober(**options(lab_world), limits=limits) as prober:
        with lab_world.fault(Stall("GREETING", service="mx", host="mx1.posta.test")):
            check = await prober.dispatch(canary(), timeout=20)
    assert check.report.outcome == "accepted"


@pytest.mark.asyncio
async def test_what_cannot_be_meant(lab_world: ThreadedLab) -> None:
    """A canary of another sender, and one to an international address, are refused."""
    async with Prober(**options(lab_world)) as prober:
        with pytest.raises(UsageError, match="mint it for that sender"):
            await prober.dispatch(canary(), lab_world.mailbox(BOB))
        with pytest.raises(UsageError, match="not plain ASCII"):
            await prober.dispatch(canary(recipient="b\u00f6b@posta.test"))
