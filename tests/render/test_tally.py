"""How times are spread, told from classes of bounded number."""

from __future__ import annotations

import math

from hypothesis import given
from hypothesis import strategies as st

from mailprobe.render.tally import GROWTH, SHORTEST, Spread


@given(
    st.lists(st.floats(1e-4, 600.0), min_size=1, max_size=200),
    st.sampled_from([1, 50, 90, 99, 100]),
)
def test_percentiles_are_five_percent_exact(times: list[float], share: int) -> None:
    """Whatever the times, the figure is that of the right one of them, nearly."""
    spread = Spread()
    for time in times:
        spread.add(time)
    true = sorted(times)[math.ceil(len(times) * share / 100) - 1]
    assert true / GROWTH <= spread.percentile(share) <= true * GROWTH


@given(st.lists(st.floats(0.0, 1e6), max_size=200))
def test_bars_count_everything_once(times: list[float]) -> None:
    """The histogram has a row for each stretch of time, and loses nothing."""
    spread = Spread()
    for time in times:
        spread.add(time)
    bars = list(spread.bars())
    assert sum(number for _, number in bars) == len(times)
    assert [begin for begin, _ in bars] == sorted(begin for begin, _ in bars)
    assert len(bars) <= 14


def test_what_is_shorter_than_anything_is_counted_as_that() -> None:
    """A clock that stood still does no harm."""
    spread = Spread()
    spread.add(0.0)
    assert spread.percentile(50) < 2 * SHORTEST
    assert Spread().percentile(50) == 0.0
