"""The parts of a mail (RFC 2045, 2046), cut in one pass and without trust."""

from __future__ import annotations

import binascii
import re
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Final

from mailprobe.mail.received import header_values

# The bounce of a canary takes some 8 KiB. One of a large mail carries its
# report in front of what it returns, so the beginning tells everything.
BYTES_MAX: Final = 256 * 1024
PARTS_MAX: Final = 32  # a report has three, and gateways add one or two
DEPTH_MAX: Final = 8  # a report in a wrapper takes two, the mail it returns two more
_DELIMITER_MAX: Final = 200  # RFC 2046 5.1.1 allows a boundary of seventy

MESSAGES: Final = ("message/rfc822", "message/global")
_BLANK: Final = (b"\n", b"\r\n")
_PLAIN: Final = ("", "7bit", "8bit", "binary")
_PARAMETER: Final = re.compile(
    r';\s*([a-z0-9-]{1,40})\s*=\s*(?:"((?:[^"\\]|\\.){0,400})"|([^\s;"]{1,400}))',
    re.IGNORECASE,
)
_QUOTED_PAIR: Final = re.compile(r"\\(.)")
_NOT_BASE64: Final = re.compile(rb"[^A-Za-z0-9+/]+")


@dataclass(frozen=True, slots=True, kw_only=True)
class Part:
    """
    One part of a mail; the mail itself is the first.

    Attributes:
        head: Its header block, as it came.
        kind: Its media type in lower case, such as ``text/plain``.
        parameters: Those of the media type, names in lower case.
        encoding: Its transfer encoding in lower case; empty if none is named.
        body: What it holds, as it came; empty if that was cut into parts.
        within: How many messages it lies within: 0 for parts of the mail
            itself, 1 for those of a mail that it carries.
    """

    head: bytes
    kind: str
    parameters: Mapping[str, str]
    encoding: str
    body: bytes
    within: int

    def content(self) -> bytes:
        """Return the body, decoded as far as it can be (RFC 2045 6)."""
        if self.encoding == "quoted-printable":
            return binascii.a2b_qp(self.body)
        if self.encoding == "base64":
            letters = _NOT_BASE64.sub(b"", self.body)
            # A single letter left over says nothing; padding is made anew.
            letters = letters[: len(letters) - (len(letters) % 4 == 1)]
            return binascii.a2b_base64(letters + b"=" * (-len(letters) % 4))
        return self.body


def parts(raw: bytes) -> tuple[Part, ...]:
    """
    Cut a mail into its parts, in the order in which they stand in it.

    What is broken is read as far as it can be. Of longer mails, those of more
    parts and those nested deeper, the beginning is read: every byte is looked
    at once, and is part of one head or body at most.
    """
    cutter = _Cutter(raw[:BYTES_MAX])
    cutter.cut()
    return tuple(cutter.parts)


class _Cutter:
    """Where the reading of a mail stands: line by line, without recursion."""

    def __init__(self, raw: bytes) -> None:
        self.parts: list[Part] = []
        self._raw = raw
        # Open multiparts, the innermost last: delimiter -> messages around it.
        self._open: dict[bytes, int] = {}
        self._within = 0
        self._head_at: int | None = 0  # where the head that is read began
        self._leaf: Part | None = None  # whose body is read
        self._body_at = 0  # where that body began

    def cut(self) -> None:
        """Read every line once."""
        at, size = 0, len(self._raw)
        while at < size and len(self.parts) < PARTS_MAX:
            after = self._raw.find(b"\n", at) + 1 or size
            if self._raw.startswith(b"--", at) and after - at <= _DELIMITER_MAX:
                self._dashes(at, after)
            elif self._head_at is not None and self._raw[at:after] in _BLANK:
                self._head_ends(self._head_at, at, after)
            at = after
        if len(self.parts) < PARTS_MAX:
            self._part_ends(size)
        if len(self.parts) == 1 and self._open:
            # Its delimiter never came: what it holds is not lost for that.
            whole = self.parts[0]
            self.parts[0] = replace(whole, body=self._raw[len(whole.head) :])

    def _dashes(self, at: int, after: int) -> None:
        line = self._raw[at:after].rstrip()
        last = line not in self._open
        delimiter = line.removesuffix(b"--") if last else line
        if delimiter not in self._open:
            return
        self._part_ends(at)
        while next(reversed(self._open)) != delimiter:
            self._open.popitem()
        self._within = self._open[delimiter]
        if last:
            del self._open[delimiter]
        else:
            self._head_at = after

    def _part_ends(self, end: int) -> None:
        """End the part that is read, be it in its head or its body."""
        if self._head_at is not None:
            self._head_ends(self._head_at, end, end)
            self._head_at = None
        if self._leaf is not None:
            body = self._raw[self._body_at : end]
            if end < len(self._raw):  # the line end belongs to the delimiter
                body = body.removesuffix(b"\n").removesuffix(b"\r")
            self.parts.append(replace(self._leaf, body=body))
            self._leaf = None

    def _head_ends(self, begin: int, end: int, after: int) -> None:
        part = _begun(self._raw[begin:end], self._within)
        boundary = part.parameters.get("boundary", "").encode().rstrip()
        deep = len(self._open) + self._within >= DEPTH_MAX
        self._head_at = None
        if part.kind.startswith("multipart/") and boundary and not deep:
            self.parts.append(part)
            self._open.setdefault(b"--" + boundary, self._within)
        elif part.kind in MESSAGES and part.encoding in _PLAIN and not deep:
            self.parts.append(part)
            self._within += 1
            self._head_at = after
        else:
            self._leaf, self._body_at = part, after


def _begun(head: bytes, within: int) -> Part:
    """Read a head; the body comes later."""
    value = next(iter(header_values(head, "Content-Type")), "")
    kind = value.partition(";")[0].strip().lower()
    parameters: dict[str, str] = {}
    for name, quoted, bare in _PARAMETER.findall(value):
        text = _QUOTED_PAIR.sub(r"\1", quoted) if quoted else bare
        parameters.setdefault(name.lower(), text)
    encoding = next(iter(header_values(head, "Content-Transfer-Encoding")), "")
    return Part(
        head=head,
        # RFC 2045 5.2: text is what is not said to be anything else.
        kind=kind if "/" in kind else "text/plain",
        parameters=parameters,
        encoding=encoding.partition(";")[0].strip().lower(),
        body=b"",
        within=within,
    )
