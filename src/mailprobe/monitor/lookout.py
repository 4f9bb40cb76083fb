"""Looks at what needs no mail: MX hosts, the controls, and our own clock."""

from __future__ import annotations

from typing import TYPE_CHECKING

from mailprobe.judge.sampling import samples
from mailprobe.model.entry import Alarmed, Sampled
from mailprobe.model.sample import Function, Outcome, Party, Sample
from mailprobe.model.verdict import Blame
from mailprobe.monitor.desk import NAP
from mailprobe.probes.abreast import abreast
from mailprobe.probes.control import control_failures

if TYPE_CHECKING:
    from collections.abc import Sequence

    from mailprobe.monitor.desk import Desk
    from mailprobe.monitor.detail import Detail

CONTROL = Party(name="control", platform="control")

Seen = tuple["list[Sampled]", "Sequence[Detail]"]
"""What a look showed, and the report of it if it is worth to be kept."""


async def look_around(desk: Desk) -> Seen:
    """Look at all of it once, side by side as far as platforms allow."""
    domains = {
        desk.plan.mailboxes[name].domain: cohort.party
        for cohort in desk.plan.cohorts
        for name in cohort.mailboxes
    }
    looks = [_mx(desk, domain, party) for domain, party in domains.items()]
    seen = await abreast(_controls(desk), *looks)
    return [one for made, _ in seen for one in made], [
        one for _, details in seen for one in details
    ]


async def _mx(desk: Desk, domain: str, party: Party) -> Seen:
    async with desk.pace(party.platform):
        check = await desk.prober.mx(domain, connect=True)
    at = desk.now()
    made = [Sampled(at=at, sample=sample) for sample in samples(check, party)]
    # Of a look that passed, its sample says all.
    return made, () if check.status == "ok" else desk.detail(domain, check)


async def _controls(desk: Desk) -> Seen:
    """Ask the controls, to know whether we can see at all."""
    failures = await control_failures(desk.prober.vantage)
    if not failures:
        return [], ()
    at = desk.now()
    failure = None if None in failures else failures[0]
    sample = Sample(
        at=at,
        known_at=at,
        function=Function.ACCEPT,
        outcome=Outcome.FAIL if failure else Outcome.PASS,
        party=CONTROL,
        blame=Blame.VANTAGE if failure else None,
        kind=failure.kind if failure else None,
        why="No control answers." if failure else "",
        control=True,
    )
    return [Sampled(at=at, sample=sample)], ()


async def watch_clock(desk: Desk) -> None:
    """Note when the clock was set, or time was skipped; whoever sleeps is told."""
    while True:
        jump = await desk.nap(NAP)
        at = desk.now()
        if jump:
            desk.skip()
        if jump > 0:
            what = (
                f"the clock went ahead by {jump:.0f} s: it was set, or this machine "
                "slept; nobody looked in that time"
            )
            await desk.books.record(Alarmed(at=at, what=what))
        elif jump < 0:
            # Told alone: the ledger has written it by itself, with the first entry.
            what = f"the clock was set back by {-jump:.0f} s"
            desk.books.on_entry(Alarmed(at=at, what=what))
