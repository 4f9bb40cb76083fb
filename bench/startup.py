"""What a one-off start costs: a monitoring core pays it for every check."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from typing import Final

from bench.measure import Comparison, in_turns
from bench.started import started

RUNS: Final = 25
GOAL: Final = 2.5


def measure() -> Iterator[Comparison]:
    """Compare the smallest command with importing what no probe can do without."""
    ours, theirs = in_turns(
        RUNS,
        lambda: started(sys.executable, "-m", "mailprobe", "version"),
        lambda: started(sys.executable, "-c", "import asyncio, ssl"),
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
