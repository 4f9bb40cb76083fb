"""The transit that a round trip reports, and the one in Dovecot's own log."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from typing import Final

import mailprobe
from bench.measure import Accuracy, Trip
from tests.real.world import RealWorld
from tests.worlds import prober_options_for

TRIPS: Final = 20
HELD: Final = (0.0, 1.0, 4.0)
SENDER: Final = "ada@posta.test"
RECIPIENT: Final = "ada@libero.test"


def measure() -> Iterator[Accuracy]:
    """Hold the mail in the queue for some time, and see what is reported."""
    with RealWorld() as world:
        for held in HELD:
            with world.hold(held):
                trips = asyncio.run(_trips(world))
            yield Accuracy(held=held, trips=trips)


async def _trips(world: RealWorld) -> tuple[Trip, ...]:
    async with mailprobe.Prober(**prober_options_for(world)) as prober:
        return tuple([await _trip(world, prober) for _ in range(TRIPS)])


async def _trip(world: RealWorld, prober: mailprobe.Prober) -> Trip:
    sender, recipient = world.mailbox(SENDER), world.mailbox(RECIPIENT)
    check = await prober.round_trip(sender, recipient, timeout=60)
    report = check.report
    if (
        report.canary is None
        or report.submitted_at is None
        or report.visible is None
        or report.visible_error is None
    ):
        message = f"the mail was not seen: {check.why}"
        raise RuntimeError(message)
    delivered = await asyncio.to_thread(world.delivered_at, report.canary)
    return Trip(
        ours=report.visible,
        bound=report.visible_error,
        truth=(delivered - report.submitted_at).total_seconds(),
    )


if __name__ == "__main__":
    for accuracy in measure():
        print(accuracy)
