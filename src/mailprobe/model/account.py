"""The account of one incident: what a report of it says, in any format."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum

from mailprobe.model.incident import Event, Incident
from mailprobe.model.passage import Balance, Fate
from mailprobe.model.sample import Function


@dataclass(frozen=True, slots=True, kw_only=True)
class Reach:
    """
    How far a function failed while it failed.

    Attributes:
        function: Which one.
        since: When it was first seen to fail.
        until: When it worked again for all canaries; None while it fails.
        failed: How many looks failed in that time.
        looked: How many looks had a result.
        hit: For how many canaries it failed at least once ...
        canaries: ... of how many that were looked at.
        low: The least share of all users that this speaks for ...
        high: ... and the greatest: a Wilson interval of 95 %.
    """

    function: Function
    since: datetime
    until: datetime | None
    failed: int
    looked: int
    hit: int
    canaries: int
    low: float
    high: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Ended:
    """
    The mails that ended in one fate.

    Attributes:
        fate: Which.
        count: How many.
        shortest: The least delay, seconds; None if none of them arrived.
        middle: The median of the delays.
        longest: The greatest delay.
    """

    fate: Fate
    count: int
    shortest: float | None = None
    middle: float | None = None
    longest: float | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Point:
    """
    One mail in the plot of arrival against sending.

    Attributes:
        sent_at: When it was handed over, or was to be.
        arrived_at: When it arrived; None if it did not.
        fate: What became of it.
    """

    sent_at: datetime
    arrived_at: datetime | None
    fate: Fate


@dataclass(frozen=True, slots=True, kw_only=True)
class Said:
    """
    What servers said when they refused or returned mails.

    Attributes:
        text: Their words.
        count: Of how many mails.
    """

    text: str
    count: int


class Blindness(StrEnum):
    """Why nothing is known of a stretch of time."""

    NOT_RUNNING = "not_running"  # no monitor ran
    NO_LOOK = "no_look"  # nothing was looked at
    NO_ANSWER = "no_answer"  # it was looked at, and no look could tell


@dataclass(frozen=True, slots=True, kw_only=True)
class Gap:
    """
    A stretch of time of which nothing is known.

    Attributes:
        begin: From when on.
        end: Until when.
        reason: Why.
        function: Of which function; None for everything.
    """

    begin: datetime
    end: datetime
    reason: Blindness
    function: Function | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class IncidentReport:
    """
    All that is known of one incident.

    Attributes:
        at: When the report was made.
        incident: The incident as it stands.
        names: What people call its culprit and parties, where that is known.
        events: What it did, in order.
        reaches: What failed, when, and for how many.
        balance: What became of the mails of its time, which were sent from its
            beginning until it was closed, or until now: those from and to whom it is
            about; all of them if it is about us.
        fates: The same by fate, with delays; only what there is.
        overtaken: How many mails arrived after one of their route that was sent later;
            None if there are too many mails to compare.
        said: What servers said of those refused or returned, the commonest first.
        points: Mails for a plot, a bounded choice of them.
        gaps: Of which times nothing is known.
        unknown_looks: How many looks could not tell.
        partial: What was too much to be read, in sentences; empty if all was read.
    """

    at: datetime
    incident: Incident
    names: tuple[tuple[str, str], ...] = ()
    events: tuple[Event, ...] = ()
    reaches: tuple[Reach, ...] = ()
    balance: Balance = field(default_factory=Balance)
    fates: tuple[Ended, ...] = ()
    overtaken: int | None = 0
    said: tuple[Said, ...] = ()
    points: tuple[Point, ...] = ()
    gaps: tuple[Gap, ...] = ()
    unknown_looks: int = 0
    partial: str = ""

    def name(self, one: str) -> str:
        """Return what people call a party or platform."""
        return dict(self.names).get(one, one)
