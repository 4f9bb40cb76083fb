"""The table by which a mail goes from fate to fate; its documentation is made of it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from mailprobe.model.entry import (
    Accepted,
    Bounced,
    Expired,
    Held,
    Intended,
    MailEntry,
    Rejected,
    Seen,
    Unconfirmed,
)
from mailprobe.model.passage import Fate

if TYPE_CHECKING:
    from collections.abc import Mapping

LANDINGS: Final = (Fate.DELIVERED, Fate.LATE, Fate.JUNK)
_PENDING: Final = (Fate.UNCONFIRMED, Fate.IN_FLIGHT)
_SETTLED: Final = (*LANDINGS, Fate.RECOVERED, Fate.BOUNCED)


@dataclass(frozen=True, slots=True, kw_only=True)
class Transition:
    """
    One row of the table: what an entry makes of a mail.

    Attributes:
        before: The fates for which the row holds.
        entry: The kind of the entry.
        after: The fate after it: empty if it stays, and of several the one that
            the copies in the mailboxes tell (`arrival.landing`).
        reason: Why, in a sentence.
    """

    before: tuple[Fate, ...]
    entry: str
    after: tuple[Fate, ...] = ()
    reason: str


def _row(
    before: Fate | tuple[Fate, ...],
    entry: type[MailEntry],
    after: Fate | tuple[Fate, ...],
    reason: str,
) -> Transition:
    return Transition(
        before=before if isinstance(before, tuple) else (before,),
        entry=entry.kind,
        after=after if isinstance(after, tuple) else (after,),
        reason=reason,
    )


_STAYS: Final = ()
_TIMED_ANEW: Final = (
    "It is timed anew from when it was handed over, which may be known only now."
)

TRANSITIONS: Final = (
    _row(
        tuple(Fate),
        Intended,
        _STAYS,
        "A mail is decided on once, and its token is never sent again.",
    ),
    # --- accepted
    _row(
        (*_PENDING, Fate.REJECTED),
        Accepted,
        Fate.IN_FLIGHT,
        "The server took responsibility for it, whatever else was said.",
    ),
    _row(
        (Fate.DELIVERED, Fate.LATE), Accepted, (Fate.DELIVERED, Fate.LATE), _TIMED_ANEW
    ),
    _row(
        (Fate.JUNK, Fate.RECOVERED, Fate.BOUNCED, Fate.PRESUMED_LOST),
        Accepted,
        _STAYS,
        "What became of it is known; that it was taken is noted.",
    ),
    # --- rejected
    _row(
        (Fate.UNCONFIRMED, Fate.REJECTED),
        Rejected,
        Fate.REJECTED,
        "It was refused or never handed over: it is nowhere.",
    ),
    _row(
        Fate.IN_FLIGHT,
        Rejected,
        _STAYS,
        "It was taken: a refusal beside that takes nothing back.",
    ),
    _row(
        (Fate.DELIVERED, Fate.LATE),
        Rejected,
        (Fate.DELIVERED, Fate.LATE),
        "That it arrived proves that it was taken. " + _TIMED_ANEW,
    ),
    _row(
        (Fate.JUNK, Fate.RECOVERED, Fate.BOUNCED),
        Rejected,
        _STAYS,
        "That it arrived or came back proves that it was taken.",
    ),
    _row(
        Fate.PRESUMED_LOST,
        Rejected,
        _STAYS,
        "No answer is awaited after the horizon: this is an old one, out of order.",
    ),
    # --- unconfirmed
    _row(
        (Fate.DELIVERED, Fate.LATE),
        Unconfirmed,
        (Fate.DELIVERED, Fate.LATE),
        _TIMED_ANEW,
    ),
    _row(
        (
            *_PENDING,
            Fate.REJECTED,
            Fate.JUNK,
            Fate.RECOVERED,
            Fate.BOUNCED,
            Fate.PRESUMED_LOST,
        ),
        Unconfirmed,
        _STAYS,
        "That an answer was lost takes nothing back that is known from elsewhere.",
    ),
    # --- seen
    _row(
        _PENDING,
        Seen,
        LANDINGS,
        "It arrived. In which folder, and whether in time, its copies tell.",
    ),
    _row(
        Fate.REJECTED,
        Seen,
        LANDINGS,
        "It was refused and delivered all the same: the arrival proves that it was "
        "taken.",
    ),
    _row(
        (Fate.BOUNCED, Fate.PRESUMED_LOST),
        Seen,
        Fate.RECOVERED,
        "It arrived after it had been returned or given up.",
    ),
    _row(
        Fate.DELIVERED,
        Seen,
        Fate.DELIVERED,
        "Another copy is a duplicate; the one that came first to the inbox counts.",
    ),
    _row(
        Fate.LATE,
        Seen,
        (Fate.LATE, Fate.DELIVERED),
        "Another copy is a duplicate; it counts if it had come first, unseen.",
    ),
    _row(
        Fate.JUNK,
        Seen,
        LANDINGS,
        "Another copy is a duplicate; one in the inbox counts more than one in junk.",
    ),
    _row(Fate.RECOVERED, Seen, _STAYS, "Another copy is a duplicate."),
    # --- held
    _row(
        (*_PENDING, Fate.REJECTED),
        Held,
        Fate.IN_FLIGHT,
        "Who still tries to hand it on has taken it.",
    ),
    _row(_SETTLED, Held, _STAYS, "The warning came after the end of it."),
    _row(
        Fate.PRESUMED_LOST,
        Held,
        _STAYS,
        "It was given up for its age, and is not younger now.",
    ),
    # --- bounced
    _row(
        (*_PENDING, Fate.REJECTED, Fate.PRESUMED_LOST),
        Bounced,
        Fate.BOUNCED,
        "It was returned, so it had been taken, and it is not lost.",
    ),
    _row(
        (*LANDINGS, Fate.RECOVERED),
        Bounced,
        _STAYS,
        "It is in the mailbox, whatever its sender was told; that is noted.",
    ),
    _row(Fate.BOUNCED, Bounced, _STAYS, "It was returned already; the first counts."),
    # --- expired
    _row(
        _PENDING,
        Expired,
        Fate.PRESUMED_LOST,
        "Nobody tries longer than the horizon. Should it come, it is recovered.",
    ),
    _row(
        (*_SETTLED, Fate.REJECTED, Fate.PRESUMED_LOST),
        Expired,
        _STAYS,
        "What became of it is known; only what is pending can be given up.",
    ),
)

_FOUND: Final[Mapping[tuple[Fate, str], Transition]] = {
    (fate, row.entry): row for row in TRANSITIONS for fate in row.before
}


def transition(fate: Fate, kind: str) -> Transition:
    """Return the row for a mail of this fate and an entry of this kind."""
    return _FOUND[fate, kind]
