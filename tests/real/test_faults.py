"""Faults of real servers: each leads to its status, culprit, phase and kind."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Final

import pytest

from mailprobe import Prober
from tests.real import faults, table_boxes, table_smtp, table_tls
from tests.real.faults import DOMAIN, OWNER
from tests.real.scenario import STRANGER, Scenario, ending_of, failure_of, held_against
from tests.worlds import prober_options_for

if TYPE_CHECKING:
    from mailprobe.lab import ThreadedLab
    from mailprobe.model.report import Report
    from mailprobe.model.verdict import Check
    from tests.real.world import RealWorld

TABLE: Final = (
    *table_smtp.greetings(),
    *table_smtp.stopped(),
    *table_smtp.sending(),
    *table_boxes.logins(),
    *table_boxes.stores(),
    *table_tls.tls(),
    *table_tls.names(),
)
TWINS: Final = [one for one in TABLE if one.twins is not None]


@pytest.mark.real
@pytest.mark.parametrize("scenario", TABLE, ids=lambda one: one.name)
def test_the_fault_is_named(real_world: RealWorld, scenario: Scenario) -> None:
    """What a real server does wrong has its status, culprit, phase and kind."""
    with scenario.fault(real_world):
        check = asyncio.run(held_against(scenario, real_world))
    assert ending_of(check) == scenario.ending, (check.why, failure_of(check))
    if scenario.finding:
        assert scenario.finding in {one.code for one in check.findings}


@pytest.mark.asyncio
@pytest.mark.parametrize("scenario", TWINS, ids=lambda one: one.name)
async def test_the_lab_agrees(lab_world: ThreadedLab, scenario: Scenario) -> None:
    """The lab's fault of that meaning ends as the real server's does."""
    with lab_world.fault(*scenario.twins or ()):
        check = await held_against(scenario, lab_world)
    assert ending_of(check) == scenario.ending, (check.why, failure_of(check))


# --- late, not lost -------------------------------------------------------------


@pytest.mark.real
@pytest.mark.asyncio
async def test_held_mail_is_found_when_it_is_released(real_world: RealWorld) -> None:
    """Mail that Postfix put on hold is seen within the trip once it goes on."""
    with faults.held(real_world):
        async with Prober(**prober_options_for(real_world)) as prober:
            under_way = asyncio.create_task(_late(prober, real_world))
            await _until_queued(real_world, "hold", under_way)
            await asyncio.to_thread(real_world.postfix.release)
            check = await under_way
    assert ending_of(check) == ("ok", None, None, None), check.why


@pytest.mark.real
@pytest.mark.asyncio
async def test_greylisted_mail_is_found_when_it_comes(real_world: RealWorld) -> None:
    """Mail that the MX put off is seen within the trip when Postfix tries again."""
    async with Prober(**prober_options_for(real_world)) as prober:
        with real_world.reject_rcpt(450, DOMAIN):
            under_way = asyncio.create_task(_late(prober, real_world))
            await _until_queued(real_world, "deferred", under_way)
        check = await under_way
    assert ending_of(check) == ("ok", None, None, None), check.why


async def _late(prober: Prober, world: RealWorld) -> Check[Report]:
    return await prober.round_trip(
        world.mailbox(STRANGER), world.mailbox(OWNER), timeout=60
    )


async def _until_queued(
    world: RealWorld, queue: str, under_way: asyncio.Task[Check[Report]]
) -> None:
    """Wait until the mail is in a queue of Postfix; the trip must go on meanwhile."""
    queued = asyncio.create_task(asyncio.to_thread(world.await_queued, queue))
    await asyncio.wait({queued, under_way}, return_when=asyncio.FIRST_COMPLETED)
    assert not under_way.done(), under_way.result().why
    await queued
