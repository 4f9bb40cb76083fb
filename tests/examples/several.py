"""Check several targets at the same time with one prober."""

from __future__ import annotations

# --8<-- [start:example]
import asyncio

import mailprobe


async def look_at_all(
    prober: mailprobe.Prober, domains: list[str]
) -> dict[str, mailprobe.Status]:
    """Return the status of the MX of each domain; twenty are looked at at a time."""
    places = asyncio.Semaphore(20)

    async def look(domain: str) -> mailprobe.Status:
        async with places:
            return (await prober.mx(domain)).status

    found = await asyncio.gather(*map(look, domains))
    return dict(zip(domains, found, strict=True))


# --8<-- [end:example]
