"""
Holds what a monitor said of mail that waits to what the lab held back.

Each function returns a line for each promise that was broken.
"""

from __future__ import annotations

from bisect import bisect_left
from datetime import timedelta
from typing import TYPE_CHECKING, Final

from mailprobe.judge.telling import moment
from mailprobe.model.incident import State
from tests.replays.truth import GIVEN_UP

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from datetime import datetime

    from mailprobe.lab import Journey
    from mailprobe.model.incident import Incident
    from mailprobe.model.sample import Backlog
    from tests.replays.monitored import Monitored
    from tests.replays.scenario import Scenario

SEEN: Final = timedelta(minutes=75)
"""Until what was stored is seen: two looks at each mailbox, and one count."""


def drains(seen: Monitored) -> list[str]:
    """There is a rate while it recovers, and an end in sight while fewer wait."""
    lines, before = [], 0
    for backlog, incident in seen.counts:
        when = f"{backlog.at:%d %b %H:%M}, {backlog.waiting} wait"
        lines += [f"{when}: {what}" for what in _wrong(backlog, incident, before)]
        before = backlog.waiting
    return lines


def _wrong(backlog: Backlog, incident: Incident, before: int) -> Iterator[str]:
    rate, end = incident.drain_rate, incident.drained_by
    recovers = incident.state is State.RECOVERING
    if incident.waiting != backlog.waiting:
        yield f"{incident.waiting} are said to"
    if rate is not None and not recovers:
        yield "there is a rate, and it does not recover"
    if recovers and backlog.arrived and not rate:
        yield "mail comes in at no rate"
    if end is None and "probably until" in incident.why:
        yield "an end is told that is not in sight"
    if end is not None and not backlog.waiting < before:
        yield "an end is in sight, and no fewer wait than before"
    if end is not None and (end <= backlog.at or moment(end) not in incident.why):
        yield f"an end is in sight at {end}, and told is: {incident.why}"


def counted(
    scenario: Scenario, seen: Monitored, journeys: Iterable[Journey]
) -> list[str]:
    """While all mailboxes open, as many wait as the lab still holds back."""
    platform = scenario.expected.platform
    struck = {brand.domain for brand in scenario.brands if brand.platform == platform}
    # When each was accepted, and when it was waited for no longer.
    mails = sorted(
        (one.accepted_at, _settled_at(one))
        for one in journeys
        if one.recipient.partition("@")[2] in struck
    )
    lines = []
    for backlog, _ in seen.counts:
        at = backlog.at
        if not (_opens(scenario, at) and _opens(scenario, at - SEEN)):
            continue
        due = at - timedelta(seconds=scenario.late_after)
        held = [settled for _, settled in mails[: bisect_left(mails, (due,))]]
        least, most = (sum(one > known for one in held) for known in (at, at - SEEN))
        if not least <= backlog.waiting <= most:
            what = f"{backlog.waiting} wait, and {least} to {most} were held"
            lines.append(f"{at:%d %b %H:%M}: {what}")
    return lines


def _opens(scenario: Scenario, at: datetime) -> bool:
    """Whether every mailbox opens; also if that is not asserted."""
    rows = scenario.rows_at(at)
    return all(row.expected.get("read", "up") == "up" for row in rows) and all(
        row.described for row in rows
    )


def _settled_at(one: Journey) -> datetime:
    """Return when it had come, had been returned, or was given up."""
    ends = [one.accepted_at + GIVEN_UP, *(when for when, _ in one.stored)]
    ends += [one.returned_at] if one.returned_at else []
    return min(ends)


def ends(seen: Monitored, begin: datetime, until: datetime) -> list[datetime | None]:
    """Return when none would wait any more, as told at each count of a window."""
    return [
        incident.drained_by
        for backlog, incident in seen.counts
        if begin <= backlog.at < until
    ]
