"""A visit, judged: whether the mailbox can be read, all of it, as it was."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, cast

from mailprobe.judge.case import short
from mailprobe.judge.rule import Rule
from mailprobe.model.verdict import Blame, Finding, Status

if TYPE_CHECKING:
    from collections.abc import Iterator

    from mailprobe.judge.case import Case
    from mailprobe.model.visit import SentinelRead, VisitReport

_FOR: Final = ("VisitReport",)
NAMED: Final = 5  # folders in one sentence


def visit(case: Case) -> VisitReport:
    """Return the report as what it is."""
    return cast("VisitReport", case.report)


def _opened(case: Case) -> bool:
    return case.failure is None and visit(case).access in {"partial", "complete"}


def _harmed(report: VisitReport) -> tuple[SentinelRead, ...]:
    """Return the old mails that are gone, or are not what they were."""
    return tuple(
        one
        for one in report.sentinels
        if one.found is False or {"size", "digest"} & set(one.changed)
    )


def _spoilt(report: VisitReport) -> str:
    """Name the folders that could not be opened, or not be read whole."""
    names = [f.name for f in report.folders if f.failure or f.unread]
    return ", ".join(names[:NAMED])


def _words(case: Case) -> dict[str, object]:
    report = visit(case)
    harmed = _harmed(report)
    return {
        "address": report.target.mailbox.address,
        "harmed": len(harmed),
        "kept": len(report.sentinels),
        "folders": short(_spoilt(report)),
    }


VISIT_RULES: Final = (
    Rule(
        name="visit_sentinel_lost",
        applies_to=_FOR,
        condition="the mailbox was opened, and an old mail in it is gone or altered",
        when=lambda c: _opened(c) and bool(_harmed(visit(c))),
        status=Status.DEGRADED,
        blame=Blame.PROVIDER,
        why="The mailbox {address} can be opened, but {harmed} of {kept} old mails in "
        "it are gone or altered.",
        words=_words,
        advice="Make sure that nobody has removed them; if not, old mail was lost.",
    ),
    Rule(
        name="visit_partial",
        applies_to=_FOR,
        condition="INBOX was opened, and a folder or some of its mails could not be "
        "read",
        when=lambda c: _opened(c) and bool(_spoilt(visit(c))),
        status=Status.DEGRADED,
        blame=Blame.PROVIDER,
        why="The mailbox {address} can be opened, but not all of it can be read "
        "({folders}).",
        words=_words,
        advice="Its storage is damaged in part; what could not be read is tried again.",
    ),
    Rule(
        name="visit_works",
        applies_to=_FOR,
        condition="the mailbox was opened and read",
        when=_opened,
        status=Status.OK,
        blame=None,
        why="The mailbox {address} can be opened and read.",
        words=_words,
    ),
)


def visit_findings(report: VisitReport) -> Iterator[Finding]:
    """Say what is worth knowing beside the verdict of a visit."""
    for alert in report.alerts:
        yield Finding("alert", f"The server wants people to know: {alert}")
    yield from _of_mails(report)
    yield from _of_store(report)


def _of_mails(report: VisitReport) -> Iterator[Finding]:
    if report.authenticated and report.missing and report.waited is not None:
        text = f"{len(report.missing)} of {len(report.target.expected)} expected mails "
        yield Finding("expected_missing", f"{text}were not seen.")
    if report.foreign:
        text = f"{report.foreign} new mails bear tokens that are no arrivals here."
        yield Finding("foreign_canaries", text)
    if report.forged:
        text = f"{report.forged} new mails bear a token that names our key, unproven."
        yield Finding("forged_canaries", text)
    left = sum(one.removed is False for one in report.sightings)
    left += sum(one.removed is False for one in report.returns)
    if left:
        text = f"{left} mails of ours could not be removed."
        yield Finding("canary_left", text)


def _of_store(report: VisitReport) -> Iterator[Finding]:
    for folder in report.folders:
        if folder.renumbered:
            text = f"{folder.name} was numbered anew (UIDVALIDITY): only its newest "
            yield Finding("renumbered", f"{text}mails were looked at.")
        if folder.more:
            text = f"More is new in {folder.name} than one visit looks at."
            yield Finding("more_next_time", text)
    for one in report.sentinels:
        if one.found is None:
            text = f"An old mail in {one.was.folder} could not be read: {one.trouble}."
            yield Finding("sentinel_unread", text)
