"""What is worth saying beside the verdict, each with a stable code."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from mailprobe.judge.kinds import KINDS
from mailprobe.judge.mx_findings import mx_findings
from mailprobe.judge.strain import strain_findings
from mailprobe.judge.visit import visit_findings
from mailprobe.model.dispatch import DispatchReport
from mailprobe.model.failure import Kind, Phase
from mailprobe.model.limits import Limits
from mailprobe.model.report import (
    ImapReport,
    MxReport,
    SmtpReport,
    TlsReport,
    TripReport,
)
from mailprobe.model.verdict import Finding
from mailprobe.model.visit import VisitReport

if TYPE_CHECKING:
    from collections.abc import Iterator

    from mailprobe.judge.case import Case
    from mailprobe.model.report import Report, TlsFacts

_LIMITS: Final = Limits()
NEARLY_FULL: Final = 0.8  # of the quota; a full box neither sends nor receives
PASSED_MAX: Final = 5  # MX hosts named; more say the same
PUSH_LATE: Final = 0.25  # seconds; beyond what a network adds to a push


def findings(case: Case) -> tuple[Finding, ...]:
    """Return all findings of a report, in a stable order."""
    report = case.report
    return (*_common(report), *_special(case))


def _special(case: Case) -> Iterator[Finding]:
    match report := case.report:
        case MxReport():
            yield from mx_findings(report, case.preset)
        case SmtpReport():
            yield from _tls(case, report.tls)
            yield from _smtp(report)
        case ImapReport():
            yield from _tls(case, report.tls)
            yield from _imap(report)
        case TlsReport():
            yield from _tls(case, report.tls)
        case TripReport():
            yield from _trip(report)
        case VisitReport():
            yield from visit_findings(report)
        case DispatchReport():
            yield from _dispatch(report)


def _common(report: Report) -> Iterator[Finding]:
    yield from strain_findings(report)
    if report.earlier:
        first, last = report.earlier[0], report.failure
        ended = f"ended with {last.kind}" if last else "came through"
        text = f"A first attempt failed ({first}); the second {ended}."
        yield Finding("failed_twice" if last else "passing_failure", text)
    for step in report.steps:
        if step.phase is Phase.GREETING and step.took > _LIMITS.greeting_slow:
            text = f"{step.peer} held its greeting back for {step.took:.1f} s."
            yield Finding("slow_greeting", text)
        if step.phase is Phase.TCP and step.optional and step.failure:
            kind = step.failure.kind
            unreachable = kind is Kind.TCP_UNREACHABLE
            code = "address_unreachable" if unreachable else "address_failed"
            yield Finding(code, f"{step.peer} did not answer ({kind}).")
        if step.phase in {Phase.QUIT, Phase.LOGOUT} and step.failure:
            text = f"{step.peer} did not answer our farewell ({step.failure.kind})."
            yield Finding("no_farewell", text)


def _tls(case: Case, tls: TlsFacts | None) -> Iterator[Finding]:
    if tls is None:
        return
    for kind in tls.complaints:
        if kind is not case.kind:
            yield Finding(f"also_{kind}", f"It also {KINDS[kind].meaning}.")
    if tls.old:
        yield Finding("old_tls", f"{tls.version} was agreed on; RFC 8996 forbids it.")
    if tls.days_left is not None and 0 <= tls.days_left < _LIMITS.certificate_days:
        text = f"The certificate ends in {tls.days_left} days."
        yield Finding("certificate_ends_soon", text)
    if not tls.verified and tls.certificate is not None:
        c = tls.certificate
        names = ", ".join(c.names[:5]) or c.subject
        until = f"{c.not_after:%Y-%m-%d}"
        text = f"It is for {names}, issued by {c.issuer}, valid until {until}."
        yield Finding("refused_certificate", text)


def _smtp(report: SmtpReport) -> Iterator[Finding]:
    offered = {line.split(" ")[0] for line in report.capabilities_in_clear}
    if any(name == "AUTH" or name.startswith("AUTH=") for name in offered):
        text = "AUTH is offered before STARTTLS, which invites passwords in clear."
        yield Finding("auth_in_clear", text)


def _alerts(alerts: tuple[str, ...]) -> Iterator[Finding]:
    for alert in alerts:
        yield Finding("alert", f"The server wants people to know: {alert}")


def _imap(report: ImapReport) -> Iterator[Finding]:
    yield from _alerts(report.alerts)
    quota = report.quota
    if quota and quota.limit and quota.used >= NEARLY_FULL * quota.limit:
        share = 100 * quota.used // quota.limit
        text = f"The mailbox is {share} % full; a full one neither sends nor receives."
        yield Finding("mailbox_nearly_full", text)
    for step in report.steps:
        if step.phase in {Phase.ID, Phase.QUOTA} and step.failure:
            said = step.failure.reply or step.failure.detail or step.failure.kind
            text = f"{step.phase.upper()} is offered and refused: {said}"
            yield Finding(f"{step.phase}_refused", text)


def _dispatch(report: DispatchReport) -> Iterator[Finding]:
    for failure in report.passed_over[:PASSED_MAX]:
        yield Finding("mx_passed_over", f"An MX host could not be used: {failure}")


def _trip(report: TripReport) -> Iterator[Finding]:
    yield from _alerts(report.alerts)
    if report.foreign:
        text = f"{report.foreign} canary mails of others arrived meanwhile."
        yield Finding("foreign_canaries", text)
    if report.deleted is False:
        text = "Our mail could not be removed; it is flagged as deleted or still there."
        yield Finding("canary_left", text)
    # On a connection that polls as well, sight takes the news away from IDLE.
    shared = report.watched_through in {"opened", "joined"}
    told = report.landed == "inbox" and report.idle and not shared
    if report.visible is not None and told:
        if report.notified is None:
            text = "The mail could be seen, but IDLE had not told of it a second later."
            yield Finding("idle_silent", text)
        elif report.notified - report.visible > PUSH_LATE:
            late = report.notified - report.visible
            text = f"IDLE told of the mail {late:.2f} s after it could be seen."
            yield Finding("idle_late", text)
    if report.idle is False:
        yield Finding("no_idle", "IDLE is not offered: mail programs must poll.")
    bad = [f"{m}={r}" for m, r in report.authentication_results if r == "fail"]
    if bad:
        text = f"The receiver's checks of the mail failed: {', '.join(bad)}."
        yield Finding("authentication_failed", text)
