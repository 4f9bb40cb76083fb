"""Who may start next: slots, bounds of each key, and nobody held up by another."""

from __future__ import annotations

from collections import Counter

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mailprobe import Pace, UsageError
from mailprobe.waiting import Ticket, WaitingRoom


def ticket(name: str, *keys: str, slot: float = 0.0) -> Ticket[str]:
    """Return somebody who waits."""
    return Ticket(name, slot, keys)


def room() -> WaitingRoom[str]:
    """Return a room with two places for each host and three for each platform."""
    return WaitingRoom({"host": 2, "platform": 3})


def called(waiting: WaitingRoom[str], now: float = 0.0) -> list[Ticket[str]]:
    """Call until nobody may start."""
    found = []
    while (one := waiting.call(now)) is not None:
        found.append(one)
    return found


def test_slots_are_kept() -> None:
    """Nobody starts before its slot, and earlier slots come first."""
    waiting = room()
    for slot in (3.0, 1.0, 2.0):
        waiting.enter(ticket(str(slot), slot=slot))
    assert called(waiting, 0.5) == []
    assert waiting.next_slot() == 1.0
    assert [one.item for one in called(waiting, 2.0)] == ["1.0", "2.0"]
    assert [one.item for one in called(waiting, 9.0)] == ["3.0"]
    assert waiting.next_slot() is None


def test_a_host_that_is_full_holds_nobody_else_up() -> None:
    """Who meets a used-up key steps aside, and comes when a place is given back."""
    waiting = room()
    for name in "abc":
        waiting.enter(ticket(name, "host one"))
    waiting.enter(ticket("d", "host two"))
    first = called(waiting)
    assert [one.item for one in first] == ["a", "b", "d"]
    assert waiting.size == 1
    waiting.leave(first[0])
    assert [one.item for one in called(waiting)] == ["c"]


def test_a_platform_limits_its_hosts_together() -> None:
    """Three places for a platform, however many hosts it has."""
    waiting = room()
    for number in range(5):
        waiting.enter(ticket(str(number), f"host {number}", "platform p"))
    assert len(called(waiting)) == 3


@given(
    st.lists(st.tuples(st.sampled_from("abc"), st.sampled_from("pq")), max_size=40),
    st.randoms(use_true_random=False),
)
def test_everybody_is_called_once_and_no_bound_is_passed(
    people: list[tuple[str, str]], luck: st.DataObject
) -> None:
    """In whatever order places are given back, all come through, within bounds."""
    waiting = room()
    for number, (host, platform) in enumerate(people):
        waiting.enter(ticket(str(number), f"host {host}", f"platform {platform}"))
    inside: list[Ticket[str]] = []
    seen = []
    while waiting.size or inside:
        for one in called(waiting):
            inside.append(one)
            seen.append(one.item)
        used = Counter(key for one in inside for key in one.keys)
        assert all(n <= 2 for key, n in used.items() if key.startswith("host"))
        assert all(n <= 3 for n in used.values())
        assert inside, "somebody waits, and nobody is inside"
        gone = luck.choice(inside)  # type: ignore[attr-defined]
        inside.remove(gone)
        waiting.leave(gone)
    assert sorted(seen, key=int) == [str(n) for n in range(len(people))]


@pytest.mark.parametrize(
    ("bound", "value"),
    [("at_once", 0), ("per_host", True), ("per_platform", 1.5), ("room", 10**6)],
)
def test_a_pace_that_cannot_be_meant(bound: str, value: object) -> None:
    """A bound that is none is refused in one sentence."""
    with pytest.raises(UsageError, match=f"{bound} .* is out of range"):
        Pace(**{bound: value})  # type: ignore[arg-type]
    with pytest.raises(UsageError, match="spread -1 is not from 0"):
        Pace(spread=-1)
