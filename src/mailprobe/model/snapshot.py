"""How things stand with a monitor that runs: what a live view shows."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Literal

from mailprobe.model.availability import Availability
from mailprobe.model.incident import Event, Incident
from mailprobe.model.sample import Party


@dataclass(frozen=True, slots=True, kw_only=True)
class Notice:
    """
    Something about the monitor itself that is worth a line in a log.

    Attributes:
        at: When.
        word: What kind of thing: an account is left alone, a sentinel is lost, ours
            is the fault, somebody does not take what he is told.
        text: What happened, in words.
    """

    at: datetime
    word: Literal["start", "stop", "held", "sentinel", "alarm", "trouble"]
    text: str


@dataclass(frozen=True, slots=True, kw_only=True)
class PartyStanding:
    """
    How one brand stands.

    Attributes:
        party: Which.
        functions: Its four functions as far as they were looked at.
    """

    party: Party
    functions: tuple[Availability, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Slot:
    """
    A mail that is going to be sent.

    Attributes:
        at: When.
        route: Over which route.
    """

    at: datetime
    route: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Snapshot:
    """
    How things stand.

    Attributes:
        at: When.
        since: Since when the monitor runs.
        ledger: Where it writes; a password in a URL is masked.
        parties: Each brand with its functions.
        incidents: Those that are not over, oldest first.
        in_flight: Mails that are waited for.
        overdue: How many of them are late by now.
        sent: Mails sent in the last 24 hours.
        held: Accounts that are left alone, and until when.
        events: The last changes of incidents, oldest first.
        trouble: What is wrong with heartbeat and notifications, a sentence each.
        slots: The next mails, soonest first.
    """

    at: datetime
    since: datetime
    ledger: str
    parties: tuple[PartyStanding, ...] = ()
    incidents: tuple[Incident, ...] = ()
    in_flight: int = 0
    overdue: int = 0
    sent: int = 0
    held: tuple[tuple[str, datetime], ...] = ()
    events: tuple[Event, ...] = ()
    trouble: tuple[str, ...] = ()
    slots: tuple[Slot, ...] = ()
