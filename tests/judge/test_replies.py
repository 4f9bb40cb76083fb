"""Refusals, read by what they say."""

from __future__ import annotations

from typing import Literal

import pytest

from mailprobe.judge import judge
from mailprobe.model.failure import Kind, Phase, Reply
from mailprobe.model.report import Report, Step
from mailprobe.model.verdict import Blame, Status
from tests.judge.reports import ADA, failed, imap, smtp, trip

DOWN, DEGRADED, UNKNOWN = Status.DOWN, Status.DEGRADED, Status.UNKNOWN
PROVIDER, VANTAGE, ACCOUNT = Blame.PROVIDER, Blame.VANTAGE, Blame.ACCOUNT

Probe = Literal["smtp", "imap", "trip"]


def report_of(probe: Probe, step: Step) -> Report:
    """Return the report of a conversation that ended so."""
    if probe == "trip":  # within one provider: there is no second one to blame
        return trip(step, recipient=ADA)
    return smtp(step) if probe == "smtp" else imap(step)


REFUSED = {"4": Kind.SMTP_TEMPORARY, "5": Kind.SMTP_PERMANENT}


def kind_of(code: int | str, phase: Phase, enhanced: str | None) -> Kind:
    """Return the kind that the wire gives such a reply."""
    if phase is Phase.LOGIN and code == "NO":
        busy = {"UNAVAILABLE", "SERVERBUG", "INUSE", "LIMIT"}
        return Kind.AUTH_UNAVAILABLE if enhanced in busy else Kind.AUTH_REFUSED
    if isinstance(code, str):
        return {"NO": Kind.IMAP_NO, "BYE": Kind.IMAP_BYE}[code]
    if phase is Phase.AUTH:
        return Kind.AUTH_UNAVAILABLE if 400 <= code < 500 else Kind.AUTH_REFUSED
    return REFUSED[str(code)[0]]


TABLE = [
    # --- who we are: nothing is said about the service ---
    (
        ("smtp", Phase.GREETING, 550, None),
        (
            "smtp-10.iol.local smtp-10.iol.local IP blacklisted by CSI. For remedies "
            "please use https://csi.cloudmark.com/reset-request/?ip=192.0.2.7 [smtp-10"
            ".iol.local; LIB_102]"
        ),
        (UNKNOWN, VANTAGE, "blocked_reputation"),
    ),
    (
        ("smtp", Phase.GREETING, 554, "5.7.1"),
        "Service unavailable; Client host [192.0.2.7] blocked using zen.spamhaus.org",
        (UNKNOWN, VANTAGE, "blocked_reputation"),
    ),
    (
        ("trip", Phase.RCPT, 554, "5.7.1"),
        "Your IP is listed in our RBL",
        (UNKNOWN, VANTAGE, "blocked_reputation"),
    ),
    (
        ("smtp", Phase.GREETING, 421, "4.7.1"),
        "mx refused: poor sender reputation",
        (UNKNOWN, VANTAGE, "blocked_reputation"),
    ),
    (
        ("imap", Phase.GREETING, "BYE", None),
        "Your IP address is blocked, see our blocklist",
        (UNKNOWN, VANTAGE, "blocked_reputation"),
    ),
    (
        ("smtp", Phase.EHLO, 550, "5.7.25"),
        "no.",
        (UNKNOWN, VANTAGE, "blocked_reverse_dns"),
    ),
    (
        ("smtp", Phase.GREETING, 554, None),
        "Your address has no PTR record",
        (UNKNOWN, VANTAGE, "blocked_reverse_dns"),
    ),
    (
        ("trip", Phase.RCPT, 450, "4.7.25"),
        "Client host rejected: cannot find your hostname, [192.0.2.7]",
        (UNKNOWN, VANTAGE, "blocked_reverse_dns"),
    ),
    (
        ("trip", Phase.RCPT, 450, "4.7.1"),
        "Client host rejected: cannot find your reverse hostname, [192.0.2.7]",
        (UNKNOWN, VANTAGE, "blocked_reverse_dns"),
    ),
    (
        ("smtp", Phase.GREETING, 554, None),
        "Connections from your country are not accepted",
        (UNKNOWN, VANTAGE, "blocked_geography"),
    ),
    (
        ("smtp", Phase.GREETING, 421, "4.7.0"),
        "mx.google.test Try again later, closing connection.",
        (UNKNOWN, VANTAGE, "throttled"),
    ),
    (
        ("smtp", Phase.GREETING, 421, None),
        "Too many connections from your address",
        (UNKNOWN, VANTAGE, "throttled"),
    ),
    (
        ("smtp", Phase.AUTH, 454, "4.7.0"),
        "Too many login attempts, please try again later.",
        (UNKNOWN, VANTAGE, "throttled"),
    ),
    (
        ("imap", Phase.LOGIN, "NO", "LIMIT"),
        "Slow down",
        (UNKNOWN, VANTAGE, "throttled"),
    ),
    (
        ("imap", Phase.LOGIN, "NO", "UNAVAILABLE"),
        "Maximum number of connections from user+IP exceeded",
        (UNKNOWN, VANTAGE, "throttled"),
    ),
    (
        ("imap", Phase.SELECT, "NO", "LIMIT"),
        "Slow down",
        (UNKNOWN, VANTAGE, "throttled"),
    ),
    # --- like the above, and not the same ---
    (
        ("trip", Phase.RCPT, 550, None),
        "ada@libero.test... User not listed in Domino Directory",
        (DOWN, PROVIDER, "smtp_permanent"),
    ),
    (
        ("smtp", Phase.GREETING, 554, None),
        "mx.marble.test is not for you",
        (DOWN, PROVIDER, "smtp_permanent"),
    ),
    # --- the provider ---
    (
        ("smtp", Phase.AUTH, 535, None),
        "Servizio in manutenzione",
        (DOWN, PROVIDER, "maintenance"),
    ),
    (
        ("imap", Phase.LOGIN, "NO", None),
        "Servizio in manutenzione",
        (DOWN, PROVIDER, "maintenance"),
    ),
    (
        ("smtp", Phase.GREETING, 421, "4.3.2"),
        "Scheduled MAINTENANCE",
        (DOWN, PROVIDER, "maintenance"),
    ),
    (
        ("imap", Phase.GREETING, "BYE", "UNAVAILABLE"),
        "Casella temporaneamente non disponibile",
        (DOWN, PROVIDER, "maintenance"),
    ),
    (
        ("smtp", Phase.GREETING, 421, "4.3.2"),
        "System not accepting network messages",
        (DOWN, PROVIDER, "provider_trouble"),
    ),
    (
        ("trip", Phase.ACCEPT, 452, "4.3.1"),
        "Insufficient system storage",
        (DOWN, PROVIDER, "provider_trouble"),
    ),
    (
        ("trip", Phase.RCPT, 451, "4.4.1"),
        "Backend not reachable",
        (DOWN, PROVIDER, "provider_trouble"),
    ),
    (
        ("imap", Phase.LOGIN, "NO", "UNAVAILABLE"),
        "Temporary authentication failure",
        (DOWN, PROVIDER, "auth_unavailable"),
    ),
    (
        ("smtp", Phase.AUTH, 454, "4.7.0"),
        "Temporary authentication failure",
        (DOWN, PROVIDER, "auth_unavailable"),
    ),
    (
        ("imap", Phase.SELECT, "NO", "UNAVAILABLE"),
        "Mailbox store is down",
        (DOWN, PROVIDER, "mailbox_closed"),
    ),
    (
        ("smtp", Phase.GREETING, 554, None),
        "No SMTP service here",
        (DOWN, PROVIDER, "smtp_permanent"),
    ),
    (
        ("smtp", Phase.GREETING, 421, None),
        "Service not available",
        (DOWN, PROVIDER, "provider_trouble"),
    ),
    # --- come again later ---
    (
        ("trip", Phase.RCPT, 450, "4.2.0"),
        "Recipient address rejected: Greylisted, see http://postgrey",
        (DEGRADED, PROVIDER, "greylisted"),
    ),
    (
        ("trip", Phase.RCPT, 451, "4.7.1"),
        "Please try again later",
        (DEGRADED, PROVIDER, "greylisted"),
    ),
    (
        ("trip", Phase.ACCEPT, 421, None),
        "graylisting in action",
        (DEGRADED, PROVIDER, "greylisted"),
    ),
    # --- what we call ourselves ---
    (
        ("smtp", Phase.EHLO, 504, "5.5.2"),
        "<probe>: Helo command rejected: need fully-qualified hostname",
        (UNKNOWN, Blame.SETUP, "our_name_refused"),
    ),
    # --- basic codes, where the server says no more ---
    (
        ("trip", Phase.RCPT, 552, None),
        "Requested mail action aborted",
        (UNKNOWN, ACCOUNT, "canary_full"),
    ),
    (
        ("trip", Phase.MAIL, 452, None),
        "Requested action not taken",
        (DOWN, PROVIDER, "provider_trouble"),
    ),
    (
        ("smtp", Phase.AUTH, 534, None),
        "Authentication mechanism is too weak",
        (UNKNOWN, Blame.SETUP, "login_method"),
    ),
    # --- the account ---
    (
        ("smtp", Phase.AUTH, 535, "5.7.8"),
        "Credenziali non riconosciute",
        (UNKNOWN, Blame.UNCLEAR, "login_refused_smtp"),
    ),
    (
        ("trip", Phase.AUTH, 535, None),
        "Authentication failed",
        (UNKNOWN, Blame.UNCLEAR, "login_refused_smtp"),
    ),
    (
        ("imap", Phase.LOGIN, "NO", "AUTHENTICATIONFAILED"),
        "Credenziali non riconosciute",
        (UNKNOWN, ACCOUNT, "login_refused_imap"),
    ),
    (
        ("trip", Phase.RCPT, 552, "5.2.2"),
        "no room",
        (UNKNOWN, ACCOUNT, "canary_full"),
    ),
    (
        ("trip", Phase.RCPT, 452, "4.2.2"),
        "The mailbox is full",
        (UNKNOWN, ACCOUNT, "canary_full"),
    ),
    (
        ("trip", Phase.RCPT, 550, None),
        "Casella piena",
        (UNKNOWN, ACCOUNT, "canary_full"),
    ),
    (
        ("imap", Phase.SELECT, "NO", "OVERQUOTA"),
        "full",
        (UNKNOWN, ACCOUNT, "canary_full"),
    ),
    (
        ("trip", Phase.MAIL, 550, "5.4.5"),
        "Daily user sending limit exceeded.",
        (UNKNOWN, ACCOUNT, "sending_limit"),
    ),
    (
        ("trip", Phase.RCPT, 550, None),
        "Daily sending quota exceeded",
        (UNKNOWN, ACCOUNT, "sending_limit"),
    ),
    (
        ("trip", Phase.RCPT, 550, "5.1.1"),
        "User unknown",
        (UNKNOWN, ACCOUNT, "canary_gone"),
    ),
    (
        ("trip", Phase.RCPT, 550, "5.2.1"),
        "Mailbox disabled",
        (UNKNOWN, ACCOUNT, "canary_gone"),
    ),
    # --- the sender, and ourselves ---
    (
        ("trip", Phase.ACCEPT, 550, "5.7.26"),
        "This mail has been blocked because the sender is unauthenticated",
        (DOWN, Blame.SENDER, "sender_policy"),
    ),
    (
        ("trip", Phase.MAIL, 550, None),
        "Rejected by DMARC policy",
        (DOWN, Blame.SENDER, "sender_policy"),
    ),
    (
        ("trip", Phase.ACCEPT, 554, "5.6.0"),
        "Message contains invalid header",
        (UNKNOWN, Blame.PROBER, "our_message"),
    ),
    (
        ("trip", Phase.ACCEPT, 552, "5.3.4"),
        "Message too big",
        (UNKNOWN, Blame.PROBER, "our_message"),
    ),
]


@pytest.mark.parametrize(
    ("heard", "text", "expected"), TABLE, ids=[row[2][2] for row in TABLE]
)
def test_a_refusal_is_judged_by_what_it_says(
    heard: tuple[Probe, Phase, int | str, str | None],
    text: str,
    expected: tuple[Status, Blame, str],
) -> None:
    """Code, enhanced code, text and phase together give status, blame and rule."""
    probe, phase, code, enhanced = heard
    kind = kind_of(code, phase, enhanced)
    step = failed(kind, phase, Reply(code, enhanced, text))
    check = judge(report_of(probe, step))
    assert (check.status, check.blame, check.verdict.rule) == expected
    assert "{" not in check.why


def test_the_sentence_quotes_the_server_in_one_line() -> None:
    """Long and many-lined replies are cut to what a person can read out."""
    reply = Reply(550, "5.7.1", "blacklisted\n" + "very " * 200)
    check = judge(smtp(failed(Kind.SMTP_PERMANENT, Phase.GREETING, reply)))
    assert "\n" not in check.why
    assert len(check.why) < 400


def test_braces_in_a_reply_are_only_text() -> None:
    """A server's words are put into the sentence, never read as part of it."""
    reply = Reply(550, None, "{said} {peer!r} {0} {")
    check = judge(smtp(failed(Kind.SMTP_PERMANENT, Phase.GREETING, reply)))
    assert "{said} {peer!r} {0} {" in check.why


def test_reputation_counts_only_where_nothing_was_served() -> None:
    """A block list named in answer to a login is about something else."""
    reply = Reply(535, None, "password is on a blacklist")
    check = judge(smtp(failed(Kind.AUTH_REFUSED, Phase.AUTH, reply)))
    assert check.verdict.rule == "login_refused_smtp"
