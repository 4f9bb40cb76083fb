"""What excuses a test, and what never does."""

from __future__ import annotations

import itertools
from dataclasses import replace

import pytest

from mailprobe.model.failure import Failure, Kind, Phase
from mailprobe.model.report import Step
from mailprobe.model.verdict import Blame, Status
from mailprobe.testing.excuse import AMBIGUOUS, excuses, standings
from tests.testing.seen import ACCOUNT, DOWN, OK, OURS, check, verdict

BAD = {Status.DOWN, Status.UNKNOWN}
PROVEN = {Blame.PROVIDER, Blame.VANTAGE}


@pytest.mark.parametrize(
    ("status", "blame"), list(itertools.product(Status, [*Blame, None])), ids=str
)
def test_every_verdict(status: Status, blame: Blame | None) -> None:
    """Only what is down or unknown by the provider or the network is an excuse."""
    made = check(read=verdict(status, blame))
    found = excuses(standings(made, ("read",)))
    assert bool(found) == (status in BAD and blame in PROVEN)


def test_only_what_is_needed_counts() -> None:
    """An outage of one function is no excuse for a test of another."""
    made = check(submit=OK, read=DOWN)
    assert excuses(standings(made, ("submit",))) == ()


def test_what_was_not_tried_excuses_nothing() -> None:
    """A function that nobody tried neither works nor excuses."""
    (one,) = standings(check(read=OK), ("accept",))
    assert not one.well
    assert not one.excuses


def test_delivery_that_could_not_be_tried() -> None:
    """The outage that kept the mail from being sent or read speaks for delivery."""
    (one,) = standings(check(submit=OK, read=DOWN), ("deliver",))
    assert one.excuses
    assert one.stands_in


def test_a_proven_outage_speaks_first_for_delivery() -> None:
    """Of two reasons why delivery was not tried, the proven one counts."""
    (one,) = standings(check(submit=ACCOUNT, read=OURS), ("deliver",))
    assert one.verdict == OURS


def test_delivery_after_a_refused_account() -> None:
    """An account that was refused does not excuse delivery either."""
    (one,) = standings(check(submit=ACCOUNT, read=ACCOUNT), ("deliver",))
    assert not one.excuses


@pytest.mark.parametrize("kind", Kind)
@pytest.mark.parametrize("function", ["read", "deliver"])
def test_a_service_given_by_hand(kind: Kind, function: str) -> None:
    """What a wrong host in our own settings looks like is no excuse there."""
    failure = Failure(kind=kind, phase=Phase.LOGIN)
    step = Step(phase=Phase.LOGIN, peer="x", began=0, took=0, failure=failure)
    made = check(read=replace(DOWN, at=step))
    (preset,) = standings(made, (function,))
    (by_hand,) = standings(made, (function,), by_hand=("read",))
    assert preset.excuses
    assert by_hand.excuses == (kind not in AMBIGUOUS)


def test_no_availabilities_at_all() -> None:
    """A look that judged nothing excuses nothing."""
    assert excuses(standings(check(), ("submit", "deliver", "read"))) == ()
