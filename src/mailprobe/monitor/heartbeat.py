"""Says that the monitor itself is alive: a dead man's switch."""

from __future__ import annotations

import asyncio
from functools import partial
from pathlib import Path
from typing import Final

from mailprobe.monitor import channels
from mailprobe.monitor.aside import aside

TIMEOUT: Final = 10.0  # seconds; the next beat comes in minutes


async def beat(where: str) -> str:
    """
    Fetch a URL, or touch ``file:PATH``.

    Returns:
        What went wrong, in words without the URL, which may be a secret; empty if
        nothing did.
    """
    if not where:
        return ""
    try:
        async with asyncio.timeout(2 * TIMEOUT):  # urllib's is for each read alone
            await aside(partial(_beat, where), "mailprobe heartbeat")
    except Exception as error:  # noqa: BLE001 - urllib raises much, and quotes URLs
        return f"the heartbeat was not taken: {channels.said(error)}"
    return ""


def _beat(where: str) -> None:
    if where.startswith("file:"):
        Path(where.removeprefix("file:")).touch()
        return
    channels.fetch(where, TIMEOUT)
