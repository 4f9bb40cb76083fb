"""Who may start next, under the bounds of a pace; without a clock and a loop."""

from __future__ import annotations

import heapq
from collections import defaultdict, deque
from dataclasses import dataclass
from typing import TYPE_CHECKING, Generic, TypeVar

if TYPE_CHECKING:
    from collections.abc import Mapping

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Ticket(Generic[T]):
    """
    Something that waits for its turn.

    Attributes:
        item: What waits.
        slot: The time before which it does not start.
        keys: What it uses a place of: its host, its platform.
    """

    item: T
    slot: float
    keys: tuple[str, ...]


class WaitingRoom(Generic[T]):
    """
    Lets tickets through in the order of their slots, a few of each key at a time.

    A ticket whose key is used up steps aside: it delays nobody with other keys.
    """

    def __init__(self, limits: Mapping[str, int]) -> None:
        """
        Allow so many of each kind of key.

        Args:
            limits: By the first word of a key (``host`` of ``host x``).
        """
        self._limits = limits
        self._later: list[tuple[float, int, Ticket[T]]] = []
        self._aside: dict[str, deque[Ticket[T]]] = defaultdict(deque)
        self._ready: deque[Ticket[T]] = deque()
        self._used: dict[str, int] = defaultdict(int)
        self._came = 0
        self.size = 0

    def enter(self, ticket: Ticket[T]) -> None:
        """Take a ticket in."""
        self._came += 1
        self.size += 1
        heapq.heappush(self._later, (ticket.slot, self._came, ticket))

    def next_slot(self) -> float | None:
        """Return when the next ticket becomes due that is not due yet."""
        return self._later[0][0] if self._later else None

    def call(self, now: float) -> Ticket[T] | None:
        """Let the next one through whose slot has come; None if none may start."""
        while self._later and self._later[0][0] <= now:
            self._ready.append(heapq.heappop(self._later)[2])
        while self._ready:
            ticket = self._ready.popleft()
            full = next((key for key in ticket.keys if self._full(key)), None)
            if full is not None:
                self._aside[full].append(ticket)
                continue
            for key in ticket.keys:
                self._used[key] += 1
            self.size -= 1
            return ticket
        return None

    def leave(self, ticket: Ticket[T]) -> None:
        """Give the places of a ticket back; who stepped aside for them is next."""
        for key in ticket.keys:
            self._used[key] -= 1
            if not self._used[key]:
                del self._used[key]
            if key in self._aside:
                self._ready.appendleft(self._aside[key].popleft())
                if not self._aside[key]:
                    del self._aside[key]

    def _full(self, key: str) -> bool:
        return self._used.get(key, 0) >= self._limits[key.partition(" ")[0]]
