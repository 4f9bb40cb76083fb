"""IMAP's grammar, as far as the lab speaks it (RFC 3501 section 9): no I/O."""

from __future__ import annotations

import re
from bisect import bisect_left, bisect_right
from typing import TYPE_CHECKING, Final, TypeAlias

if TYPE_CHECKING:
    from collections.abc import Sequence

Token: TypeAlias = "bytes | list[Token]"  # noqa: S105 - a syntax token

DEPTH_MAX: Final = 20
"""Nested parentheses; SEARCH is the only command that nests at all."""

LITERAL: Final = re.compile(rb"\{(\d{1,12})(\+?)\}\r?\n?$")
"""A literal announced at the end of a line; ``+`` means: do not wait."""

_INLINE: Final = re.compile(rb"\{(\d{1,12})\+?\}\r?\n")
_QUOTED: Final = re.compile(rb'"((?:[^"\\\r\n]|\\["\\])*)"')
_ATOM: Final = re.compile(rb"(?:[^\s()\[\]{\"]|\[[^\]]*\])+")
_ATOM_CHARS: Final = re.compile(r"[A-Za-z0-9!#$&'+,./:;<=>?@^_`|~-]+\Z")
_ESCAPED: Final = re.compile(rb'\\(["\\])')


class ImapSyntaxError(Exception):
    """The client's words cannot be read; the message says where."""


def parse(data: bytes) -> list[Token]:
    """
    Read the arguments of a command; literals stand in place (``{3}CRLFabc``).

    Returns:
        Atoms, strings and literals as bytes, parenthesised lists as lists.

    Raises:
        ImapSyntaxError: If they cannot be read.
    """
    tokens, end = _parse_list(data, 0, 0)
    if end != len(data):
        message = "unbalanced parenthesis"
        raise ImapSyntaxError(message)
    return tokens


def _parse_list(data: bytes, at: int, depth: int) -> tuple[list[Token], int]:
    tokens: list[Token] = []
    if depth > DEPTH_MAX:
        message = "too many parentheses"
        raise ImapSyntaxError(message)
    while at < len(data):
        char = data[at : at + 1]
        if char == b" ":
            at += 1
        elif char == b")":
            break
        elif char == b"(":
            inner, at = _parse_list(data, at + 1, depth + 1)
            if data[at : at + 1] != b")":
                message = "missing )"
                raise ImapSyntaxError(message)
            tokens.append(inner)
            at += 1
        else:
            token, at = _parse_one(data, at)
            tokens.append(token)
    return tokens, at


def _parse_one(data: bytes, at: int) -> tuple[bytes, int]:
    if match := _QUOTED.match(data, at):
        return _ESCAPED.sub(rb"\1", match[1]), match.end()
    if match := _INLINE.match(data, at):
        end = match.end() + int(match[1])
        return data[match.end() : end], end
    if match := _ATOM.match(data, at):
        return match[0], match.end()
    message = f"unexpected {data[at : at + 1]!r}"
    raise ImapSyntaxError(message)


def text(token: Token) -> str:
    """
    Return a string argument.

    Raises:
        ImapSyntaxError: If it is a list.
    """
    if isinstance(token, list):
        message = "a string was expected"
        raise ImapSyntaxError(message)
    return token.decode("utf-8", "surrogateescape")


def words(token: Token) -> list[str]:
    """Return a list argument's strings; a single string counts as a list of one."""
    return [text(t) for t in token] if isinstance(token, list) else [text(token)]


def quote(value: str) -> str:
    """Write a string so that a client can read it back: atom or quoted."""
    if _ATOM_CHARS.match(value):
        return value
    escaped = value.replace("\\", "\\\\").replace('"', '\\"')
    return f'"{escaped}"'


def choose(sequence: str, numbers: Sequence[int]) -> list[int]:
    """
    Return the places in *numbers* that a sequence set names (RFC 3501: 2:4,*).

    Args:
        sequence: The sequence set.
        numbers: All numbers there are, ascending; ``*`` is the last of them.

    Raises:
        ImapSyntaxError: If it is no sequence set.
    """
    last = numbers[-1] if numbers else 0
    places: set[int] = set()
    for part in sequence.split(","):
        first, colon, second = part.partition(":")
        low = _number(first, last)
        high = _number(second, last) if colon else low
        low, high = min(low, high), max(low, high)
        places.update(range(bisect_left(numbers, low), bisect_right(numbers, high)))
    return sorted(places)


def _number(value: str, last: int) -> int:
    if value == "*":
        return last
    if not (value.isascii() and value.isdigit()) or int(value[:11]) == 0:
        message = f"{value[:20]!r} is not a message number"
        raise ImapSyntaxError(message)
    return int(value[:11])


def pattern(reference: str, mailbox: str) -> re.Pattern[str]:
    """Make a LIST pattern a regular expression: ``*`` any, ``%`` within a level."""
    wild = {"*": ".*", "%": "[^/]*"}
    parts = (wild.get(char, re.escape(char)) for char in reference + mailbox)
    return re.compile("".join(parts) + r"\Z", re.IGNORECASE)
