"""Reports are facts; what can be read off them is exact."""

from __future__ import annotations

from dataclasses import FrozenInstanceError, replace
from datetime import UTC, datetime

import pytest

from mailprobe.model.failure import Failure, Kind, Phase, Reply
from mailprobe.model.report import ProberFacts, Report, Step, TripReport
from mailprobe.model.target import Mailbox, TripTarget

FAILURE = Failure(kind=Kind.AUTH_REFUSED, phase=Phase.AUTH)


def step(
    phase: Phase, failure: Failure | None = None, *, optional: bool = False
) -> Step:
    """Return a step."""
    return Step(
        phase=phase, peer="p", began=0, took=0, failure=failure, optional=optional
    )


def report(*steps: Step) -> Report:
    """Return a report with these steps."""
    return Report(
        started_at=datetime(2023, 1, 23, tzinfo=UTC),
        duration=1.0,
        prober=ProberFacts(version="0", ehlo_name="x"),
        steps=steps,
    )


def test_the_failed_step_is_the_first_that_was_needed() -> None:
    """Steps the conversation could go on without do not end it."""
    first = step(Phase.AUTH, FAILURE)
    made = report(
        step(Phase.TCP, FAILURE, optional=True),
        step(Phase.TCP),
        first,
        step(Phase.MAIL, FAILURE),
    )
    assert made.failed_step is first
    assert made.failure is FAILURE


def test_without_a_failure_there_is_none() -> None:
    """None on a good report and on an empty one."""
    for made in (report(), report(step(Phase.QUIT, FAILURE, optional=True))):
        assert made.failed_step is None
        assert made.failure is None


def test_a_step_is_found_by_its_phase() -> None:
    """The first one of that phase; the phase's name will do."""
    first, second = step(Phase.EHLO), step(Phase.EHLO, FAILURE)
    made = report(first, second)
    assert made.step(Phase.EHLO) is first
    assert made.step("ehlo") is first
    assert made.step("auth") is None


def test_facts_cannot_be_changed() -> None:
    """A report is frozen, as are its steps."""
    with pytest.raises(FrozenInstanceError):
        report().duration = 2.0  # type: ignore[misc]
    with pytest.raises(FrozenInstanceError):
        FAILURE.detail = "x"  # type: ignore[misc]


def test_the_times_of_a_trip_are_differences() -> None:
    """Transit is sight; the receiving side's share begins at acceptance."""
    box = Mailbox("ada@libero.test")
    made = TripReport(
        started_at=datetime(2023, 1, 23, tzinfo=UTC),
        duration=1.0,
        prober=ProberFacts(version="0", ehlo_name="x"),
        steps=(),
        target=TripTarget(box, box),
    )
    assert (made.transit, made.acceptance_to_sight) == (None, None)
    seen = replace(made, visible=3.0)
    assert (seen.transit, seen.acceptance_to_sight) == (3.0, None)
    assert replace(seen, acceptance=1.0).acceptance_to_sight == 2.0


@pytest.mark.parametrize(
    ("reply", "text"),
    [
        (Reply(550, "5.7.1", "go\naway"), "550 5.7.1 go away"),
        (Reply(250, None, "ok"), "250 ok"),
        (Reply(250, None, ""), "250"),
        (Reply("NO", "UNAVAILABLE", "later"), "NO [UNAVAILABLE] later"),
        (Reply("BYE", None, " a  b "), "BYE a b"),
    ],
)
def test_a_reply_is_quoted_on_one_line(reply: Reply, text: str) -> None:
    """As a person would quote it."""
    assert str(reply) == text


def test_a_failure_is_told_on_one_line() -> None:
    """Kind, phase, the server's words and our own view."""
    assert str(FAILURE) == "auth_refused at auth"
    full = replace(FAILURE, reply=Reply(535, None, "no"), detail="seen")
    assert str(full) == "auth_refused at auth: 535 no (seen)"
