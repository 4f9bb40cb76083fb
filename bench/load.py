"""What batches of probes cost, beside what they cost somebody else."""

from __future__ import annotations

import statistics
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Final

from bench.measure import goal_cell

RUNS: Final = 5
WARM_UP: Final = 1
"""Batches of each that are thrown away: servers fork, caches are filled."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Batch:
    """
    One batch of probes by one client.

    Attributes:
        probes: How many there were.
        wall: Seconds from the first to the last.
        cpu: Seconds of processor time of the client alone.
    """

    probes: int
    wall: float
    cpu: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Load:
    """
    The same work by two clients, batch by batch in turns.

    Attributes:
        name: The work.
        against: Who else did it.
        ours: Our batches.
        theirs: The other's.
        cpu_at_most: What our share of their CPU time must not exceed; None if
            no goal is set.
        rate_at_least: What our share of their probes per second must reach.
    """

    name: str
    against: str
    ours: tuple[Batch, ...]
    theirs: tuple[Batch, ...]
    cpu_at_most: float | None = None
    rate_at_least: float | None = None

    @property
    def cpu_ratio(self) -> float:
        """How many times their CPU time a probe of ours takes (of medians)."""
        return statistics.median(_cpu(self.ours)) / statistics.median(_cpu(self.theirs))

    @property
    def rate_ratio(self) -> float:
        """How many times their probes per second ours are (of medians)."""
        mine, other = _walls(self.ours), _walls(self.theirs)
        return statistics.median(other) / statistics.median(mine)

    @property
    def met(self) -> bool:
        """Whether both goals are reached, as far as they are set."""
        return self.cheap and self.fast

    @property
    def cheap(self) -> bool:
        """Whether the goal for the CPU is reached, if there is one."""
        return self.cpu_at_most is None or self.cpu_ratio <= self.cpu_at_most

    @property
    def fast(self) -> bool:
        """Whether the goal for probes per second is reached, if there is one."""
        return self.rate_at_least is None or self.rate_ratio >= self.rate_at_least

    def __str__(self) -> str:
        verdict = "goal met" if self.met else "GOAL MISSED"
        return f"{' | '.join(row(self))}: {verdict}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Memory:
    """
    Resident memory, by us and by somebody else.

    Attributes:
        name: Of what.
        against: Of what else.
        ours: Bytes of each run.
        theirs: The other's.
        goal: The ratio of medians that must not be exceeded.
    """

    name: str
    against: str
    ours: tuple[float, ...]
    theirs: tuple[float, ...]
    goal: float

    @property
    def ratio(self) -> float:
        """How many times the other's median ours is."""
        return statistics.median(self.ours) / statistics.median(self.theirs)

    @property
    def met(self) -> bool:
        """Whether the goal is reached."""
        return self.ratio <= self.goal

    def __str__(self) -> str:
        verdict = "goal met" if self.met else "GOAL MISSED"
        return f"{' | '.join(memory_row(self))}: {verdict}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Truth:
    """
    What is reported under load, beside what is reported of one probe alone.

    Attributes:
        name: What was timed.
        alone: Seconds, reported one at a time.
        many: Seconds, reported with many at once, and whether the check says
            that its times are strained.
        goal: By what factor those may be longer that do not say so (median).
    """

    name: str
    alone: tuple[float, ...]
    many: tuple[tuple[float, bool], ...]
    goal: float

    @property
    def strained(self) -> float:
        """The share of checks that say so."""
        return sum(said for _, said in self.many) / len(self.many)

    @property
    def ratio(self) -> float | None:
        """How many times longer the others are; None if there are none."""
        others = [seconds for seconds, said in self.many if not said]
        if not others:
            return None
        return statistics.median(others) / statistics.median(self.alone)

    @property
    def met(self) -> bool:
        """Whether what does not say that it is strained is true."""
        return self.ratio is None or self.ratio <= self.goal

    def __str__(self) -> str:
        verdict = "goal met" if self.met else "GOAL MISSED"
        return f"{' | '.join(truth_row(self))}: {verdict}"


MEMORY_HEADS: Final = (
    "memory of",
    "median (middle half)",
    "against",
    "ratio",
    "at most",
)
TRUTH_HEADS: Final = (
    "times reported",
    "alone",
    "at once",
    "say `timings_strained`",
    "the others",
    "at most",
)


def memory_row(memory: Memory) -> Sequence[str]:
    """Return a line of the table."""
    return (
        memory.name,
        _kib(memory.ours),
        f"{memory.against}: {_kib(memory.theirs)}",
        f"**{memory.ratio:.2f}x**",
        _goal(memory.goal, met=memory.met),
    )


def truth_row(truth: Truth) -> Sequence[str]:
    """Return a line of the table."""
    every = [seconds for seconds, _ in truth.many]
    return (
        truth.name,
        f"{statistics.median(truth.alone) * 1e3:.1f} ms",
        f"{statistics.median(every) * 1e3:.1f} ms",
        f"{truth.strained:.0%}",
        "none" if truth.ratio is None else f"**{truth.ratio:.2f}x**",
        _goal(truth.goal, met=truth.met),
    )


def _kib(sizes: Sequence[float]) -> str:
    low, median, high = statistics.quantiles(sizes, n=4, method="inclusive")
    return f"{median / 1024:.0f} KiB ({low / 1024:.0f} to {high / 1024:.0f})"


HEADS: Final = (
    "work",
    "CPU of each probe (middle half), probes/s",
    "against",
    "its CPU, probes/s",
    "CPU",
    "at most",
    "probes/s",
    "at least",
)


def row(load: Load) -> Sequence[str]:
    """Return a line of the table."""
    return (
        load.name,
        _said(load.ours),
        load.against,
        _said(load.theirs),
        f"**{load.cpu_ratio:.2f}x**",
        _goal(load.cpu_at_most, met=load.cheap),
        f"**{load.rate_ratio:.2f}x**",
        _goal(load.rate_at_least, met=load.fast),
    )


def turns(
    clients: Sequence[Callable[[], Batch]], runs: int = RUNS
) -> list[tuple[Batch, ...]]:
    """Let each client do a batch, in turns; return the batches of each."""
    rounds = [[client() for client in clients] for _ in range(WARM_UP + runs)]
    return list(zip(*rounds[WARM_UP:], strict=True))


def _cpu(batches: Sequence[Batch]) -> list[float]:
    return [batch.cpu / batch.probes for batch in batches]


def _walls(batches: Sequence[Batch]) -> list[float]:
    return [batch.wall / batch.probes for batch in batches]


def _said(batches: Sequence[Batch]) -> str:
    low, median, high = statistics.quantiles(_cpu(batches), n=4, method="inclusive")
    rate = 1 / statistics.median(_walls(batches))
    return f"{median * 1e3:.2f} ms ({low * 1e3:.2f} to {high * 1e3:.2f}), {rate:.0f}/s"


def _goal(value: float | None, *, met: bool) -> str:
    return "" if value is None else goal_cell(f"{value:.3g}x", met=met)
