"""One line on a terminal that tells how far a sweep is; gone when it is done."""

from __future__ import annotations

import os
import shutil
import sys

from mailprobe.render.clean import short, visible

_CLEAR = "\r\x1b[K"


class Live:
    """
    Progress on standard error while that is a terminal; nothing where it is not.

    Attributes:
        total: How many targets there are; None if nobody knows.
        passed: How many of them are done.
    """

    def __init__(self, *, aside: bool) -> None:
        """
        Prepare it.

        Args:
            aside: Standard output is for programs: on the same terminal there is
                no room for progress.
        """
        terminal = sys.stderr.isatty() and os.environ.get("TERM") != "dumb"
        self._on = terminal and not (aside and sys.stdout.isatty())
        self.total: int | None = None
        self.passed = 0

    def show(self, name: str) -> None:
        """Count a target that is done."""
        self.passed += 1
        if not self._on:
            return
        far = f"{self.passed} of {self.total}" if self.total else f"{self.passed} done"
        width = shutil.get_terminal_size().columns - 1
        sys.stderr.write(f"{_CLEAR}{short(f'  {far}  {visible(name)}', width)}")
        sys.stderr.flush()

    def clear(self) -> None:
        """Take the line away."""
        if self._on:
            sys.stderr.write(_CLEAR)
            sys.stderr.flush()

    def say(self, sentence: str) -> None:
        """Write a sentence to standard error, where the line was."""
        self.clear()
        sys.stderr.write(f"mailprobe: {visible(sentence)}\n")
        sys.stderr.flush()
