"""The cheapest set of causes that leaves nothing unexplained."""

from __future__ import annotations

from math import inf
from typing import TYPE_CHECKING, Final, TypeVar

if TYPE_CHECKING:
    from collections.abc import Collection, Hashable, Mapping

T = TypeVar("T", bound="Hashable")

# Steps of the search. Real cases need a few dozen; what needs more gets the best
# set found so far, which is the greedy one or better.
STEPS: Final = 5000


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
    if cost >= best[0][0]:
        return
    open_group = next((group for group in needed if not group & chosen), None)
    if open_group is None:
        best[0] = (cost, chosen)
        return
    left[0] -= 1
    first = best[0][0] == inf
    if left[0] <= 0 and not first:
        return
    rest = [group for group in needed if not group & chosen]

    def merit(cause: T) -> tuple[float, str]:
        covers = sum(cause in group for group in rest)
        return costs[cause] / covers, str(cause)

    for cause in sorted(open_group, key=merit):
        _search(rest, costs, chosen | {cause}, cost + costs[cause], best, left)
