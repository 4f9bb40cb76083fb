"""Time, as a thing that is passed in."""

from __future__ import annotations

import time
from datetime import UTC, datetime
from typing import Protocol


class Clock(Protocol):
    """Where a probe gets its time from."""

    def monotonic(self) -> float:
        """Return seconds that never jump, on the scale of the event loop."""
        ...

    def now(self) -> datetime:
        """Return the time of day, UTC."""
        ...


class SystemClock:
    """The machine's own clock; asyncio's loop runs on the same monotonic scale."""

    def monotonic(self) -> float:
        """Return seconds that never jump."""
        return time.monotonic()

    def now(self) -> datetime:
        """Return the time of day, UTC."""
        return datetime.now(UTC)
