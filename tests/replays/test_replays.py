"""
Pieces of the scenarios, played with the monitor: some hours, or rarer mail.

The whole of them is in ``test_outages.py``.
"""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

import pytest

from mailprobe import Prober
from mailprobe.model.incident import State
from mailprobe.model.passage import Fate
from mailprobe.model.sample import Function, Outcome
from mailprobe.model.verdict import Blame
from tests.replays import promises
from tests.replays.agreement import disagreements
from tests.replays.monitored import monitor
from tests.replays.scenario import Scenario, load
from tests.replays.stage import play

if TYPE_CHECKING:
    from pathlib import Path

    from tests.replays.stage import Stage


def piece(name: str, begins: str, hours: float, every: float = 1.0) -> Scenario:
    """Cut a scenario to some hours, and *every* times rarer mail."""
    whole = load(name)
    start = datetime.fromisoformat(begins).replace(tzinfo=whole.begins.tzinfo)
    routes = tuple(replace(route, every=route.every * every) for route in whole.routes)
    cut = whole.shortened(start, start + timedelta(hours=hours))
    return replace(cut, routes=routes)


def test_fates(folder: Path) -> None:
    """Every canary's fate, delay and copies are seen as the lab brought them about."""
    scenario = piece("quiet", "2023-03-02T00:00", 12, 2)
    played = play(scenario, monitor(folder))
    seen = played.result
    assert disagreements(scenario, played) == []
    assert Fate.DELIVERED in {one.fate for one in seen.passages.values()}
    assert (seen.balance.imbalance, seen.balance.submitted) == (0, len(seen.passages))
    assert (played.surprises, played.strangers) == ((), ())


def test_the_night_of_an_outage(folder: Path) -> None:
    """It is known within 15 minutes, as one incident, with what fails and no more."""
    scenario = piece("libero-2023-01", "2023-01-22T22:00", 6)
    seen = play(scenario, monitor(folder)).result
    assert promises.one_incident(scenario, seen) == []
    assert promises.others(scenario, seen) == []
    (incident,) = seen.incidents
    assert incident.state is State.OPEN
    assert set(incident.functions) == {Function.SUBMIT, Function.READ}
    # What was accepted is held; while nobody can look, that is not claimed.
    told = {s.outcome for s in seen.samples if s.function is Function.DELIVER}
    assert told == {Outcome.PASS, Outcome.UNKNOWN}


@pytest.mark.parametrize(
    ("scenario", "blame"),
    [
        (piece("own-network", "2023-03-02T04:00", 12, 2), Blame.VANTAGE),
        (piece("own-resolver", "2023-03-02T04:00", 12, 2), Blame.VANTAGE),
        (piece("wrong-password", "2023-03-02T04:00", 12, 2), Blame.ACCOUNT),
    ],
    ids=["own-network", "own-resolver", "wrong-password"],
)
def test_our_own_fault(scenario: Scenario, blame: Blame, folder: Path) -> None:
    """When our network, resolver or a password fails, no provider is ever accused."""
    seen = play(scenario, monitor(folder)).result
    assert promises.accusations(seen) == []
    assert {one.blame for one in seen.incidents} == {blame}


def test_twice_the_same(folder: Path) -> None:
    """Two runs of one scenario see the same, to the microsecond."""
    scenario = piece("quiet", "2023-03-02T00:00", 6)
    first, second = _twice(scenario, scenario, folder)
    assert first == second


def test_other_luck(folder: Path) -> None:
    """With another seed, other conversations are hit."""
    scenario = piece("quiet", "2023-03-02T00:00", 6)
    first, second = _twice(scenario, replace(scenario, seed=scenario.seed + 1), folder)
    assert first != second


def _twice(one: Scenario, other: Scenario, folder: Path) -> list[object]:
    results: list[object] = []
    for number, scenario in enumerate((one, other)):
        place = folder / str(number)
        place.mkdir()
        samples = play(scenario, monitor(place)).result.samples
        # The lab's ports are its own each time, and stand in sentences.
        results.append([replace(one, why="") for one in samples])
    return results


def test_any_program() -> None:
    """The stage takes any async program, and gives it what it needs to probe."""

    async def program(stage: Stage) -> list[str]:
        statuses = []
        ada = stage.mailboxes["l2@libero.test"]
        async with Prober(**stage.prober_options) as prober:
            for _ in range(8):
                await stage.until(stage.clock.now() + timedelta(hours=1))
                trip = await prober.round_trip(ada, ada)
                statuses.append(str(trip.status))
        return statuses

    played = play(piece("libero-2023-01", "2023-01-22T20:00", 8), program)
    assert played.result == ["ok"] * 4 + ["down"] * 4
    assert len(played.journeys) == 4
