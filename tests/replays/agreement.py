"""Holds what was seen of each canary to what the lab did with it."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, Final

from mailprobe.model.passage import Fate
from tests.replays.truth import truth

if TYPE_CHECKING:
    from mailprobe.model.passage import Passage
    from tests.replays.monitored import Monitored
    from tests.replays.scenario import Scenario
    from tests.replays.stage import Played
    from tests.replays.truth import Truth

ROUNDING: Final = 1.0
"""Seconds: INTERNALDATE is cut to whole ones."""

LAST: Final = timedelta(hours=1)
"""Before the end; a mail sent then may be on its way, or there and not yet seen."""


def disagreements(scenario: Scenario, played: Played[Monitored]) -> list[str]:
    """Return a line for each canary whose fate, delay or copies were seen wrongly."""
    true = truth(scenario, played.journeys, played.ended_at)
    passages = played.result.passages
    lines = [f"{token}: nobody meant to send it" for token in true.keys() - passages]
    for token, passage in passages.items():
        if passage.pending and passage.intended_at > played.ended_at - LAST:
            continue
        lines += [
            f"{passage.route}, {passage.intended_at:%d %b %H:%M}: {what}"
            for what in _wrong(passage, true.get(token))
        ]
    return lines


def _wrong(passage: Passage, true: Truth | None) -> list[str]:
    if true is None:
        taken = passage.fate is not Fate.REJECTED
        return [f"{passage.fate}, and nobody took it"] if taken else []
    lines = []
    if passage.fate is not true.fate:
        lines.append(f"{passage.fate}, and it was {true.fate}")
    if len(passage.copies) != true.copies:
        lines.append(f"{len(passage.copies)} copies, and there were {true.copies}")
    delay, right = passage.delay, true.delay
    if (delay is None) != (right is None) or abs(
        (delay or 0) - (right or 0)
    ) > ROUNDING:
        lines.append(f"took {delay} s, and it was {right} s")
    return lines
