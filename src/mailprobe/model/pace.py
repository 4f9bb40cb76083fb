"""How fast many targets are looked at."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from mailprobe.model.errors import UsageError

AT_ONCE_MAX: Final = 10_000  # two sockets each: half of what a process may open
SPREAD_MAX: Final = 86_400.0  # a day: longer than that is a schedule, not a pace


@dataclass(frozen=True, slots=True, kw_only=True)
class Pace:
    """
    Bounds of a sweep.

    Attributes:
        at_once: Targets looked at at the same time.
        per_platform: Of them, targets of one provider or shared platform, as
            the presets know it: it limits them together.
        per_host: Of them, targets on one host name or mail domain.
        spread: Seconds over which the starts are spread. Each target has its
            slot in them, always the same one, so that a fleet never fires at
            once and two sweeps look at a target equally far apart.
        room: Targets taken from the source that may wait for a place: for
            their slot, their host or their platform.

    Raises:
        UsageError: If a bound cannot be meant.
    """

    at_once: int = 200
    per_platform: int = 4
    per_host: int = 2
    spread: float = 0.0
    room: int = 10_000

    def __post_init__(self) -> None:
        for name in ("at_once", "per_platform", "per_host", "room"):
            value = getattr(self, name)
            if type(value) is not int or not 1 <= value <= AT_ONCE_MAX:
                message = (
                    f"{name} {value!r} is out of range; write a whole number from 1 "
                    f"to {AT_ONCE_MAX}"
                )
                raise UsageError(message)
        if not 0 <= self.spread <= SPREAD_MAX:
            message = f"spread {self.spread!r} is not from 0 to {SPREAD_MAX:g} seconds"
            raise UsageError(message)
