"""Times and lengths as people read them, in a time zone of their choice."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta, tzinfo
from typing import Final

Zone = tzinfo | None
"""A time zone; None is that of this machine."""

MINUTE: Final = 60.0


def moment(at: datetime, zone: Zone = UTC) -> str:
    """Return a time with its zone: ``2023-01-23 01:05 CET``."""
    local = at.astimezone(zone)
    return f"{local:%Y-%m-%d %H:%M} {local.tzname() or ''}".rstrip()


def minute(at: datetime, zone: Zone = UTC) -> str:
    """Return a time without its zone: ``2023-01-23 01:05``."""
    return f"{at.astimezone(zone):%Y-%m-%d %H:%M}"


def length(seconds: float) -> str:
    """Return a length in its two largest units: ``3 d 22 h``, ``5 min``, ``4 ms``."""
    if seconds < 1:
        return f"{seconds * 1000:.0f} ms"
    if seconds < MINUTE:
        return f"{seconds:.1f} s" if seconds < 10 else f"{seconds:.0f} s"  # noqa: PLR2004 - a digit more
    whole = int(seconds)
    units = (("d", 86_400), ("h", 3600), ("min", 60), ("s", 1))
    told: list[tuple[int, str]] = []
    for name, size in units:
        number, whole = divmod(whole, size)
        if number or told:
            told.append((number, name))
    return " ".join(f"{number} {name}" for number, name in told[:2] if number)


def between(begin: datetime, end: datetime) -> str:
    """Return the length of a stretch of time."""
    return length(max((end - begin) / timedelta(seconds=1), 0.0))
