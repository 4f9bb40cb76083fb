"""What a report is about: the name of its probe and of its target, in few words."""

from __future__ import annotations

from typing import Final, TypeAlias

from mailprobe.model.dispatch import DispatchReport
from mailprobe.model.report import (
    ImapReport,
    MxReport,
    ProviderReport,
    Report,
    SmtpReport,
    TlsReport,
    TripReport,
)
from mailprobe.model.target import Endpoint, ImapTarget, SmtpTarget, TlsTarget
from mailprobe.model.visit import VisitReport

ProbeReport: TypeAlias = (
    MxReport
    | SmtpReport
    | ImapReport
    | TlsReport
    | TripReport
    | ProviderReport
    | DispatchReport
    | VisitReport
)

PROBES: Final[dict[type[Report], str]] = {
    MxReport: "mx",
    SmtpReport: "smtp",
    ImapReport: "imap",
    TlsReport: "tls",
    TripReport: "round_trip",
    DispatchReport: "dispatch",
    VisitReport: "visit",
    ProviderReport: "provider",
}
"""The name of each probe, as `Prober` and the JSON call it."""


def narrow(report: Report) -> ProbeReport:
    """
    Return *report* as one of those that probes make.

    Raises:
        TypeError: If it is of another class.
    """
    if isinstance(
        report,
        (
            MxReport,
            SmtpReport,
            ImapReport,
            TlsReport,
            TripReport,
            ProviderReport,
            DispatchReport,
            VisitReport,
        ),
    ):
        return report
    message = f"{type(report).__name__} is not the report of a probe"
    raise TypeError(message)


def probe_name(report: Report) -> str:
    """Return the name of the probe that made *report*."""
    return PROBES[type(narrow(report))]


def subject(report: Report, arrow: str = "->") -> str:
    """Return what was probed, as a person would call it."""
    known = narrow(report)
    if isinstance(known, MxReport):
        return known.target.domain
    if isinstance(known, TripReport):
        sender, recipient = known.target.sender, known.target.recipient
        return f"{sender.address} {arrow} {recipient.address}"
    if isinstance(known, ProviderReport):
        return known.target.name
    if isinstance(known, DispatchReport):
        return f"{known.target.sender} {arrow} {known.target.recipient}"
    if isinstance(known, VisitReport):
        box = known.target.mailbox
        return f"{box.address} at {box.imap}" if box.imap else box.address
    return _service(known.target)


def service(target: ImapTarget) -> Endpoint | None:
    """Return the IMAP service that *target* means; None if it was left open."""
    if target.host:
        return Endpoint(target.host, target.port, target.security)
    return target.mailbox.imap if target.mailbox else None


def _service(target: SmtpTarget | ImapTarget | TlsTarget) -> str:
    if not isinstance(target, ImapTarget):
        return str(Endpoint(target.host, target.port, target.security))
    endpoint = service(target)
    who = target.mailbox.address if target.mailbox else ""
    if who and endpoint:
        return f"{who} at {endpoint}"
    return who or str(endpoint)
