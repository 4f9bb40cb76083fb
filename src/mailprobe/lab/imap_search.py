"""SEARCH, pure: reads the criteria and says which messages fit (RFC 3501 6.4.4)."""

from __future__ import annotations

import datetime as dt
from typing import TYPE_CHECKING, Final, TypeAlias

from mailprobe.lab.imap_fetch import fields, split
from mailprobe.lab.imap_syntax import ImapSyntaxError, Token, choose, text

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from mailprobe.lab.store import Message

Test: TypeAlias = "Callable[[int, Message], bool]"

CHARSETS: Final = ("UTF-8", "US-ASCII")

_FLAGS: Final = {
    "ANSWERED": "\\Answered",
    "DELETED": "\\Deleted",
    "DRAFT": "\\Draft",
    "FLAGGED": "\\Flagged",
    "SEEN": "\\Seen",
}
_HEADERS: Final = ("BCC", "CC", "FROM", "SUBJECT", "TO")


class BadCharsetError(Exception):
    """A character set the server does not know (response code BADCHARSET)."""


def search(criteria: list[Token], messages: Sequence[Message]) -> list[int]:
    """
    Return the places of the messages that fit.

    Raises:
        ImapSyntaxError: If the criteria cannot be read.
        BadCharsetError: If they are in a character set that is not known.
    """
    tokens = list(criteria)
    first = tokens[0] if tokens else b""
    if not isinstance(first, list) and first.upper() == b"CHARSET":
        charset = text(tokens[1]).upper() if len(tokens) > 1 else ""
        if charset not in CHARSETS:
            raise BadCharsetError
        tokens = tokens[2:]
    test = _Reader(tokens, messages).every()
    return [place for place, m in enumerate(messages) if test(place, m)]


class _Reader:
    """Reads search keys from left to right."""

    def __init__(self, tokens: list[Token], messages: Sequence[Message]) -> None:
        self._tokens = tokens
        self._messages = messages
        self._at = 0

    def every(self) -> Test:
        """Read keys to the end; all of them must fit."""
        tests: list[Test] = []
        while self._at < len(self._tokens):
            tests.append(self._key())
        if not tests:
            message = "SEARCH wants at least one key"
            raise ImapSyntaxError(message)
        return lambda place, m: all(test(place, m) for test in tests)

    def _next(self) -> Token:
        if self._at >= len(self._tokens):
            message = "SEARCH key without its argument"
            raise ImapSyntaxError(message)
        self._at += 1
        return self._tokens[self._at - 1]

    def _word(self) -> str:
        return text(self._next())

    def _key(self) -> Test:
        token = self._next()
        if isinstance(token, list):
            return _Reader(token, self._messages).every()
        key = text(token).upper()
        if key == "NOT":
            inner = self._key()
            return lambda place, m: not inner(place, m)
        if key == "OR":
            one, other = self._key(), self._key()
            return lambda place, m: one(place, m) or other(place, m)
        return (
            self._flag_key(key)
            or self._text_key(key)
            or self._value_key(key)
            or self._set_key(key)
        )

    def _flag_key(self, key: str) -> Test | None:
        if key == "ALL":
            return lambda _place, _m: True
        if key in {"RECENT", "OLD"}:
            return lambda _place, m: m.recent is (key == "RECENT")
        if key == "NEW":
            return lambda _place, m: m.recent and "\\Seen" not in m.flags
        if key in {"KEYWORD", "UNKEYWORD"}:
            word = self._word()
            return lambda _place, m: (word in m.flags) is (key == "KEYWORD")
        flag = _FLAGS.get(key.removeprefix("UN"))
        if flag is None:
            return None
        return lambda _place, m: (flag in m.flags) is (key in _FLAGS)

    def _text_key(self, key: str) -> Test | None:
        if key == "HEADER":
            return _header_test(self._word(), self._word())
        if key in _HEADERS:
            return _header_test(key, self._word())
        if key not in {"BODY", "TEXT"}:
            return None
        wanted = _bytes(self._word())

        def test(_place: int, m: Message) -> bool:
            where = m.raw if key == "TEXT" else split(m.raw)[1]
            return wanted in where.lower()

        return test

    def _value_key(self, key: str) -> Test | None:
        if key in {"LARGER", "SMALLER"}:
            size = self._word()
            if not size.isdigit():
                message = f"{key} wants a number"
                raise ImapSyntaxError(message)
            limit = int(size)
            return lambda _place, m: (
                len(m.raw) > limit if key == "LARGER" else len(m.raw) < limit
            )
        if key in {"SINCE", "BEFORE", "ON"}:
            day = _day(self._word())
            signs = {"SINCE": (0, 1), "BEFORE": (-1,), "ON": (0,)}[key]
            return lambda _place, m: _order(m.arrived.date(), day) in signs
        return None

    def _set_key(self, key: str) -> Test:
        uids = key == "UID"
        numbers = (
            [m.uid for m in self._messages]
            if uids
            else list(range(1, len(self._messages) + 1))
        )
        if not uids and not key[:1].isdigit() and not key.startswith("*"):
            message = f"SEARCH key {key[:20]!r} is not known here"
            raise ImapSyntaxError(message)
        chosen = frozenset(choose(self._word() if uids else key, numbers))
        return lambda place, _m: place in chosen


def _bytes(value: str) -> bytes:
    return value.lower().encode("utf-8", "surrogateescape")


def _header_test(name: str, value: str) -> Test:
    wanted, field_name = _bytes(value), name.lower()

    def test(_place: int, m: Message) -> bool:
        return any(
            wanted in field.partition(b":")[2].lower()
            for known, field in fields(m.raw)
            if known == field_name
        )

    return test


def _day(value: str) -> dt.date:
    try:
        return dt.datetime.strptime(value, "%d-%b-%Y").replace(tzinfo=dt.UTC).date()
    except ValueError:
        message = f"{value[:20]!r} is not a date like 01-Jan-2026"
        raise ImapSyntaxError(message) from None


def _order(one: dt.date, other: dt.date) -> int:
    return (one > other) - (one < other)
