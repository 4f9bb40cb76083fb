"""A running monitor: one screen for people, one line of a log for services."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from mailprobe.model.sample import Function
from mailprobe.model.verdict import Status
from mailprobe.render.clean import short, visible
from mailprobe.render.spans import PLAIN, Line, Look, Span, paragraph, table

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from datetime import datetime

    from mailprobe.model.incident import Event, Incident
    from mailprobe.model.snapshot import Notice, PartyStanding, Snapshot

EVENTS: Final = 5  # the last ones: more push what is on now off the screen
SLOTS: Final = 3
WHY_MAX: Final = 400  # characters; five lines of a terminal
_INDENT: Final = 2
_STYLES: Final = {
    Status.OK: "good",
    Status.DEGRADED: "degraded",
    Status.DOWN: "bad",
    Status.UNKNOWN: "faint",
}


def lines(snapshot: Snapshot, look: Look = PLAIN) -> list[Line]:
    """Return the whole screen."""
    return [
        *_head(snapshot, look),
        (),
        *table(list(_parties(snapshot.parties)), width=look.width),
        *_section("incidents", _incidents(snapshot.incidents, look)),
        *_section("mails", _mails(snapshot)),
        *_section("left alone", _held(snapshot)),
        *_section("trouble", _trouble(snapshot, look)),
        *_section("next", _next(snapshot, look)),
        *_section("last", _last(snapshot, look)),
    ]


def event_line(event: Event) -> str:
    """Return a change of an incident as one line of a log."""
    incident = event.incident
    return visible(f"{_stamp(event.at)} {event.change} {incident.id}: {incident.why}")


def notice_line(notice: Notice) -> str:
    """Return what is to be said of the monitor itself as one line of a log."""
    return visible(f"{_stamp(notice.at)} {notice.word} {notice.text}")


def _stamp(at: datetime) -> str:
    """Return a time as RFC 3339 has it, UTC."""
    return f"{at:%Y-%m-%dT%H:%M:%SZ}"


def _head(snapshot: Snapshot, look: Look) -> Iterator[Line]:
    ran = _span((snapshot.at - snapshot.since).total_seconds())
    yield (("strong", "mailprobe monitor"), ("", f"  {snapshot.at:%F %T} UTC"))
    said = f"  watching for {ran}, ledger {visible(snapshot.ledger)}"
    yield (("faint", short(said, look.width)),)


def _parties(parties: Iterable[PartyStanding]) -> Iterator[list[Span]]:
    yield [("", ""), *(("faint", one.value) for one in Function), ("", "")]
    for one in parties:
        known = {found.function: found for found in one.functions}
        row: list[Span] = [("strong", visible(one.party.name))]
        for function in Function:
            found = known.get(function)
            if found is None:
                row.append(("faint", "-"))
            elif not found.of:
                row.append(("faint", "?"))
            else:
                told = f"{found.working} of {found.of}"
                row.append((_STYLES[found.status], told))
        yield [*row, ("", "")]


def _incidents(incidents: Iterable[Incident], look: Look) -> Iterator[Line]:
    for one in incidents:
        style = "degraded" if one.state.value == "recovering" else "down"
        first: Line = (("", "  "), (style, one.state.value), ("", "  "))
        text = short(visible(f"{one.id}: {one.why}"), WHY_MAX)
        yield from paragraph(text, width=look.width, first=first, indent=4)


def _mails(snapshot: Snapshot) -> Iterator[Line]:
    late = ("degraded" if snapshot.overdue else "faint", f"{snapshot.overdue} overdue")
    yield (
        ("", f"  {snapshot.in_flight} in flight, "),
        late,
        ("", f", {snapshot.sent} sent in 24 h"),
    )


def _held(snapshot: Snapshot) -> Iterator[Line]:
    for account, until in snapshot.held:
        told = f"  {visible(account)} until {until:%H:%M} UTC: its login was refused"
        yield (("degraded", told),)


def _trouble(snapshot: Snapshot, look: Look) -> Iterator[Line]:
    for one in snapshot.trouble:
        first: Line = (("", " " * _INDENT),)
        yield from paragraph(
            visible(one),
            width=look.width,
            first=first,
            indent=_INDENT,
            style="degraded",
        )


def _next(snapshot: Snapshot, look: Look) -> Iterator[Line]:
    for slot in snapshot.slots[:SLOTS]:
        told = f"  {slot.at:%H:%M:%S}  {visible(slot.route)}"
        yield (("faint", short(told, look.width)),)


def _last(snapshot: Snapshot, look: Look) -> Iterator[Line]:
    for event in snapshot.events[-EVENTS:]:
        told = f"  {event.at:%m-%d %H:%M}  {event.change}  {visible(event.incident.id)}"
        yield (("", short(told, look.width)),)


def _section(name: str, made: Iterable[Line]) -> Iterator[Line]:
    body = list(made)
    if body:
        yield ()
        yield (("faint", name),)
        yield from body


def _span(seconds: float) -> str:
    """Return a long time as people say it."""
    minutes, hours, days = seconds // 60, seconds // 3600, seconds // 86400
    if days >= 2:  # noqa: PLR2004 - below that, hours say more
        return f"{days:.0f} days"
    if hours >= 2:  # noqa: PLR2004 - the same with minutes
        return f"{hours:.0f} h {minutes % 60:.0f} min"
    return f"{minutes:.0f} min" if minutes else f"{max(seconds, 0):.0f} s"
