"""Says that the monitor itself is alive: a dead man's switch."""

from __future__ import annotations

import asyncio
import urllib.request
from pathlib import Path
from typing import Final

TIMEOUT: Final = 10.0  # seconds; the next beat comes in minutes


async def beat(where: str) -> str:
    """
    Fetch a URL, or touch ``file:PATH``.

    Returns:
        What went wrong, in words; empty if nothing did.
    """
    if not where:
        return ""
    try:
        await asyncio.to_thread(_beat, where)
    except OSError as error:  # urllib's errors are OSError too
        return f"the heartbeat {where} was not taken: {error}"
    return ""


def _beat(where: str) -> None:
    if where.startswith("file:"):
        Path(where.removeprefix("file:")).touch()
        return
    with urllib.request.urlopen(where, timeout=TIMEOUT):  # noqa: S310 - the plan's reader let only http and https through
        pass
