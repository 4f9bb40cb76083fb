"""Servers as child processes, each in a process group that can be ended whole."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
import time
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, Final

from tests.real import guard

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

POLL: Final = 0.005
START_SECONDS: Final = 20.0
"""A server is up within two seconds; the rest is for a busy machine."""

STOP_SECONDS: Final = 5.0
"""Time to leave by itself; after that its group is killed."""

_ENVIRONMENT: Final = {
    "PATH": "/usr/sbin:/usr/bin:/sbin:/bin",
    "LANG": "C",
    "TZ": "UTC",
}


class ServerError(RuntimeError):
    """A server did not start or stop; the message holds the end of its log."""


class Guard:
    """The process that cleans up after a test run that was killed."""

    def __init__(self, directory: Path, lock: socket.socket) -> None:
        self._process = subprocess.Popen(  # noqa: S603
            [sys.executable, "-I", guard.__file__, str(directory)],
            stdin=subprocess.PIPE,
            text=True,
            pass_fds=[lock.fileno()],
            start_new_session=True,
        )

    @property
    def pid(self) -> int:
        """Its process id."""
        return self._process.pid

    def add(self, group: int) -> None:
        """Take a process group into its care."""
        self._tell(f"+{group}\n")

    def drop(self, group: int) -> None:
        """Take out a process group that has ended."""
        self._tell(f"-{group}\n")

    def close(self) -> None:
        """Let it clean up and wait for its end."""
        if self._process.stdin and not self._process.stdin.closed:
            self._process.stdin.close()
        self._process.wait()

    def _tell(self, line: str) -> None:
        assert self._process.stdin is not None
        self._process.stdin.write(line)
        self._process.stdin.flush()


class Server:
    """
    One server program, in the foreground of its own process group.

    Args:
        command: Program and arguments; it must not detach itself.
        log: Where its output goes; quoted when it does not start.
        guard_process: Who ends it if the test run is killed.
    """

    def __init__(self, command: Sequence[str], log: Path, guard_process: Guard) -> None:
        self.command = list(command)
        self.log = log
        self._guard = guard_process
        self._process: subprocess.Popen[bytes] | None = None

    @property
    def group(self) -> int | None:
        """Its process group; None while it is stopped."""
        return self._process.pid if self._process else None

    def start(self) -> None:
        """Start it; see `await_ready` for when it serves."""
        with self.log.open("ab") as output:
            self._process = subprocess.Popen(  # noqa: S603
                self.command,
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=subprocess.STDOUT,
                env=_ENVIRONMENT,
                start_new_session=True,
            )
        self._guard.add(self._process.pid)

    def await_ready(self, ready: Callable[[], bool]) -> None:
        """
        Wait until *ready* says so.

        Raises:
            ServerError: If it ended, or is not ready in `START_SECONDS`.
        """
        deadline = time.monotonic() + START_SECONDS
        while not ready():
            ended = self._process is None or self._process.poll() is not None
            if ended or time.monotonic() > deadline:
                raise ServerError(self._complaint("ended" if ended else "is not ready"))
            time.sleep(POLL)

    def stop(self) -> None:
        """End it and everything that it started; no error if it is stopped."""
        process, self._process = self._process, None
        if process is None:
            return
        process.send_signal(signal.SIGCONT)
        process.terminate()
        with suppress(subprocess.TimeoutExpired):
            process.wait(STOP_SECONDS)
        guard.kill_group(process.pid)
        process.wait()
        self._guard.drop(process.pid)

    def freeze(self) -> None:
        """Stop it from running: it keeps its sockets and answers nothing."""
        self._signal(signal.SIGSTOP)

    def thaw(self) -> None:
        """Let it run again."""
        self._signal(signal.SIGCONT)

    def _signal(self, number: signal.Signals) -> None:
        if self._process is not None:
            os.killpg(self._process.pid, number)

    def _complaint(self, what: str) -> str:
        tail = self.log.read_text(errors="replace")[-2000:]
        return f"{Path(self.command[0]).name} {what}; its log ends:\n{tail}"


def listens(address: str, port: int) -> bool:
    """Whether a TCP connection to this address is taken."""
    try:
        with socket.create_connection((address, port), timeout=1):
            return True
    except OSError:
        return False


def greets(address: str, port: int) -> bool:
    """Whether a server there says something of its own accord."""
    try:
        with socket.create_connection((address, port), timeout=5) as connection:
            return connection.recv(1) != b""
    except OSError:
        return False


def run(*command: str, content: bytes | None = None) -> str:
    """
    Run a program to its end and return what it printed.

    Raises:
        ServerError: If it failed; the message holds its output.
    """
    done = subprocess.run(  # noqa: S603
        command,
        input=content,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        env=_ENVIRONMENT,
        timeout=60,
        check=False,
    )
    text = done.stdout.decode(errors="replace")
    if done.returncode:
        message = f"{' '.join(command)} failed ({done.returncode}): {text.strip()}"
        raise ServerError(message)
    return text
