"""Watch as mailprobe.toml says, from a program of one's own."""

# --8<-- [start:example]
from __future__ import annotations

import asyncio

import mailprobe


def told(event: mailprobe.Event) -> None:
    """Print what changed; called in the event loop, so it has to be quick."""
    print(event.at, event.change, event.incident.why)


async def main() -> None:
    """Watch for a minute, and say how things stand."""
    config = mailprobe.Config.load("mailprobe.toml")
    async with mailprobe.Monitor(config, on_event=told) as monitor:
        try:
            await asyncio.wait_for(monitor.run(), 60)
        except TimeoutError:
            for one in monitor.snapshot().parties:
                for found in one.functions:
                    print(one.party.name, found.function, found.working, found.of)


if __name__ == "__main__":
    asyncio.run(main())
# --8<-- [end:example]
