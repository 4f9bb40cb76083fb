"""
What must have become of each canary, by the lab's own account of what it did.

It knows nothing of the code under test but the names of the fates.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Final

from mailprobe.model.passage import Fate

if TYPE_CHECKING:
    from collections.abc import Iterable

    from mailprobe.lab import Journey
    from tests.replays.scenario import Scenario

GIVEN_UP: Final = timedelta(days=5)
"""After so long without a sign a mail is presumed lost (RFC 5321 4.5.4.1)."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Truth:
    """
    What became of one canary.

    Attributes:
        fate: Its fate.
        recipient: To whom it was.
        accepted_at: When a server took it; None if none did.
        stored_at: When its first copy was in the mailbox; None if none was.
        returned_at: When it was returned; None if it was not.
        copies: How many copies there were.
        described: Whether it was handed over at a time that somebody described.
    """

    fate: Fate
    recipient: str
    accepted_at: datetime | None = None
    stored_at: datetime | None = None
    returned_at: datetime | None = None
    copies: int = 0
    described: bool = True

    @property
    def delay(self) -> float | None:
        """Seconds from the hand-over to the mailbox; None if it did not arrive."""
        if self.stored_at is None or self.accepted_at is None:
            return None
        return (self.stored_at - self.accepted_at).total_seconds()


def truth(
    scenario: Scenario, journeys: Iterable[Journey], at: datetime
) -> dict[str, Truth]:
    """
    Return what became of each canary that a server took, by its token.

    A canary without an entry was never taken: it was rejected.

    Args:
        scenario: What was played.
        journeys: What the lab did.
        at: When somebody looked for the last time.
    """
    found = {}
    for one in journeys:
        token = one.message_id.partition("@")[0]
        assert token not in found, f"{token} was handed over twice"
        rows = scenario.rows_at(one.accepted_at)
        stored = min((when for when, _ in one.stored), default=None)
        found[token] = Truth(
            fate=_fate(one, scenario.late_after, at),
            recipient=one.recipient,
            accepted_at=one.accepted_at,
            stored_at=stored,
            returned_at=one.returned_at,
            copies=len(one.stored),
            described=all(row.described for row in rows),
        )
    return found


def counted(truths: Iterable[Truth]) -> Counter[Fate]:
    """Count them by fate."""
    return Counter(one.fate for one in truths)


def _fate(one: Journey, late_after: float, at: datetime) -> Fate:
    inbox = [when for when, folder in one.stored if folder == "INBOX"]
    given_up = one.accepted_at + GIVEN_UP
    ends = [when for when in (one.returned_at, given_up) if when is not None]
    if one.stored:
        first = min(inbox or [when for when, _ in one.stored])
        if first > min(ends):
            return Fate.RECOVERED
        if not inbox:
            return Fate.JUNK
        took = (first - one.accepted_at).total_seconds()
        return Fate.LATE if took > late_after else Fate.DELIVERED
    if one.returned_at is not None:
        return Fate.BOUNCED
    return Fate.PRESUMED_LOST if at >= given_up else Fate.IN_FLIGHT
