"""The file of checks that a sweep leaves: whole, whatever ends the run."""

from __future__ import annotations

import os
import stat
from pathlib import Path
from typing import TYPE_CHECKING, Final

from mailprobe.model.errors import UsageError
from mailprobe.render.outcome import START, outcome_in

if TYPE_CHECKING:
    from collections.abc import Iterator
    from typing import Self

    from mailprobe.render.outcome import Outcome

_BLOCK: Final = 64 * 1024  # bytes; most lines are shorter


def earlier(path: Path) -> Iterator[Outcome]:
    """
    Yield what an earlier run wrote; a torn line is passed over.

    Raises:
        UsageError: If the file cannot be read, or was not written by a sweep.
    """
    try:
        with path.open("rb") as lines:
            for number, line in enumerate(lines, 1):
                try:
                    yield outcome_in(line)
                except (ValueError, TypeError) as error:
                    if isinstance(error, TypeError) or not _ours(line):
                        message = f"{path}, line {number}: this is no output of a sweep"
                        raise UsageError(message) from None
    except OSError as error:
        message = f"{path} cannot be read: {error.strerror}"
        raise UsageError(message) from None


class Record:
    """Checks are appended to it, each in one go."""

    def __init__(self, path: Path) -> None:
        """
        Open the file; the torn last line of a run that was killed is cut off.

        Raises:
            UsageError: If it cannot be written, or is none of a sweep's.
        """
        self.path = path
        try:
            flags = os.O_RDWR | os.O_CREAT | os.O_APPEND | os.O_CLOEXEC
            self._file = os.open(path, flags, 0o666)
        except OSError as error:
            raise self._unwritable(error) from None
        try:
            self._mend()
        except OSError as error:
            self.close()
            raise self._unwritable(error) from None
        except UsageError:
            self.close()
            raise

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """Close the file."""
        os.close(self._file)

    def add(self, line: str) -> None:
        """
        Append a line.

        Raises:
            UsageError: If there is no room for it.
        """
        left = f"{line}\n".encode("ascii")
        try:
            while left:
                left = left[os.write(self._file, left) :]
        except OSError as error:
            raise self._unwritable(error) from None

    def _mend(self) -> None:
        facts = os.fstat(self._file)
        if not stat.S_ISREG(facts.st_mode) or not facts.st_size:
            return
        if not _ours(os.pread(self._file, len(START), 0)):
            message = (
                f"{self.path} has something else in it than checks of a sweep; "
                "name another file to write to"
            )
            raise UsageError(message)
        at = facts.st_size
        tail = b""
        while at and b"\n" not in tail:
            size = min(_BLOCK, at)
            at -= size
            tail = os.pread(self._file, size, at) + tail
        _, _, torn = tail.rpartition(b"\n")
        if not torn:
            return
        try:
            outcome_in(torn)
        except (ValueError, TypeError):
            os.ftruncate(self._file, facts.st_size - len(torn))
        else:
            os.write(self._file, b"\n")

    def _unwritable(self, error: OSError) -> UsageError:
        return UsageError(f"{self.path} cannot be written: {error.strerror}")


def _ours(line: bytes) -> bool:
    """Whether a line, or what is left of it, begins as checks do."""
    return line.startswith(START) or START.startswith(line.rstrip(b"\n"))
