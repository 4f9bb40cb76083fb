"""What a one-off start costs: a monitoring core pays it for every check."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator
from time import perf_counter
from typing import Final

from bench.measure import Comparison, in_turns

RUNS: Final = 25
GOAL: Final = 2.5


def _once(*arguments: str) -> float:
    began = perf_counter()
    subprocess.run([sys.executable, *arguments], check=True, capture_output=True)
    return perf_counter() - began


def measure() -> Iterator[Comparison]:
    """Compare the smallest command with importing what no probe can do without."""
    ours, theirs = in_turns(
        RUNS,
        lambda: _once("-m", "mailprobe", "version"),
        lambda: _once("-c", "import asyncio, ssl"),
    )
    yield Comparison(
        name="`python -m mailprobe version`",
        against='`python -c "import asyncio, ssl"`',
        ours=ours,
        theirs=theirs,
        goal=GOAL,
    )


if __name__ == "__main__":
    print(next(measure()))
