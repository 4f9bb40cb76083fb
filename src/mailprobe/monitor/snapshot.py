"""What a snapshot of a running monitor says, worked out when somebody asks."""

from __future__ import annotations

import heapq
from datetime import timedelta
from typing import TYPE_CHECKING, Final

from mailprobe.judge.arrival import handed_over
from mailprobe.judge.availability import WINDOW, availabilities
from mailprobe.model.entry import Sampled
from mailprobe.model.snapshot import PartyStanding, Slot
from mailprobe.monitor.schedule import DAY, next_slot

if TYPE_CHECKING:
    from mailprobe.model.availability import Availability
    from mailprobe.model.sample import Party
    from mailprobe.monitor.desk import Desk
    from mailprobe.monitor.plan import Plan

SLOTS: Final = 5  # of the mails to come


def window(plan: Plan) -> float:
    """Return the seconds of looks that count: two of each route at least."""
    return max(WINDOW, *(2 * route.interval for route in plan.routes))


async def recall(desk: Desk) -> None:
    """Take over the looks of the last run, as far as they still count."""
    since = desk.now() - timedelta(seconds=window(desk.plan))
    looks = desk.books.looks
    looks.clear()
    kinds = (Sampled.kind,)
    async for _, entry in desk.books.ledger.entries(kinds=kinds, since=since):
        if isinstance(entry, Sampled):
            looks.append(entry.sample)


def parties(desk: Desk) -> tuple[PartyStanding, ...]:
    """Return how each brand of the plan stands."""
    found: dict[Party, list[Availability]] = {c.party: [] for c in desk.plan.cohorts}
    for one in availabilities(desk.books.looks, desk.now(), window(desk.plan)):
        if one.party in found:
            found[one.party].append(one)
    return tuple(
        PartyStanding(party=party, functions=tuple(functions))
        for party, functions in found.items()
    )


def overdue(desk: Desk) -> int:
    """Return how many mails are late by now."""
    now = desk.now()
    return sum(
        (now - handed_over(one)).total_seconds() > one.late_after
        for one in desk.books.pending.values()
    )


def sent(desk: Desk) -> int:
    """Return how many mails were sent in the last 24 hours."""
    since = desk.now() - DAY
    return sum(at > since for budget in desk.budgets for at in budget.sent)


def slots(desk: Desk) -> tuple[Slot, ...]:
    """Return the next mails."""
    now = desk.now()
    coming = (
        Slot(at=next_slot(now, one.interval, one.place), route=one.name)
        for one in desk.plan.routes
    )
    return tuple(heapq.nsmallest(SLOTS, coming, key=lambda slot: slot.at))
