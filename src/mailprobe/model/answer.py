"""Answers from the ledger: how things are, and how they were day by day."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum

from mailprobe.model.availability import Availability
from mailprobe.model.incident import Event, Incident
from mailprobe.model.passage import Balance
from mailprobe.model.sample import Function, Party
from mailprobe.model.verdict import Status


class Watching(StrEnum):
    """Whether somebody looks; without that, nothing is known of now."""

    RUNNING = "running"
    STOPPED = "stopped"  # it said so when it ended
    SILENT = "silent"  # it should run, and has written nothing for too long
    NEVER = "never"  # no monitor ever wrote here


@dataclass(frozen=True, slots=True, kw_only=True)
class Watch:
    """
    What is known of the monitor that writes the ledger.

    Attributes:
        state: Whether it runs.
        since: When it last started or stopped, as it noted; None if never.
        looked_at: When it last looked or counted; None if never.
        version: Which version of mailprobe it is; empty if unknown.
    """

    state: Watching
    since: datetime | None = None
    looked_at: datetime | None = None
    version: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Alarm:
    """
    Something that is wrong with us.

    Attributes:
        at: When it was noticed.
        what: One sentence.
    """

    at: datetime
    what: str


@dataclass(frozen=True, slots=True, kw_only=True)
class StatusReport:
    """
    How everything is, on one screen.

    Attributes:
        at: The time it speaks of.
        status: The worst of all; "unknown" if nobody looks.
        why: What makes it so, one sentence; empty if it is ok.
        watch: Whether somebody looks.
        availabilities: The four functions of each party, by the looks of the last
            hour; only what was looked at.
        incidents: Those that are not over, the oldest first.
        balance: What became of all mails there ever were.
        alarms: What is wrong with us, of the last day.
    """

    at: datetime
    status: Status
    why: str
    watch: Watch
    availabilities: tuple[Availability, ...] = ()
    incidents: tuple[Incident, ...] = ()
    balance: Balance = field(default_factory=Balance)
    alarms: tuple[Alarm, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class IncidentList:
    """
    Incidents as they stand.

    Attributes:
        incidents: The oldest first.
    """

    incidents: tuple[Incident, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Looks:
    """
    All looks of one day at one function of one party.

    Attributes:
        party: Whose.
        function: Which.
        passed: How many looks passed.
        failed: How many failed.
        unknown: How many could not tell.
        canaries: How many canaries were looked at, with a result.
        hit: For how many of them it failed at least once.
    """

    party: Party
    function: Function
    passed: int = 0
    failed: int = 0
    unknown: int = 0
    canaries: int = 0
    hit: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Day:
    """
    What happened on one day.

    Attributes:
        begins_at: Its first moment, UTC.
        looks: By party and function; only what was looked at.
        balance: What became of the mails intended on it.
        events: What incidents did, in order.
    """

    begins_at: datetime
    looks: tuple[Looks, ...] = ()
    balance: Balance = field(default_factory=Balance)
    events: tuple[Event, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class History:
    """
    What happened, by day.

    Attributes:
        since: From when on.
        until: Until when.
        party: Of which party or platform alone; empty for all.
        days: Each day (UTC), those without anything too.
    """

    since: datetime
    until: datetime
    party: str
    days: tuple[Day, ...]
