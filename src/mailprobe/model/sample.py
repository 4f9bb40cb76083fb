"""One function of one service, looked at once: what incidents are made of."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from mailprobe.model.failure import Kind
from mailprobe.model.verdict import Blame


class Function(StrEnum):
    """The four functions of a mail service, each judged alone."""

    SUBMIT = "submit"  # can its users send?
    ACCEPT = "accept"  # do its MX hosts take mail from the world?
    DELIVER = "deliver"  # does accepted mail reach the mailbox?
    READ = "read"  # can its users open the mailbox?


class Outcome(StrEnum):
    """What a look showed."""

    PASS = "pass"  # noqa: S105 - no password
    FAIL = "fail"
    UNKNOWN = "unknown"  # we could not tell


@dataclass(frozen=True, slots=True, kw_only=True)
class Party:
    """
    Whose service is looked at.

    Attributes:
        name: The provider: a preset's id or a mail domain; a brand.
        platform: The shared platform it runs on; its own name if it has none
            that is known. Brands of one platform fail together; an owner that
            they share does not make a platform.
    """

    name: str
    platform: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Sample:
    """
    One function of one party, looked at once.

    Attributes:
        at: When it showed; for `Function.DELIVER`, when the mail was handed
            over: a mail tells of the time in which it was on its way.
        known_at: When we knew; not before *at*.
        function: What was tried.
        outcome: How it went.
        party: Whose service.
        account: The canary that was used; empty without one.
        sender: For `Function.DELIVER` and `Function.ACCEPT`, the party that
            sent; None for a look without a mail.
        route: The route of the mail; empty without one.
        blame: Whose fault it is by that check alone; None if it passed.
        kind: What went wrong.
        why: One sentence; empty if it passed.
        control: The target is known to work: it is looked at only to see
            whether we can see at all.
    """

    at: datetime
    known_at: datetime
    function: Function
    outcome: Outcome
    party: Party
    account: str = ""
    sender: Party | None = None
    route: str = ""
    blame: Blame | None = None
    kind: Kind | None = None
    why: str = ""
    control: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Backlog:
    """
    What a platform still holds of the mail it took.

    Attributes:
        at: When it was counted.
        platform: Whose.
        waiting: Mails it took that are overdue: neither seen nor returned.
        oldest: Seconds since the oldest of them was handed over; 0 if none.
        arrived: Overdue mails that arrived since the last count.
        tail: The delay, in seconds, that nine of ten of the mails handed over
            in the last two hours did not exceed; None if too few arrived.
        usual: The same, as it was in quiet times; None if not known yet.
    """

    at: datetime
    platform: str
    waiting: int
    oldest: float = 0.0
    arrived: int = 0
    tail: float | None = None
    usual: float | None = None
