"""TOML files read strictly; every complaint names the file, the line and the key."""

from __future__ import annotations

import re
import tomllib
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time
from pathlib import Path
from typing import TYPE_CHECKING, Final, NoReturn

from mailprobe.model.errors import ConfigError
from mailprobe.providers.lines import KeyPath, key_lines

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator

SIZE_LIMIT: Final = 1024 * 1024
"""Bytes of one file: a thousand mailboxes or presets fit; a wrong path is noticed."""

_INTEGER_MAX: Final = 2**63 - 1  # TOML promises no more; repr() fails beyond 2**14284

_TYPES: Final = {
    bool: "a boolean",
    int: "an integer",
    float: "a float",
    str: "a string",
    list: "an array",
    dict: "a table",
    datetime: "a date with a time",
    date: "a date",
    time: "a time",
}
_PLACE: Final = re.compile(r" \(at (?:line (\d+), column (\d+)|end of document)\)$")
_BARE_KEY: Final = re.compile(r"[A-Za-z0-9_-]+")


@dataclass(frozen=True, slots=True)
class Document:
    """
    One TOML file.

    Attributes:
        path: Where it was read from.
        text: What stands in it.
        data: Its tables.
    """

    path: Path
    text: str = field(default="", repr=False)
    data: dict[str, object] = field(default_factory=dict, repr=False)

    @property
    def root(self) -> Table:
        """The table at the top."""
        return Table(self, (), self.data)

    def where(self, key: KeyPath = ()) -> str:
        """Give the place of *key* as messages name it: file, line, dotted key."""
        parts = [shown(self.path)]
        line = self._line(key)
        if line is not None:
            parts.append(f"line {line}")
        if key:
            parts.append(dotted(key))
        return ", ".join(parts)

    def error(self, key: KeyPath, complaint: str) -> ConfigError:
        """Make the error that says *complaint* of *key*."""
        return ConfigError(f"{self.where(key)}: {complaint}")

    def _line(self, key: KeyPath) -> int | None:
        lines = key_lines(self.text)
        while key and key not in lines:
            key = key[:-1]  # what is missing belongs to the table around it
        return lines.get(key)


@dataclass(frozen=True, slots=True)
class Table:
    """
    One table of a document, read key by key.

    Every getter raises `ConfigError` for a value of the wrong type. No message
    quotes a value that could be a secret.
    """

    document: Document
    path: KeyPath
    values: dict[str, object] = field(repr=False)

    def refuse(self, key: str, complaint: str, *, item: int | None = None) -> NoReturn:
        """Raise the error that says *complaint* of *key* or an item of its array."""
        index = () if item is None else (item,)
        raise self.document.error((*self.path, key, *index), complaint) from None

    def only(self, known: Collection[str]) -> None:
        """Refuse every key that is not in *known*."""
        for key in self.values:
            if key not in known:
                self.refuse(key, f"unknown key{_nearest(key, known)}")

    def text(self, key: str, default: str | None = None) -> str:
        """Return a string; it must be there unless there is a *default*."""
        if key not in self.values and default is not None:
            return default
        value = self._needed(key)
        if not isinstance(value, str):
            self.refuse(key, _wanted("a string", value))
        return value

    def texts(self, key: str, default: tuple[str, ...] | None = ()) -> tuple[str, ...]:
        """Return an array of strings; it must be there if *default* is None."""
        if key not in self.values and default is not None:
            return default
        wanted = "an array of strings"
        found: list[str] = []
        for path, item in self._items(key, wanted):
            if not isinstance(item, str):
                raise self.document.error(path, _wanted("a string", item))
            found.append(item)
        return tuple(found)

    def integer(self, key: str, default: int | None = None) -> int:
        """Return an integer; it must be there unless there is a *default*."""
        if key not in self.values and default is not None:
            return default
        value = self._needed(key)
        if not isinstance(value, int) or isinstance(value, bool):
            self.refuse(key, _wanted("an integer", value))
        if abs(value) > _INTEGER_MAX:
            self.refuse(key, "must be an integer of at most 64 bits")
        return value

    def number(self, key: str) -> float:
        """Return an integer or a float."""
        value = self._needed(key)
        if not isinstance(value, int | float) or isinstance(value, bool):
            self.refuse(key, _wanted("a number", value))
        return value

    def flag(self, key: str, *, default: bool) -> bool:
        """Return a boolean."""
        value = self.values.get(key, default)
        if not isinstance(value, bool):
            self.refuse(key, _wanted("true or false", value))
        return value

    def day(self, key: str) -> str:
        """Return a date, written bare or as a string, in ISO form."""
        value = self._needed(key)
        if isinstance(value, str):
            try:
                value = date.fromisoformat(value)
            except ValueError:
                complaint = f"{shown(value)} is not a date; write it as 2026-11-22"
                self.refuse(key, complaint)
        if not isinstance(value, date) or isinstance(value, datetime):
            self.refuse(key, _wanted("a date", value))
        return value.isoformat()

    def moment(self, key: str) -> datetime:
        """Return a date with a time and its offset from UTC, as UTC."""
        value = self._needed(key)
        if not isinstance(value, datetime):
            self.refuse(key, _wanted("a date with a time", value))
        if value.tzinfo is None:
            complaint = "needs its offset from UTC, as in 2026-11-22T23:00:00+01:00"
            self.refuse(key, complaint)
        return value.astimezone(UTC)

    def table(self, key: str) -> Table | None:
        """Return the table under *key*; None if there is none."""
        if key not in self.values:
            return None
        return self._as_table((*self.path, key), self.values[key])

    def tables(self, key: str) -> tuple[Table, ...]:
        """Return the array of tables under *key*; empty if there is none."""
        if key not in self.values:
            return ()
        items = self._items(key, "an array of tables")
        return tuple(self._as_table(path, item) for path, item in items)

    def _items(self, key: str, wanted: str) -> Iterator[tuple[KeyPath, object]]:
        value = self._needed(key)
        if not isinstance(value, list):
            self.refuse(key, _wanted(wanted, value))
        for index, item in enumerate(value):
            yield (*self.path, key, index), item

    def _as_table(self, path: KeyPath, value: object) -> Table:
        if not isinstance(value, dict):
            raise self.document.error(path, _wanted("a table", value))
        return Table(self.document, path, value)

    def _needed(self, key: str) -> object:
        if key not in self.values:
            complaint = f"the key {dotted((key,))} is missing"
            raise self.document.error(self.path, complaint)
        return self.values[key]


def read(path: Path) -> Document:
    """
    Read a TOML file of at most `SIZE_LIMIT` bytes.

    Raises:
        ConfigError: If it cannot be read or is not TOML.
    """
    return parse(path, _content(path))


def parse(path: Path, content: bytes) -> Document:
    """
    Read TOML that stands in *path*; a byte order mark is passed over.

    Raises:
        ConfigError: If it is not UTF-8 or not TOML.
    """
    name = shown(path)
    try:
        # Windows editors write the mark and CRLF; neither is worth an error.
        text = content.decode("utf-8-sig").replace("\r\n", "\n")
    except UnicodeDecodeError as error:
        line = content.count(b"\n", 0, error.start) + 1
        message = f"{name}, line {line}: not valid UTF-8; save the file as UTF-8"
        raise ConfigError(message) from None
    try:
        return Document(path, text, tomllib.loads(text))
    except ValueError as error:  # bad syntax, and integers of thousands of digits
        place, complaint = _syntax(str(error))
        message = f"{name}{place}: not valid TOML: {complaint}"
        raise ConfigError(message) from None
    except RecursionError:
        message = f"{name}: not valid TOML: nested too deeply"
        raise ConfigError(message) from None


def shown(value: object) -> str:
    """Give a path or a short text on one line, whatever characters are in it."""
    text = str(value)
    if isinstance(value, Path) and text.isprintable():
        return text
    most = 200  # a file path or host name in full, a pasted page not
    return repr(text if len(text) <= most else text[:most] + "...")


def dotted(key: KeyPath) -> str:
    """Give a path of keys as TOML writes it, array items counted from 1."""
    text = ""
    for part in key:
        if isinstance(part, int):
            text += f"[{part + 1}]"
        else:
            bare = _BARE_KEY.fullmatch(part)
            text += f".{part if bare else shown(part)}"
    return text.removeprefix(".")


def _content(path: Path) -> bytes:
    name = shown(path)
    try:
        if path.is_dir():
            message = f"{name}: is a directory; name a file"
            raise ConfigError(message)
        with path.open("rb") as file:
            content = file.read(SIZE_LIMIT + 1)
    except (OSError, ValueError) as error:  # ValueError: a NUL in the path
        reason = getattr(error, "strerror", None) or "not a usable path"
        message = f"{name}: cannot be read: {reason}"
        raise ConfigError(message) from None
    if len(content) > SIZE_LIMIT:
        message = f"{name}: larger than {SIZE_LIMIT // 1024} KiB; is it the right file?"
        raise ConfigError(message)
    return content


def _syntax(said: str) -> tuple[str, str]:
    """Split what tomllib says into the place and the complaint."""
    place = _PLACE.search(said)
    if place is None:
        return "", said
    complaint = said[: place.start()]
    if place[1] is None:
        return "", f"{complaint} at the end of the file"
    return f", line {place[1]}, column {place[2]}", complaint


def _wanted(wanted: str, value: object) -> str:
    return f"must be {wanted}, not {_TYPES.get(type(value), 'this')}"


def _nearest(key: str, known: Collection[str]) -> str:
    from difflib import get_close_matches  # noqa: PLC0415 - only for a mistake

    near = get_close_matches(key.lower(), sorted(known), n=1)
    if near:
        return f"; did you mean {near[0]}?"
    return f"; known here: {', '.join(sorted(known))}"
