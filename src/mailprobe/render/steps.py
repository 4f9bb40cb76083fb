"""The steps of a conversation as an aligned list: what, how long, and what was said."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Final

from mailprobe.model.failure import Failure
from mailprobe.model.report import Step
from mailprobe.render.clean import short, visible
from mailprobe.render.spans import PLAIN, Line, Look, paragraph, seconds

PHASE_WIDTH: Final = 11
TIME_WIDTH: Final = 10
_INDENT: Final = 4 + PHASE_WIDTH + TIME_WIDTH + 2


@dataclass(slots=True)
class _Run:
    """The same operation, over and over (polls): shown as one line."""

    step: Step
    took: float
    count: int = 1


def step_lines(
    steps: Iterable[Step], at: Step | None, look: Look = PLAIN
) -> Iterator[Line]:
    """Yield one line per step; the step that decided is marked, *at* names it."""
    peer = ""
    for run in _runs(steps, at):
        new_peer = run.step.peer if run.step.peer != peer else ""
        peer = run.step.peer
        yield from _lines(run, peer=new_peer, decided=run.step is at, look=look)


def one_step(step: Step, look: Look) -> Iterator[Line]:
    """Yield the lines of one step, as it is shown while the probe still runs."""
    yield from _lines(_Run(step, step.took), peer=step.peer, decided=False, look=look)


def told(failure: Failure) -> str:
    """Return a failure in one line: its kind, then what was said or seen."""
    said = str(failure.reply) if failure.reply else failure.detail
    return visible(f"{failure.kind}: {said}" if said else str(failure.kind))


def _runs(steps: Iterable[Step], at: Step | None) -> list[_Run]:
    runs: list[_Run] = []
    for step in steps:
        last = runs[-1] if runs else None
        if last and _same(last.step, step) and at not in (last.step, step):
            last.took += step.took
            last.count += 1
        else:
            runs.append(_Run(step, step.took))
    return runs


def _same(one: Step, other: Step) -> bool:
    names = (one.phase, one.peer) == (other.phase, other.peer)
    return names and not one.failure and not other.failure


def _lines(run: _Run, *, peer: str, decided: bool, look: Look) -> Iterator[Line]:
    step = run.step
    often = f" {look.times}{run.count}" if run.count > 1 else ""
    phase = f"{step.phase}{often}"
    mark = look.decided if decided else " "
    # What a conversation can do without is no alarm.
    style = ("degraded" if step.optional else "bad") if step.failure else ""
    first: Line = (
        ("down" if step.failure else "strong", f"  {mark} "),
        (style, f"{phase:<{PHASE_WIDTH}}"),
        ("", f"{seconds(run.took):>{TIME_WIDTH}}  "),
    )
    if step.failure:
        yield from paragraph(
            told(step.failure),
            width=look.width,
            first=first,
            indent=_INDENT,
            style=style,
        )
        return
    said = visible(step.seen[0]) if step.seen else ""
    shown = "  ".join(part for part in (visible(peer), said) if part)
    yield (*first, ("faint", short(shown, look.width - _INDENT)))
