"""What a sum of many checks counts of one: from the check, or from its JSON."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final, Literal

import msgspec

from mailprobe.model.failure import Phase
from mailprobe.model.report import ProviderReport
from mailprobe.model.verdict import Blame, Status
from mailprobe.render.subject import probe_name, subject

if TYPE_CHECKING:
    from collections.abc import Iterator

    from mailprobe.model.report import Report, Step
    from mailprobe.model.verdict import Check

START: Final = b'{"schema": "mailprobe/1"'
"""What every line of checks begins with."""

STRAINED: Final = "timings_strained"
"""The finding that says that times are less true than they look."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """
    What is counted of one check.

    Attributes:
        name: What its target is known by.
        status: How well the target works.
        blame: Whose fault it is, if it does not.
        strained: Whether its times may be too long.
        duration: Seconds from its beginning to its end.
        times: Phase and seconds of every step that went well.
    """

    name: str
    status: Status
    blame: Blame | None
    strained: bool
    duration: float
    times: tuple[tuple[Phase, float], ...]


def outcome(check: Check[Report], asked: str = "") -> Outcome:
    """
    Return what is counted of *check*.

    Args:
        check: The check.
        asked: What its target is known by; what was probed, if empty.
    """
    report = check.report
    return Outcome(
        name=asked or f"{probe_name(report)} {subject(report)}",
        status=check.status,
        blame=check.blame,
        strained=any(finding.code == STRAINED for finding in check.findings),
        duration=report.duration,
        times=tuple(
            (step.phase, step.took) for step in _steps(report) if step.failure is None
        ),
    )


def outcome_in(line: bytes) -> Outcome:
    """
    Return what is counted of a check that a sweep wrote.

    Raises:
        ValueError: If the line is no JSON, such as one that was torn.
        TypeError: If it is JSON, but no check of a sweep.
    """
    try:
        found = msgspec.json.decode(line, type=_Written)
        steps = [*found.steps]
        if found.probe == "provider":
            inner = msgspec.json.decode(found.facts, type=_Inner)
            single = [one for one in (inner.mx, inner.trip) if one]
            for check in (*single, *inner.submission, *inner.imap):
                steps += check.steps
    except msgspec.ValidationError as error:
        raise TypeError(str(error)) from None
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        raise ValueError(str(error)) from None
    return Outcome(
        name=found.asked,
        status=found.status,
        blame=found.blame,
        strained=any(finding.code == STRAINED for finding in found.findings),
        duration=found.duration_s or 0.0,
        times=tuple((s.phase, s.took_s or 0.0) for s in steps if s.failure is None),
    )


def _steps(report: Report) -> Iterator[Step]:
    if isinstance(report, ProviderReport):
        for check in report.checks:
            yield from check.report.steps
    else:
        yield from report.steps


class _Step(msgspec.Struct):
    phase: Phase
    took_s: float | None
    failure: dict[str, object] | None


class _Finding(msgspec.Struct):
    code: str


class _Steps(msgspec.Struct):
    steps: tuple[_Step, ...]


class _Inner(msgspec.Struct):
    """The facts of a provider, which hold the checks that were made there."""

    mx: _Steps | None
    submission: tuple[_Steps, ...]
    imap: tuple[_Steps, ...]
    trip: _Steps | None


class _Written(msgspec.Struct):
    """What is read of a line; all else may be there."""

    schema: Literal["mailprobe/1"]
    asked: str
    probe: str
    status: Status
    blame: Blame | None
    findings: tuple[_Finding, ...]
    duration_s: float | None
    steps: tuple[_Step, ...]
    facts: msgspec.Raw
