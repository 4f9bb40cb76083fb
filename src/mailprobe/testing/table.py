"""What did arrive, as a table for people who expected something else."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

ROWS_MAX: Final = 20
"""Rows shown: the latest ones; more would hide the sentence above them."""

CELL_MAX: Final = 48
"""Characters of a cell: two addresses and a subject fit on a wide line."""

_UNSEEN: Final = re.compile(r"[\x00-\x1f\x7f-\x9f\u2028\u2029]+")


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """
    One mail that arrived.

    Attributes:
        after: Seconds from the start of the test to its arrival.
        where: The mailbox, and the folder if it is not the inbox.
        sender: Its From header.
        to: Its To header.
        subject: Its subject.
        differs: In what it is not the one that was expected.
    """

    after: float
    where: str
    sender: str
    to: str
    subject: str
    differs: tuple[str, ...] = ()


def _cell(value: str) -> str:
    value = _UNSEEN.sub(" ", value).strip()
    return value if len(value) <= CELL_MAX else f"{value[: CELL_MAX - 1]}…"


def table(rows: Sequence[Row]) -> list[str]:
    """Return the lines of a table of mails; one sentence if there are none."""
    if not rows:
        return ["nothing arrived in any mailbox of this test"]
    shown = rows[-ROWS_MAX:]
    heads = ("after", "mailbox", "from", "to", "subject", "differs in")
    cells = [
        (
            f"{row.after:.2f} s",
            *map(_cell, (row.where, row.sender, row.to, row.subject)),
            ", ".join(row.differs),
        )
        for row in shown
    ]
    lines = list(_aligned([heads, *cells]))
    if len(rows) > len(shown):
        lines.append(f"({len(rows) - len(shown)} more came before these)")
    return ["what did arrive:", *(f"  {line}" for line in lines)]


def _aligned(rows: Sequence[Sequence[str]]) -> Iterable[str]:
    widths = [max(len(row[place]) for row in rows) for place in range(len(rows[0]))]
    for row in rows:
        yield "  ".join(
            cell.ljust(width) for cell, width in zip(row, widths, strict=True)
        ).rstrip()
