"""Verdicts: status, rank and exit code."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from mailprobe.model.failure import Failure, Kind, Phase
from mailprobe.model.report import ProberFacts, Report, Step
from mailprobe.model.verdict import Blame, Check, Finding, Status, Verdict


@pytest.mark.parametrize(
    ("status", "code"),
    [(Status.OK, 0), (Status.DEGRADED, 1), (Status.DOWN, 2), (Status.UNKNOWN, 3)],
)
def test_exit_codes_are_those_of_monitoring_plugins(status: Status, code: int) -> None:
    """0, 1, 2 and 3, as Nagios has them."""
    assert status.exit_code == code


def test_gravity_ranks_what_is_known_above_what_is_not() -> None:
    """Our inability to tell is graver than ok, and less than any fault."""
    ranked = sorted(Status, key=lambda status: status.gravity)
    assert ranked == [Status.OK, Status.UNKNOWN, Status.DEGRADED, Status.DOWN]


def test_a_check_shows_its_verdict() -> None:
    """What callers ask for most is at hand on the check."""
    failure = Failure(kind=Kind.TCP_REFUSED, phase=Phase.TCP)
    step = Step(phase=Phase.TCP, peer="p", began=0, took=0, failure=failure)
    report = Report(
        started_at=datetime(2023, 1, 23, tzinfo=UTC),
        duration=1.0,
        prober=ProberFacts(version="0", ehlo_name="x"),
        steps=(step,),
    )
    finding = Finding("code", "Text.")
    verdict = Verdict(
        status=Status.DOWN,
        blame=Blame.PROVIDER,
        at=step,
        why="Why.",
        advice="Do.",
        findings=(finding,),
        rule="x",
    )
    check = Check(report, verdict=verdict)
    assert (check.status, check.blame, check.at) == (Status.DOWN, Blame.PROVIDER, step)
    assert (check.why, check.advice, check.findings) == ("Why.", "Do.", (finding,))
    assert verdict.failure is failure
    good = Verdict(status=Status.OK, blame=None, at=None, why="Why.", rule="x")
    assert good.failure is None
