"""
Ends what a test run left behind, however the run ended.

Run as a program: ``guard.py DIRECTORY``. Standard input is a pipe from the test
process: ``+N`` adds process group N, ``-N`` takes it out. At the end of the pipe
(the test process is gone, or has finished) the groups still listed are killed and
the directory is removed. It holds the world's network lock until then.
"""

from __future__ import annotations

import os
import shutil
import signal
import sys
import time
from contextlib import suppress
from pathlib import Path

# A killed group is gone within milliseconds; ten seconds only bound a bug.
KILL_SECONDS = 10.0


def members(group: int) -> list[int]:
    """Return the processes of a group that still run (zombies do not)."""
    found = []
    for entry in Path("/proc").iterdir():
        if not entry.name.isdigit():
            continue
        with suppress(OSError):
            # pid (name) state ppid pgrp ...; the name may hold spaces.
            state, _, pgrp = (entry / "stat").read_text().rpartition(")")[2].split()[:3]
            if int(pgrp) == group and state not in "ZX":
                found.append(int(entry.name))
    return found


def kill_group(group: int) -> None:
    """
    Kill a process group and wait until none of it runs.

    Raises:
        TimeoutError: If something of it still runs after `KILL_SECONDS`.
    """
    deadline = time.monotonic() + KILL_SECONDS
    while members(group):
        if time.monotonic() > deadline:
            message = f"process group {group} cannot be killed"
            raise TimeoutError(message)
        with suppress(ProcessLookupError):
            os.killpg(group, signal.SIGKILL)
        time.sleep(0.002)


def main(directory: str) -> None:
    """Follow the pipe to its end, then clean up."""
    # Ctrl-C is for the test process; this one ends after it.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    groups: set[int] = set()
    for line in sys.stdin:
        group = int(line[1:])
        (groups.add if line[0] == "+" else groups.discard)(group)
    for group in groups:
        with suppress(TimeoutError):
            kill_group(group)
    shutil.rmtree(directory, ignore_errors=True)


if __name__ == "__main__":
    main(sys.argv[1])
