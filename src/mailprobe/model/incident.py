"""An incident: what failed at whose place, since when, and whether it is over."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Final

from mailprobe.model.sample import Function
from mailprobe.model.verdict import Blame

NETWORK: Final = "this network"
"""The culprit if it is our own network; a part of it has more behind the name."""

RESOLVER: Final = "this resolver"
"""The culprit if it is our own resolver."""


class State(StrEnum):
    """How far an incident has got."""

    OPEN = "open"
    RECOVERING = "recovering"  # part of it works again; it is not over
    CLOSED = "closed"


class Planned(StrEnum):
    """What an announced maintenance has to do with it."""

    UNANNOUNCED = "unannounced"
    PLANNED = "planned"  # within an announced window
    OVERRUN = "overrun"  # it began in an announced window, and outlasted it


@dataclass(frozen=True, slots=True, kw_only=True)
class Impairment:
    """
    One function while it failed.

    Attributes:
        function: Which one.
        since: When it was first seen to fail.
        until: When it was first seen to work again for all canaries; None
            while it fails.
        failed: How many looks at it failed.
        looked: How many there were.
    """

    function: Function
    since: datetime
    until: datetime | None = None
    failed: int = 0
    looked: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Statement:
    """
    What the provider itself said, noted by a person.

    Attributes:
        at: When it was said.
        text: What was said.
        resolved: It said that all was well again.
    """

    at: datetime
    text: str
    resolved: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Maintenance:
    """
    Work that a provider announced.

    Attributes:
        party: Whose: a provider, or the platform it runs on.
        begins_at: When it is to begin, UTC.
        ends_at: When it is to be over, UTC.
        text: What was announced.
    """

    party: str
    begins_at: datetime
    ends_at: datetime
    text: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Tick:
    """Time passed and nothing else; some things are over when nothing happens."""

    at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Incident:
    """
    One incident: one cause at one place, however often it relapses.

    Attributes:
        id: Its name, such as ``2023-01-22-italiaonline``.
        culprit: Who: a platform, an account by its address, "this network",
            perhaps a part of it, or "this resolver".
        blame: Whose fault that makes it.
        parties: The brands that suffered.
        state: How far it has got.
        began_at: When the first look failed.
        opened_at: When we were sure.
        changed_at: When it last changed.
        ended_at: When the last function came back, once all have.
        closed_at: When it was truly over: all read, nothing waits, and mail
            is as fast as usual.
        relapses: When it came back after it had seemed to end.
        impairments: What failed and when, in the order of beginning; a
            function that relapses stands there again.
        waiting: Overdue mails at the last count.
        drain_rate: Overdue mails that arrive in an hour, while recovering;
            None if unknown.
        drained_by: When nothing will wait any more, if the backlog goes on to
            shrink as it did lately; None if it does not shrink.
        planned: What a maintenance window has to do with it.
        statements: What the provider said.
        confidence: From 0 to 1: how much better this culprit explains what was
            seen than the next one.
        why: One sentence that a person can read out.
        evidence: The observations that decided.
    """

    id: str
    culprit: str
    blame: Blame
    parties: tuple[str, ...]
    state: State
    began_at: datetime
    opened_at: datetime
    changed_at: datetime
    ended_at: datetime | None = None
    closed_at: datetime | None = None
    relapses: tuple[datetime, ...] = ()
    impairments: tuple[Impairment, ...] = ()
    waiting: int = 0
    drain_rate: float | None = None
    drained_by: datetime | None = None
    planned: Planned = Planned.UNANNOUNCED
    statements: tuple[Statement, ...] = ()
    confidence: float = 0.0
    why: str = ""
    evidence: tuple[str, ...] = ()

    @property
    def declared_at(self) -> datetime | None:
        """When the provider last said that all was well again; None if never."""
        said = [one.at for one in self.statements if one.resolved]
        return max(said, default=None)

    @property
    def functions(self) -> tuple[Function, ...]:
        """What fails now."""
        return tuple(one.function for one in self.impairments if one.until is None)

    @property
    def of_account(self) -> bool:
        """Whether it is about one account, even if that is its provider's fault."""
        return self.blame is Blame.ACCOUNT or "@" in self.culprit


class Change(StrEnum):
    """What happened to an incident; each is told once, never one per check."""

    OPENED = "opened"
    SPREAD = "spread"  # another function or brand fails too
    RECOVERING = "recovering"
    RELAPSED = "relapsed"
    OVERRUN = "overrun"
    CLOSED = "closed"


@dataclass(frozen=True, slots=True, kw_only=True)
class Event:
    """
    One change of one incident.

    Attributes:
        at: When.
        change: What.
        incident: The incident as it is after it.
    """

    at: datetime
    change: Change
    incident: Incident
