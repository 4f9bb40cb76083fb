"""Two programs in turns, and what their medians say: only ratios are compared."""

from __future__ import annotations

import statistics
from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

LOG_ERROR: Final = 0.001
"""Seconds: the log is written just after the mail is there, by another process."""

TENTHS_FROM: Final = 0.002
"""Seconds from which tenths of a millisecond say enough."""

WARM_UP: Final = 2
"""Runs of each that are thrown away: byte code is written, caches are filled."""


def goal_cell(goal: str, *, met: bool) -> str:
    """Return a goal as a table shows it; one that was missed says so."""
    return goal if met else f"{goal}, missed"


@dataclass(frozen=True, slots=True, kw_only=True)
class Comparison:
    """
    What was measured, and what it was measured against.

    Attributes:
        name: What was measured.
        against: What it was compared with.
        ours: Seconds of each run.
        theirs: Seconds of each run of the other, in turns with ours.
        goal: The ratio of medians that must not be exceeded; None where the two do
            not offer the same, so that the ratio is only worth knowing.
    """

    name: str
    against: str
    ours: tuple[float, ...]
    theirs: tuple[float, ...]
    goal: float | None

    @property
    def ratio(self) -> float:
        """How many times the other's median ours is."""
        return statistics.median(self.ours) / statistics.median(self.theirs)

    @property
    def met(self) -> bool:
        """Whether the goal is reached, if there is one."""
        return self.goal is None or self.ratio <= self.goal

    @property
    def bound(self) -> str:
        """The goal in words."""
        return "no goal" if self.goal is None else f"{self.goal:g}x"

    def __str__(self) -> str:
        verdict = "goal met" if self.met else "GOAL MISSED"
        return (
            f"{self.name}: {middle(self.ours)} against {middle(self.theirs)} "
            f"({self.against}): {self.ratio:.2f}x, at most {self.bound}: {verdict}"
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Within:
    """
    What was measured against a bound in seconds, as a promise to people has it.

    Attributes:
        name: What was measured.
        took: Seconds of each run.
        goal: Seconds that the median must not exceed.
    """

    name: str
    took: tuple[float, ...]
    goal: float

    @property
    def met(self) -> bool:
        """Whether the goal is reached."""
        return statistics.median(self.took) <= self.goal

    def __str__(self) -> str:
        verdict = "goal met" if self.met else "GOAL MISSED"
        return (
            f"{self.name}: {middle(self.took)}, at most {self.goal * 1e3:g} ms: "
            f"{verdict}"
        )


def middle(times: tuple[float, ...]) -> str:
    """Give the median and the middle half of *times*, in milliseconds."""
    low, median, high = statistics.quantiles(times, n=4, method="inclusive")
    digits = 1 if median >= TENTHS_FROM else 2
    return (
        f"{median * 1e3:.{digits}f} ms "
        f"({low * 1e3:.{digits}f} to {high * 1e3:.{digits}f})"
    )


def in_turns(
    runs: int, ours: Callable[[], float], theirs: Callable[[], float]
) -> tuple[tuple[float, ...], tuple[float, ...]]:
    """
    Run both in turns, so that whatever else the machine does hits both alike.

    Args:
        runs: How many runs of each count.
        ours: Runs once and returns its seconds.
        theirs: The same for the other.
    """
    pairs = [(ours(), theirs()) for _ in range(WARM_UP + runs)][WARM_UP:]
    mine, other = zip(*pairs, strict=True)
    return mine, other


@dataclass(frozen=True, slots=True, kw_only=True)
class Trip:
    """One round trip: what we said, and what the receiving store's log says."""

    ours: float
    bound: float
    truth: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Accuracy:
    """
    Round trips against the receiving store's own log.

    Attributes:
        held: Seconds for which the queue held each mail back.
        trips: What was seen.
    """

    held: float
    trips: tuple[Trip, ...]

    @property
    def truth(self) -> float:
        """The median of the true transits, seconds."""
        return statistics.median(trip.truth for trip in self.trips)

    @property
    def error(self) -> float:
        """By how much our transit misses the true one, seconds (median)."""
        return statistics.median(abs(trip.ours - trip.truth) for trip in self.trips)

    @property
    def goal(self) -> float:
        """5 % or 30 ms, whichever is more."""
        return max(0.05 * self.truth, 0.03)

    @property
    def bounds_held(self) -> int:
        """How often the stated error contained the truth."""
        return sum(
            trip.ours - trip.bound - LOG_ERROR <= trip.truth <= trip.ours + LOG_ERROR
            for trip in self.trips
        )

    @property
    def met(self) -> bool:
        """Whether the median is near enough, and every stated bound true."""
        return self.error <= self.goal and self.bounds_held == len(self.trips)

    def __str__(self) -> str:
        verdict = "goal met" if self.met else "GOAL MISSED"
        return (
            f"trips held for {self.held:g} s: off by {self.error * 1e3:.1f} ms of "
            f"{self.truth * 1e3:.0f} ms, at most {self.goal * 1e3:.0f} ms; bound held "
            f"{self.bounds_held} of {len(self.trips)}: {verdict}"
        )
