"""In which order mail arrived, beside the order in which it was sent. Pure."""

from __future__ import annotations

from collections import defaultdict
from datetime import timedelta
from itertools import groupby
from typing import TYPE_CHECKING, Final

from mailprobe.judge.arrival import handed_over

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from datetime import datetime

    from mailprobe.model.passage import Passage

CUT: Final = timedelta(seconds=1)  # INTERNALDATE knows whole seconds (RFC 3501 2.3.3)


def overtaken(passages: Iterable[Passage]) -> tuple[Passage, ...]:
    """
    Return the mails that one of the same route, sent later, arrived before.

    They tell of a queue that is drained from its end, or of one mail that was stuck
    while others passed. Mails that did not arrive are not compared; nor are those
    found at one look where the store does not say when each came, and times less
    than a second apart.

    Args:
        passages: In any order, of any routes.

    Returns:
        In the order of sending; mails handed over at one time in that of arrival.
    """
    routes: dict[str, list[Passage]] = defaultdict(list)
    for one in passages:
        if one.arrived_at is not None:
            routes[one.route].append(one)
    found = [one for mails in routes.values() for one in _overtaken(mails)]
    return tuple(sorted(found, key=_order))


def _overtaken(mails: list[Passage]) -> Iterator[Passage]:
    """Yield those of one route, from the last one back."""
    soonest: datetime | None = None  # arrival of any that was sent later
    backwards = sorted(mails, key=_order, reverse=True)
    for _, at_once in groupby(backwards, key=handed_over):
        arrivals = []
        for one in at_once:
            arrived = _arrived(one)
            if soonest is not None and arrived - soonest >= CUT:
                yield one
            arrivals.append(arrived)
        soonest = min(arrivals if soonest is None else (soonest, *arrivals))


def _order(passage: Passage) -> tuple[datetime, datetime]:
    return handed_over(passage), _arrived(passage)


def _arrived(passage: Passage) -> datetime:
    assert passage.arrived_at is not None  # noqa: S101 - only such are compared
    return passage.arrived_at
