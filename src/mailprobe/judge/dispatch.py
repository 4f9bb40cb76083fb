"""A dispatch, judged: whether the mail was taken, and what is left open."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, cast

from mailprobe.judge.case import lasting
from mailprobe.judge.rule import Rule
from mailprobe.model.dispatch import HandOver
from mailprobe.model.verdict import Blame, Status

if TYPE_CHECKING:
    from mailprobe.judge.case import Case
    from mailprobe.model.dispatch import DispatchReport

_FOR: Final = ("DispatchReport",)


def dispatch(case: Case) -> DispatchReport:
    """Return the report as what it is."""
    return cast("DispatchReport", case.report)


def _words(case: Case) -> dict[str, object]:
    report = dispatch(case)
    return {
        "recipient": report.target.recipient,
        "server": report.server,
        "took": lasting(report.acceptance or 0.0),
    }


DISPATCH_RULES: Final = (
    Rule(
        name="dispatch_accepted",
        applies_to=_FOR,
        condition="the server took the mail",
        when=lambda c: dispatch(c).outcome is HandOver.ACCEPTED,
        status=Status.OK,
        blame=None,
        why="{server} took the mail to {recipient} within {took}.",
        words=_words,
    ),
    Rule(
        name="dispatch_unconfirmed",
        applies_to=_FOR,
        condition="the final dot was written, and no answer to it came",
        when=lambda c: dispatch(c).outcome is HandOver.UNCONFIRMED,
        status=Status.UNKNOWN,
        blame=Blame.UNCLEAR,
        why="{server} was given the mail to {recipient} and did not say whether it "
        "keeps it.",
        words=_words,
        advice="Look for it in the mailbox; it is not sent again, since it may have "
        "been taken.",
    ),
)
