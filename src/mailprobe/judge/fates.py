"""
What became of each mail, and the books of all of them.

Pure. A mail begins with its intent (`begin`), and each further entry is folded into it
(`fold`), by the table in ``transitions.py``.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import replace
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any, Final

from mailprobe.judge.arrival import arrived_at, delay, first, handed_over, landing
from mailprobe.judge.transitions import (
    TRANSITIONS,
    Transition,
    transition,
)
from mailprobe.mail.text import readable
from mailprobe.model.entry import (
    Accepted,
    Bounced,
    Held,
    Intended,
    MailEntry,
    Rejected,
    Seen,
    Unconfirmed,
)
from mailprobe.model.passage import Balance, Copy, Fate, Passage, Submission

if TYPE_CHECKING:
    from collections.abc import Iterable

__all__ = [
    "COPIES_MAX",
    "HORIZON",
    "SAID_MAX",
    "TRANSITIONS",
    "account",
    "balance",
    "begin",
    "delays",
    "fold",
    "overdue",
]

# A server that cannot hand a mail on tries for four to five days (RFC 5321 4.5.4.1).
HORIZON: Final = timedelta(days=5)
COPIES_MAX: Final = 100  # more of one mail are a loop, and say nothing new
SAID_MAX: Final = 1000  # characters: a refusal takes two lines; the entry has it all

_PENDING: Final = (Fate.UNCONFIRMED, Fate.IN_FLIGHT)
# Whoever shows, holds or returns a mail has it from the server that took it.
_PROOFS: Final = (Accepted, Seen, Held, Bounced)


def begin(entry: Intended) -> Passage:
    """Return a mail that is about to be sent: unconfirmed, until more is known."""
    return Passage(
        token=entry.token,
        route=entry.route,
        sender=entry.sender,
        recipient=entry.recipient,
        intended_at=entry.at,
        late_after=entry.late_after,
    )


def fold(passage: Passage, entry: MailEntry) -> Passage:
    """
    Return what a mail is after an entry.

    Entries may come in any order and more than once: one that was folded in before
    changes nothing, nor does one about another mail. Nothing is raised.
    """
    if entry.token != passage.token:
        return passage
    row = transition(passage.fate, entry.kind)
    noted = _noted(passage, entry, row)
    rest = _times(noted, passage)
    if row.after:
        fate = row.after[0] if len(row.after) == 1 else landing(noted)
        if fate is not passage.fate:
            settled = None if fate in _PENDING else entry.at
            rest |= {"fate": fate, "settled_at": settled}
    return replace(noted, **rest) if rest else noted


def _noted(passage: Passage, entry: MailEntry, row: Transition) -> Passage:
    """Add what an entry says to what is known of a mail."""
    submission = passage.submission
    if isinstance(entry, _PROOFS):
        submission = Submission.ACCEPTED
    elif Fate.REJECTED in row.after:
        submission = Submission.REJECTED
    copies, bounced_at, said = passage.copies, passage.bounced_at, passage.said
    if isinstance(entry, Seen):
        copies = _with(copies, entry.copy)
    elif isinstance(entry, Bounced) and bounced_at is None:
        bounced_at, said = entry.at, readable(entry.said, SAID_MAX) or said
    elif isinstance(entry, Rejected) and not said:
        said = readable(entry.said, SAID_MAX)
    return replace(
        passage,
        submission=submission,
        submitted_at=_submitted_at(passage, entry),
        copies=copies,
        bounced_at=bounced_at,
        said=said,
    )


def _submitted_at(passage: Passage, entry: MailEntry) -> datetime | None:
    known = passage.submitted_at
    # Who took it knows better than who refused it, or than nobody.
    if isinstance(entry, Accepted) and passage.submission is not Submission.ACCEPTED:
        return entry.submitted_at
    if known is None and isinstance(entry, Accepted | Unconfirmed):
        return entry.submitted_at
    if known is None and isinstance(entry, Rejected):
        return entry.at
    return known


def _with(copies: tuple[Copy, ...], copy: Copy) -> tuple[Copy, ...]:
    if len(copies) >= COPIES_MAX or any(_same(known, copy) for known in copies):
        return copies
    return (*copies, copy)


def _same(one: Copy, other: Copy) -> bool:
    """Whether two are one copy: in one place, by its UID."""
    if (one.mailbox, one.folder) != (other.mailbox, other.folder):
        return False
    if one.uidvalidity == other.uidvalidity:
        return one.uid == other.uid
    # A folder that was rebuilt shows its mails again, under new numbers.
    return one.stored_at is not None and one.stored_at == other.stored_at


def _times(passage: Passage, before: Passage) -> dict[str, Any]:
    """Say when it arrived, if that has changed."""
    if (passage.copies, passage.submitted_at) == (before.copies, before.submitted_at):
        return {}
    copy = first(passage)
    if copy is None:
        return {}
    return {"arrived_at": arrived_at(passage, copy), "delay": delay(passage, copy)}


def delays(passage: Passage) -> tuple[float, ...]:
    """Return the seconds that each copy of a mail took, in the order of its copies."""
    return tuple(delay(passage, copy) for copy in passage.copies)


def overdue(passage: Passage, at: datetime, horizon: timedelta = HORIZON) -> bool:
    """Return whether a mail is to be given up at this time (`Expired`)."""
    return passage.pending and at - handed_over(passage) >= horizon


# --- the books --------------------------------------------------------------------


def balance(passages: Iterable[Passage]) -> Balance:
    """Count mails, one for each passage, from the beginning."""
    total: Counter[str] = Counter()
    for passage in passages:
        total.update(_counts(passage))
    return Balance(**total)


def account(total: Balance, before: Passage | None, after: Passage) -> Balance:
    """
    Return a balance after one mail changed.

    Args:
        total: The balance that counts *before*.
        before: What the mail was; None if it is new.
        after: What it is.
    """
    now, was = _counts(after), _counts(before) if before else {}
    moved = {
        name: getattr(total, name) + now.get(name, 0) - was.get(name, 0)
        for name in now | was
        if now.get(name) != was.get(name)
    }
    return replace(total, **moved) if moved else total


def _counts(passage: Passage) -> dict[str, int]:
    """Return in which fields of a balance a mail counts, and how often."""
    counts = {
        "submitted": 1,
        passage.submission.value: 1,
        "duplicates": passage.duplicates,
    }
    if passage.pending:
        counts["in_flight"] = 1
    elif passage.fate is not Fate.REJECTED:
        counts[passage.fate.value] = 1
    return counts
