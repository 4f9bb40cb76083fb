"""Answers of the name servers, kept for as long as they allow."""

from __future__ import annotations

import asyncio
from collections import OrderedDict
from dataclasses import replace
from typing import TYPE_CHECKING, Final

from mailprobe.wire.resolver import Outcome, Resolver

if TYPE_CHECKING:
    from collections.abc import Sequence

    from mailprobe.model.limits import Limits
    from mailprobe.wire.clock import Clock
    from mailprobe.wire.resolver import Lookup

ANSWERS_MAX: Final = 50_000  # kept: two per host of a large fleet, some 50 MB
TTL_MAX: Final = 3600  # seconds: an hour-old address is old news to a health check
# An absence is told again after this; its own TTL stands in the SOA, mostly longer.
ABSENT: Final = 5

_KEPT: Final = {
    Outcome.ANSWER: TTL_MAX,
    Outcome.NO_DATA: ABSENT,
    Outcome.NXDOMAIN: ABSENT,
}


class CachingResolver(Resolver):
    """
    A resolver that asks once where many want to know the same.

    For sweeps. A question that is being asked is not asked again meanwhile;
    failures are never kept, so that the next one asks anew.
    """

    def __init__(self, servers: Sequence[str], limits: Limits, clock: Clock) -> None:
        """Ask these servers; keep time by *clock*."""
        super().__init__(servers, limits)
        self._clock = clock
        self._kept: OrderedDict[tuple[str, str], tuple[float, Lookup]] = OrderedDict()
        self._asked: dict[tuple[str, str], asyncio.Task[Lookup]] = {}

    def kept(self, name: str, record_type: str) -> Lookup | None:
        """Return what was found not long ago; see `Resolver.kept`."""
        until, found = self._kept.get((name.lower(), record_type), (0.0, None))
        left = until - self._clock.monotonic()
        if found is None or left <= 0:
            return None
        return replace(found, ttl=min(found.ttl, int(left)))

    async def lookup(self, name: str, record_type: str) -> Lookup:
        """Return what was found not long ago, else ask; see `Resolver.lookup`."""
        found = self.kept(name, record_type)
        if found is not None:
            return found
        key = (name.lower(), record_type)
        task = self._asked.get(key)
        if task is None:
            task = asyncio.ensure_future(super().lookup(name, record_type))
            self._asked[key] = task
            task.add_done_callback(lambda done: self._keep(key, done))
        # Whoever is cancelled leaves the question to the others who wait for it.
        return await asyncio.shield(task)

    async def close(self) -> None:
        """End the questions that nobody waits for any more."""
        pending = list(self._asked.values())
        for task in pending:
            task.cancel()
        await asyncio.gather(*pending, return_exceptions=True)

    def _keep(self, key: tuple[str, str], done: asyncio.Task[Lookup]) -> None:
        self._asked.pop(key, None)
        if done.cancelled() or done.exception() is not None:
            return
        found = done.result()
        longest = _KEPT.get(found.outcome)
        if longest is None:
            return
        ttl = min(found.ttl, longest) if found.outcome is Outcome.ANSWER else longest
        self._kept[key] = (self._clock.monotonic() + ttl, found)
        self._kept.move_to_end(key)
        while len(self._kept) > ANSWERS_MAX:
            self._kept.popitem(last=False)
