"""The account of one incident, from the looks and mails of its time. Pure."""

from __future__ import annotations

from array import array
from collections import Counter, defaultdict
from dataclasses import replace
from statistics import median
from typing import TYPE_CHECKING, Final

from mailprobe.judge import fates
from mailprobe.judge.availability import wilson
from mailprobe.judge.looks import cell, failed, passed
from mailprobe.judge.order import overtaken
from mailprobe.model.account import Ended, Point, Reach, Said
from mailprobe.model.passage import Balance, Fate
from mailprobe.model.sample import Outcome
from mailprobe.model.verdict import Blame

if TYPE_CHECKING:
    from collections.abc import Iterable
    from datetime import datetime

    from mailprobe.model.incident import Impairment, Incident
    from mailprobe.model.passage import Passage
    from mailprobe.model.sample import Function, Sample

SAYINGS: Final = 5  # told: the commonest say what there is to say
SAYINGS_MAX: Final = 1000  # remembered: some servers say something else each time
WORDS_MAX: Final = 200  # characters of one
ORDERED_MAX: Final = 20_000  # mails whose order is looked at: some 30 MB
POINTS_MAX: Final = 2000  # more dots than a plot can show apart


def about(incident: Incident, sample: Sample) -> bool:
    """Whether a look is at whom an incident is about."""
    if incident.blame is Blame.VANTAGE:
        return not sample.control
    who = {sample.party.platform, sample.party.name, sample.account}
    return incident.culprit in who and not sample.control


def addresses(incident: Incident, samples: Iterable[Sample]) -> frozenset[str]:
    """Return the canaries that an incident is about."""
    found = {one.account for one in samples if about(incident, one)}
    return frozenset(found - {""})


class _Extent:
    """One function while it failed, as far as it was seen."""

    def __init__(self, mark: Impairment) -> None:
        self.mark = mark
        self.failed = self.looked = 0
        self.seen: set[str] = set()
        self.hit: set[str] = set()

    def add(self, sample: Sample) -> None:
        mark = self.mark
        late = mark.until is not None and sample.at >= mark.until
        if sample.function is not mark.function or sample.at < mark.since or late:
            return
        who = sample.account or cell(sample)
        if passed(sample) or failed(sample):
            self.looked += 1
            self.seen.add(who)
        if failed(sample):
            self.failed += 1
            self.hit.add(who)

    def reach(self) -> Reach:
        mark = self.mark
        hit, canaries = len(self.hit), len(self.seen)
        # What fails at a relay shows in the mail of others, not in looks of its own.
        own = bool(hit)
        low, high = wilson(hit, canaries) if own else (0.0, 1.0)
        return Reach(
            function=mark.function,
            since=mark.since,
            until=mark.until,
            failed=self.failed if own else mark.failed,
            looked=self.looked if own else mark.looked,
            hit=hit,
            canaries=canaries if own else 0,
            low=low,
            high=high,
        )


class Extents:
    """Takes in looks, and says how far each function failed, and when none told."""

    def __init__(self, incident: Incident) -> None:
        self._incident = incident
        self._extents = [_Extent(mark) for mark in _merged(incident.impairments)]
        self.functions = {mark.function for mark in incident.impairments}
        self.told: dict[Function, array[float]] = defaultdict(lambda: array("d"))
        self.untold: dict[Function, array[float]] = defaultdict(lambda: array("d"))
        self.unknown = 0

    def add(self, sample: Sample) -> None:
        """Take in a look; those at others are left out."""
        if not about(self._incident, sample) or sample.function not in self.functions:
            return
        if sample.outcome is Outcome.UNKNOWN:
            self.unknown += 1
            self.untold[sample.function].append(sample.at.timestamp())
            return
        self.told[sample.function].append(sample.at.timestamp())
        for one in self._extents:
            one.add(sample)

    def reaches(self) -> tuple[Reach, ...]:
        """Return how far each function failed, in the order of beginning."""
        return tuple(one.reach() for one in self._extents)


def _merged(marks: Iterable[Impairment]) -> list[Impairment]:
    """Join those of one function that overlap: to the outside they are one."""
    found: list[Impairment] = []
    for mark in sorted(marks, key=lambda one: one.since):
        same = [one for one in found if one.function is mark.function]
        last = same[-1] if same else None
        if last is None or (last.until is not None and last.until < mark.since):
            found.append(mark)
            continue
        ends = (last.until, mark.until)
        until = None if None in ends else max(one for one in ends if one)
        joined = replace(
            last,
            until=until,
            failed=last.failed + mark.failed,
            looked=last.looked + mark.looked,
        )
        found[found.index(last)] = joined
    return found


class Mails:
    """Takes in mails, and says what became of them; a delay is eight bytes."""

    def __init__(self) -> None:
        self.balance = Balance()
        self._counts: dict[Fate, int] = defaultdict(int)
        self._delays: dict[Fate, array[float]] = defaultdict(lambda: array("d"))
        self._ordered: list[Passage] | None = []
        self._said: Counter[str] = Counter()
        self._points: list[Point] = []
        self._step, self._number = 1, 0

    def add(self, passage: Passage) -> None:
        """Take in a mail."""
        self.balance = fates.account(self.balance, None, passage)
        self._counts[passage.fate] += 1
        if passage.delay is not None:
            self._delays[passage.fate].append(passage.delay)
        if self._ordered is not None and passage.arrived_at is not None:
            self._ordered.append(passage)
            if len(self._ordered) > ORDERED_MAX:
                self._ordered = None
        text = passage.said[:WORDS_MAX]
        if text and (text in self._said or len(self._said) < SAYINGS_MAX):
            self._said[text] += 1
        if self._number % self._step == 0:
            self._points.append(_point(passage))
            if len(self._points) > POINTS_MAX:  # every other one will do
                del self._points[1::2]
                self._step *= 2
        self._number += 1

    def fates(self) -> tuple[Ended, ...]:
        """Return how many ended how, and how long they took."""
        return tuple(self._ended(fate) for fate in Fate if self._counts.get(fate))

    def overtaken(self) -> int | None:
        """Return how many were overtaken on their route; None if they were too many."""
        return None if self._ordered is None else len(overtaken(self._ordered))

    def said(self) -> tuple[Said, ...]:
        """Return what servers said of them, the commonest first."""
        most = self._said.most_common(SAYINGS)
        return tuple(Said(text=text, count=count) for text, count in most)

    @property
    def points(self) -> tuple[Point, ...]:
        """A choice of them for a plot, evenly spread."""
        return tuple(self._points)

    def _ended(self, fate: Fate) -> Ended:
        delays = self._delays.get(fate)
        if not delays:
            return Ended(fate=fate, count=self._counts[fate])
        return Ended(
            fate=fate,
            count=self._counts[fate],
            shortest=min(delays),
            middle=median(delays),
            longest=max(delays),
        )


def _point(passage: Passage) -> Point:
    return Point(
        sent_at=passage.submitted_at or passage.intended_at,
        arrived_at=passage.arrived_at,
        fate=passage.fate,
    )


def window(incident: Incident, at: datetime) -> tuple[datetime, datetime]:
    """Return the time an incident is about: until it was over, or until now."""
    return incident.began_at, max(incident.closed_at or at, incident.began_at)
