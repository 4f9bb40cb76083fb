"""Times and lengths as people read them."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from mailprobe.render.times import between, length, minute, moment

AT = datetime(2023, 6, 13, 21, 0, 59, tzinfo=UTC)


@pytest.mark.parametrize(
    ("seconds", "told"),
    [
        (0.0, "0 ms"),
        (0.0042, "4 ms"),
        (4.25, "4.2 s"),
        (59.7, "60 s"),
        (60.0, "1 min"),
        (312.9, "5 min 12 s"),
        (3600.0, "1 h"),
        (3661.0, "1 h 1 min"),
        (86400.0 * 3 + 3600 * 22 + 59, "3 d 22 h"),
        (86400.0 * 4 + 60, "4 d"),
    ],
)
def test_length(seconds: float, told: str) -> None:
    """The two largest units are enough for people."""
    assert length(seconds) == told


def test_zones() -> None:
    """A time is given in the zone that is asked for, summer or winter."""
    rome = ZoneInfo("Europe/Rome")
    assert moment(AT, rome) == "2023-06-13 23:00 CEST"
    assert minute(AT, rome) == "2023-06-13 23:00"
    assert moment(AT) == "2023-06-13 21:00 UTC"
    winter = AT + timedelta(days=180)
    assert moment(winter, rome) == "2023-12-10 22:00 CET"


def test_a_clock_that_was_set_back() -> None:
    """No length is below zero."""
    assert between(AT, AT - timedelta(hours=1)) == "0 ms"
    assert between(AT, AT + timedelta(hours=1)) == "1 h"
