"""Commands as processes of their own, to be read and sent signals."""

from __future__ import annotations

import os
import signal
import subprocess
import sys

# Ctrl-C is ignored in what a shell started in the background, and in its children.
PROGRAM = (
    "import signal, sys; signal.signal(signal.SIGINT, signal.default_int_handler); "
    "from mailprobe.cli import main; sys.exit(main())"
)


ENDS = [(signal.SIGINT, 130), (signal.SIGTERM, 143)]
"""Signals that end a command in order, and the status that says so."""


def start(
    *words: str, program: str = PROGRAM, stdin: bool = False
) -> subprocess.Popen[str]:
    """Start a command; its standard input is ours to write if asked for."""
    return subprocess.Popen(  # noqa: S603 - our own interpreter
        [sys.executable, "-c", program, *words],
        stdin=subprocess.PIPE if stdin else None,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        env={**os.environ, "PYTHONUNBUFFERED": "1"},
    )


def until(process: subprocess.Popen[str], part: str) -> str:
    """Read standard output up to the line that has *part* in it."""
    assert process.stdout is not None
    read = ""
    for line in process.stdout:
        read += line
        if part in line:
            return read
    raise AssertionError(read + (process.stderr.read() if process.stderr else ""))
