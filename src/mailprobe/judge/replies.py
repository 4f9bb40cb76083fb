"""
Refusals, read by what they say: most specific first.

Sources: RFC 3463 and the IANA registry of enhanced codes, RFC 5530, RFC 6647,
RFC 7372, and the wording of the providers named in the presets.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final

from mailprobe.judge.logins import LOGIN_RULES
from mailprobe.judge.rule import Rule
from mailprobe.model.dispatch import DispatchReport
from mailprobe.model.failure import Kind, Phase
from mailprobe.model.report import (
    ImapReport,
    MxReport,
    SmtpReport,
    TlsReport,
    TripReport,
)
from mailprobe.model.verdict import Blame, Status
from mailprobe.model.visit import VisitReport

if TYPE_CHECKING:
    from mailprobe.judge.case import Case
    from mailprobe.model.provider import Catalogue, ReplyMeaning
    from mailprobe.model.report import Report

_REPUTATION: Final = re.compile(
    r"black ?list|block ?list|blocked using|spamhaus|dnsbl|\brbl|reputation"
    # "User not listed in Domino Directory" is about the recipient.
    r"|(?<!not )\blisted (?:in|at|on|by)\b|cloudmark|csi-global|lib_102|poor sender"
    r"|blocked - see|ip address is blocked|barracuda"
)
_REVERSE: Final = re.compile(
    r"reverse dns|\bptr\b|\brdns\b|reverse lookup"
    r"|cannot find your (?:reverse )?hostname"  # Postfix
)
_GEOGRAPHY: Final = ("your country", "geographic", "geo-block", "not allowed from your")
_TOO_MANY: Final = (
    "too many connections", "too many concurrent", "concurrent connection",
    "connection limit", "rate limit", "too many sessions", "connection rate",
    "too many simultaneous", "maximum number of connections", "too many login",
    "too many failed", "too many auth",
)  # fmt: skip
_RATIONED: Final = (
    "sending quota", "sending limit", "daily quota", "hourly quota", "daily limit",
    "hourly limit", "messages per day", "messages per hour", "message quota",
)  # fmt: skip
_GREYLIST: Final = ("greylist", "graylist", "grey list", "gray list")
_MAINTENANCE: Final = re.compile(
    r"manutenzione|maintenance|wartung|mantenimiento|manuten[cç][aã]o|onderhoud"
    r"|temporaneamente non disponibile|momentaneamente non disponibile"
)
_POLICY: Final = re.compile(r"5\.7\.(?:2[0-7])$")
_OUR_NAME: Final = (
    "helo command rejected", "invalid helo", "invalid ehlo", "helo name",
    "ehlo name", "need fully-qualified hostname",
)  # fmt: skip
_BEFORE_MAIL: Final = frozenset(
    {Phase.GREETING, Phase.EHLO, Phase.MAIL, Phase.RCPT, Phase.DATA, Phase.ACCEPT}
)
_MESSAGE: Final = frozenset({Phase.DATA, Phase.ACCEPT})
_AUTH_KINDS: Final = frozenset({Kind.AUTH_REFUSED, Kind.AUTH_UNAVAILABLE})
_REFUSED: Final = frozenset(
    {Kind.SMTP_TEMPORARY, Kind.SMTP_PERMANENT, Kind.IMAP_BYE, Kind.IMAP_NO}
)


def _refused(case: Case) -> bool:
    return case.kind in _REFUSED


def _blocked(case: Case) -> bool:
    return _refused(case) and case.phase in _BEFORE_MAIL


def _throttled(case: Case) -> bool:
    closing = case.code == 421 and case.enhanced in {"4.7.0", "4.4.5"}  # noqa: PLR2004
    limit = case.enhanced == "LIMIT"
    # A login is refused for its number, too: that says nothing about the password.
    turned_away = _refused(case) or case.kind in _AUTH_KINDS
    return turned_away and (closing or limit or case.says(*_TOO_MANY))


def _bare(case: Case, *codes: int) -> bool:
    """Whether it is one of these basic codes, with no enhanced one to say more."""
    return not case.enhanced and case.code in codes


def _greylisted(case: Case) -> bool:
    return (
        case.kind is Kind.SMTP_TEMPORARY
        and case.phase in {Phase.MAIL, Phase.RCPT, *_MESSAGE}
        and (
            case.says(*_GREYLIST)
            or (case.code in {450, 451} and case.enhanced in {"4.7.1", "4.2.0"})
        )
    )


def _strangers_sending(case: Case) -> bool:
    """Whether it is a submission that is not the checked provider's own."""
    return case.sending and not case.own_sender


def _rationed(case: Case) -> bool:
    return case.says(*_RATIONED)


REPLY_RULES: Final = (
    Rule(
        name="throttled",
        condition="421 4.7.0 or 4.4.5, [LIMIT], or a text about too many connections",
        when=_throttled,
        status=Status.UNKNOWN,
        blame=Blame.VANTAGE,
        why="{peer} limits how often we may connect ({said}), so nothing can be said "
        "about its service.",
        advice="Probe less often from this address, then look again.",
    ),
    Rule(
        name="blocked_reverse_dns",
        condition="a refusal before the mail, with x.7.25 or naming reverse DNS",
        when=lambda c: (
            _blocked(c)
            and (c.enhanced in {"5.7.25", "4.7.25"} or bool(_REVERSE.search(c.text)))
        ),
        status=Status.UNKNOWN,
        blame=Blame.VANTAGE,
        why="{peer} refuses our address for want of reverse DNS ({said}); it serves "
        "others.",
        advice="Give the address of this machine a PTR record that matches its name.",
    ),
    Rule(
        name="blocked_reputation",
        condition="a refusal naming a block list or our reputation, before the mail",
        when=lambda c: _blocked(c) and bool(_REPUTATION.search(c.text)),
        status=Status.UNKNOWN,
        blame=Blame.VANTAGE,
        why="{peer} refuses our address for its reputation ({said}); it serves others.",
        advice="Probe from another address, or have this one delisted.",
    ),
    Rule(
        name="blocked_geography",
        condition="a refusal naming our country, before the mail",
        when=lambda c: _blocked(c) and c.says(*_GEOGRAPHY),
        status=Status.UNKNOWN,
        blame=Blame.VANTAGE,
        why="{peer} does not serve the country we probe from ({said}).",
        advice="Probe from within the country.",
    ),
    Rule(
        name="maintenance",
        condition="a refusal that speaks of maintenance, in any of several languages",
        when=lambda c: (
            (_refused(c) or c.kind in _AUTH_KINDS) and bool(_MAINTENANCE.search(c.text))
        ),
        status=Status.DOWN,
        blame=Blame.PROVIDER,
        why="{peer} says that it is under maintenance ({said}).",
        advice="Wait; passwords need not be changed.",
    ),
    Rule(
        name="our_name_refused",
        condition="a refusal before the mail naming the name we greet with",
        when=lambda c: _blocked(c) and c.says(*_OUR_NAME),
        status=Status.UNKNOWN,
        blame=Blame.SETUP,
        why="{peer} does not take the name we greet with ({said}).",
        advice="Give the host name that the reverse DNS of this machine's address "
        "has (--ehlo-name).",
    ),
    Rule(
        name="greylisted_by_sender",
        applies_to=("TripReport",),
        condition="the same, by the submission of another provider",
        when=lambda c: _greylisted(c) and _strangers_sending(c),
        status=Status.DEGRADED,
        blame=Blame.SENDER,
        why="{peer} asks its own user to come again later ({said}), so nothing is "
        "known about the recipient.",
        advice="Try again after some minutes; submission should greylist nobody.",
    ),
    Rule(
        name="greylisted",
        condition="450 or 451 with 4.7.1 or 4.2.0, or a text about greylisting",
        when=_greylisted,
        status=Status.DEGRADED,
        blame=Blame.PROVIDER,
        why="{peer} asks unknown senders to come again later ({said}), which delays "
        "first mails and is not an outage.",
        advice="Try again after some minutes from the same address.",
    ),
    Rule(
        name="canary_full",
        condition="x.2.2, [OVERQUOTA], a text about quota, or 552 without more",
        when=lambda c: (
            _refused(c)
            and (
                c.enhanced in {"5.2.2", "4.2.2", "OVERQUOTA"}
                or (_bare(c, 552) and c.phase in {Phase.RCPT, *_MESSAGE})
                or (
                    c.says("quota", "mailbox full", "mailbox is full", "casella piena")
                    and not _rationed(c)
                )
            )
        ),
        status=Status.UNKNOWN,
        blame=Blame.ACCOUNT,
        why="The canary's mailbox is full: {peer} said {said}.",
        advice="Empty the canary's mailbox.",
    ),
    Rule(
        name="sending_limit",
        condition="x.4.5 to a submission, or a text about mails per day or hour",
        applies_to=("TripReport", "DispatchReport"),
        when=lambda c: (
            _refused(c)
            and c.phase in {Phase.MAIL, Phase.RCPT, *_MESSAGE}
            and (c.enhanced in {"5.4.5", "4.4.5"} or _rationed(c))
        ),
        status=Status.UNKNOWN,
        blame=Blame.ACCOUNT,
        why="The canary's account has sent all it may for now: {peer} said {said}.",
        advice="Send canaries less often from this account.",
    ),
    Rule(
        name="canary_gone",
        condition="5.1.1, 5.1.10 or 5.2.1 to the recipient",
        when=lambda c: (
            c.kind is Kind.SMTP_PERMANENT
            and c.phase in {Phase.RCPT, *_MESSAGE}
            and c.enhanced in {"5.1.1", "5.1.10", "5.2.1"}
        ),
        status=Status.UNKNOWN,
        blame=Blame.ACCOUNT,
        why="{peer} does not know the canary's mailbox ({said}).",
        advice="Check that the canary account still exists; unused ones are closed.",
    ),
    Rule(
        name="sender_policy",
        condition="5.7.20 to 5.7.27, or a text naming SPF, DKIM or DMARC, to a mail",
        applies_to=("TripReport", "DispatchReport"),
        when=lambda c: (
            c.kind is Kind.SMTP_PERMANENT
            and c.phase in {Phase.MAIL, Phase.RCPT, *_MESSAGE}
            and (
                bool(_POLICY.match(c.enhanced))
                or c.says("dmarc", "spf ", "dkim", "invalid domain")
            )
        ),
        status=Status.DOWN,
        blame=Blame.SENDER,
        why="The mail was refused for its sender's domain policy: {peer} said {said}.",
        advice="Check SPF, DKIM and DMARC of the sending domain.",
    ),
    Rule(
        name="our_message",
        condition="5.6.x or 5.3.4 to the mail itself",
        when=lambda c: (
            c.kind is Kind.SMTP_PERMANENT
            and c.phase in _MESSAGE
            and (c.enhanced.startswith("5.6.") or c.enhanced == "5.3.4")
        ),
        status=Status.UNKNOWN,
        blame=Blame.PROBER,
        why="{peer} found fault with the form of our mail ({said}).",
        advice="Report it: mailprobe's mail should be acceptable everywhere.",
    ),
    *LOGIN_RULES,
    Rule(
        name="provider_trouble",
        condition="a temporary refusal with 4.3.x or 4.4.x, or 421 or 452 without "
        "more, but by another provider's submission",
        when=lambda c: (
            c.kind is Kind.SMTP_TEMPORARY
            and (c.enhanced.startswith(("4.3.", "4.4.")) or _bare(c, 421, 452))
            and not _strangers_sending(c)
        ),
        status=Status.DOWN,
        blame=Blame.PROVIDER,
        why="{peer} has trouble of its own and takes nothing for now ({said}).",
        advice="Wait; senders try again by themselves.",
    ),
)


_BY_NAME: Final = {rule.name: rule for rule in REPLY_RULES}


def reply_rule(case: Case) -> Rule | None:
    """Return the rule for a refusal: the provider's own words first, then the table."""
    if _refused(case) or case.kind in _AUTH_KINDS:
        for own in case.replies:
            if re.search(own.text, case.text, re.IGNORECASE):
                return _BY_NAME[own.means]
    return next((rule for rule in REPLY_RULES if rule.fits(case)), None)


def own_words(report: Report, presets: Catalogue) -> tuple[ReplyMeaning, ...]:
    """Return the meanings that the presets of everybody in a report give."""
    found = (presets.serving(name) for name in _names(report))
    return tuple(
        dict.fromkeys(own for preset in found if preset for own in preset.replies)
    )


def _names(report: Report) -> tuple[str, ...]:  # noqa: PLR0911 - one for each probe
    match report:
        case MxReport():
            return (report.target.domain, *(host.name for host in report.hosts))
        case SmtpReport() | TlsReport():
            return (report.target.host,)
        case ImapReport():
            box = report.target.mailbox
            return (report.target.host, *((box.domain,) if box else ()))
        case TripReport():
            return (report.target.sender.domain, report.target.recipient.domain)
        case DispatchReport():
            box = report.target.mailbox
            to = report.target.recipient.rpartition("@")[2]
            return (box.domain if box else to,)
        case VisitReport():
            return (report.target.mailbox.domain,)
        case _:
            return ()
