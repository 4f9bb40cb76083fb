"""
Entries and mails as rows for other programs: NDJSON and CSV, one line for each.

Nothing that a server said can end a line, steer a terminal, or be taken for a formula
by a spreadsheet (OWASP: CSV injection).
"""

from __future__ import annotations

import csv
import io
import json
from dataclasses import dataclass, fields, is_dataclass
from types import UnionType
from typing import (
    TYPE_CHECKING,
    Any,
    Final,
    Union,
    get_args,
    get_origin,
    get_type_hints,
)

from mailprobe.render.clean import visible
from mailprobe.render.json import plain

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

FORMULA: Final = ("=", "+", "-", "@", "\t", "\r", "\n")
"""What a spreadsheet takes for the beginning of a formula."""


@dataclass(frozen=True, slots=True)
class Row:
    """
    One row.

    Attributes:
        before: What stands before the fields of the value.
        value: A dataclass.
    """

    before: Mapping[str, str | int]
    value: object


def ndjson(row: Row) -> str:
    """Return a row as one line of ASCII JSON."""
    return json.dumps({**row.before, **plain(row.value)}, allow_nan=False)


class Csv:
    """
    Rows of values of some types, whose fields make the columns.

    Fields of fields have columns of their own, ``sample.party.name``; lists are JSON
    in one cell.
    """

    def __init__(self, types: Sequence[type], before: Sequence[str] = ()) -> None:
        """Work out the columns: what stands before, then the fields of the types."""
        names = dict.fromkeys(before)
        for one in types:
            names |= dict.fromkeys(_columns(one))
        self._names = tuple(names)

    @property
    def head(self) -> str:
        """The line with the names of the columns."""
        return _line(self._names)

    def line(self, row: Row) -> str:
        """Return one row."""
        found = {**row.before, **dict(_flat(plain(row.value), ""))}
        return _line([_cell(found.get(name)) for name in self._names])


def _columns(of: Any, before: str = "") -> Iterator[str]:  # noqa: ANN401 - a type form
    hints = get_type_hints(of)
    for field in fields(of):
        inner = _inner(hints[field.name])
        name = f"{before}{field.name}"
        if inner is None:
            yield name
        else:
            yield from _columns(inner, f"{name}.")


def _inner(hint: Any) -> Any:  # noqa: ANN401 - a type form
    """Return the dataclass that a field holds, perhaps; None for anything else."""
    if get_origin(hint) in (Union, UnionType):
        found = [one for one in get_args(hint) if one is not type(None)]
        hint = found[0] if len(found) == 1 else None
    return hint if isinstance(hint, type) and is_dataclass(hint) else None


def _flat(value: Mapping[str, Any], before: str) -> Iterator[tuple[str, object]]:
    for name, one in value.items():
        if isinstance(one, dict):
            yield from _flat(one, f"{before}{name}.")
        else:
            yield f"{before}{name}", one


def _cell(value: object) -> str:
    if value is None:
        return ""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, int | float):
        return str(value)
    text = visible(value if isinstance(value, str) else json.dumps(value))
    return f"'{text}" if text.startswith(FORMULA) else text


def _line(cells: Sequence[str]) -> str:
    written = io.StringIO()
    csv.writer(written, lineterminator="").writerow(cells)
    return written.getvalue()
