"""Incidents as a list for people."""

from __future__ import annotations

from datetime import UTC
from typing import TYPE_CHECKING, Final

from mailprobe.model.incident import State
from mailprobe.render.clean import visible
from mailprobe.render.spans import Line, Span, plain, table
from mailprobe.render.times import between, minute

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from mailprobe.model.incident import Incident
    from mailprobe.render.times import Zone

_WIDE: Final = 140  # columns a table may take: a row that is cut tells lies
_STYLES: Final = {State.OPEN: "down", State.RECOVERING: "degraded", State.CLOSED: ""}


def encode(incidents: Sequence[Incident], zone: Zone = UTC) -> str:
    """Return the list as plain text."""
    return plain(lines(incidents, zone))


def lines(incidents: Sequence[Incident], zone: Zone = UTC) -> Iterator[Line]:
    """Yield the list as styled lines, the newest incident last."""
    if not incidents:
        yield (("", "no incident"),)
        return
    heads = ("incident", "state", "fault of", "whose", "began", "failed for", "over")
    rows: list[list[Span]] = [[("faint", head) for head in (*heads, "")]]
    rows += [_row(one, zone) for one in incidents]
    yield from table(rows, width=_WIDE, indent=0)


def _row(one: Incident, zone: Zone) -> list[Span]:
    end = one.ended_at or one.closed_at
    back = f"relapses: {len(one.relapses)}" if one.relapses else ""
    return [
        ("strong", visible(one.id)),
        (_STYLES[one.state], one.state.value),
        ("", one.blame.value),
        ("", visible(one.culprit)),
        ("", minute(one.began_at, zone)),
        ("", between(one.began_at, end) if end else "still fails"),
        ("", minute(one.closed_at, zone) if one.closed_at else "no"),
        ("faint", back),
    ]
