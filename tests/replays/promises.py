"""
Holds what a monitor said of a provider to what a scenario did to it, row by row.

Each function returns a line for each promise that was broken.
"""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Final

from mailprobe.judge.availability import availabilities
from mailprobe.model.failure import Kind
from mailprobe.model.incident import Change, State
from mailprobe.model.sample import Function, Outcome
from mailprobe.model.verdict import Blame
from mailprobe.monitor.plan import HOLD

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from mailprobe.model.incident import Event, Incident
    from tests.replays.monitored import Monitored
    from tests.replays.scenario import Row, Scenario

STEP: Final = timedelta(minutes=30)
"""Between two times that are asked about."""

SETTLED: Final = timedelta(minutes=75)
"""After a row begins until it alone is spoken of: two looks at each mailbox."""

WINDOWS: Final = (3600.0, HOLD)
"""
Seconds: two looks at each canary. Where logins are refused, accounts are left alone and
take turns; if nobody looked in an hour, the last look of the hold is what is known.
"""


def provider_incidents(seen: Monitored) -> list[Incident]:
    """Return the incidents that a provider is blamed for."""
    return [one for one in seen.incidents if one.blame is Blame.PROVIDER]


def accusations(seen: Monitored) -> list[str]:
    """Say where a provider is blamed at all."""
    return [
        f"{event.at:%d %b %H:%M}: {event.incident.why}"
        for event in seen.events
        if event.incident.blame is Blame.PROVIDER
    ]


# --- one outage ----------------------------------------------------------------------


def one_incident(scenario: Scenario, seen: Monitored) -> list[str]:
    """One incident, of the platform with both brands, opened in time, and no other."""
    if [event.change for event in seen.events].count(Change.OPENED) != 1:
        return [f"opened: {[event.incident.id for event in seen.events]}"]
    (incident,) = seen.incidents
    platform, lines = scenario.expected.platform, []
    brands = {b.domain for b in scenario.brands if b.platform == platform}
    if (incident.culprit, incident.blame) != (platform, Blame.PROVIDER):
        lines.append(f"blames {incident.culprit} as {incident.blame}")
    if set(incident.parties) != brands:
        lines.append(f"its parties are {incident.parties}")
    began = min(row.begins for row in scenario.rows if row.source)
    late = (incident.opened_at - began).total_seconds()
    if not 0 <= late <= scenario.expected.opened_within:
        lines.append(f"opened {late:.0f} s after its beginning")
    if incident.began_at < began:
        lines.append(f"began at {incident.began_at}, before {began}")
    return lines


def states(scenario: Scenario, seen: Monitored) -> list[str]:
    """In each row the incident is in one of the states that may be seen in it."""
    return [
        f"{row.name}, {at:%d %b %H:%M}: {state}"
        for row in scenario.rows
        if row.states
        for at in _times(scenario, row)
        if (state := state_at(seen.events, at)) not in row.states
    ]


def state_at(events: Iterable[Event], at: datetime) -> State | None:
    """Return the state that was last told before a time."""
    told = [event.incident.state for event in events if event.at <= at]
    return told[-1] if told else None


def end(scenario: Scenario, seen: Monitored) -> list[str]:
    """It is closed once, when all that was wrong is over; not before."""
    over = max(row.ends for row in scenario.rows if row.source)
    closed = [event.at for event in seen.events if event.change is Change.CLOSED]
    if len(closed) != 1 or closed[0] < over:
        return [f"closed at {[f'{at:%d %b %H:%M}' for at in closed]}, over {over}"]
    return []


def told_again(_: Scenario, seen: Monitored) -> list[str]:
    """What stands in the ledger tells the same of incidents once more."""
    if seen.again == seen.events:
        return []
    return [f"{one.at:%d %b %H:%M}: {one.change}" for one in seen.again]


# --- functions, row by row ----------------------------------------------------------


def functions(scenario: Scenario, seen: Monitored) -> list[str]:
    """In each row those functions fail that are said to, for each brand."""
    return [
        f"{row.name}: {function} was {found}, and it was {wanted}"
        for row in scenario.rows
        for function, wanted in row.expected.items()
        for found in _otherwise(scenario, seen, row, Function(function), wanted)
    ]


def _otherwise(
    scenario: Scenario, seen: Monitored, row: Row, function: Function, wanted: str
) -> Iterator[str]:
    """Yield what else a function was."""
    partly = 0
    for at in _times(scenario, row, SETTLED):
        working, of = _counted(scenario, seen, function, at)
        partly += 0 < working < of
        fine = {
            "up": working == of > 0,
            "down": working == 0 < of,
            "late": working == 0,
            "partly": True,
        }
        if not fine[wanted]:
            yield f"{working} of {of} at {at:%d %b %H:%M}"
    if wanted == "partly" and not partly:
        yield "never partly there"


def _counted(
    scenario: Scenario, seen: Monitored, function: Function, at: datetime
) -> tuple[int, int]:
    """Count the canaries of the platform that a function works for."""
    working, of = 0, 0
    for window in WINDOWS:
        found = availabilities(seen.around(function, at, window), at, window)
        for one in found:
            if one.party.platform == scenario.expected.platform:
                working, of = working + one.working, of + one.of
        if of:
            break
    return working, of


def impairments(scenario: Scenario, seen: Monitored) -> list[str]:
    """The incident says of each function the same as the rows do."""
    (incident,) = provider_incidents(seen)
    lines = []
    for row in scenario.rows:
        for name, wanted in row.expected.items():
            if wanted == "partly":
                continue
            for at in _times(scenario, row, SETTLED):
                fails = any(
                    one.function == name
                    and one.since <= at
                    and (one.until is None or one.until > at)
                    for one in incident.impairments
                )
                if fails is (wanted == "up"):
                    what = "impaired" if fails else "not impaired"
                    lines.append(f"{row.name}, {at:%d %b %H:%M}: {name} {what}")
    return lines


def others(scenario: Scenario, seen: Monitored) -> list[str]:
    """Whoever is not struck never fails, the certified mail of the owner least."""
    struck = scenario.expected.platform
    return [
        f"{one.at:%d %b %H:%M}: {one.party.name} {one.function}: {one.why}"
        for one in seen.samples
        if one.party.platform != struck and one.outcome is not Outcome.PASS
        if not (one.function is Function.DELIVER and one.outcome is Outcome.UNKNOWN)
    ]


def unseen(scenario: Scenario, seen: Monitored) -> list[str]:
    """While no mailbox opens, nothing is claimed of delivery but what bounces say."""
    shut = [row for row in scenario.rows if row.expected.get("read") == "down"]
    struck = scenario.expected.platform
    return [
        f"{one.known_at:%d %b %H:%M}: {one.function} {one.outcome} {one.why}"
        for one in seen.samples
        if one.party.platform == struck and one.function is Function.DELIVER
        if any(row.begins + STEP <= one.known_at < row.ends for row in shut)
        and one.outcome is not Outcome.UNKNOWN
        and one.kind is not Kind.SMTP_PERMANENT
    ]


def _times(
    scenario: Scenario, row: Row, after: timedelta = SETTLED
) -> Iterator[datetime]:
    """Yield the times of a row at which another row before it is forgotten."""
    at = row.begins.astimezone(UTC) + after
    while at < row.ends:
        if all(other.described for other in scenario.rows_at(at)):
            yield at
        at += STEP
