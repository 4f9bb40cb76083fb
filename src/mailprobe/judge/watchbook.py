"""
What is remembered between two facts, and no more than that.

A `Watchbook` is a value: it goes to disk as JSON and comes back the same, and the same
facts folded into it give the same events. It is bounded whatever is folded.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import TYPE_CHECKING, Final, TypeVar

from mailprobe.judge.culprits import Scope
from mailprobe.judge.looks import Part
from mailprobe.model.incident import Change, Event, Incident, Maintenance, State
from mailprobe.model.sample import Backlog, Function, Sample

if TYPE_CHECKING:
    from collections.abc import Mapping

    from mailprobe.judge.looks import Place

V = TypeVar("V")

CELLS_MAX: Final = 256  # canaries at one part: more make nothing more certain
STREAMS_MAX: Final = 320  # parts: five for each of 64 platforms
PARTIES_MAX: Final = 512  # brands: eight for each platform
SILENT_MAX: Final = 24  # looks without an answer; 4 decide
WATCHED_MAX: Final = 64  # incidents remembered, the closed ones until they cannot
# relapse any more; all of them stand in the ledger
WINDOWS_MAX: Final = 64  # announced windows: the latest
STATEMENTS_MAX: Final = 50  # of one incident: its first ones
IMPAIRMENTS_MAX: Final = 64  # of one incident: its last ones
RELAPSES_MAX: Final = 64  # of one incident: its last ones
WORDS_MAX: Final = 200  # of a sentence that came with a sample


@dataclass(frozen=True, slots=True, kw_only=True)
class Cell:
    """
    One canary at one part of a platform.

    Attributes:
        last: The last look at it that passed or failed.
        heeded_at: When it was last looked at, even in vain.
        failing: The weight of its failures in a row; 0 if the last look passed.
        passing: How many looks passed in a row; 0 if the last one failed.
        run_from: When its last run of failures began.
        run_to: The last failure of that run.
        run: The weight of that run.
        down: It failed in an incident that is open, and has not passed since.
        back: It was down in that incident, and has passed since.
    """

    last: Sample
    heeded_at: datetime
    failing: int = 0
    passing: int = 0
    run_from: datetime | None = None
    run_to: datetime | None = None
    run: int = 0
    down: bool = False
    back: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Stream:
    """
    The looks at one part of one platform.

    Attributes:
        platform: Whose.
        part: Which.
        looks: The last looks that may speak for the part, oldest first.
        cells: Each canary that uses it.
    """

    platform: str
    part: Part
    looks: tuple[Sample, ...] = ()
    cells: dict[str, Cell] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class Watched:
    """
    One incident and what is needed to follow it.

    Attributes:
        incident: The incident.
        scope: What its culprit is.
        way: As in `Culprit`.
        active: For each stream that fails now, the place of its impairment in
            the list of the incident.
        returned_at: When recovery began; None before.
        shrinks: How many mails fewer wait each hour, while recovering; None before.
        answers: For our own network: answers in a row since the last silence.
    """

    incident: Incident
    scope: Scope
    way: Function | None = None
    active: dict[str, int] = field(default_factory=dict)
    returned_at: datetime | None = None
    shrinks: float | None = None
    answers: int = 0

    @property
    def open(self) -> bool:
        """Whether it is not over."""
        return self.incident.state is not State.CLOSED


@dataclass(frozen=True, slots=True, kw_only=True)
class Watchbook:
    """
    All that the fold of incidents remembers; ``Watchbook()`` to begin with.

    Attributes:
        now: The time of the last fact.
        streams: The looks, by platform and part.
        parties: The platform of each brand that was seen.
        silence: Looks that found nobody, since the last answer from anywhere.
        watched: The incidents, by culprit and blame; oldest first.
        backlogs: What each platform was last seen to hold.
        windows: Announced maintenance.
    """

    now: datetime | None = None
    streams: dict[str, Stream] = field(default_factory=dict)
    parties: dict[str, str] = field(default_factory=dict)
    silence: tuple[Sample, ...] = ()
    watched: dict[str, Watched] = field(default_factory=dict)
    backlogs: dict[str, Backlog] = field(default_factory=dict)
    windows: tuple[Maintenance, ...] = ()

    @property
    def incidents(self) -> tuple[Incident, ...]:
        """Every incident that is remembered, the closed ones too."""
        return tuple(one.incident for one in self.watched.values())

    @property
    def open(self) -> tuple[Incident, ...]:
        """The incidents that are not over."""
        return tuple(one.incident for one in self.watched.values() if one.open)


class Page:
    """A watchbook being written: a copy of its tables that may be changed."""

    def __init__(self, book: Watchbook, now: datetime) -> None:
        self.now = now
        self.streams = dict(book.streams)
        self.parties = dict(book.parties)
        self.silence = book.silence
        self.watched = dict(book.watched)
        self.backlogs = dict(book.backlogs)
        self.windows = book.windows
        self.events: list[Event] = []

    def written(self) -> Watchbook:
        """Return the book as it is now, within its bounds."""
        _bounded(self.streams, STREAMS_MAX)
        _bounded(self.parties, PARTIES_MAX)
        _bounded(self.backlogs, STREAMS_MAX)
        return Watchbook(
            now=self.now,
            streams=self.streams,
            parties=self.parties,
            silence=self.silence[-SILENT_MAX:],
            watched=self.watched,
            backlogs=self.backlogs,
            windows=self.windows,
        )

    def stream(self, place: Place) -> Stream:
        """Return the stream of a part, a new one if it was never looked at."""
        found = self.streams.get(key_of(place))
        return found or Stream(platform=place[0], part=place[1])

    def keep(self, stream: Stream) -> None:
        """Write a stream back."""
        self.streams[key_of((stream.platform, stream.part))] = stream

    def put(self, key: str, name: str, cell: Cell) -> None:
        """Write one cell of a stream back."""
        stream = self.streams[key]
        self.streams[key] = replace(stream, cells={**stream.cells, name: cell})

    def culpable(self, scope: Scope, name: str) -> tuple[str, Watched] | None:
        """Return the open incident of a culprit, whomever it is blamed on."""
        for key, one in self.watched.items():
            if one.open and one.scope is scope and one.incident.culprit == name:
                return key, one
        return None

    def ailing(self, place: Place) -> tuple[str, Watched] | None:
        """Return the open incident in which a part fails now."""
        found = self.culpable(Scope.PLATFORM, place[0])
        return found if found and key_of(place) in found[1].active else None

    def store(self, key: str, watched: Watched) -> bool:
        """Write an incident back; those longest closed make room for a new one."""
        if key not in self.watched and len(self.watched) >= WATCHED_MAX:
            closed = [k for k, one in self.watched.items() if not one.open]
            if not closed:
                return False  # 64 at once: what is one more
            del self.watched[closed[0]]
        self.watched[key] = watched
        return True

    def tell(self, change: Change, incident: Incident) -> None:
        """Say what happened to an incident."""
        self.events.append(Event(at=self.now, change=change, incident=incident))


def key_of(place: Place) -> str:
    """Name a stream."""
    return f"{place[1].value} {place[0]}"


def _bounded(table: dict[str, V], most: int) -> None:
    while len(table) > most:
        del table[next(iter(table))]


def brief(sample: Sample) -> Sample:
    """Return a sample fit to be kept: its sentence is bounded."""
    if len(sample.why) <= WORDS_MAX:
        return sample
    return replace(sample, why=sample.why[: WORDS_MAX - 4] + " ...")


def age(now: datetime, then: datetime) -> float:
    """Say how many seconds ago it was; 0 if our clock was set back since."""
    return max((now - then).total_seconds(), 0.0)


def room(cells: Mapping[str, Cell]) -> dict[str, Cell]:
    """Return the cells without those that were not looked at for longest."""
    kept = dict(cells)
    while len(kept) > CELLS_MAX:
        del kept[min(kept, key=lambda name: kept[name].heeded_at)]
    return kept
