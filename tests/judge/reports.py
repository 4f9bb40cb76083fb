"""Short ways to make the reports that the rules are asked about."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING, Final, TypedDict

from mailprobe.model.dispatch import DispatchReport
from mailprobe.model.failure import Failure, Kind, Phase, Reply
from mailprobe.model.report import (
    ImapReport,
    MxAddress,
    MxHost,
    MxReport,
    ProberFacts,
    ProviderReport,
    Report,
    SmtpReport,
    Step,
    TlsFacts,
    TlsReport,
    TripReport,
)
from mailprobe.model.target import (
    DispatchTarget,
    Endpoint,
    ImapTarget,
    Mailbox,
    MxTarget,
    ProviderTarget,
    SmtpTarget,
    TlsTarget,
    TripTarget,
    VisitTarget,
)
from mailprobe.model.visit import VisitReport

if TYPE_CHECKING:
    from collections.abc import Callable

AT: Final = datetime(2023, 1, 23, 16, tzinfo=UTC)
PEER: Final = "mx.libero.test:25"
ADA: Final = Mailbox(
    "ada@libero.test",
    imap=Endpoint("imap.libero.test", 993),
    smtp=Endpoint("smtp.libero.test", 465),
)
BOB: Final = Mailbox("bob@posta.test")


class Common(TypedDict):
    """What every report has."""

    started_at: datetime
    duration: float
    prober: ProberFacts
    steps: tuple[Step, ...]


def common(*steps: Step) -> Common:
    """Return what every report has, with these steps."""
    return Common(
        started_at=AT,
        duration=1.5,
        prober=ProberFacts(version="0", ehlo_name="probe.test"),
        steps=steps,
    )


def failure(
    kind: Kind, phase: Phase, reply: Reply | None = None, detail: str = ""
) -> Failure:
    """Return a failure."""
    return Failure(kind=kind, phase=phase, reply=reply, detail=detail)


def failed(
    kind: Kind,
    phase: Phase,
    reply: Reply | None = None,
    *,
    detail: str = "",
    took: float = 0.5,
    began: float = 1.0,
) -> Step:
    """Return a step that failed."""
    return Step(
        phase=phase,
        peer=PEER,
        began=began,
        took=took,
        failure=failure(kind, phase, reply, detail),
    )


def done(phase: Phase, *, began: float = 0.0, took: float = 0.1) -> Step:
    """Return a step that went well."""
    return Step(phase=phase, peer=PEER, began=began, took=took)


def smtp(
    *steps: Step,
    port: int = 465,
    authenticated: bool | None = None,
    tls: TlsFacts | None = None,
    in_clear: tuple[str, ...] = (),
) -> SmtpReport:
    """Return an SMTP report."""
    return SmtpReport(
        **common(*steps),
        target=SmtpTarget("smtp.libero.test", port, "tls", mailbox=ADA),
        authenticated=authenticated,
        tls=tls,
        capabilities_in_clear=in_clear,
    )


def imap(*steps: Step, authenticated: bool | None = None) -> ImapReport:
    """Return an IMAP report."""
    return ImapReport(
        **common(*steps), target=ImapTarget(ADA), authenticated=authenticated
    )


def tls(*steps: Step, facts: TlsFacts | None = None) -> TlsReport:
    """Return a TLS report."""
    return TlsReport(
        **common(*steps), target=TlsTarget("imap.libero.test", 993), tls=facts
    )


def trip(*steps: Step, sender: Mailbox = ADA, recipient: Mailbox = BOB) -> TripReport:
    """Return a round trip; more facts by `dataclasses.replace`."""
    return TripReport(**common(*steps), target=TripTarget(sender, recipient))


def mx(*hosts: MxHost, steps: tuple[Step, ...] = ()) -> MxReport:
    """Return an MX report with these hosts."""
    return MxReport(
        **common(*steps),
        target=MxTarget("libero.test", connect=True),
        delivery="explicit",
        hosts=hosts,
    )


def host(*addresses: MxAddress, name: str = "mx.libero.test") -> MxHost:
    """Return an MX host with these addresses."""
    return MxHost(name=name, preference=10, ttl=300, addresses=addresses)


def address(number: int, fault: Failure | None = None) -> MxAddress:
    """Return an address that was dialled, well or badly."""
    return MxAddress(
        address=f"192.0.2.{number}", ttl=300, answered=fault is None, failure=fault
    )


def provider(*steps: Step) -> ProviderReport:
    """Return a provider report in which nothing was tried."""
    return ProviderReport(**common(*steps), target=ProviderTarget("libero"))


def dispatch(*steps: Step, mailbox: Mailbox | None = ADA) -> DispatchReport:
    """Return a dispatch; more facts by `dataclasses.replace`."""
    target = DispatchTarget(
        token="mp1-x", sender=ADA.address, recipient=BOB.address, mailbox=mailbox
    )
    return DispatchReport(**common(*steps), target=target)


def visit(*steps: Step) -> VisitReport:
    """Return a visit; more facts by `dataclasses.replace`."""
    return VisitReport(**common(*steps), target=VisitTarget(ADA))


EVERY: Final[tuple[Callable[..., Report], ...]] = (
    smtp,
    imap,
    tls,
    trip,
    provider,
    dispatch,
    visit,
    lambda *steps: mx(steps=steps),
    lambda *steps: Report(**common(*steps)),
)
"""Of each probe, what makes its report out of steps."""


def facts(*, days_left: int | None = 90, version: str = "TLSv1.3") -> TlsFacts:
    """Return what a good handshake showed."""
    return TlsFacts(version=version, cipher="X", verified=True, days_left=days_left)
