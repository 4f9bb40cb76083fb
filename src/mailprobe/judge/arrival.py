"""When a copy of a mail arrived, and what that makes of the mail."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Final

from mailprobe.model.passage import Copy, Fate, Passage

# A store's clock may differ from ours, and its dates are cut to whole seconds. Clocks
# that are kept differ by less; one that is not cannot be believed at all.
SKEW: Final = timedelta(minutes=1)

_NONE: Final = timedelta()


def handed_over(passage: Passage) -> datetime:
    """Return when it was handed over; while nobody knows, when that was decided."""
    return passage.submitted_at or passage.intended_at


def arrived_at(passage: Passage, copy: Copy) -> datetime:
    """
    Return our best knowledge of when a copy was in the mailbox.

    That is the date that the store gives it (INTERNALDATE), if the mail can have come
    then: not before it was handed over nor while we looked and saw nothing, and not
    after we saw it, give or take `SKEW`. Else it is when we first saw it.
    """
    if not _plausible(passage, copy) or copy.stored_at is None:
        return copy.seen_at
    # As far as the clocks differ, ours holds.
    return min(max(copy.stored_at, _not_before(passage, copy)), copy.seen_at)


def delay(passage: Passage, copy: Copy) -> float:
    """Return the seconds from handing over to the arrival of a copy, at least 0."""
    took = arrived_at(passage, copy) - handed_over(passage)
    return max(took, _NONE).total_seconds()


def first(passage: Passage) -> Copy | None:
    """
    Return the copy that counts; None without any.

    It is the one that was first in the inbox; where none ever was, in the junk folder.
    """
    inbox = [copy for copy in passage.copies if copy.landed == "inbox"]
    return min(
        inbox or passage.copies,
        key=lambda copy: arrived_at(passage, copy),
        default=None,
    )


def landing(passage: Passage) -> Fate:
    """
    Return what its copies make of a mail: delivered, late or junk.

    It is late if it surely was: a mail that may have come in time, while nobody could
    look, is delivered. So a mailbox that cannot be opened makes no mail late.
    """
    inbox = [copy for copy in passage.copies if copy.landed == "inbox"]
    if not inbox:
        return Fate.JUNK
    return (
        Fate.LATE
        if all(_least(passage, copy) > passage.late_after for copy in inbox)
        else Fate.DELIVERED
    )


def _least(passage: Passage, copy: Copy) -> float:
    """Return the seconds that a copy took at the very least."""
    earliest = (
        arrived_at(passage, copy)
        if _plausible(passage, copy)
        else _not_before(passage, copy)
    )
    return (earliest - handed_over(passage)).total_seconds()


def _not_before(passage: Passage, copy: Copy) -> datetime:
    """Return until when a copy was not there, by our own clock."""
    over = handed_over(passage)
    return over if copy.unseen_at is None else max(over, copy.unseen_at)


def _plausible(passage: Passage, copy: Copy) -> bool:
    # Differences of times never leave what can be said of times; sums do.
    return (
        copy.stored_at is not None
        and copy.stored_at - _not_before(passage, copy) >= -SKEW
        and copy.stored_at - copy.seen_at <= SKEW
    )
