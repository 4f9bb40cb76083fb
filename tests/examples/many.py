"""Sweep over many targets and keep what is wrong."""

from __future__ import annotations

# --8<-- [start:example]
from collections.abc import Iterable

import mailprobe

PACE = mailprobe.Pace(at_once=200, per_platform=4, per_host=2)


async def unwell(prober: mailprobe.Prober, domains: Iterable[str]) -> dict[str, str]:
    """Return why each domain takes no mail, of those that do not."""
    targets = (mailprobe.MxTarget(domain, connect=True) for domain in domains)
    found = {}
    async with prober.sweep(targets, pace=PACE, timeout=60) as checks:
        async for check in checks:
            match check.report.target:
                case mailprobe.MxTarget(domain) if check.status != "ok":
                    found[domain] = check.why
    return found


# --8<-- [end:example]
