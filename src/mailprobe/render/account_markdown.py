"""The report of an incident as Markdown, for a ticket or a wiki."""

from __future__ import annotations

import re
from datetime import UTC
from typing import TYPE_CHECKING, Final

from mailprobe.render.account import Items, Plot, Quote, Table, Text, title
from mailprobe.render.account import sections as words
from mailprobe.render.arrivals import terminal

if TYPE_CHECKING:
    from collections.abc import Iterator

    from mailprobe.model.account import IncidentReport
    from mailprobe.render.account import Block
    from mailprobe.render.times import Zone

_SPECIAL: Final = re.compile(
    r"([\\`*_{}\[\]<>#|~$&]|(?<=www)\.|(?<=:)//|^[-+=]|(?<=^\d)[.)])", re.IGNORECASE
)
"""What could be emphasis, a link, a heading, a list or HTML."""


def encode(report: IncidentReport, zone: Zone = UTC) -> str:
    """Return the report as Markdown; text of strangers is only text in it."""
    parts = [f"# {_plain(title(report))}"]
    for section in words(report, zone):
        parts.append(f"## {_plain(section.title)}")
        for block in section.blocks:
            parts += _block(block, report, zone)
    return "\n\n".join(parts)


def _block(block: Block, report: IncidentReport, zone: Zone) -> Iterator[str]:
    match block:
        case Text():
            yield _plain(block.text)
        case Quote():
            yield f"> **{block.language}** {_plain(block.text)}"
        case Items():
            yield "\n".join(f"- {_plain(item)}" for item in block.items)
        case Table():
            rows = (block.heads, ("---",) * len(block.heads))
            drawn = [_row(rows[0]), f"| {' | '.join(rows[1])} |"]
            yield "\n".join([*drawn, *map(_row, block.rows)])
        case Plot():
            if report.points:  # nothing in it comes from strangers
                yield "\n".join(("```text", *terminal(report.points, zone), "```"))


def _row(cells: tuple[str, ...]) -> str:
    return f"| {' | '.join(map(_plain, cells))} |"


def _plain(text: str) -> str:
    """Return text that no reader of Markdown takes for anything else."""
    return _SPECIAL.sub(r"\\\1", text)
