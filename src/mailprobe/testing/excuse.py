"""From what was seen of a provider to what becomes of a test. Pure."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final, Literal, TypeAlias

from mailprobe.model.verdict import Blame, Status

if TYPE_CHECKING:
    from collections.abc import Iterable

    from mailprobe.model.report import ProviderReport
    from mailprobe.model.verdict import Check, Verdict

Mode: TypeAlias = Literal["skip", "fail", "report"]

WELL: Final = frozenset({Status.OK, Status.DEGRADED})
"""It works, perhaps with something wrong: no reason for a test to fail."""

PROVEN: Final = frozenset({Blame.PROVIDER, Blame.VANTAGE})
"""Culprits that excuse a test. All others are ours to mend, or not known yet."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Standing:
    """
    How one function of a provider stands.

    Attributes:
        function: Which one.
        verdict: What was found; None if it was not tried.
        stands_in: The verdict is of another function, which this one needs first.
    """

    function: str
    verdict: Verdict | None
    stands_in: bool = False

    @property
    def well(self) -> bool:
        """Whether it was seen to work."""
        return self.verdict is not None and self.verdict.status in WELL

    @property
    def excuses(self) -> bool:
        """Whether the provider or the network is proven to be at fault."""
        if self.verdict is None or self.well:
            return False
        return self.verdict.blame in PROVEN


def standings(
    check: Check[ProviderReport], functions: Iterable[str]
) -> tuple[Standing, ...]:
    """
    Return how each of *functions* stands.

    Delivery is tried only where both logins work; where it was not, the function
    that prevented it speaks for it.
    """
    four = check.verdict.availabilities
    found = []
    for name in functions:
        verdict: Verdict | None = getattr(four, name) if four else None
        stands_in = False
        if verdict is None and name == "deliver" and four is not None:
            first = (four.submit, four.read)
            bad = [v for v in first if v is not None and v.status not in WELL]
            # A proven outage explains more than an open question beside it.
            bad.sort(key=lambda v: v.blame not in PROVEN)
            verdict, stands_in = (bad[0] if bad else None), bool(bad)
        found.append(Standing(function=name, verdict=verdict, stands_in=stands_in))
    return tuple(found)


def excuses(stands: Iterable[Standing]) -> tuple[Standing, ...]:
    """
    Return those that excuse a test: down or unknown, by the provider or the network.

    A fault of the account, of our configuration or of mailprobe, and what could not
    be told, excuse nothing.
    """
    return tuple(one for one in stands if one.excuses)
