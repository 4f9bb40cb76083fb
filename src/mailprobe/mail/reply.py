"""SMTP replies: bytes in, typed replies or a typed refusal out (RFC 5321 4.2)."""

from __future__ import annotations

import re
from typing import Final

from mailprobe.mail.text import readable
from mailprobe.model.failure import Reply

TEXT_MAX: Final = 4000  # characters of one reply kept; refusals fill two lines
_LINE: Final = re.compile(rb"([2-5][0-9]{2})(?:([ -])(.*))?", re.DOTALL)
_ENHANCED: Final = re.compile(r"([245]\.\d{1,3}\.\d{1,3})(?:\s+|$)")


class ReplyError(ValueError):
    """The server's bytes are not an SMTP reply; the message quotes them."""


class ReplyReader:
    """
    Reads SMTP replies from a stream of bytes, however they are cut.

    Strict where leniency would misread (codes, continuation lines), lenient
    where nothing is lost by it (bare LF, a missing space, 8-bit text).
    """

    def __init__(self, limit: int) -> None:
        """
        Begin with an empty buffer.

        Args:
            limit: Bytes that one unfinished reply may take.
        """
        self._limit = limit
        self._buffer = bytearray()
        self._searched = 0
        self._lines: list[bytes] = []
        self._code = b""
        self._size = 0

    @property
    def pending(self) -> bytes:
        """Bytes that came, but do not make a whole reply yet."""
        return b"\n".join([*self._lines, bytes(self._buffer)])[: self._limit]

    def feed(self, data: bytes) -> list[Reply]:
        """
        Take what was received; return the replies that it completed.

        Raises:
            ReplyError: If the bytes are no reply, or too many for one.
        """
        self._buffer += data
        replies: list[Reply] = []
        start = 0
        while (end := self._buffer.find(b"\n", max(start, self._searched))) >= 0:
            line = bytes(self._buffer[start:end]).rstrip(b"\r")
            start = end + 1
            self._size += len(line)
            if (reply := self._line(line)) is not None:
                replies.append(reply)
            if self._size > self._limit:
                break
        del self._buffer[:start]
        self._searched = len(self._buffer)
        if self._size + len(self._buffer) > self._limit:
            message = f"a reply of more than {self._limit} bytes"
            raise ReplyError(message)
        return replies

    def _line(self, line: bytes) -> Reply | None:
        found = _LINE.fullmatch(line)
        if found is None:
            message = f"not an SMTP reply: {readable(line, 200)!r}"
            raise ReplyError(message)
        code, mark, text = found.groups()
        if self._lines and code != self._code:
            message = (
                f"one reply with two codes, {self._code.decode()} and {code.decode()}: "
                f"{readable(line, 200)!r}"
            )
            raise ReplyError(message)
        self._code = code
        self._lines.append(text or b"")
        if mark == b"-":
            return None
        lines, self._lines, self._size = self._lines, [], 0
        return smtp_reply(int(code), lines)


def smtp_reply(code: int, lines: list[bytes]) -> Reply:
    """Make a reply of its code and its lines of text, enhanced code taken out."""
    text = [readable(line, TEXT_MAX) for line in lines]
    first = _ENHANCED.match(text[0]) if text else None
    enhanced = first[1] if first and first[1][0] == str(code)[0] else None
    if enhanced:
        text = [line.removeprefix(enhanced).lstrip() for line in text]
    return Reply(code, enhanced, readable("\n".join(text), TEXT_MAX))
