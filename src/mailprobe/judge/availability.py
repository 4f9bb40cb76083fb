"""How many canaries each function of each party works for, and how sure that is."""

from __future__ import annotations

from collections import defaultdict
from datetime import timedelta
from math import sqrt
from typing import TYPE_CHECKING, Final

from mailprobe.judge.looks import cell, failed, passed
from mailprobe.model.availability import Availability
from mailprobe.model.sample import Function, Outcome
from mailprobe.model.verdict import Status

if TYPE_CHECKING:
    from collections.abc import Iterable
    from datetime import datetime

    from mailprobe.model.sample import Party, Sample

Z: Final = 1.959964  # of the normal distribution: 95 of 100 intervals hold the truth
WINDOW: Final = 3600.0  # seconds: two looks at each canary


def wilson(k: int, n: int, z: float = Z) -> tuple[float, float]:
    """
    Return the interval of shares that *k* of *n* speaks for (Wilson, 1927).

    It lies within 0 and 1, is wide where little was seen, and with nothing seen it
    is all of it. The canaries are taken for a sample of the users, which they are
    only as far as they are spread over a provider's machines.
    """
    if n <= 0:
        return 0.0, 1.0
    share, square = k / n, z * z / n
    middle = (share + square / 2) / (1 + square)
    half = z / (1 + square) * sqrt(share * (1 - share) / n + square / (4 * n))
    low = 0.0 if k == 0 else max(0.0, middle - half)
    high = 1.0 if k == n else min(1.0, middle + half)
    return low, high


def availabilities(
    samples: Iterable[Sample], at: datetime, window: float = WINDOW
) -> tuple[Availability, ...]:
    """
    Judge each function of each party at one time.

    Args:
        samples: Looks; what is not of the window is left out. Controls are, too.
        at: The time that is asked about. For mail, the time it was handed over
            counts: what is learnt days later corrects the past.
        window: Seconds before it that count.

    Returns:
        By party, the functions in their order; only what was looked at.
    """
    begin = at - timedelta(seconds=window)
    groups: dict[tuple[Party, Function], list[Sample]] = defaultdict(list)
    for sample in samples:
        if begin < sample.at <= at and not sample.control:
            groups[sample.party, sample.function].append(sample)
    order = list(Function)
    keys = sorted(groups, key=lambda one: (one[0].name, order.index(one[1])))
    return tuple(_one(*key, groups[key]) for key in keys)


def _one(party: Party, function: Function, looks: list[Sample]) -> Availability:
    last: dict[str, Sample] = {}
    for look in sorted(looks, key=lambda one: (one.at, one.known_at)):
        if passed(look) or failed(look):
            last[look.account or cell(look)] = look
    bad = tuple(sorted(who for who, look in last.items() if failed(look)))
    working, of = len(last) - len(bad), len(last)
    low, high = wilson(working, of)
    return Availability(
        party=party,
        function=function,
        working=working,
        of=of,
        low=low,
        high=high,
        status=_status(working, of),
        failing=bad,
        unknown=sum(look.outcome is Outcome.UNKNOWN for look in looks),
    )


def _status(working: int, of: int) -> Status:
    if not of:
        return Status.UNKNOWN
    if working == of:
        return Status.OK
    return Status.DEGRADED if working else Status.DOWN
