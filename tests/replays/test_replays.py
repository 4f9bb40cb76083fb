"""
Pieces of the scenarios, played with the small watcher: the stage and the truth hold.

The whole of them: ``python -m tests.replays``.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import replace
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

import pytest

from mailprobe import Prober
from mailprobe.judge.fates import balance
from mailprobe.model.passage import Fate
from tests.replays.agreement import disagreements
from tests.replays.scenario import Scenario, load
from tests.replays.stage import Played, play
from tests.replays.watcher import Watched, watch

if TYPE_CHECKING:
    from tests.replays.stage import Stage


def piece(
    name: str, begins: str, hours: float, every: float = 1.0, only: str = ""
) -> Scenario:
    """Cut a scenario to some hours, *every* times rarer mail, and some routes."""
    whole = load(name)
    start = datetime.fromisoformat(begins).replace(tzinfo=whole.begins.tzinfo)
    routes = tuple(
        replace(route, every=route.every * every)
        for route in whole.routes
        if only in route.recipient
    )
    cut = whole.shortened(start, start + timedelta(hours=hours))
    return replace(cut, routes=routes)


def fates(played: Played[Watched]) -> Counter[Fate]:
    """Count the canaries by fate."""
    return Counter(one.fate for one in played.result.passages.values())


@pytest.mark.parametrize(
    ("scenario", "present"),
    [
        (
            piece("libero-2023-01", "2023-01-23T05:00", 300, 6, "l1@"),
            {Fate.LATE, Fate.BOUNCED, Fate.PRESUMED_LOST, Fate.DELIVERED},
        ),
        (
            piece("libero-2023-01", "2023-01-23T05:00", 240, 4, "v1@"),
            {Fate.LATE, Fate.BOUNCED, Fate.RECOVERED},
        ),
        (
            piece("libero-2023-06", "2023-06-13T12:00", 200, 10),
            {Fate.LATE, Fate.BOUNCED, Fate.REJECTED, Fate.DELIVERED},
        ),
        (
            piece("quiet", "2023-03-02T00:00", 24, 2),
            {Fate.DELIVERED},
        ),
    ],
    ids=["january-lost", "january-recovered", "june", "quiet"],
)
def test_fates(scenario: Scenario, present: set[Fate]) -> None:
    """Every canary's fate, delay and copies are seen as the lab brought them about."""
    played = play(scenario, watch)
    assert disagreements(scenario, played) == []
    assert present <= set(fates(played))
    assert balance(played.result.passages.values()).imbalance == 0
    assert (played.surprises, played.strangers) == ((), ())


def test_certified_mail_stays_healthy() -> None:
    """While the platform is down, the certified mail of the same owner works."""
    scenario = piece("libero-2023-01", "2023-01-23T12:00", 8)
    played = play(scenario, watch)
    for at, what, status, _ in played.result.verdicts:
        if what.endswith("certificata.test"):
            assert (at, what, status) == (at, what, "ok")
    statuses = Counter(status for _, _, status, _ in played.result.verdicts)
    assert statuses["down"] > 100


@pytest.mark.parametrize("name", ["own-resolver", "wrong-password"])
def test_our_own_fault(name: str) -> None:
    """When our resolver or a password fails, no single check blames a provider."""
    played = play(piece(name, "2023-03-02T05:00", 10, 4), watch)
    blamed = Counter(blame for _, _, _, blame in played.result.verdicts)
    assert set(blamed) - {""} <= {"vantage", "account", "unclear"}
    assert len(blamed) > 1


def test_our_own_network() -> None:
    """When our network fails, all checks fail, those of the certified mail too."""
    scenario = piece("own-network", "2023-03-02T07:00", 10, 2)
    played = play(scenario, watch)
    assert {status for _, _, status, _ in played.result.verdicts} <= {"down", "unknown"}
    blamed = {
        blame
        for at, _, _, blame in played.result.verdicts
        if at > scenario.begins + timedelta(hours=6)
    }
    assert blamed == {"vantage"}


def test_twice_the_same() -> None:
    """Two runs of one scenario see the same, to the microsecond."""
    scenario = piece("quiet", "2023-03-02T00:00", 6)
    first, second = play(scenario, watch), play(scenario, watch)
    assert first.result.verdicts == second.result.verdicts
    assert first.jumps == second.jumps


def test_other_luck() -> None:
    """With another seed, other conversations are hit."""
    scenario = piece("quiet", "2023-03-02T00:00", 6)
    other = replace(scenario, seed=scenario.seed + 1)
    first, second = play(scenario, watch), play(other, watch)
    assert first.result.verdicts != second.result.verdicts


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
