"""Lines made of styled spans: plain text and a painted terminal from one source."""

from __future__ import annotations

import math
import textwrap
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Final, TypeAlias

from mailprobe.render.clean import short

Span: TypeAlias = tuple[str, str]
"""A style and a text. Styles are names, see `STYLES`; the empty one is plain."""

Line: TypeAlias = tuple[Span, ...]

STYLES: Final = {
    "": "",
    "ok": "bold green",
    "degraded": "bold yellow",
    "down": "bold red",
    "unknown": "bold magenta",
    "good": "green",
    "bad": "red",
    "strong": "bold",
    "faint": "dim",
}
"""What each style looks like, in the words of rich."""

MILLISECONDS_TO: Final = 10.0
"""Seconds from which on milliseconds are no longer read at a glance."""


@dataclass(frozen=True, slots=True)
class Look:
    """
    How wide lines may be and which marks the stream can show.

    Attributes:
        width: Columns.
        unicode: Whether marks outside ASCII may be used.
    """

    width: int = 88
    unicode: bool = False

    @property
    def decided(self) -> str:
        """The mark at the step that decided the verdict."""
        return "▶" if self.unicode else ">"

    @property
    def arrow(self) -> str:
        """From one mailbox to another."""
        return "→" if self.unicode else "->"

    @property
    def times(self) -> str:
        """How often something happened."""
        return "\u00d7" if self.unicode else "x"


PLAIN: Final = Look()
"""What every stream can show."""


def plain(lines: Iterable[Line]) -> str:
    """Return *lines* as text without styles and without trailing blanks."""
    return "\n".join("".join(text for _, text in line).rstrip() for line in lines)


def seconds(value: float) -> str:
    """Return a duration as people read it: ``4.2 ms``, ``245.8 ms``, ``12.3 s``."""
    if not math.isfinite(value):
        return "?"
    if abs(value) < MILLISECONDS_TO:
        return f"{value * 1000:.1f} ms"
    return f"{value:.1f} s"


def paragraph(
    text: str, *, width: int, first: Line = (), indent: int = 0, style: str = ""
) -> Iterator[Line]:
    """Yield *text* folded to *width*, begun behind *first* and hung by *indent*."""
    room = max(width - indent, 20)
    lead = sum(len(part) for _, part in first)
    filler = " " * max(lead - indent, 0)
    folded = textwrap.wrap(
        text, room, initial_indent=filler, break_on_hyphens=False
    ) or [""]
    yield (*first, (style, folded[0][len(filler) :]))
    for line in folded[1:]:
        yield (("", " " * indent), (style, line))


def table(
    rows: Sequence[Sequence[Span]],
    *,
    width: int,
    gap: int = 2,
    indent: int = 2,
    fold: bool = False,
) -> Iterator[Line]:
    """
    Yield *rows* with their columns aligned.

    The last cell of a row is free: it widens no column and is cut at *width*, or
    folded below itself.
    """
    widths: list[int] = []
    for row in rows:
        for column, (_, text) in enumerate(row[:-1]):
            if column == len(widths):
                widths.append(0)
            widths[column] = max(widths[column], len(text))
    for row in rows:
        spans: list[Span] = [("", " " * indent)]
        for (style, text), wide in zip(row[:-1], widths, strict=False):
            spans.extend(((style, text), ("", " " * (wide - len(text) + gap))))
        style, text = row[-1]
        left = sum(len(part) for _, part in spans)
        if fold:
            yield from paragraph(
                text, width=width, first=tuple(spans), indent=left, style=style
            )
        else:
            yield (*spans, (style, short(text, max(width - left, 20))))
