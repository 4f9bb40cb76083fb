"""Many checks in one screen: counts, the slowest, and how times are spread."""

from __future__ import annotations

import heapq
import math
from collections import Counter, defaultdict
from typing import TYPE_CHECKING, Final

from mailprobe.model.failure import Phase
from mailprobe.model.verdict import Status
from mailprobe.render.clean import short, visible
from mailprobe.render.spans import Line, Look, Span, seconds, table
from mailprobe.render.subject import probe_name, subject

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from mailprobe.model.report import Report
    from mailprobe.model.verdict import Check
    from mailprobe.render.outcome import Outcome

SLOWEST: Final = 5
PERCENTILES: Final = (50, 90, 99)
GROWTH: Final = 1.05  # from one class of times to the next: figures are 5 % exact
SHORTEST: Final = 1e-5  # seconds; nothing that crosses a network is shorter
BARS: Final = 14  # rows of the histogram: from a tenth of a millisecond to minutes
WHY_MAX: Final = 240  # characters: two or three lines of a terminal


class Spread:
    """How durations are spread, in classes that grow by a twentieth: bounded."""

    def __init__(self) -> None:
        self._classes: Counter[int] = Counter()
        self.count = 0

    def add(self, duration: float) -> None:
        """Count a duration, seconds."""
        place = math.log(max(duration, SHORTEST) / SHORTEST, GROWTH)
        self._classes[math.floor(place)] += 1
        self.count += 1

    def percentile(self, share: float) -> float:
        """Return the seconds that *share* percent stay below, to within 5 %."""
        wanted = math.ceil(self.count * share / 100)
        seen = 0
        for place, number in sorted(self._classes.items()):
            seen += number
            if seen >= wanted:
                return float(SHORTEST * GROWTH ** (place + 0.5))
        return 0.0

    def bars(self) -> Iterator[tuple[float, int]]:
        """Yield rows of a histogram: where each begins, seconds, and its count."""
        if not self._classes:
            return
        low, high = min(self._classes), max(self._classes)
        wide = max(1, math.ceil((high - low + 1) / BARS))
        for begin in range(low, high + 1, wide):
            number = sum(self._classes[at] for at in range(begin, begin + wide))
            yield SHORTEST * GROWTH**begin, number


class Tally:
    """What a sweep has shown so far; its size does not grow with the targets."""

    def __init__(self) -> None:
        self.statuses: Counter[str] = Counter()
        self.blames: Counter[str] = Counter()
        self.strained = 0
        self.earlier = 0
        self.durations = Spread()
        self._phases: dict[Phase, Spread] = defaultdict(Spread)
        self._slowest: list[tuple[float, int, str]] = []
        self._worst = Status.OK

    @property
    def worst(self) -> Status:
        """The worst status of all; unknown if there is none."""
        return self._worst if self.size else Status.UNKNOWN

    @property
    def size(self) -> int:
        """How many checks were counted."""
        return self.durations.count

    def count(self, one: Outcome, *, earlier: bool = False) -> None:
        """Add a check; *earlier* if another run made it."""
        self.statuses[one.status.value] += 1
        if one.blame:
            self.blames[one.blame.value] += 1
        self.strained += one.strained
        self.earlier += earlier
        self._worst = max(self._worst, one.status, key=lambda status: status.gravity)
        self.durations.add(one.duration)
        for phase, took in one.times:
            self._phases[phase].add(took)
        heapq.heappush(self._slowest, (one.duration, self.size, one.name))
        if len(self._slowest) > SLOWEST:
            heapq.heappop(self._slowest)

    def lines(self, look: Look) -> Iterator[Line]:
        """Yield the closing table."""
        said: list[Span] = [("strong", f"{self.size} targets")]
        for status in Status:
            if number := self.statuses[status.value]:
                said += [("", "  "), (status.value, f"{number} {status.value}")]
        if self.earlier:
            said.append(("faint", f"  ({self.earlier} of them by earlier runs)"))
        yield tuple(said)
        if self.blames:
            told = ", ".join(f"{name} {n}" for name, n in self.blames.most_common())
            yield (("", f"blame: {told}"),)
        if self.strained:
            yield (("degraded", f"times of {self.strained} checks may be too long"),)
        if self._phases:
            yield ()
            yield from table(list(self._rows()), width=look.width)
        if self._slowest:
            yield ()
            slow = sorted(self._slowest, reverse=True)
            rows: list[list[Span]] = [
                [("", seconds(took)), ("", visible(name))] for took, _, name in slow
            ]
            yield (("faint", "  slowest"),)
            yield from table(rows, width=look.width)

    def _rows(self) -> Iterator[Sequence[Span]]:
        heads = ("phase", "count", *(f"{share} %" for share in PERCENTILES))
        yield [*(("faint", head) for head in heads), ("", "")]
        for phase in (one for one in Phase if one in self._phases):
            spread = self._phases[phase]
            times = (seconds(spread.percentile(share)) for share in PERCENTILES)
            yield [
                ("", phase.value),
                ("", str(spread.count)),
                *(("", time) for time in times),
                ("", ""),
            ]


def line(check: Check[Report]) -> Line:
    """Say one check on one line."""
    status = check.status.value
    blame = f" ({check.blame})" if check.blame else ""
    name = visible(f"{probe_name(check.report)} {subject(check.report)}")
    why = short(visible(check.why), WHY_MAX)
    return ((status, f"{status.upper():<9}"), ("strong", name), ("", f"{blame}: {why}"))
