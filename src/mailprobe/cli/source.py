"""Where a sweep takes its targets from: a list, a TOML file, or a stream."""

from __future__ import annotations

import asyncio
import os
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Final

from mailprobe.model.errors import ConfigError, UsageError
from mailprobe.target_tables import read_tables
from mailprobe.targets import read_line

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable, Iterable

    from mailprobe.targets import Asked, Boxes

STDIN: Final = "-"
STDIN_NAME: Final = "standard input"
LINE_MAX: Final = 2000  # bytes; two mailboxes of the longest kind have a third
CHUNK: Final = 64 * 1024  # bytes read at once: what a pipe holds


@dataclass(frozen=True, slots=True, kw_only=True)
class Source:
    """
    Targets, one after the other.

    Attributes:
        targets: They, as they are wanted.
        total: How many there are; None if nobody knows.
    """

    targets: AsyncIterator[Asked]
    total: int | None = None


def source(name: str, boxes: Boxes, complain: Callable[[str], None]) -> Source:
    """
    Return the targets of a file, TOML if it ends in ``.toml``; ``-`` is a stream.

    A file is read whole now, so that nothing is sent if a target of it cannot be
    meant. In a stream that is told to *complain* as the line comes.

    Raises:
        UsageError: If the file cannot be read, has no target, or a bad one.
        ConfigError: The same, of a TOML file.
    """
    if name == STDIN:
        if sys.stdin is None:
            message = f"{STDIN_NAME} is closed; name a file of targets"
            raise UsageError(message)
        return Source(targets=_stream(sys.stdin.fileno(), boxes, complain))
    path = Path(name)
    found = read_tables(path, boxes) if path.suffix == ".toml" else _list(path, boxes)
    if not found:
        message = f"{name} has no target in it; write one a line, such as libero.it"
        raise UsageError(message)
    return Source(targets=_each(found), total=len(found))


def _list(path: Path, boxes: Boxes) -> list[Asked]:
    try:
        lines = path.read_bytes().split(b"\n")
    except (OSError, ValueError) as error:  # ValueError: a NUL in the path
        reason = getattr(error, "strerror", None) or "not a usable path"
        message = f"{path} cannot be read: {reason}"
        raise UsageError(message) from None
    read = (_read(line, f"{path}, line {n}", boxes) for n, line in enumerate(lines, 1))
    return [asked for asked in read if asked]


async def _each(targets: Iterable[Asked]) -> AsyncIterator[Asked]:
    for asked in targets:
        yield asked


async def _stream(
    descriptor: int, boxes: Boxes, complain: Callable[[str], None]
) -> AsyncIterator[Asked]:
    number = 0
    async for line in _lines(descriptor):
        number += 1
        try:
            asked = _read(line, f"{STDIN_NAME}, line {number}", boxes)
        except UsageError as error:
            complain(str(error))
            continue
        if asked:
            yield asked


def _read(line: bytes, where: str, boxes: Boxes) -> Asked | None:
    """Return the target of a line; None if there is none on it."""
    if len(line) > LINE_MAX:
        message = f"{where}: it is longer than {LINE_MAX} bytes; is it the right file?"
        raise UsageError(message)
    try:
        # Windows editors write a mark at the start; it is not worth an error.
        text = line.decode("utf-8-sig").partition("#")[0].strip()
        return read_line(text, boxes) if text else None
    except UnicodeDecodeError:
        message = f"{where}: not valid UTF-8; save the file as UTF-8"
        raise UsageError(message) from None
    except (UsageError, ConfigError) as error:
        message = f"{where}: {error}"
        raise UsageError(message) from None


async def _lines(descriptor: int) -> AsyncIterator[bytes]:
    """Yield lines as they come; of one too long, as much as it takes to refuse it."""
    rest = b""
    while chunk := await _chunk(descriptor):
        *whole, last = chunk.split(b"\n")
        for line in whole:
            yield rest + line
            rest = b""
        rest = (rest + last)[: LINE_MAX + 1]
    if rest:
        yield rest


async def _chunk(descriptor: int) -> bytes:
    """
    Read what there is, when there is something.

    The descriptor is left as it is: if it were made one that does not block, it
    would be so for everybody who shares the terminal.
    """
    loop = asyncio.get_running_loop()
    readable = asyncio.Event()
    try:
        loop.add_reader(descriptor, readable.set)
    except PermissionError:  # a plain file is always readable
        return os.read(descriptor, CHUNK)
    try:
        await readable.wait()
    finally:
        loop.remove_reader(descriptor)
    return os.read(descriptor, CHUNK)
