"""Writing to standard output: plain, or painted where there is a terminal."""

from __future__ import annotations

import os
import shutil
import sys
from collections.abc import Iterable
from typing import TYPE_CHECKING, Final

from mailprobe.render.spans import STYLES, Line, Look, plain

if TYPE_CHECKING:
    from argparse import Namespace

    from rich.text import Text

    from mailprobe.model.report import Report, Step
    from mailprobe.model.verdict import Check

PLAIN_WIDTH: Final = 88
NARROWEST: Final = 60
WIDEST: Final = 100  # longer lines are hard to read, whatever the window
_MARKS: Final = "▶→\u00d7"
_CLEAR: Final = "\r\x1b[K"


def look() -> Look:
    """Return what standard output can show."""
    width = PLAIN_WIDTH
    if sys.stdout.isatty():
        columns = shutil.get_terminal_size().columns
        width = max(NARROWEST, min(columns, WIDEST))
    try:
        _MARKS.encode(sys.stdout.encoding or "ascii")
    except (UnicodeError, LookupError):
        return Look(width, unicode=False)
    return Look(width, unicode=True)


def write(lines: Iterable[Line]) -> None:
    """Write styled lines, in colour if that is wanted."""
    if coloured():
        _paint(lines)
    else:
        sys.stdout.write(plain(lines) + "\n")
    sys.stdout.flush()


def say(*texts: str) -> None:
    """Write plain lines."""
    sys.stdout.write("".join(f"{text}\n" for text in texts))
    sys.stdout.flush()


def show(check: Check[Report], args: Namespace) -> None:
    """Write a check in the format that was asked for."""
    from mailprobe.render import FORMATS, text  # noqa: PLC0415 - only with a result

    if args.format == "text":
        write(text.lines(check, look()))
    else:
        say(FORMATS[args.format](check))


def coloured() -> bool:
    """Whether standard output is a terminal that wants colour (no-color.org)."""
    wanted = not os.environ.get("NO_COLOR") and os.environ.get("TERM") != "dumb"
    return wanted and sys.stdout.isatty()


def _paint(lines: Iterable[Line]) -> None:
    from rich.console import Console  # noqa: PLC0415 - 80 ms, for terminals only

    console = Console(file=sys.stdout, highlight=False)
    for line in lines:
        console.print(painted([line]), soft_wrap=True)


def painted(lines: Iterable[Line]) -> Text:
    """Return lines as rich paints them."""
    from rich.text import Text  # noqa: PLC0415 - for terminals only

    made = [
        Text.assemble(*((text, STYLES[style]) for style, text in line))
        for line in lines
    ]
    return Text("\n").join(made)


class Progress:
    """One line that tells which step a probe has come to; gone when it is done."""

    def __init__(self, *, wanted: bool) -> None:
        terminal = sys.stderr.isatty() and sys.stdout.isatty()
        self._on = wanted and terminal and os.environ.get("TERM") != "dumb"

    def __call__(self, probe: str, step: Step) -> None:
        """Show a step that has just ended."""
        if not self._on:
            return
        from mailprobe.render.clean import short, visible  # noqa: PLC0415
        from mailprobe.render.spans import seconds  # noqa: PLC0415

        told = f"  {probe}: {step.phase} {seconds(step.took)}  {step.peer}"
        width = shutil.get_terminal_size().columns - 1
        sys.stderr.write(f"{_CLEAR}{short('  ' + visible(told), width)}")
        sys.stderr.flush()

    def clear(self) -> None:
        """Take the line away."""
        if self._on:
            sys.stderr.write(_CLEAR)
            sys.stderr.flush()
