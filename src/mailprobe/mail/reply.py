"""SMTP replies: bytes in, typed replies or a typed refusal out (RFC 5321 4.2)."""

from __future__ import annotations

import re
from typing import Final, NoReturn

from mailprobe.mail.text import readable
from mailprobe.model.failure import Reply

TEXT_MAX: Final = 4000  # characters of one reply kept; refusals fill two lines
# One reply, whole and well written: as it comes nearly always.
_WHOLE: Final = re.compile(rb"([2-5][0-9]{2})(?:-[^\r\n]*\r?\n\1)*(?: [^\r\n]*)?\r?\n")
_LINE: Final = re.compile(rb"([2-5][0-9]{2})(?:([ -])(.*))?", re.DOTALL)
_ENHANCED: Final = re.compile(r"([245]\.[0-9]{1,3}\.[0-9]{1,3})(?:\s+|$)")


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
        self._broken: ReplyError | None = None

    @property
    def pending(self) -> bytes:
        """Bytes that came, but do not make a whole reply yet."""
        return b"\n".join([*self._lines, bytes(self._buffer)])[: self._limit]

    def feed(self, data: bytes) -> list[Reply]:
        """
        Take what was received; return the replies that it completed.

        How the bytes were cut makes no difference: replies that came before
        the first fault are returned, and the fault is raised at the next call.

        Raises:
            ReplyError: If the bytes are no reply, or too many for one; from
                then on, every call raises it.
        """
        if self._broken is not None:
            raise self._broken
        if not self._buffer and not self._lines and len(data) <= self._limit:
            whole = _WHOLE.fullmatch(data)
            if whole is not None:
                texts = [line[4:] for line in data.splitlines()]
                return [smtp_reply(int(whole[1]), texts)]
        self._buffer += data
        replies: list[Reply] = []
        try:
            self._cut(replies)
        except ReplyError as error:
            self._broken = error
            if not replies:
                raise
        return replies

    def _cut(self, replies: list[Reply]) -> None:
        start, buffer = 0, self._buffer
        try:
            while (end := buffer.find(b"\n", max(start, self._searched))) >= 0:
                if self._size + end - start > self._limit:
                    self._too_long()
                reply = self._line(bytes(buffer[start:end]).rstrip(b"\r"))
                self._size += end - start
                start = end + 1
                if reply is not None:
                    self._size = 0
                    replies.append(reply)
            if self._size + len(buffer) - start > self._limit:
                self._too_long()
        finally:
            del buffer[:start]
            self._searched = len(buffer)

    def _too_long(self) -> NoReturn:
        message = f"a reply of more than {self._limit} bytes"
        raise ReplyError(message)

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
        lines, self._lines = self._lines, []
        return smtp_reply(int(code), lines)


def smtp_reply(code: int, lines: list[bytes]) -> Reply:
    """Make a reply of its code and its lines of text, enhanced code taken out."""
    text = readable(b"\n".join(lines), TEXT_MAX)
    first = _ENHANCED.match(text)
    enhanced = first[1] if first and first[1][0] == str(code)[0] else None
    if enhanced:
        text = "\n".join(_without(enhanced, line) for line in text.split("\n"))
    return Reply(code, enhanced, text)


def _without(enhanced: str, line: str) -> str:
    found = _ENHANCED.match(line)
    same = found is not None and found[1] == enhanced
    return line[found.end() :] if found and same else line
