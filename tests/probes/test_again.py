"""What one attempt cannot prove is tried once more, and never a login."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

import pytest

from mailprobe import Limits, Prober, UsageError
from mailprobe.lab import Drop, Records, Reply
from mailprobe.model.failure import Kind
from tests.scenarios.silence import silent_address
from tests.worlds import prober_options_for

if TYPE_CHECKING:
    from mailprobe.lab import Fault, ThreadedLab
    from mailprobe.model.report import Step
    from mailprobe.model.verdict import Check

AT_ONCE = Limits(again_after=0.0, tcp=0.1)
HOST = "imap.libero.test"


async def look(lab: ThreadedLab, fault: Fault, **options: Any) -> Check[Any]:  # noqa: ANN401
    """Log in while a fault strikes until it has been met once."""
    chosen = {"limits": AT_ONCE} | prober_options_for(lab) | options

    def once(_: str, step: Step) -> None:
        if step.failure:
            lab.withdraw(fault)

    async with Prober(**chosen, on_step=once) as prober:
        with lab.fault(fault):
            return await prober.imap(lab.mailbox("ada@libero.test"))


@pytest.mark.asyncio
async def test_a_connection_that_breaks_once_is_no_outage(
    lab_world: ThreadedLab,
) -> None:
    """The second attempt decides; that there was a first one is said."""
    check = await look(lab_world, Drop("GREETING", service="imap"))
    assert check.status == "ok", check.why
    assert [failure.kind for failure in check.report.earlier] == [Kind.PEER_CLOSED]
    assert [finding.code for finding in check.findings] == ["passing_failure"]
    began = [step.began for step in check.report.steps]
    assert began == sorted(began)
    assert check.report.duration >= began[-1] > 0


@pytest.mark.asyncio
async def test_whoever_wants_one_attempt_gets_one(lab_world: ThreadedLab) -> None:
    """With attempts=1 the first failure counts."""
    fault = Drop("GREETING", service="imap")
    check = await look(lab_world, fault, attempts=1)
    assert (check.status, check.report.earlier) == ("down", ())


@pytest.mark.asyncio
async def test_a_failure_that_stays_is_said_with_its_first(
    lab_world: ThreadedLab,
) -> None:
    """Two attempts that end alike are down, and both are told."""
    async with Prober(**prober_options_for(lab_world), limits=AT_ONCE) as prober:
        with lab_world.fault(Drop("GREETING", service="imap")):
            check = await prober.imap(lab_world.mailbox("ada@libero.test"))
    assert (check.status, check.blame) == ("down", "provider")
    assert [failure.kind for failure in check.report.earlier] == [Kind.PEER_CLOSED]
    assert "failed_twice" in {finding.code for finding in check.findings}


@pytest.mark.asyncio
@pytest.mark.parametrize("moment", ["AUTH", "EXAMINE"])
async def test_a_password_is_given_once(lab_world: ThreadedLab, moment: str) -> None:
    """Whatever breaks at the login or after it, there is no second login."""
    before = lab_world.store.counters["imap"].auth_attempts
    check = await look(lab_world, Drop(moment, service="imap"))
    assert (check.status, check.report.earlier) == ("down", ())
    assert lab_world.store.counters["imap"].auth_attempts == before + 1


@pytest.mark.asyncio
async def test_a_server_that_says_no_is_believed_at_once(
    lab_world: ThreadedLab,
) -> None:
    """Plain words need no second attempt."""
    check = await look(lab_world, Reply("GREETING", "BYE", "closed", service="imap"))
    assert (check.status, check.report.earlier) == ("down", ())


@pytest.mark.asyncio
async def test_our_own_deadline_does_not_blur_what_was_seen(
    lab_world: ThreadedLab,
) -> None:
    """Without time for a second attempt the first one stands."""
    options = prober_options_for(lab_world) | {"limits": Limits(again_after=60.0)}
    async with Prober(**options) as prober:
        with lab_world.fault(Drop("GREETING", service="imap")):
            box = lab_world.mailbox("ada@libero.test")
            check = await prober.imap(box, timeout=20.0)
    assert check.verdict.failure is not None
    assert check.verdict.failure.kind is Kind.PEER_CLOSED
    assert check.report.earlier == ()


@pytest.mark.asyncio
@pytest.mark.parametrize(
    ("control", "told"),
    [
        ("works", ("down", "provider", "unanswered")),
        ("silent", ("unknown", "vantage", "tcp_timeout")),
        ("another port", ("unknown", "vantage", "tcp_timeout")),
        ("", ("unknown", "vantage", "tcp_timeout")),
    ],
)
async def test_silence_is_an_outage_only_beside_a_control(
    lab_world: ThreadedLab, control: str, told: tuple[str, str, str]
) -> None:
    """Two unanswered attempts prove nothing, unless the port is open elsewhere."""
    box = lab_world.mailbox("ada@libero.test")
    assert box.imap is not None
    port = box.imap.port
    chosen = {
        "works": f"imap.posta.test:{port}",
        "silent": f"{HOST}:{port}",
        "another port": f"imap.posta.test:{port + 1}",
    }.get(control, "")
    options = prober_options_for(lab_world) | {"limits": AT_ONCE, "control": chosen}
    answer = "127.0.0.1"
    with (
        silent_address(port) as address,
        lab_world.fault(
            Records(HOST, "A", (address,)), Records("imap.posta.test", "A", (answer,))
        ),
    ):
        async with Prober(**options) as prober:
            check = await prober.imap(replace(box, imap=box.imap))
    assert (check.status, check.blame, check.verdict.rule) == told, check.why
    assert [failure.kind for failure in check.report.earlier] == [Kind.TCP_TIMEOUT]


@pytest.mark.asyncio
async def test_one_address_of_an_mx_is_tried_again(lab_world: ThreadedLab) -> None:
    """An MX address that breaks once answers, and the break is told."""
    fault = Drop("EHLO", service="mx", host="mx1.libero.test")

    def once(_: str, step: Step) -> None:
        if step.failure:
            lab_world.withdraw(fault)

    options = prober_options_for(lab_world) | {"limits": AT_ONCE}
    async with Prober(**options, on_step=once) as prober:
        with lab_world.fault(fault):
            check = await prober.mx("libero.test", connect=True)
    assert check.status == "ok", check.why
    assert [finding.code for finding in check.findings] == ["passing_failure"]
    first = check.report.hosts[0].addresses[0]
    assert [failure.kind for failure in first.earlier] == [Kind.PEER_CLOSED]


@pytest.mark.parametrize("number", [0, 6, True, 1.5])
def test_attempts_that_cannot_be_meant(number: object) -> None:
    """A number of attempts that is none is refused in one sentence."""
    with pytest.raises(UsageError, match=r"attempts .* is out of range"):
        Prober(attempts=number)  # type: ignore[arg-type]
