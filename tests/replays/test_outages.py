"""The outages of 2023 and four other runs, from beginning to end, with the monitor."""

from __future__ import annotations

from collections import Counter
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

import pytest

from mailprobe.model.incident import Change, Planned, State
from mailprobe.model.passage import Fate
from mailprobe.model.verdict import Blame
from tests.replays import backlogs, promises
from tests.replays.agreement import disagreements
from tests.replays.monitored import monitor
from tests.replays.scenario import load
from tests.replays.stage import play
from tests.replays.truth import counted, truth

if TYPE_CHECKING:
    from pathlib import Path

    from mailprobe.model.incident import Incident
    from tests.replays.monitored import Monitored
    from tests.replays.scenario import Scenario
    from tests.replays.stage import Played

pytestmark = pytest.mark.replay

PROMISES = (
    promises.one_incident,
    promises.states,
    promises.end,
    promises.functions,
    promises.impairments,
    promises.others,
    promises.unseen,
    promises.told_again,
)


def whole(name: str, folder: Path) -> tuple[Scenario, Played[Monitored]]:
    """Play a scenario to its end; what holds in every run is held to it."""
    scenario = load(name)
    played = play(scenario, monitor(folder))
    assert disagreements(scenario, played) == []
    seen = played.result
    assert (seen.balance.imbalance, seen.balance.submitted) == (0, len(seen.passages))
    assert (played.surprises, played.strangers) == ((), ())
    return scenario, played


def outage(name: str, folder: Path) -> tuple[Incident, Monitored, Counter[Fate]]:
    """Play an outage; return its incident, what was seen, and the lab's own count."""
    scenario, played = whole(name, folder)
    broken = {one.__name__: one(scenario, played.result) for one in PROMISES}
    assert broken == {one.__name__: [] for one in PROMISES}
    assert backlogs.drains(played.result) == []
    assert backlogs.counted(scenario, played.result, played.journeys) == []
    (incident,) = played.result.incidents
    true = truth(scenario, played.journeys, played.ended_at)
    return incident, played.result, counted(true.values())


def test_january(folder: Path) -> None:
    """January 2023: closed mailboxes, bounces, batches, a backlog, then slow mail."""
    incident, seen, true = outage("libero-2023-01", folder)
    assert (incident.planned, incident.relapses) == (Planned.UNANNOUNCED, ())
    assert true.keys() >= {Fate.LATE, Fate.BOUNCED, Fate.PRESUMED_LOST, Fate.RECOVERED}
    # The first mailboxes are back on the 26th; a week of slow mail is not the end.
    assert promises.state_at(seen.events, at("01-27T12:00")) is State.RECOVERING
    assert promises.state_at(seen.events, at("02-02T12:00")) is State.RECOVERING
    # As long as more mail is held than comes, or as much, no end is in sight; what was
    # lost is given up by noon of the 28th. In the night before that the rest of the
    # backlog is stored, the last mail at 00:30.
    held = backlogs.ends(seen, at("01-26T14:30"), at("01-27T18:00"))
    slow = backlogs.ends(seen, at("01-28T14:00"), at("02-02T12:00"))
    assert {*held, *slow} == {None}
    for end in backlogs.ends(seen, at("01-27T21:00"), at("01-28T00:00")):
        assert end is not None
        assert abs(end - at("01-28T00:30")) < timedelta(hours=1)


def test_june(folder: Path) -> None:
    """June 2023: maintenance overrun, declared over, relapsed, over five days later."""
    incident, seen, true = outage("libero-2023-06", folder)
    assert true.keys() >= {Fate.LATE, Fate.BOUNCED, Fate.DELIVERED}
    first, *_ = seen.events
    assert (first.incident.planned, incident.planned) == (
        Planned.PLANNED,
        Planned.OVERRUN,
    )
    (overrun,) = [e.at for e in seen.events if e.change is Change.OVERRUN]
    assert at("06-14T08:00") <= overrun <= at("06-14T08:15")
    # What the provider said is set beside what was seen, and closes nothing.
    assert incident.declared_at == at("06-14T15:00")
    assert incident.closed_at is not None
    assert incident.closed_at - at("06-14T15:00") > timedelta(days=5)
    (relapse,) = incident.relapses
    assert at("06-14T17:30") <= relapse <= at("06-14T17:45")
    # What had been held before the declared end was stored until 16:30.
    for end in backlogs.ends(seen, at("06-14T16:00"), at("06-14T17:00")):
        assert end is not None
        assert abs(end - at("06-14T16:30")) < timedelta(hours=1)


@pytest.mark.parametrize(
    ("name", "blame"),
    [
        ("own-network", Blame.VANTAGE),
        ("own-resolver", Blame.VANTAGE),
        ("wrong-password", Blame.ACCOUNT),
    ],
)
def test_our_own_fault(name: str, blame: Blame, folder: Path) -> None:
    """When our network, resolver or a password fails, no provider is ever accused."""
    _, played = whole(name, folder)
    seen = played.result
    assert promises.accusations(seen) == []
    assert [one.blame for one in seen.incidents] == [blame]
    assert [one.state for one in seen.incidents] == [State.CLOSED]


def test_quiet(folder: Path) -> None:
    """Two weeks of lost packets, greylisting and slow greetings are no incident."""
    _, played = whole("quiet", folder)
    assert played.result.events == ()


def at(text: str) -> datetime:
    """Return a time of 2023 in Italy."""
    offset = "+02:00" if text.startswith("06") else "+01:00"
    return datetime.fromisoformat(f"2023-{text}:00{offset}")
