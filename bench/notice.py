"""How soon a fault is told after the lab's server has shown it."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from contextlib import contextmanager
from time import monotonic
from typing import TYPE_CHECKING, Any, Final
from unittest.mock import patch

from bench.measure import Within
from mailprobe.lab import Slow, ThreadedLab
from mailprobe.lab.faults import Moment
from mailprobe.lab.switchboard import Plan, Switchboard
from tests.scenarios.scenario import Scenario, play
from tests.scenarios.tables import ALL

if TYPE_CHECKING:
    from mailprobe.model.report import Step

RUNS: Final = 5
GOAL: Final = 0.1
NOTHING: Final = Plan()


def measure() -> Iterator[Within]:
    """Play every scenario whose fault can be known at once, several times."""
    told: list[float] = []
    ended: list[float] = []
    medians: dict[str, float] = {}
    with ThreadedLab() as lab, asyncio.Runner() as runner:
        for scenario in filter(_at_a_moment, ALL):
            times = [runner.run(_one(scenario, lab)) for _ in range(RUNS)]
            steps = [step for step, _ in times]
            told += steps
            ended += [end for _, end in times]
            medians[scenario.name] = sorted(steps)[RUNS // 2]
    yield Within(
        name=f"a fault shown by the lab, until its step is reported ({len(told)} runs)",
        took=tuple(told),
        goal=GOAL,
    )
    yield Within(
        name="the same, until the check is returned, second attempts included",
        took=tuple(ended),
        goal=GOAL,
    )
    late = ", ".join(name for name, median in medians.items() if median > GOAL)
    print(f"{len(medians)} scenarios; median above {GOAL} s: {late or 'none'}")


def _at_a_moment(scenario: Scenario) -> bool:
    """Whether a server shows the fault at a moment of its own, without waiting."""
    moments = [fault for fault in scenario.faults if isinstance(fault, Moment)]
    quick = bool(moments) and not any(isinstance(one, Slow) for one in moments)
    return quick and scenario.at_once and scenario.says[0] != "ok"


async def _one(scenario: Scenario, lab: ThreadedLab) -> tuple[float, float]:
    """Return the seconds from the last strike to the report, and to the check."""
    failed: list[float] = []

    def note(_: str, step: Step) -> None:
        if step.failure is not None:
            failed.append(monotonic())

    with _strikes() as strikes:
        await play(scenario, lab, on_step=note)
        end = monotonic()
    struck = max(at for at in strikes if not failed or at <= failed[-1])
    return (failed[-1] if failed else end) - struck, end - struck


@contextmanager
def _strikes() -> Iterator[list[float]]:
    """Note when the lab does what a fault says."""
    found: list[float] = []
    plan = Switchboard.plan

    def noted(self: Switchboard, *args: Any, **kwargs: Any) -> Plan:  # noqa: ANN401
        made = plan(self, *args, **kwargs)
        if made != NOTHING:
            found.append(monotonic())
        return made

    with patch.object(Switchboard, "plan", noted):
        yield found


if __name__ == "__main__":
    for result in measure():
        print(result)
