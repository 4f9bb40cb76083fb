"""Every scenario of every table, on real sockets in the lab."""

from __future__ import annotations

from dataclasses import fields, is_dataclass
from typing import TYPE_CHECKING

import pytest

from mailprobe import lab as vocabulary
from mailprobe.lab import Fault
from mailprobe.model.failure import Kind
from tests.scenarios.scenario import outcome, play
from tests.scenarios.tables import ALL, UNREACHABLE_HERE

if TYPE_CHECKING:
    from mailprobe.lab import ThreadedLab
    from tests.scenarios.scenario import Scenario


@pytest.mark.asyncio
@pytest.mark.parametrize("scenario", ALL, ids=lambda scenario: scenario.name)
async def test_scenario(lab_world: ThreadedLab, scenario: Scenario) -> None:
    """Each fault leads to its status, culprit, phase and kind, as soon as it can."""
    check = await play(scenario, lab_world)
    assert outcome(check) == scenario.says, check.why
    assert not scenario.rule or check.verdict.rule == scenario.rule
    assert not scenario.finding or scenario.finding in {f.code for f in check.findings}
    assert scenario.quotes in repr(check)
    assert check.why
    assert "unknown" not in _kinds(check)


def test_there_are_enough_and_each_has_its_name() -> None:
    """No two scenarios share a name, and there are as many as promised."""
    names = [scenario.name for scenario in ALL]
    assert len(names) == len(set(names))
    assert len(names) >= 120


def test_every_fault_of_the_lab_is_met() -> None:
    """No fault is in the lab's vocabulary that no scenario uses."""
    named = (getattr(vocabulary, name) for name in vocabulary.__all__)
    known = {n for n in named if isinstance(n, type) and issubclass(n, Fault)}
    used = {type(fault) for scenario in ALL for fault in scenario.faults}
    assert known - used == {Fault}


def test_every_kind_is_produced_or_says_why_not() -> None:
    """Each kind of failure comes out of a scenario, or has a reason not to."""
    produced = {Kind(kind) for *_, kind in (s.says for s in ALL) if kind}
    assert not produced & set(UNREACHABLE_HERE)
    assert produced | set(UNREACHABLE_HERE) == set(Kind)


def _kinds(value: object) -> set[str]:
    """Return every kind of failure that stands anywhere in a report."""
    if isinstance(value, Kind):
        return {value.value}
    if isinstance(value, tuple | list):
        return {kind for one in value for kind in _kinds(one)}
    if is_dataclass(value):
        parts = (getattr(value, field.name) for field in fields(value))
        return {kind for part in parts for kind in _kinds(part)}
    return set()
