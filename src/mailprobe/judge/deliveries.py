"""What one mail shows of delivery, as far as it is known."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from mailprobe.model.failure import Kind
from mailprobe.model.passage import Fate
from mailprobe.model.sample import Function, Outcome, Party, Sample
from mailprobe.model.verdict import Blame

if TYPE_CHECKING:
    from collections.abc import Callable
    from datetime import datetime

    from mailprobe.model.passage import Passage

_FAILED: Final = frozenset(
    {Fate.BOUNCED, Fate.PRESUMED_LOST, Fate.LATE, Fate.RECOVERED}
)


def delivery(
    passage: Passage,
    at: datetime,
    party_of: Callable[[str], Party],
    *,
    readable: bool,
) -> Sample | None:
    """
    Say what one mail shows of delivery.

    Args:
        passage: What is known of it.
        at: Now.
        party_of: Whose service an address is.
        readable: Whether its mailbox could be opened when it was looked for.

    Returns:
        None if it was never taken: that says nothing of delivery. Unknown while it
        is young, or while nobody can look.
    """
    handed = passage.submitted_at
    if passage.fate in {Fate.REJECTED, Fate.UNCONFIRMED} or handed is None:
        return None
    outcome = _arrival(passage, at, handed, readable=readable)
    bad = outcome is Outcome.FAIL
    bounced = passage.fate is Fate.BOUNCED
    kind = Kind.SMTP_PERMANENT if bounced else Kind.CANARY_MISSING
    recipient = passage.recipient
    return Sample(
        at=min(handed, at),
        known_at=at,
        function=Function.DELIVER,
        outcome=outcome,
        party=party_of(recipient),
        account=recipient,
        sender=party_of(passage.sender),
        route=passage.route,
        blame=Blame.PROVIDER if bad else None,
        kind=kind if bad else None,
        why=_words(passage) if bad else "",
    )


def _arrival(
    passage: Passage, at: datetime, handed: datetime, *, readable: bool
) -> Outcome:
    if passage.fate in {Fate.DELIVERED, Fate.JUNK}:
        # Seen late, but nobody could look before: it may have come in time.
        late = passage.delay is not None and passage.delay > passage.late_after
        return Outcome.UNKNOWN if late else Outcome.PASS
    if passage.fate in _FAILED:
        return Outcome.FAIL
    overdue = (at - handed).total_seconds() > passage.late_after
    return Outcome.FAIL if overdue and readable else Outcome.UNKNOWN


def _words(passage: Passage) -> str:
    to = f"The mail to {passage.recipient}"
    if passage.fate is Fate.BOUNCED:
        return f"{to} was accepted, and returned later."
    if passage.fate is Fate.PRESUMED_LOST:
        return f"{to} was accepted, and never came."
    if passage.arrived_at is not None:
        return f"{to} came late."
    return f"{to} was accepted, and did not come in time."
