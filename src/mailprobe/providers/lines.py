"""On which line each key of a TOML text stands, for messages that name it."""

from __future__ import annotations

import re
import tomllib
from contextlib import suppress
from typing import Final, TypeAlias

KeyPath: TypeAlias = tuple[str | int, ...]
"""Keys from the top of a document; a number counts the items of an array."""

# No possessive quantifiers: before Python 3.11.5 they lose matches (CPython's issue
# 106052). Nothing here can be read in two ways, so a failed match takes linear time.
_BLANK: Final = re.compile(r"(?:[ \t\r\n]|#[^\n]*)*")
_SPACE: Final = re.compile(r"[ \t]*")
_BARE: Final = re.compile(r"[A-Za-z0-9_-]+")
# The quotes that end a long string may be preceded by one or two that belong to it.
_LONG_BASIC: Final = re.compile(r'"""(?:[^"\\]|\\.|"{1,2}(?!"))*"{3,5}', re.DOTALL)
_LONG_LITERAL: Final = re.compile(r"'''(?:[^']|'{1,2}(?!'))*'{3,5}")
_BASIC: Final = re.compile(r'"(?:[^"\\\n]|\\.)*"')
_LITERAL: Final = re.compile(r"'[^'\n]*'")
_SCALAR: Final = re.compile(r"[^,\]}#\n]*")


def key_lines(text: str) -> dict[KeyPath, int]:
    """
    Find the line of every key, table and array item of a valid TOML text.

    A table that is mentioned more than once stands where it is mentioned first.

    Args:
        text: What `tomllib.loads` has accepted. Of any other text (and of one
            nested too deeply to walk) the keys before the trouble are found.

    Returns:
        Line numbers, counted from 1, by path.
    """
    scan = _Scan(text)
    # A message without a line is better than no message.
    with suppress(_Lost, RecursionError):
        scan.document()
    return scan.found


class _Lost(Exception):  # noqa: N818 - never leaves this file
    """The text is not TOML; tomllib says so better than we could."""


class _Scan:
    """One walk over a text. Everything is taken as valid: tomllib has judged."""

    def __init__(self, text: str) -> None:
        self.found: dict[KeyPath, int] = {}
        self._text = text
        self._at = 0
        self._line = 1
        self._counted = 0  # line ends before here are in _line
        self._items: dict[KeyPath, int] = {}  # last item of each [[array]]

    def document(self) -> None:
        """Walk over tables and keys from the top to the end."""
        table: KeyPath = ()
        self._skip(_BLANK)
        while self._at < len(self._text):
            if self._text.startswith("[", self._at):
                table = self._header()
            else:
                self._pair(table)
            self._skip(_BLANK)

    def _header(self) -> KeyPath:
        several = self._text.startswith("[[", self._at)
        self._at += 2 if several else 1
        self._skip(_SPACE)
        *outer, last = self._key()
        path: KeyPath = ()
        for part in outer:
            path = self._mark((*path, part))
            if path in self._items:
                path = (*path, self._items[path])
        path = self._mark((*path, last))
        if several:
            self._items[path] = self._items.get(path, -1) + 1
            path = self._mark((*path, self._items[path]))
        self._skip(_SPACE)
        self._at += 2 if several else 1
        return path

    def _pair(self, table: KeyPath) -> None:
        path = table
        for part in self._key():
            path = self._mark((*path, part))
        self._skip(_SPACE)
        self._expect("=")
        self._skip(_BLANK)
        self._value(path)

    def _key(self) -> list[str]:
        parts = [self._part()]
        while True:
            self._skip(_SPACE)
            if not self._text.startswith(".", self._at):
                return parts
            self._at += 1
            self._skip(_SPACE)
            parts.append(self._part())

    def _part(self) -> str:
        for form in (_BARE, _BASIC, _LITERAL):
            if found := self._take(form):
                break
        else:
            raise _Lost
        if form is _BARE:
            return found
        if form is _LITERAL:
            return found[1:-1]
        return str(tomllib.loads(f"key = {found}")["key"])

    def _value(self, path: KeyPath) -> None:
        if self._text.startswith("[", self._at):
            self._array(path)
        elif self._text.startswith("{", self._at):
            self._inline(path)
        elif not any(map(self._take, (_LONG_BASIC, _LONG_LITERAL, _BASIC, _LITERAL))):
            self._skip(_SCALAR)

    def _array(self, path: KeyPath) -> None:
        self._at += 1
        self._skip(_BLANK)
        index = 0
        while not self._text.startswith("]", self._at):
            self._value(self._mark((*path, index)))
            self._separator("]")
            index += 1
        self._at += 1

    def _inline(self, path: KeyPath) -> None:
        self._at += 1
        self._skip(_BLANK)
        while not self._text.startswith("}", self._at):
            self._pair(path)
            self._separator("}")
        self._at += 1

    def _separator(self, closing: str) -> None:
        self._skip(_BLANK)
        if not self._text.startswith(closing, self._at):
            self._expect(",")
            self._skip(_BLANK)

    def _mark(self, path: KeyPath) -> KeyPath:
        self._line += self._text.count("\n", self._counted, self._at)
        self._counted = self._at
        self.found.setdefault(path, self._line)
        return path

    def _expect(self, sign: str) -> None:
        if not self._text.startswith(sign, self._at):
            raise _Lost
        self._at += 1

    def _take(self, form: re.Pattern[str]) -> str:
        match = form.match(self._text, self._at)
        if match is None:
            return ""
        self._at = match.end()
        return match[0]

    def _skip(self, form: re.Pattern[str]) -> None:
        self._take(form)
