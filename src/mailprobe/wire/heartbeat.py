"""How late our own event loop is: what it costs everybody it has to serve."""

from __future__ import annotations

import asyncio
from collections import deque
from typing import Final

BEAT: Final = 0.02  # seconds; shorter stalls do not spoil times measured in tenths
KEPT: Final = 30_000  # beats: ten minutes, twice the longest default deadline


class Heartbeat:
    """Wants to be called every few milliseconds, and notes how late it is."""

    def __init__(self) -> None:
        """Begin; to be made while an event loop is running."""
        self._loop = asyncio.get_running_loop()
        self._beats: deque[tuple[float, float]] = deque(maxlen=KEPT)
        self._due = self._loop.time() + BEAT
        self._handle = self._loop.call_at(self._due, self._beat)

    def since(self, began: float) -> float:
        """Return by how many seconds it was late at worst since then (loop time)."""
        # What is overdue right now counts too: nobody may have been served since.
        worst = max(self._loop.time() - self._due, 0.0)
        for at, late in reversed(self._beats):
            if at < began:
                break
            worst = max(worst, late)
        return worst

    def stop(self) -> None:
        """End."""
        self._handle.cancel()

    def _beat(self) -> None:
        now = self._loop.time()
        self._beats.append((now, now - self._due))
        self._due = now + BEAT
        self._handle = self._loop.call_at(self._due, self._beat)
