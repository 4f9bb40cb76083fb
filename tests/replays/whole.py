"""A scenario with the monitor, from beginning to end, and what holds in every run."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tests.replays.agreement import disagreements
from tests.replays.monitored import monitor
from tests.replays.scenario import load
from tests.replays.stage import play

if TYPE_CHECKING:
    from pathlib import Path

    from tests.replays.monitored import Monitored
    from tests.replays.scenario import Scenario
    from tests.replays.stage import Played


def whole(name: str, folder: Path) -> tuple[Scenario, Played[Monitored]]:
    """Play a scenario to its end; what holds in every run is held to it."""
    scenario = load(name)
    played = play(scenario, monitor(folder))
    assert disagreements(scenario, played) == []
    seen = played.result
    assert (seen.balance.imbalance, seen.balance.submitted) == (0, len(seen.passages))
    assert (played.surprises, played.strangers) == ((), ())
    return scenario, played
