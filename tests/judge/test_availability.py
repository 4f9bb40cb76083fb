"""How many canaries each function works for."""

from __future__ import annotations

from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mailprobe.judge.availability import availabilities, wilson
from mailprobe.model.sample import Function
from mailprobe.model.verdict import Status
from tests.judge.streams import READ, stream
from tests.judge.test_culprits import BEGIN, STORE, A, B, look
from tests.judge.test_incidents import jan, january


@pytest.mark.parametrize(
    ("k", "n", "low", "high"),
    # As published by Newcombe, 1998, table I, method 3.
    [(81, 263, 0.2553, 0.3662), (15, 148, 0.0624, 0.1605), (0, 20, 0.0, 0.1611)],
)
def test_the_interval_is_the_published_one(
    k: int, n: int, low: float, high: float
) -> None:
    """The interval agrees with published examples to four places."""
    assert wilson(k, n) == pytest.approx((low, high), abs=5e-5)


@given(st.integers(0, 500), st.integers(0, 500))
def test_the_interval_holds_the_share_and_stays_within_bounds(a: int, b: int) -> None:
    """Whatever was counted, 0 <= low <= share <= high <= 1."""
    low, high = wilson(a, a + b)
    share = a / (a + b) if a + b else 0.5
    assert 0 <= low <= share <= high <= 1
    assert (low, high) != (0, 1) or a + b == 0


def test_the_last_look_at_each_canary_counts() -> None:
    """Of a window, each canary counts once, as it was last seen."""
    looks = [
        look(A, READ, "x", STORE, minute=1),
        look(A, READ, "x", minute=20),
        look(A, READ, "y", STORE, minute=5),
        look(A, READ, "z", minute=-90),
        look(B, READ, "w", control=True),
    ]
    (one,) = availabilities(looks, BEGIN + timedelta(minutes=30))
    assert (one.working, one.of, one.status) == (1, 2, Status.DEGRADED)
    assert one.failing == ("y",)


def test_january_gives_four_availabilities_for_each_brand() -> None:
    """Amid the first day mail is accepted, and nothing else works at both brands."""
    seen = {
        (one.party.name, one.function): one
        for one in availabilities(stream(jan(21), 7, january), jan(23, 12))
    }
    for brand in ("libero", "virgilio"):
        assert seen[brand, Function.ACCEPT].status is Status.OK
        for function in (Function.SUBMIT, Function.DELIVER, Function.READ):
            one = seen[brand, function]
            assert (one.working, one.status) == (0, Status.DOWN)
        assert seen[brand, Function.READ].of == 3
    assert seen["legalmail", Function.READ].status is Status.OK
