"""The ordered table of verdicts: the first rule that fits a report decides."""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING, Final, TypeVar

from mailprobe.judge.case import Case
from mailprobe.judge.dispatch import DISPATCH_RULES
from mailprobe.judge.findings import findings
from mailprobe.judge.kinds import KINDS
from mailprobe.judge.mx import MX_RULES
from mailprobe.judge.replies import REPLY_RULES, own_words, reply_rule
from mailprobe.judge.rule import Rule
from mailprobe.judge.service import GOOD_RULES, SERVICE_RULES
from mailprobe.judge.strain import STRAIN_RULES
from mailprobe.judge.trip import ARRIVAL_RULES, ARRIVED, LOSS_RULES
from mailprobe.judge.visit import VISIT_RULES
from mailprobe.model.failure import Kind
from mailprobe.model.report import MxReport
from mailprobe.model.verdict import Check, Status, Verdict

if TYPE_CHECKING:
    from mailprobe.model.provider import Catalogue, Preset, ReplyMeaning
    from mailprobe.model.report import Report

S = TypeVar("S", bound="Report")

# MX has rules of its own by these names; a name points to one line of the table.
_TAKEN: Final = frozenset(rule.name for rule in MX_RULES)
# After every special case: what the kind of failure means by itself.
KIND_RULES: Final = tuple(
    Rule(
        name=f"{kind}_failure" if kind.value in _TAKEN else kind.value,
        condition=f"a failure of the kind {kind.value}",
        when=lambda case, kind=kind: case.kind is kind,  # type: ignore[misc]
        status=explained.status,
        blame=explained.blame,
        why=f"{{peer}} {explained.meaning}{{quoted}}.",
        advice=explained.advice,
    )
    for kind, explained in KINDS.items()
)

RULES: Final[tuple[Rule, ...]] = (
    *DISPATCH_RULES,
    *STRAIN_RULES,
    *ARRIVAL_RULES,
    *REPLY_RULES,
    *LOSS_RULES,
    *SERVICE_RULES,
    *KIND_RULES,
    *MX_RULES,
    *VISIT_RULES,
    *GOOD_RULES,
)


# Lines that speak of a failure: a report without one is held against the others.
_OF_FAILURES: Final = frozenset(
    rule.name
    for table in (STRAIN_RULES, REPLY_RULES, SERVICE_RULES, KIND_RULES)
    for rule in table
)


@cache
def _candidates(probe: str, *, failed: bool) -> tuple[Rule, ...]:
    """Return the lines of the table that can fit at all, in its order."""
    return tuple(
        rule
        for rule in RULES
        if (failed or rule.name not in _OF_FAILURES)
        and (not rule.applies_to or probe in rule.applies_to)
    )


def judge(report: S, presets: Catalogue | None = None) -> Check[S]:
    """
    Decide what a report means.

    Pure and total: the same report always gets the same verdict, and none is
    left without one.

    Args:
        report: What was seen.
        presets: Where to look up what providers mean by words of their own.
    """
    case = Case(report, *_known(report, presets) if presets else ())
    own = reply_rule(case) if case.replies and not _settled(case) else None
    candidates = _candidates(type(report).__name__, failed=case.failure is not None)
    rule = own or next((rule for rule in candidates if rule.fits(case)), _UNRULED)
    verdict = Verdict(
        status=rule.status,
        blame=rule.blame,
        at=case.step if rule.status is not Status.OK else None,
        why=rule.sentence(case),
        advice=rule.advice,
        findings=findings(case),
        rule=rule.name,
    )
    return Check(report, verdict=verdict)


def _settled(case: Case) -> bool:
    """Whether no words of a server can change what became of the mail."""
    return ARRIVED.fits(case) or any(rule.fits(case) for rule in DISPATCH_RULES)


def _known(
    report: Report, presets: Catalogue
) -> tuple[tuple[ReplyMeaning, ...], Preset | None]:
    domain = report.target.domain if isinstance(report, MxReport) else ""
    return own_words(report, presets), presets.find(domain)


# No report is meant to come here; a golden test holds every probe to that.
_UNRULED: Final = Rule(
    name="unruled",
    condition="no rule fits",
    when=lambda _: True,
    status=KINDS[Kind.UNKNOWN].status,
    blame=KINDS[Kind.UNKNOWN].blame,
    why="{peer} could not be judged.",
    advice=KINDS[Kind.UNKNOWN].advice,
)
