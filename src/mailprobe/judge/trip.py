"""A round trip, judged: what became of the mail, and on which leg it was lost."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, cast

from mailprobe.judge.case import lasting
from mailprobe.judge.rule import Rule
from mailprobe.model.failure import Kind
from mailprobe.model.verdict import Blame, Status

if TYPE_CHECKING:
    from mailprobe.judge.case import Case
    from mailprobe.model.report import TripReport

_FOR: Final = ("TripReport",)
# Of the quota; a canary is some KiB, and servers round what is used.
FULL: Final = 0.999
# What proves that the sending service itself failed; the rest may be ours.
_SERVICE: Final = frozenset(
    {
        Kind.TCP_REFUSED,
        Kind.TCP_RESET,
        Kind.TLS_HANDSHAKE,
        Kind.TLS_TIMEOUT,
        Kind.TLS_EXPIRED,
        Kind.TLS_NOT_YET_VALID,
        Kind.TLS_WRONG_HOST,
        Kind.TLS_SELF_SIGNED,
        Kind.TLS_UNTRUSTED,
        Kind.TLS_INCOMPLETE,
        Kind.TLS_WEAK,
        Kind.STARTTLS_NOT_OFFERED,
        Kind.STARTTLS_INJECTION,
        Kind.GREETING_TIMEOUT,
        Kind.SMTP_TEMPORARY,
        Kind.SMTP_PERMANENT,
        Kind.SMTP_PROTOCOL,
        Kind.AUTH_UNAVAILABLE,
        Kind.PEER_CLOSED,
        Kind.REPLY_TIMEOUT,
    }
)


def trip(case: Case) -> TripReport:
    """Return the report as what it is."""
    return cast("TripReport", case.report)


def _seen(case: Case) -> bool:
    return trip(case).visible is not None


def _full(case: Case) -> bool:
    quota = trip(case).quota
    return quota is not None and 0 < FULL * quota.limit <= quota.used


def _words(case: Case) -> dict[str, object]:
    report = trip(case)
    return {
        "transit": lasting(report.visible or 0.0),
        "folder": report.folder,
        "copies": report.copies,
        "recipient": report.target.recipient.address,
        "sender": report.target.sender.address,
        "watched": lasting(report.waited or 0.0),
    }


ARRIVED: Final = Rule(
    name="trip_arrived",
    applies_to=_FOR,
    condition="the mail was seen in the inbox",
    when=_seen,
    status=Status.OK,
    blame=None,
    why="The mail to {recipient} arrived after {transit}.",
    words=_words,
)

ARRIVAL_RULES: Final = (
    Rule(
        name="trip_duplicated",
        applies_to=_FOR,
        condition="the mail was seen more than once",
        when=lambda c: trip(c).copies > 1,
        status=Status.DEGRADED,
        blame=Blame.PROVIDER,
        why="The mail to {recipient} arrived after {transit}, {copies} times.",
        words=_words,
        advice="Somewhere on its way it was delivered and sent again.",
    ),
    Rule(
        name="trip_junk",
        applies_to=_FOR,
        condition="the mail was seen in the junk folder",
        when=lambda c: trip(c).landed == "junk",
        status=Status.DEGRADED,
        blame=Blame.UNCLEAR,
        why="The mail to {recipient} arrived after {transit}, but in {folder}.",
        words=_words,
        advice="Look at the receiver's authentication results: SPF, DKIM, DMARC.",
    ),
    Rule(
        name="trip_unconfirmed_arrived",
        applies_to=_FOR,
        condition="the reply to the mail was lost, and the mail arrived",
        when=lambda c: _seen(c) and trip(c).unconfirmed,
        status=Status.DEGRADED,
        blame=Blame.SENDER,
        why="The mail to {recipient} arrived after {transit}, though its submission "
        "was never confirmed: other programs would have sent it twice.",
        words=_words,
        advice="The submission server loses connections after taking mail.",
    ),
    ARRIVED,
)

LOSS_RULES: Final = (
    Rule(
        name="trip_unconfirmed",
        applies_to=_FOR,
        condition="the reply to the mail was lost, and the mail was not seen in time",
        when=lambda c: trip(c).unconfirmed and not _seen(c),
        status=Status.DOWN,
        blame=Blame.SENDER,
        why="The connection to the submission server was lost after the mail was "
        "handed over, and the mail did not arrive within {watched}.",
        words=_words,
        advice="Look for it later; it is not sent again, since it may have been taken.",
    ),
    Rule(
        name="trip_mailbox_full",
        applies_to=_FOR,
        condition="the mail was accepted and not seen in time, and there is no room in "
        "the mailbox",
        when=lambda c: c.kind is Kind.CANARY_MISSING and _full(c),
        status=Status.UNKNOWN,
        blame=Blame.ACCOUNT,
        why="The mail from {sender} was accepted, but did not reach {recipient} within "
        "{watched}: that mailbox is full.",
        words=_words,
        advice="Empty the canary's mailbox.",
    ),
    Rule(
        name="trip_missing",
        applies_to=_FOR,
        condition="the mail was accepted and not seen in time",
        when=lambda c: c.kind is Kind.CANARY_MISSING,
        status=Status.DOWN,
        blame=Blame.PROVIDER,
        why="The mail from {sender} was accepted, but did not reach {recipient} within "
        "{watched}.",
        words=_words,
        advice="It may still come: what was accepted is the provider's debt.",
    ),
    Rule(
        name="trip_sending_failed",
        applies_to=_FOR,
        condition="the sending leg failed, and sender and recipient are of two domains",
        when=lambda c: c.sending and not c.own_sender and c.kind in _SERVICE,
        status=Status.DOWN,
        blame=Blame.SENDER,
        why="The mail from {sender} could not be sent ({peer}: {said}), so nothing is "
        "known about its recipient.",
        words=_words,
        advice="Look at the sender's provider first.",
    ),
)
