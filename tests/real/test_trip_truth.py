"""The transit time that a round trip reports, held against Dovecot's own log."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from statistics import median
from typing import TYPE_CHECKING, Final

import pytest

import mailprobe
from tests.real.plan import MAIL_DOMAINS, USERS
from tests.worlds import prober_options_for

if TYPE_CHECKING:
    from tests.real.world import RealWorld

pytestmark = pytest.mark.real

TRIPS: Final = 20
AT_ONCE: Final = 4  # one for each core of a small machine and one waiting beside it
# Dovecot writes its line after the mail has become visible: between the two
# its process may lose the processor to ours.
LOG_LATE: Final = 0.01


@dataclass(frozen=True)
class Measured:
    """One trip: what we say, and what the server's log says (seconds)."""

    reported: float
    error: float
    true: float


async def measure(world: RealWorld, sender: str, recipient: str) -> Measured:
    """Make one trip and look its delivery up in the log."""
    async with mailprobe.Prober(**prober_options_for(world)) as prober:
        check = await prober.round_trip(
            world.mailbox(sender), world.mailbox(recipient), timeout=60
        )
    report = check.report
    assert check.status == "ok", check.why
    assert report.visible is not None
    assert report.visible_error is not None
    assert report.submitted_at is not None
    assert report.canary is not None
    stored = await asyncio.to_thread(world.delivered_at, report.canary)
    true = (stored - report.submitted_at).total_seconds()
    return Measured(report.visible, report.visible_error, true)


@pytest.mark.asyncio
@pytest.mark.parametrize("seconds", [0, 1, 4])
async def test_transit_time_is_that_of_the_log(
    real_world: RealWorld, seconds: int
) -> None:
    """Transit is within 5 % or 30 ms of the log, and the bound always holds."""
    addresses = [f"{user}@{domain}" for domain in MAIL_DOMAINS for user in USERS]
    gate = asyncio.Semaphore(AT_ONCE)

    async def one(number: int) -> Measured:
        sender = addresses[number % len(addresses)]
        recipient = addresses[(number + 1) % len(addresses)]
        async with gate:
            return await measure(real_world, sender, recipient)

    with real_world.hold(seconds):
        done = await asyncio.gather(*(one(number) for number in range(TRIPS)))
    off = median(abs(trip.reported - trip.true) for trip in done)
    truth = median(trip.true for trip in done)
    assert truth >= seconds
    assert off <= max(0.05 * truth, 0.030)
    for trip in done:
        assert trip.reported - trip.error <= trip.true <= trip.reported + LOG_LATE
