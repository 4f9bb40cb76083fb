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

RELAY_PORT: Final = 25
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
    }
)
OLD_TLS: Final = frozenset({"SSLv3", "TLSv1", "TLSv1.1"})  # RFC 8996
# How OpenSSL complains of keys, hashes and versions that it no longer accepts.
_WEAKNESS: Final = (
    "key too small",
    "md too weak",
    "unsupported protocol",
    "protocol version",
    "no protocols available",
    "no shared cipher",
    "handshake failure",
    "legacy sigalg",
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
    return not (step.phase is Phase.GREETING and case.port == RELAY_PORT)


def _weak(case: Case) -> bool:
    # A handshake that fails once may be a passing fault: the second try must
    # have come through, with an old version or after a complaint about strength.
    tls = tls_of(case)
    if case.kind is not Kind.TLS_HANDSHAKE or tls is None or tls.version is None:
        return False
    return tls.version in OLD_TLS or case.says(*_WEAKNESS)


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
        when=lambda c: c.kind is Kind.STARTTLS_NOT_OFFERED and c.port == RELAY_PORT,
        status=Status.DEGRADED,
        blame=Blame.PROVIDER,
        why="{peer} takes mail, but only in clear: it does not offer STARTTLS.",
        advice="Mail flows unprotected; the operator should offer STARTTLS.",
    ),
    Rule(
        name="relay_certificate",
        applies_to=("SmtpReport",),
        condition="port 25 shows a certificate that cannot be verified",
        when=lambda c: c.kind in _CERTIFICATE and c.port == RELAY_PORT,
        status=Status.DEGRADED,
        blame=Blame.PROVIDER,
        why="{peer} takes mail, but its certificate does not hold ({said}); most "
        "senders do not mind, careful ones do.",
        advice="The operator should renew or mend the certificate.",
    ),
    Rule(
        name="weak_tls",
        applies_to=_CONVERSATIONS,
        condition="the handshake fails by today's rules, and succeeds at the lowest "
        "security level",
        when=_weak,
        status=Status.DEGRADED,
        blame=Blame.PROVIDER,
        why="{peer} offers only weak TLS ({said}): old programs connect, current ones "
        "refuse.",
        advice="The operator must allow TLS 1.2 with strong keys; until then no "
        "password is sent there.",
    ),
    Rule(
        name="mailbox_closed",
        applies_to=("ImapReport", "TripReport"),
        condition="the login worked, and opening the mailbox was refused",
        when=lambda c: c.kind is Kind.IMAP_NO and c.phase is Phase.SELECT,
        status=Status.DOWN,
        blame=Blame.PROVIDER,
        why="{peer} takes the login and cannot open the mailbox ({said}).",
        advice="Storage is the usual cause; nothing can be done from here.",
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
