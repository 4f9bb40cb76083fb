"""What happened, day by day, for people."""

from __future__ import annotations

from datetime import UTC
from typing import TYPE_CHECKING, Final

from mailprobe.model.sample import Function
from mailprobe.render.account import CHANGES, change
from mailprobe.render.clean import visible
from mailprobe.render.screen import mails
from mailprobe.render.spans import Line, Span, plain, table

if TYPE_CHECKING:
    from collections.abc import Iterator

    from mailprobe.model.answer import Day, History, Looks
    from mailprobe.model.incident import Event

PARTIES_MAX: Final = 30  # rows of one day; those that failed come first
_WIDE: Final = 120  # columns a table may take: a row that is cut tells lies


def encode(history: History) -> str:
    """Return the days as plain text."""
    return plain(lines(history))


def lines(history: History) -> Iterator[Line]:
    """Yield the days as styled lines, the oldest first; times are UTC."""
    for place, day in enumerate(history.days):
        if place:
            yield ()
        yield from _day(day)


def _day(day: Day) -> Iterator[Line]:
    yield (("strong", f"{day.begins_at.astimezone(UTC):%Y-%m-%d %a}"),)
    if not (day.looks or day.events or day.balance.submitted):
        yield (("faint", "  nothing was looked at, and nothing is known"),)
        return
    if day.looks:
        yield from _looks(day)
    if day.balance.submitted:
        yield (("faint", "  mails  "), ("", mails(day.balance)))
    for event in day.events:
        yield _event(event)


def _looks(day: Day) -> Iterator[Line]:
    parties: dict[str, dict[Function, Looks]] = {}
    for one in day.looks:
        parties.setdefault(one.party.name, {})[one.function] = one
    names = sorted(parties, key=lambda name: (-_failed(parties[name]), name))
    heads = ("", *(one.value for one in Function), "")
    rows: list[list[Span]] = [[("faint", head) for head in heads]]
    for name in names[:PARTIES_MAX]:
        cells = (_cell(parties[name].get(one)) for one in Function)
        rows.append([("", visible(name)), *cells, ("", "")])
    yield from table(rows, width=_WIDE)
    if len(names) > PARTIES_MAX:
        yield (("faint", f"  and {len(names) - PARTIES_MAX} more providers"),)


def _failed(row: dict[Function, Looks]) -> int:
    return sum(one.failed for one in row.values())


def _cell(one: Looks | None) -> Span:
    """Say which share of the looks passed, and for how many canaries one failed."""
    if one is None:
        return "faint", "-"
    told = one.passed + one.failed
    if not told:
        return "unknown", "unknown"
    if not one.failed:
        return "good", "100 %"
    # Whoever reads "100 %" takes it that nothing failed.
    share = min(one.passed / told * 100, 99.9)
    style = "bad" if one.failed > one.passed else "degraded"
    return style, f"{share:.1f} % ({one.hit} of {one.canaries} hit)"


def _event(event: Event) -> Line:
    at = f"  {event.at.astimezone(UTC):%H:%M}  "
    told = f" {CHANGES[event.change]}; fails: {change(event)}"
    return (("faint", at), ("strong", visible(event.incident.id)), ("", told))
