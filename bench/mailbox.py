"""A round trip into a mailbox of 10,000 foreign mails, and into an empty one."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from time import perf_counter
from typing import Final

import mailprobe
from bench.measure import Comparison, in_turns
from tests.real.world import RealWorld
from tests.worlds import prober_options_for

RUNS: Final = 15
GOAL: Final = 1.5
FOREIGN: Final = 10_000
SENDER: Final = "ada@posta.test"
EMPTY: Final = "ada@libero.test"
FULL: Final = "bob@libero.test"


def measure() -> Iterator[Comparison]:
    """Compare the two; the full mailbox must come out of it untouched."""
    with RealWorld() as world:
        for address in (EMPTY, FULL):
            world.empty_mailbox(address)
        world.fill_mailbox(FULL, FOREIGN)
        before = world.snapshot(FULL)
        with asyncio.Runner() as runner:
            ours, theirs = _trips(world, runner)
        world.await_empty_queue()
        if world.snapshot(FULL) != before:
            message = "the full mailbox is not what it was before"
            raise RuntimeError(message)
    yield Comparison(
        name=f"round trip into a mailbox of {FOREIGN:,} foreign mails",
        against="into an empty one",
        ours=ours,
        theirs=theirs,
        goal=GOAL,
    )


def _trips(
    world: RealWorld, runner: asyncio.Runner
) -> tuple[tuple[float, ...], tuple[float, ...]]:
    prober = mailprobe.Prober(**prober_options_for(world))

    def trip(address: str) -> float:
        sender, recipient = world.mailbox(SENDER), world.mailbox(address)
        began = perf_counter()
        check = runner.run(prober.round_trip(sender, recipient, timeout=60))
        took = perf_counter() - began
        if check.report.visible is None:
            message = f"the mail was not seen: {check.why}"
            raise RuntimeError(message)
        return took

    runner.run(prober.__aenter__())
    try:
        return in_turns(RUNS, lambda: trip(FULL), lambda: trip(EMPTY))
    finally:
        runner.run(prober.__aexit__(None, None, None))


if __name__ == "__main__":
    print(next(measure()))
