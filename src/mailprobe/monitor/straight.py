"""
Carries out the ledger's statements, on SQLite without a detour.

What SQLAlchemy does around each statement takes several times as long as SQLite with
it, and a trip needs some thirty. So each is put into words once, and the words are
given to the driver.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator, Mapping, Sequence
from functools import cache
from typing import Any, Final, TypeVar

import sqlalchemy as sa
from sqlalchemy.dialects import sqlite

V = TypeVar("V")

_Statement = sa.Select[Any] | sa.Insert | sa.Update | sa.Delete

_SLICE: Final = 500
"""Values in one IN (...); SQLite takes 999 in its older builds."""


class Straight:
    """
    One transaction; statements must be made once, for their words are kept.

    Whoever gives the connection begins the transaction, and ends it.
    """

    def __init__(self, on: sa.Connection | sqlite3.Connection) -> None:
        self._core: sa.Connection | None = None
        self._driver: Any = None
        if not isinstance(on, sa.Connection):
            self._driver = on
        elif on.dialect.name == "sqlite":
            self._driver = on.connection.driver_connection
        else:
            self._core = on

    def rows(
        self, statement: _Statement, values: Mapping[str, Any] | None = None
    ) -> Sequence[Sequence[Any]]:
        """Return all rows of a query."""
        values = values or {}
        if self._core is not None:
            return self._core.execute(statement, values).all()
        words, constants = _words(statement)
        values = {**constants, **values} if constants else values
        found: list[Any] = self._driver.execute(words, values).fetchall()
        return found

    def of_each(
        self, one: _Statement, every: _Statement, values: Sequence[str]
    ) -> Iterator[Sequence[Any]]:
        """
        Yield the rows of each of some values.

        Args:
            one: Asks for those of *one*, and again for the next: SQLite is near.
            every: Asks for those of *all*: a server is far.
            values: Of which there are rows.
        """
        if self._core is None:
            for value in values:
                yield from self.rows(one, {"one": value})
            return
        for part in sliced(values):
            yield from self.rows(every, {"all": part})

    def run(self, statement: _Statement, rows: Sequence[Mapping[str, Any]]) -> int:
        """
        Carry a statement out with each of the rows; all have the same keys.

        Return how many rows of the table it changed.
        """
        if self._core is not None:
            return self._core.execute(statement, rows).rowcount
        words, _ = _words(statement, tuple(rows[0]))
        if len(rows) == 1:
            done = self._driver.execute(words, rows[0])
        else:
            done = self._driver.executemany(words, rows)
        changed: int = done.rowcount
        return changed


def sliced(values: Sequence[V]) -> Iterator[Sequence[V]]:
    """Yield them in parts that fit one statement."""
    for start in range(0, len(values), _SLICE):
        yield values[start : start + _SLICE]


@cache
def _words(
    statement: _Statement, names: tuple[str, ...] = ()
) -> tuple[str, Mapping[str, Any]]:
    """Return a statement in SQLite's words, by name the values that it has itself."""
    dialect = sqlite.dialect(paramstyle="named")
    made = statement.compile(dialect=dialect, column_keys=list(names) or None)
    own = {name: value for name, value in made.params.items() if value is not None}
    return str(made), own
