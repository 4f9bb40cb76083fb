"""What a scenario is, and how it is run: faults, one probe, one verdict."""

from __future__ import annotations

import asyncio
from contextlib import ExitStack
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, Final, TypeAlias

from mailprobe import Limits, Prober, Secret
from mailprobe.model.report import MxReport
from tests.worlds import prober_options_for

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from mailprobe import Check, Mailbox, Report
    from mailprobe.lab import Fault, ThreadedLab
    from mailprobe.model.failure import Failure
    from mailprobe.model.target import SecurityName

GENEROUS: Final = 30.0  # seconds; the deadline of a call that must not need it
BOUND: Final = 12.0  # seconds; whoever waits for GENEROUS or PATIENT is caught by it
BRIEF: Final = 0.6  # seconds; a healthy step on a busy machine takes a tenth of it
DEADLINE: Final = 2.5  # times BRIEF, for a whole call that runs into its deadline

PATIENT: Final = Limits(
    dns=GENEROUS,
    dns_try=GENEROUS,
    tcp=GENEROUS,
    tls=GENEROUS,
    greeting=GENEROUS,
    command=GENEROUS,
    data_end=GENEROUS,
    greeting_usual=0.1,
    again_after=0.0,
    farewell=GENEROUS,
    response_bytes=1024 * 1024,  # a quarter, to be filled sooner
    notify_grace=0.2,  # IDLE's delay is no failure; it is waited for in any case
)


class Run:
    """One probe about to be made: a lab, a prober, and seconds for the call."""

    def __init__(self, lab: ThreadedLab, prober: Prober, timeout: float) -> None:
        self.lab = lab
        self.prober = prober
        self.timeout = timeout

    def box(
        self,
        address: str = "ada@libero.test",
        *,
        security: SecurityName = "tls",
        wrong: bool = False,
        token: bool = False,
        auth: str = "",
    ) -> Mailbox:
        """Return a mailbox of the lab, with a wrong secret if asked for."""
        box = self.lab.mailbox(address, security=security, token=token, auth=auth)
        if not wrong:
            return box
        if token:
            stale = "stale-" + self.lab.store.account(address).token
            return replace(box, token=lambda: stale)
        assert box.password is not None
        return replace(box, password=Secret("wrong-" + box.password.reveal()))


How: TypeAlias = "Callable[[Run], Awaitable[Check[Report]]]"


@dataclass(frozen=True, slots=True, kw_only=True)
class Scenario:
    """
    A fault that mail systems show, and what mailprobe must say about it.

    Attributes:
        name: What happens, as its test is called.
        faults: What goes wrong in the lab.
        how: The probe that meets it.
        says: ``(status, blame, phase, kind)``; phase and kind are None where no
            failure decided.
        rule: The rule that decides, where several would say the same.
        finding: The code of a finding that must be there.
        quotes: Words of the server that must stand in the report.
        waits: The budget that has to be used up ("greeting", "command", ...,
            or "deadline"); empty if the outcome can be known at once.
        limits: Bounds other than budgets.
    """

    name: str
    how: How
    says: tuple[str, str | None, str | None, str | None]
    faults: tuple[Fault, ...] = ()
    rule: str = ""
    finding: str = ""
    quotes: str = ""
    waits: str = ""

    @property
    def at_once(self) -> bool:
        """Whether the outcome can be known without waiting for any budget."""
        return not self.waits

    def limits(self, brief: float) -> Limits:
        """Return budgets that nobody reaches, but for the one to be used up."""
        if self.waits in {"", "deadline"}:
            return PATIENT
        if self.waits == "dns":
            return replace(PATIENT, dns=brief, dns_try=brief / 2)
        chosen: dict[str, Any] = {self.waits: brief}
        return replace(PATIENT, **chosen)


async def play(
    scenario: Scenario, lab: ThreadedLab, *, brief: float = BRIEF, **options: object
) -> Check[Report]:
    """
    Probe while the faults are active.

    Args:
        scenario: What happens.
        lab: Where.
        brief: Seconds of the budget that must be used up, if one must.
        options: Further options of the prober.

    Raises:
        TimeoutError: If the probe waited for a budget that it should not need.
    """
    ours: dict[str, Any] = {"limits": scenario.limits(brief), "transcript": True}
    chosen: dict[str, Any] = prober_options_for(lab) | ours | options
    timeout = DEADLINE * brief if scenario.waits == "deadline" else GENEROUS
    async with Prober(**chosen) as prober:
        with ExitStack() as stack:
            stack.callback(lab.store.clear)
            stack.enter_context(lab.fault(*scenario.faults))
            async with asyncio.timeout(BOUND):
                return await scenario.how(Run(lab, prober, timeout))


def outcome(
    check: Check[Report],
) -> tuple[str, str | None, str | None, str | None]:
    """Return status, blame, phase and kind as plain words."""
    failure = deciding(check)
    return (
        check.status.value,
        check.blame.value if check.blame else None,
        failure.phase.value if failure else None,
        failure.kind.value if failure else None,
    )


def deciding(check: Check[Report]) -> Failure | None:
    """Return the failure that decided; for MX hosts, the first one of several."""
    failure, report = check.verdict.failure, check.report
    if failure is None and isinstance(report, MxReport) and check.status != "ok":
        entries = [entry for host in report.hosts for entry in host.addresses]
        found = [
            *(host.failure for host in report.hosts),
            *(e.failure for e in entries),
        ]
        failure = next((one for one in found if one), None)
    return failure
