"""From what was seen of a provider to what becomes of a test. Pure."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Final, Literal, TypeAlias

from mailprobe.judge.kinds import KINDS
from mailprobe.model.failure import Kind
from mailprobe.model.verdict import Blame, Status, Verdict

if TYPE_CHECKING:
    from collections.abc import Container, Iterable

    from mailprobe.model.report import ProviderReport
    from mailprobe.model.verdict import Check

Mode: TypeAlias = Literal["skip", "fail", "report"]

WELL: Final = frozenset({Status.OK, Status.DEGRADED})
"""It works, perhaps with something wrong: no reason for a test to fail."""

PROVEN: Final = frozenset({Blame.PROVIDER, Blame.VANTAGE})
"""Culprits that excuse a test. All others are ours to mend, or not known yet."""


AMBIGUOUS: Final = frozenset(
    {
        Kind.DNS_NXDOMAIN,
        Kind.DNS_NO_DATA,
        Kind.TLS_WRONG_HOST,
        Kind.TLS_SELF_SIGNED,
        Kind.TLS_UNTRUSTED,
        Kind.TLS_INCOMPLETE,
        Kind.SMTP_PROTOCOL,
        Kind.IMAP_PROTOCOL,
    }
)
"""
What a wrong host or port in our own settings looks like, too: of a service that we
gave by hand, these prove nothing.
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Standing:
    """
    How one function of a provider stands.

    Attributes:
        function: Which one.
        verdict: What was found; None if it was not tried.
        stands_in: The verdict is of another function, which this one needs first.
        by_hand: Our own settings say where the service is.
    """

    function: str
    verdict: Verdict | None
    stands_in: bool = False
    by_hand: bool = False

    @property
    def well(self) -> bool:
        """Whether it was seen to work."""
        return self.verdict is not None and self.verdict.status in WELL

    @property
    def excuses(self) -> bool:
        """Whether the provider or the network is proven to be at fault."""
        if self.verdict is None or self.well or self.ambiguous:
            return False
        return self.verdict.blame in PROVEN

    @property
    def ambiguous(self) -> bool:
        """Whether a mistake in our own settings would look the same."""
        failure = self.verdict.failure if self.verdict else None
        return self.by_hand and failure is not None and failure.kind in AMBIGUOUS


def standings(
    check: Check[ProviderReport],
    functions: Iterable[str],
    by_hand: Container[str] = (),
) -> tuple[Standing, ...]:
    """
    Return how each of *functions* stands.

    Delivery is tried only where both logins work; where it was not, the function
    that prevented it speaks for it.

    Args:
        check: What was seen.
        functions: Which of the four.
        by_hand: Those whose services our own settings name.
    """
    four = check.verdict.availabilities

    def one(name: str) -> Standing:
        verdict: Verdict | None = getattr(four, name) if four else None
        verdict = verdict or _broken(check)
        return Standing(function=name, verdict=verdict, by_hand=name in by_hand)

    found = []
    for name in functions:
        stand = one(name)
        if name == "deliver" and stand.verdict is None:
            first = [one("submit"), one("read")]
            bad = [other for other in first if other.verdict and not other.well]
            # A proven outage explains more than an open question beside it.
            bad.sort(key=lambda other: not other.excuses)
            if bad:
                stand = replace(bad[0], function=name, stands_in=True)
        found.append(stand)
    return tuple(found)


def _broken(check: Check[ProviderReport]) -> Verdict | None:
    """Return what to think of a look that ended in a fault of ours, if it did."""
    step = check.report.failed_step  # whole providers have no steps but this one
    if step is None or step.failure is None:
        return None
    lines = step.failure.detail.strip().splitlines()
    explained = KINDS[step.failure.kind]
    return Verdict(
        status=explained.status,
        blame=explained.blame,
        at=step,
        why=f"mailprobe itself failed: {lines[-1] if lines else step.failure.kind}.",
        advice=explained.advice,
        rule=step.failure.kind.value,
    )


def excuses(stands: Iterable[Standing]) -> tuple[Standing, ...]:
    """
    Return those that excuse a test: down or unknown, by the provider or the network.

    A fault of the account, of our configuration or of mailprobe, and what could not
    be told, excuse nothing.
    """
    return tuple(one for one in stands if one.excuses)
