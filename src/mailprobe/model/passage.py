"""What became of one canary mail, from its intent to its last copy."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Literal


class Submission(StrEnum):
    """How handing a mail over ended."""

    ACCEPTED = "accepted"  # the server took responsibility for it
    REJECTED = "rejected"  # refused, or never handed over: it is nowhere
    UNCONFIRMED = "unconfirmed"  # nobody knows: no answer yet, or it was lost


class Fate(StrEnum):
    """What became of a mail; each has exactly one at a time."""

    IN_FLIGHT = "in_flight"  # accepted, not seen yet
    UNCONFIRMED = "unconfirmed"  # perhaps accepted, not seen yet
    DELIVERED = "delivered"  # in the inbox, in time
    LATE = "late"  # in the inbox, later than the route allows
    JUNK = "junk"  # in the junk folder
    REJECTED = "rejected"  # never taken
    BOUNCED = "bounced"  # taken, then returned to its sender
    PRESUMED_LOST = "presumed_lost"  # taken, and not seen within the horizon
    RECOVERED = "recovered"  # seen after it had been given up or returned


@dataclass(frozen=True, slots=True, kw_only=True)
class Copy:
    """
    One copy of a canary in a mailbox.

    Attributes:
        mailbox: Whose mailbox.
        folder: The folder's name.
        landed: Which kind of folder it is.
        uid: Its UID (RFC 3501 2.3.1.1).
        uidvalidity: The folder's UIDVALIDITY, within which the UID holds.
        seen_at: When we first saw it, UTC.
        unseen_at: When we last looked and it was not there; None if never.
        stored_at: When the store says it came (INTERNALDATE); None if unknown.
    """

    mailbox: str
    folder: str
    landed: Literal["inbox", "junk"]
    uid: int
    uidvalidity: int
    seen_at: datetime
    unseen_at: datetime | None = None
    stored_at: datetime | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Passage:
    """
    One canary mail and what is known of it.

    Attributes:
        token: Its canary token.
        route: Over which route it was sent.
        sender: Whose submission service was to send it.
        recipient: To whom.
        intended_at: When it was decided, before anything was sent; UTC.
        late_after: Seconds after which an arrival on this route is late.
        submission: How handing it over ended.
        submitted_at: When it was handed over or refused; None while unknown.
        fate: What became of it.
        settled_at: When this fate was learnt; None while in flight.
        arrived_at: Our best knowledge of when it was in the mailbox: the
            store's own date where it is possible, else when we saw it.
        delay: Seconds from handing over to arrival, never below zero; None if
            it did not arrive.
        copies: Every copy seen, in the order of sight.
        bounced_at: When a bounce of it was read, whatever became of it.
        said: What the server said that refused or returned it; bounded.
    """

    token: str
    route: str
    sender: str
    recipient: str
    intended_at: datetime
    late_after: float
    submission: Submission = Submission.UNCONFIRMED
    submitted_at: datetime | None = None
    fate: Fate = Fate.UNCONFIRMED
    settled_at: datetime | None = None
    arrived_at: datetime | None = None
    delay: float | None = None
    copies: tuple[Copy, ...] = ()
    bounced_at: datetime | None = None
    said: str = ""

    @property
    def pending(self) -> bool:
        """Whether it may still arrive or be returned as far as is known."""
        return self.fate in (Fate.IN_FLIGHT, Fate.UNCONFIRMED)

    @property
    def duplicates(self) -> int:
        """How many copies came beyond the first."""
        return max(len(self.copies) - 1, 0)


@dataclass(frozen=True, slots=True, kw_only=True)
class Balance:
    """
    How many mails there are in each state; what goes in must come out.

    Attributes:
        submitted: Intents: mails that were to be handed over.
        rejected: Of them, those never taken.
        accepted: Those the server took.
        unconfirmed: Those of which that is not known.
        delivered: Arrived in time.
        late: Arrived late.
        junk: Arrived in the junk folder.
        recovered: Arrived after they had been given up or returned.
        bounced: Returned to the sender.
        presumed_lost: Given up.
        in_flight: Not seen yet, the unconfirmed ones included.
        duplicates: Copies beyond the first; beside the balance.
    """

    submitted: int = 0
    rejected: int = 0
    accepted: int = 0
    unconfirmed: int = 0
    delivered: int = 0
    late: int = 0
    junk: int = 0
    recovered: int = 0
    bounced: int = 0
    presumed_lost: int = 0
    in_flight: int = 0
    duplicates: int = 0

    @property
    def arrived(self) -> int:
        """Delivered in any way."""
        return self.delivered + self.late + self.junk + self.recovered

    @property
    def imbalance(self) -> int:
        """How many mails are unaccounted for: 0, or there is a fault of ours."""
        taken = self.accepted + self.unconfirmed
        ended = self.arrived + self.bounced + self.presumed_lost + self.in_flight
        return abs(self.submitted - self.rejected - taken) + abs(taken - ended)
