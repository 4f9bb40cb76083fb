"""IMAP responses cut out of a stream of bytes: no recursion, no endless buffer."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Final

from mailprobe.mail.text import readable

_LITERAL: Final = re.compile(rb"\{(\d{1,20})\+?\}$")
# Free text may end in what looks like a literal; these never carry one.
_FREE_TEXT: Final = re.compile(
    rb"(?:\+|[^ ]+ (?:OK|NO|BAD|BYE|PREAUTH))(?: |$)", re.IGNORECASE
)


class StreamError(ValueError):
    """The server's bytes break a bound or the grammar; the message says how."""


@dataclass(frozen=True, slots=True)
class Response:
    """
    One response line with the literals that belong to it.

    Attributes:
        line: The line without its CRLF; each literal's ``{n}`` is left in place.
        literals: What the literals held, in order.
    """

    line: bytes
    literals: tuple[bytes, ...] = ()

    @property
    def tag(self) -> bytes:
        """The first word: ``*``, ``+`` or a command's tag."""
        return self.line.split(b" ", 1)[0]

    @property
    def rest(self) -> bytes:
        """The line without its first word."""
        return self.line.partition(b" ")[2]


class ResponseReader:
    """Reads IMAP responses from a stream of bytes, however they are cut."""

    def __init__(self, *, line_bytes: int, literal_bytes: int) -> None:
        """Begin with an empty buffer and these bounds."""
        self._line_bytes = line_bytes
        self._literal_bytes = literal_bytes
        self._buffer = bytearray()
        self._searched = 0
        self._line = b""
        self._literals: list[bytes] = []
        self._missing = 0  # bytes of the current literal still to come
        self.broken: StreamError | None = None

    @property
    def pending(self) -> bytes:
        """Bytes that came, but do not make a whole response yet."""
        return self._line + bytes(self._buffer[: self._line_bytes])

    def feed(self, data: bytes) -> list[Response]:
        """
        Take what was received; return the responses that it completed.

        How the bytes were cut makes no difference: responses that came before
        the first fault are returned, and the fault stands in `broken`.

        Raises:
            StreamError: If a line or a literal is longer than allowed; from
                then on, every call raises it.
        """
        if self.broken is not None:
            raise self.broken
        self._buffer += data
        done: list[Response] = []
        try:
            self._cut(done)
        except StreamError as error:
            self.broken = error
            if not done:
                raise
        return done

    def _cut(self, done: list[Response]) -> None:
        start = 0
        while True:
            if self._missing:
                if len(self._buffer) - start < self._missing:
                    break
                end = start + self._missing
                self._literals.append(bytes(self._buffer[start:end]))
                start, self._missing = end, 0
                self._searched = start
            end = self._buffer.find(b"\n", max(start, self._searched))
            if end < 0:
                self._check_line(start, len(self._buffer))
                break
            self._check_line(start, end)
            part = bytes(self._buffer[start:end]).rstrip(b"\r")
            start = end + 1
            if (response := self._segment(part)) is not None:
                done.append(response)
        del self._buffer[:start]
        self._searched = 0 if self._missing else len(self._buffer)

    def _segment(self, part: bytes) -> Response | None:
        self._line += part
        literal = _LITERAL.search(part)
        if literal and not _FREE_TEXT.match(self._line):
            size = int(literal[1])
            if size + sum(map(len, self._literals)) > self._literal_bytes:
                message = (
                    f"a literal of {size} bytes announced; "
                    f"{self._literal_bytes} are taken at most"
                )
                raise StreamError(message)
            self._missing = size
            if not size:
                self._literals.append(b"")
            return None
        response = Response(self._line, tuple(self._literals))
        self._line, self._literals = b"", []
        return response

    def _check_line(self, start: int, end: int) -> None:
        if len(self._line) + end - start > self._line_bytes:
            begin = readable(self._line + bytes(self._buffer[start : start + 400]), 80)
            message = f"a line of more than {self._line_bytes} bytes: {begin!r}"
            raise StreamError(message)
