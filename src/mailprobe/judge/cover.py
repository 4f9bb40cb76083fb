"""The cheapest set of causes that leaves nothing unexplained."""

from __future__ import annotations

from collections import Counter
from math import inf
from typing import TYPE_CHECKING, Final, TypeVar

if TYPE_CHECKING:
    from collections.abc import Collection, Hashable, Mapping

T = TypeVar("T", bound="Hashable")

# Steps of the search. Real cases need a few dozen; what needs more gets the best
# set found so far, which is the greedy one or better.
STEPS: Final = 200


def apart(wanted: Collection[frozenset[T]]) -> list[list[frozenset[T]]]:
    """Part what is to be explained into heaps that have no cause in common."""
    heaps: list[tuple[set[T], list[frozenset[T]]]] = []
    for group in dict.fromkeys(wanted):
        joined: set[T] = set(group)
        members = [group]
        rest = []
        for causes, heap in heaps:
            if causes.isdisjoint(joined):
                rest.append((causes, heap))
            else:
                joined |= causes
                members = heap + members
        heaps = [*rest, (joined, members)]
    return [members for _, members in heaps]


def cheapest(
    wanted: Collection[frozenset[T]],
    costs: Mapping[T, float],
    *,
    without: Collection[T] = (),
) -> tuple[float, frozenset[T]]:
    """
    Choose causes so that every set in *wanted* contains one of them.

    Args:
        wanted: For each thing to be explained, what could explain it.
        costs: What each cause costs; it is not negative.
        without: Causes that must not be chosen.

    Returns:
        The least total cost and the set; infinity and nothing if there is none.
    """
    groups = {group.difference(without) for group in wanted}
    if not all(groups):
        return inf, frozenset()
    # What contains a smaller set is explained with it.
    needed = [g for g in groups if not any(other < g for other in groups)]
    needed.sort(key=lambda g: (len(g), sorted(map(str, g))))
    best: list[tuple[float, frozenset[T]]] = [(inf, frozenset())]
    left = [STEPS]
    _search(needed, costs, frozenset(), 0.0, best, left)
    return best[0]


def _search(  # noqa: PLR0913 - the search goes through itself, no state is shared
    needed: list[frozenset[T]],
    costs: Mapping[T, float],
    chosen: frozenset[T],
    cost: float,
    best: list[tuple[float, frozenset[T]]],
    left: list[int],
) -> None:
    rest = [group for group in needed if not group & chosen]
    if cost + _at_least(rest, costs) >= best[0][0]:
        return
    if not rest:
        best[0] = (cost, chosen)
        return
    left[0] -= 1
    if left[0] <= 0 and best[0][0] < inf:
        return
    covers = Counter(cause for group in rest for cause in group)
    for cause in sorted(rest[0], key=lambda c: (costs[c] / covers[c], str(c))):
        _search(rest, costs, chosen | {cause}, cost + costs[cause], best, left)


def _at_least(groups: list[frozenset[T]], costs: Mapping[T, float]) -> float:
    """Return what groups cost at least: those without a common cause add up."""
    seen: set[T] = set()
    total = 0.0
    for group in groups:
        if seen.isdisjoint(group):
            seen |= group
            total += min(costs[cause] for cause in group)
    return total
