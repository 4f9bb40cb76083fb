"""Reports of incidents, as the texts about them need them."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any, Final
from zoneinfo import ZoneInfo

from mailprobe.model.account import (
    Blindness,
    Ended,
    Gap,
    IncidentReport,
    Point,
    Reach,
    Said,
)
from mailprobe.model.incident import (
    Change,
    Event,
    Impairment,
    Incident,
    State,
    Statement,
)
from mailprobe.model.passage import Balance, Fate
from mailprobe.model.sample import Function
from mailprobe.model.verdict import Blame

if TYPE_CHECKING:
    from collections.abc import Sequence

ROME: Final = ZoneInfo("Europe/Rome")
BEGAN: Final = datetime(2023, 1, 23, 0, 5, tzinfo=UTC)
HOUR: Final = timedelta(hours=1)
HOSTILE: Final = (
    "\x1b[2J<script>alert(1)</script> [a](http://evil.test) =1+1 \u202e|*x*"
)
NAMES: Final = (
    ("italiaonline", "Italiaonline"),
    ("libero", "Libero Mail"),
    ("virgilio", "Virgilio Mail"),
)


def incident(
    functions: Sequence[Function] = (Function.READ,),
    **facts: Any,  # noqa: ANN401 - of an incident
) -> Incident:
    """Return an open incident of Italiaonline; with an end, all works again."""
    end = facts.get("ended_at")
    marks = tuple(
        Impairment(function=one, since=BEGAN, until=end, failed=9, looked=9)
        for one in functions
    )
    of: dict[str, Any] = {
        "id": "2023-01-23-italiaonline",
        "culprit": "italiaonline",
        "blame": Blame.PROVIDER,
        "parties": ("libero", "virgilio"),
        "state": State.OPEN,
        "began_at": BEGAN,
        "opened_at": BEGAN + HOUR / 6,
        "changed_at": BEGAN + HOUR,
        "impairments": marks,
        "confidence": 0.9,
    }
    return Incident(**{**of, **facts})


def account(
    functions: Sequence[Function] = (Function.READ,),
    balance: Balance | None = None,
    *,
    hit: int = 6,
    **facts: Any,  # noqa: ANN401 - of an incident
) -> IncidentReport:
    """Return a report three hours after the beginning."""
    one = incident(functions, **facts)
    reaches = tuple(
        Reach(
            function=mark.function,
            since=mark.since,
            until=mark.until,
            failed=mark.failed,
            looked=mark.looked,
            hit=hit,
            canaries=6,
            low=0.61,
            high=1.0,
        )
        for mark in one.impairments
    )
    return IncidentReport(
        at=BEGAN + 3 * HOUR,
        incident=one,
        names=NAMES,
        reaches=reaches,
        balance=balance or Balance(submitted=20, accepted=20, in_flight=20),
    )


def hostile() -> IncidentReport:
    """Return a report in which everything that strangers say is an attack."""
    base = account(
        tuple(Function),
        Balance(submitted=3, accepted=3, late=1, bounced=1, in_flight=1),
        culprit=HOSTILE,
        parties=(HOSTILE, "libero"),
        evidence=(HOSTILE, "x" * 5000),
        statements=(Statement(at=BEGAN + HOUR, text=HOSTILE, resolved=True),),
        why=HOSTILE,
        id=HOSTILE,
    )
    return replace(
        base,
        events=(
            Event(at=BEGAN, change=Change.OPENED, incident=base.incident),
            Event(at=BEGAN + HOUR, change=Change.SPREAD, incident=base.incident),
        ),
        fates=(
            Ended(fate=Fate.LATE, count=1, shortest=9.5, middle=9.5, longest=3700.0),
            Ended(fate=Fate.BOUNCED, count=1),
        ),
        said=(Said(text=HOSTILE, count=1),),
        points=tuple(
            Point(sent_at=BEGAN, arrived_at=at, fate=fate)
            for at, fate in (
                (BEGAN + 2 * HOUR, Fate.LATE),
                (None, Fate.BOUNCED),
                (None, Fate.IN_FLIGHT),
            )
        ),
        gaps=(
            Gap(
                begin=BEGAN,
                end=BEGAN + HOUR,
                reason=Blindness.NO_ANSWER,
                function=Function.READ,
            ),
            Gap(begin=BEGAN, end=BEGAN + HOUR, reason=Blindness.NOT_RUNNING),
        ),
        unknown_looks=3,
        partial="Only the first 3 mails were read.",
    )
