"""Looks at what needs no mail: the MX hosts of each brand, and the controls."""

from __future__ import annotations

from typing import TYPE_CHECKING

from mailprobe.judge.sampling import samples
from mailprobe.model.entry import Sampled
from mailprobe.model.sample import Function, Outcome, Party, Sample
from mailprobe.model.verdict import Blame
from mailprobe.monitor.schedule import next_slot
from mailprobe.probes.control import any_control

if TYPE_CHECKING:
    from mailprobe.monitor.desk import Desk

CONTROL = Party(name="control", platform="control")


async def serve(desk: Desk, domain: str, party: Party, place: float) -> None:
    """Look at the MX hosts of a domain at each slot, until cancelled."""
    while True:
        await desk.until(next_slot(desk.now(), desk.plan.look_every, place))
        async with desk.pace(party.platform):
            check = await desk.prober.mx(domain, connect=True)
        at = desk.now()
        found = samples(check, party)
        made = [Sampled(at=at, sample=sample) for sample in found]
        # Of a look that passed, its sample says all.
        details = () if check.status == "ok" else desk.detail(domain, check)
        await desk.books.record(*made, details=details)


async def watch_controls(desk: Desk, place: float) -> None:
    """Ask the controls at each slot, to know whether we can see at all."""
    while True:
        await desk.until(next_slot(desk.now(), desk.plan.look_every, place))
        answered = await any_control(desk.prober.vantage)
        if answered is None:
            return
        at = desk.now()
        sample = Sample(
            at=at,
            known_at=at,
            function=Function.ACCEPT,
            outcome=Outcome.PASS if answered else Outcome.FAIL,
            party=CONTROL,
            blame=None if answered else Blame.VANTAGE,
            why="" if answered else "No control answers.",
            control=True,
        )
        await desk.books.record(Sampled(at=at, sample=sample))
