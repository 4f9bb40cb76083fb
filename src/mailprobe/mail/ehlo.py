"""What an EHLO reply offers (RFC 5321 4.1.1.1)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from mailprobe.model.failure import Reply

SIZE_DIGITS: Final = 20  # RFC 1870 3: at most twenty


@dataclass(frozen=True, slots=True, kw_only=True)
class Offer:
    """
    What a server says it can do.

    Attributes:
        name: The name it gives itself; None if it gave none.
        keywords: Its lines, keyword in capitals, sorted: equal sets compare equal.
        size_limit: Its SIZE (RFC 1870); None if not offered or unreadable.
        auth: SASL mechanisms of ``AUTH`` and of the old ``AUTH=`` line, sorted.
    """

    name: str | None
    keywords: tuple[str, ...]
    size_limit: int | None
    auth: tuple[str, ...]

    def has(self, keyword: str) -> bool:
        """Whether a line begins with this keyword."""
        return any(
            line.startswith(keyword) and line.partition(" ")[0] == keyword
            for line in self.keywords
        )


def ehlo_offer(reply: Reply) -> Offer:
    """Read the reply to EHLO; a HELO reply is an offer of nothing."""
    first, *rest = reply.text.split("\n")
    lines = sorted({_canonical(line) for line in rest if line.strip()})
    auth: set[str] = set()
    size: int | None = None
    for line in lines:
        keyword, _, value = line.partition(" ")
        if keyword == "AUTH" or keyword.startswith("AUTH="):
            value = f"{keyword.removeprefix('AUTH').removeprefix('=')} {value}"
            auth.update(value.upper().split())
        elif keyword == "SIZE":
            size = _size(value.strip())
    words = first.split()
    return Offer(
        name=words[0] if words else None,
        keywords=tuple(lines),
        size_limit=size,
        auth=tuple(sorted(auth)),
    )


def _size(number: str) -> int | None:
    legible = number.isascii() and number.isdecimal() and len(number) <= SIZE_DIGITS
    return int(number) if legible else None


def _canonical(line: str) -> str:
    keyword, _, value = " ".join(line.split()).partition(" ")
    return f"{keyword.upper()} {value}".rstrip()
