"""What happened, day by day: looks, mails and incidents put beside each other."""

from __future__ import annotations

from collections import defaultdict
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Final

from mailprobe.judge.looks import cell, failed, passed
from mailprobe.model.answer import Day, Looks
from mailprobe.model.passage import Balance
from mailprobe.model.sample import Function

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from mailprobe.model.incident import Event, Incident
    from mailprobe.model.sample import Party, Sample

DAY: Final = timedelta(days=1)


def of_party(sample: Sample, name: str) -> bool:
    """Whether a look is at a party or platform; at any, if *name* is empty."""
    return not name or name in {sample.party.name, sample.party.platform}


def concerns(incident: Incident, name: str) -> bool:
    """Whether an incident is about a party or platform; about any, if it is empty."""
    return not name or name in {incident.culprit, *incident.parties}


def midnight(at: datetime) -> datetime:
    """Return the beginning of its day, UTC."""
    return at.astimezone(UTC).replace(hour=0, minute=0, second=0, microsecond=0)


def routes_of(samples: Iterable[Sample], name: str) -> frozenset[str]:
    """Return the routes from or to a party or platform."""
    found = set()
    for sample in samples:
        ends = (sample.party, sample.sender) if sample.sender else (sample.party,)
        if any(name in {one.name, one.platform} for one in ends):
            found.add(sample.route)
    return frozenset(found - {""})


class _Cell:
    """The looks of one day at one function of one party."""

    def __init__(self) -> None:
        self.passed = self.failed = self.unknown = 0
        self.seen: set[str] = set()
        self.hit: set[str] = set()

    def add(self, sample: Sample) -> None:
        who = sample.account or cell(sample)
        if passed(sample):
            self.passed += 1
            self.seen.add(who)
        elif failed(sample):
            self.failed += 1
            self.seen.add(who)
            self.hit.add(who)
        else:
            self.unknown += 1

    def looks(self, party: Party, function: Function) -> Looks:
        return Looks(
            party=party,
            function=function,
            passed=self.passed,
            failed=self.failed,
            unknown=self.unknown,
            canaries=len(self.seen),
            hit=len(self.hit),
        )


class Diary:
    """
    Takes in looks and events, and gives the days; bounded by days and canaries.

    Looks count for the day they speak of: a mail for the day it was handed over.
    """

    def __init__(self, since: datetime, until: datetime, party: str) -> None:
        self._since, self._until, self._party = since, until, party
        self._cells: dict[datetime, dict[tuple[Party, Function], _Cell]]
        self._cells = defaultdict(lambda: defaultdict(_Cell))
        self._events: dict[datetime, list[Event]] = defaultdict(list)

    def look(self, sample: Sample) -> None:
        """Take in a look; those at other times or parties, and controls, are not."""
        inside = self._since <= sample.at < self._until
        if inside and not sample.control and of_party(sample, self._party):
            key = sample.party, sample.function
            self._cells[midnight(sample.at)][key].add(sample)

    def happened(self, event: Event) -> None:
        """Take in what an incident did."""
        if self._since <= event.at < self._until and concerns(
            event.incident, self._party
        ):
            self._events[midnight(event.at)].append(event)

    def days(self, balances: Mapping[datetime, Balance]) -> Iterator[Day]:
        """Yield every day, with the balances of the mails intended on it."""
        order = list(Function)
        begin = midnight(self._since)
        while begin < self._until:
            cells = self._cells.get(begin, {})
            keys = sorted(cells, key=lambda one: (one[0].name, order.index(one[1])))
            yield Day(
                begins_at=begin,
                looks=tuple(cells[key].looks(*key) for key in keys),
                balance=balances.get(begin, Balance()),
                events=tuple(self._events.get(begin, ())),
            )
            begin += DAY
