"""The report of an incident as plain text and for a terminal."""

from __future__ import annotations

from datetime import UTC
from typing import TYPE_CHECKING, Final

from mailprobe.render.account import Items, Plot, Quote, Section, Table, Text, title
from mailprobe.render.account import sections as words
from mailprobe.render.arrivals import terminal
from mailprobe.render.spans import PLAIN, Line, Look, paragraph, plain, table

if TYPE_CHECKING:
    from collections.abc import Iterator

    from mailprobe.model.account import IncidentReport
    from mailprobe.render.account import Block
    from mailprobe.render.times import Zone

WIDE: Final = 120  # columns a table may take; what is longer goes on below


def encode(report: IncidentReport, zone: Zone = UTC) -> str:
    """Return the report as plain text."""
    return plain(lines(report, PLAIN, zone))


def lines(
    report: IncidentReport, look: Look = PLAIN, zone: Zone = UTC
) -> Iterator[Line]:
    """Yield the report as styled lines."""
    yield (("strong", title(report)),)
    for section in words(report, zone):
        yield ()
        yield from _section(section, report, look, zone)


def _section(
    section: Section, report: IncidentReport, look: Look, zone: Zone
) -> Iterator[Line]:
    yield (("strong", section.title),)
    for block in section.blocks:
        yield from _block(block, report, look, zone)


def _block(
    block: Block, report: IncidentReport, look: Look, zone: Zone
) -> Iterator[Line]:
    match block:
        case Text():
            yield from paragraph(block.text, width=look.width, first=_EDGE, indent=2)
        case Quote():
            yield from paragraph(
                block.text,
                width=look.width,
                first=(("faint", f"  {block.language}  "),),
                indent=6,
            )
        case Items():
            for item in block.items:
                yield from paragraph(
                    item, width=look.width, first=(("", "  - "),), indent=4
                )
        case Table():
            yield from _table(block)
        case Plot():
            for line in terminal(report.points, zone):
                yield (("", f"  {line}"),)


_EDGE: Final[Line] = (("", "  "),)


def _table(block: Table) -> Iterator[Line]:
    rows = [[("", cell) for cell in row] for row in block.rows]
    if any(block.heads):
        rows.insert(0, [("faint", head) for head in block.heads])
    yield from table(rows, width=WIDE, fold=True)
