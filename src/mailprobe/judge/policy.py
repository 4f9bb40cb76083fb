"""When an incident is one, and when it is over: the numbers, each with its reason."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final


@dataclass(frozen=True, slots=True, kw_only=True)
class Policy:
    """
    How sure we want to be, and how patient.

    The counts are chosen for looks of which one in a hundred fails by chance, at a
    platform that is looked at every five minutes: then chance alone opens an
    incident once in some decades, and an outage is known after two or three looks
    at it, since each tries more than one function.

    Attributes:
        in_a_row: Failed looks in a row at one function that open an incident; a
            refusal in plain words counts twice, since packets get lost by chance
            and sentences do not.
        failed: This many of the last *looks* at one function do as well ...
        looks: ... so that an outage of half of the mailboxes is one.
        beside: Failed looks that must be left when those of the worst canary are
            taken away: a canary alone does not speak for its provider.
        announced: Failed looks in a row that are enough within a window of
            announced maintenance, where failing is what we expect.
        run: Failed looks in a row of one canary that make it count as failing by
            itself, when another one does so too.
        fresh: Seconds after which a look says nothing of today any more.
        sure: The least confidence in a culprit that opens an incident.
        returning: Canaries that must be back before we speak of recovery: the
            first success may be chance.
        rejoin: Seconds after its end within which a relapse joins its incident. In
            June 2023 the relapse came hours to a day after the declared end.
        settle_share: The share of its length for which all must hold before an
            incident is closed ...
        settle_least: ... but at least so many seconds, one look at each canary ...
        settle_most: ... and at most so many.
        forgotten: Seconds after which a canary that is not looked at any more
            keeps no incident open.
        tail_factor: How many times the usual delay of mail is still normal.
        tail_slack: Seconds above the usual delay that are always normal.
        patience: Seconds after its end for which an incident waits for a delay
            that nobody measures.
        early: Seconds before an announced window that still belong to it.
    """

    in_a_row: int = 4
    failed: int = 6
    looks: int = 12
    beside: int = 2
    announced: int = 2
    run: int = 3
    fresh: float = 6 * 3600.0
    sure: float = 0.75
    returning: int = 2
    rejoin: float = 48 * 3600.0
    settle_share: float = 0.5
    settle_least: float = 30 * 60.0
    settle_most: float = 6 * 3600.0
    forgotten: float = 24 * 3600.0
    tail_factor: float = 2.0
    tail_slack: float = 60.0
    patience: float = 24 * 3600.0
    early: float = 15 * 60.0


POLICY: Final = Policy()
