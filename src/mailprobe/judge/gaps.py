"""Of which times nothing is known: nobody looked, or no look could tell. Pure."""

from __future__ import annotations

from array import array
from bisect import bisect_left
from datetime import UTC, datetime
from itertools import pairwise
from statistics import median
from typing import TYPE_CHECKING, Final

from mailprobe.model.account import Blindness, Gap
from mailprobe.model.sample import Function

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from mailprobe.judge.account import Extents
    from mailprobe.model.entry import Ran

USUAL: Final = 3.0  # times the usual pause between two looks: one of them was missed
LEAST: Final = 3600.0  # seconds: the window of a status
GAPS_MAX: Final = 100  # a report with more of them is about nothing


class Shifts:
    """Takes in when a monitor started, stopped and worked; says when none ran."""

    def __init__(self, begin: datetime, end: datetime) -> None:
        self._begin, self._end = begin, end
        self._running: bool | None = None
        self._worked = begin
        self._gaps: list[Gap] = []
        self._pauses = array("d")

    def ran(self, entry: Ran) -> None:
        """Take in a start or a stop; without a stop, the last work was the end."""
        if entry.running:
            self._gap(self._worked, entry.at)
        self._running = entry.running
        self._worked = max(self._worked, entry.at)

    def worked(self, at: datetime) -> None:
        """Take in that it did something."""
        if at > self._worked:  # many platforms are counted at once
            self._pauses.append((at - self._worked).total_seconds())
            self._worked = at

    def gaps(self) -> tuple[Gap, ...]:
        """Return when none ran; at the end, if nothing was written for too long."""
        stopped = self._running is False
        usual = median(self._pauses) if self._pauses else 0.0
        quiet = (self._end - self._worked).total_seconds() > max(
            _RESTART, USUAL * usual
        )
        if stopped or quiet:
            self._gap(self._worked, self._end)
        return tuple(self._gaps[:GAPS_MAX])

    def _gap(self, begin: datetime, end: datetime) -> None:
        begin, end = max(begin, self._begin), min(end, self._end)
        # A restart is no gap.
        if (end - begin).total_seconds() >= _RESTART:
            self._gaps.append(Gap(begin=begin, end=end, reason=Blindness.NOT_RUNNING))


_RESTART: Final = 600.0  # seconds: two looks at an MX


def silences(
    extents: Extents, begin: datetime, end: datetime, known: Sequence[Gap]
) -> tuple[Gap, ...]:
    """
    Return the stretches in which no look told anything of a function that failed.

    Args:
        extents: The looks.
        begin: From when on.
        end: Until when.
        known: Stretches that are explained already: no monitor ran.
    """
    found = [
        gap
        for function in Function
        if function in extents.functions
        for gap in _quiet(extents, function, begin.timestamp(), end.timestamp())
        if not any(_within(gap, one) for one in known)
    ]
    return tuple(sorted(found, key=lambda gap: gap.begin)[:GAPS_MAX])


def _quiet(
    extents: Extents, function: Function, begin: float, end: float
) -> Iterator[Gap]:
    times = sorted(extents.told[function])
    vain = sorted(extents.untold[function])
    pauses = [later - earlier for earlier, later in pairwise(times)]
    least = max(LEAST, USUAL * median(pauses)) if pauses else LEAST
    for earlier, later in pairwise([begin, *times, end]):
        if later - earlier <= least:
            continue
        place = bisect_left(vain, earlier)
        tried = place < len(vain) and vain[place] < later
        yield Gap(
            begin=datetime.fromtimestamp(earlier, UTC),
            end=datetime.fromtimestamp(later, UTC),
            reason=Blindness.NO_ANSWER if tried else Blindness.NO_LOOK,
            function=function,
        )


def _within(gap: Gap, known: Gap) -> bool:
    """Whether most of a gap is one that is known."""
    begin, end = max(gap.begin, known.begin), min(gap.end, known.end)
    return (end - begin) > (gap.end - gap.begin) / 2
