"""SMTP, IMAP and TLS services: what counts before a failure's own meaning."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from mailprobe.judge.rule import Rule
from mailprobe.model.failure import Kind, Phase
from mailprobe.model.limits import Limits
from mailprobe.model.report import ImapReport, SmtpReport, TlsReport
from mailprobe.model.verdict import Blame, Status

if TYPE_CHECKING:
    from mailprobe.judge.case import Case
    from mailprobe.model.report import TlsFacts

# Silence this long behind an open port is an outage to everybody's mail
# program; only SMTP greetings are held back longer in good health.
SILENCE: Final = 10.0
DAYS: Final = Limits().certificate_days

_CERTIFICATE: Final = frozenset(
    {
        Kind.TLS_EXPIRED,
        Kind.TLS_NOT_YET_VALID,
        Kind.TLS_WRONG_HOST,
        Kind.TLS_SELF_SIGNED,
        Kind.TLS_UNTRUSTED,
        Kind.TLS_INCOMPLETE,
    }
)
_REFUSALS: Final = frozenset(
    {Kind.SMTP_TEMPORARY, Kind.SMTP_PERMANENT, Kind.IMAP_NO, Kind.IMAP_BAD}
)
_CONVERSATIONS: Final = ("SmtpReport", "ImapReport", "TlsReport")


def tls_of(case: Case) -> TlsFacts | None:
    """Return what the handshake showed, whichever probe it was."""
    report = case.report
    if isinstance(report, SmtpReport | ImapReport | TlsReport):
        return report.tls
    return None


def _hung(case: Case) -> bool:
    step = case.step
    if case.kind is not Kind.TIMED_OUT or step is None or step.took < SILENCE:
        return False
    return not (step.phase is Phase.GREETING and case.relay)


def _unanswered(case: Case) -> bool:
    report = case.report
    if not isinstance(report, SmtpReport | ImapReport | TlsReport):
        return False
    before = {failure.kind for failure in report.earlier}
    silent = case.kind is Kind.TCP_TIMEOUT and Kind.TCP_TIMEOUT in before
    return silent and report.control is True


def _refused_starttls(case: Case) -> bool:
    return case.phase is Phase.STARTTLS and case.kind in _REFUSALS


def _ends_soon(case: Case) -> bool:
    tls = tls_of(case)
    return tls is not None and tls.days_left is not None and tls.days_left < DAYS


def _dates(case: Case) -> dict[str, object]:
    tls = tls_of(case)
    return {"days": tls.days_left if tls else None}


SERVICE_RULES: Final = (
    Rule(
        name="relay_without_tls",
        applies_to=("SmtpReport",),
        condition="port 25 does not offer STARTTLS",
        when=lambda c: c.kind is Kind.STARTTLS_NOT_OFFERED and c.relay,
        status=Status.DEGRADED,
        blame=Blame.PROVIDER,
        why="{peer} takes mail, but only in clear: it does not offer STARTTLS.",
        advice="Mail flows unprotected; the operator should offer STARTTLS.",
    ),
    Rule(
        name="relay_starttls_refused",
        applies_to=("SmtpReport",),
        condition="port 25 offers STARTTLS and refuses it",
        when=lambda c: _refused_starttls(c) and c.relay,
        status=Status.DEGRADED,
        blame=Blame.PROVIDER,
        why="{peer} takes mail, but cannot begin TLS ({said}).",
        advice="Mail flows unprotected, or waits at careful senders; its key or "
        "certificate is the usual cause.",
    ),
    Rule(
        name="starttls_refused",
        condition="STARTTLS is offered and refused where users log in",
        when=_refused_starttls,
        status=Status.DOWN,
        blame=Blame.PROVIDER,
        why="{peer} offers STARTTLS and cannot begin TLS ({said}), so nobody can log "
        "in there.",
        advice="Its key or certificate is the usual cause; nothing can be done from "
        "here.",
    ),
    Rule(
        name="relay_certificate",
        applies_to=("SmtpReport",),
        condition="port 25 shows a certificate that cannot be verified",
        when=lambda c: c.kind in _CERTIFICATE and c.relay,
        status=Status.DEGRADED,
        blame=Blame.PROVIDER,
        why="{peer} takes mail, but its certificate does not hold ({said}); most "
        "senders do not mind, careful ones do.",
        advice="The operator should renew or mend the certificate.",
    ),
    Rule(
        name="mailbox_closed",
        applies_to=("ImapReport", "TripReport", "VisitReport"),
        condition="the login worked, and opening the mailbox was refused",
        when=lambda c: c.kind is Kind.IMAP_NO and c.phase is Phase.SELECT,
        status=Status.DOWN,
        blame=Blame.PROVIDER,
        why="{peer} takes the login and cannot open the mailbox ({said}).",
        advice="Storage is the usual cause; nothing can be done from here.",
    ),
    Rule(
        name="unanswered",
        applies_to=_CONVERSATIONS,
        condition="two attempts to connect went unanswered, and the control of the "
        "port answered",
        when=_unanswered,
        status=Status.DOWN,
        blame=Blame.PROVIDER,
        why="{peer} did not answer two attempts to connect, while another server "
        "could be reached on that port.",
        advice="Its machine or its network is down.",
    ),
    Rule(
        name="hung",
        condition="ten seconds of silence behind an open port, as our own time ended",
        when=_hung,
        status=Status.DOWN,
        blame=Blame.PROVIDER,
        why="{peer} accepted the connection and then said nothing for {waited}.",
        advice="The service hangs behind its open port.",
    ),
)

GOOD_RULES: Final = (
    Rule(
        name="certificate_ends_soon",
        applies_to=_CONVERSATIONS,
        condition=f"all is well, but the certificate ends in less than {DAYS} days",
        when=_ends_soon,
        status=Status.DEGRADED,
        blame=Blame.PROVIDER,
        why="{peer} works, but its certificate ends in {days} days.",
        words=_dates,
        advice="The operator must renew it before then.",
    ),
    Rule(
        name="login_works",
        applies_to=("SmtpReport", "ImapReport"),
        condition="the login worked, and for IMAP the mailbox could be opened",
        when=lambda c: getattr(c.report, "authenticated", None) is True,
        status=Status.OK,
        blame=None,
        why="{peer} answers, and the login works.",
    ),
    Rule(
        name="service_works",
        applies_to=_CONVERSATIONS,
        condition="the conversation came to its end",
        when=lambda _: True,
        status=Status.OK,
        blame=None,
        why="{peer} answers as it should.",
    ),
)
