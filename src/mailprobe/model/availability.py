"""One function of one party at one time: for how many canaries it works."""

from __future__ import annotations

from dataclasses import dataclass

from mailprobe.model.sample import Function, Party
from mailprobe.model.verdict import Status


@dataclass(frozen=True, slots=True, kw_only=True)
class Availability:
    """
    One function of one party.

    Attributes:
        party: Whose.
        function: Which.
        working: For how many canaries the last look passed.
        of: How many canaries were looked at, with a result.
        low: The least share of all its users for whom it works, by that ...
        high: ... and the greatest: a Wilson interval of 95 %.
        status: "ok" if it works for all, "down" if for none, "unknown" if nothing
            was seen.
        failing: The canaries for which it fails.
        unknown: How many looks could not tell.
    """

    party: Party
    function: Function
    working: int
    of: int
    low: float
    high: float
    status: Status
    failing: tuple[str, ...] = ()
    unknown: int = 0
