"""The closing lines of a ping, and its exit status."""

from __future__ import annotations

import pytest

from mailprobe.cli.ping import Tally


def test_summary() -> None:
    """Loss and spread are told as ping(8) tells them."""
    assert Tally(sent=4, times=[0.1, 0.2, 0.3]).lines() == [
        "4 sent, 3 back, 25 % lost",
        "min/avg/max/mdev = 100.0/200.0/300.0/81.6 ms",
    ]


def test_nothing_back() -> None:
    """Without a single answer there are no times to tell."""
    assert Tally(sent=2).lines() == ["2 sent, 0 back, 100 % lost"]


def test_interrupted_at_once() -> None:
    """Nothing sent is nothing lost."""
    assert Tally().lines() == ["0 sent, 0 back, 0 % lost"]


@pytest.mark.parametrize(
    ("tally", "status"),
    [
        (Tally(sent=2, times=[0.1, 0.1]), 0),
        (Tally(sent=2, times=[0.1]), 1),
        (Tally(sent=2), 2),
        (Tally(sent=2, blind=1), 2),
        (Tally(sent=2, blind=2), 3),
        (Tally(), 3),
    ],
)
def test_exit_status(tally: Tally, status: int) -> None:
    """0 all back, 1 some missing, 2 none back, 3 could not be tried."""
    assert tally.exit_code == status
