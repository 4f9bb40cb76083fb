"""Ask who takes mail for a domain."""

# --8<-- [start:example]
from __future__ import annotations

import asyncio

import mailprobe


async def look(prober: mailprobe.Prober, domain: str) -> None:
    """Print who takes mail for *domain*."""
    check = await prober.mx(domain)
    print(check.status, check.why)
    for host in check.report.hosts:
        print(host.preference, host.name, [a.address for a in host.addresses])


async def main() -> None:
    """Look at one domain."""
    async with mailprobe.Prober() as prober:
        await look(prober, "libero.it")


if __name__ == "__main__":
    asyncio.run(main())
# --8<-- [end:example]
