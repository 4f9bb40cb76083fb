"""
Carries out the writer's statements, on SQLite without a detour.

What SQLAlchemy does around each statement takes several times as long as SQLite with
it, and a trip needs some forty. So each is put into words once, and the words are given
to the driver, within the transaction that SQLAlchemy began.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import cache
from typing import Any

import sqlalchemy as sa
from sqlalchemy.dialects import sqlite

_Statement = sa.Select[Any] | sa.Insert | sa.Update | sa.Delete


class Straight:
    """One transaction; statements must be made once, for their words are kept."""

    def __init__(self, connection: sa.Connection) -> None:
        self._core = connection
        self._driver: Any = None
        if connection.dialect.name == "sqlite":
            self._driver = connection.connection.driver_connection

    def rows(
        self, statement: _Statement, values: Mapping[str, Any] | None = None
    ) -> Sequence[Sequence[Any]]:
        """Return all rows of a query."""
        values = values or {}
        if self._driver is None:
            return self._core.execute(statement, values).all()
        words, order = _words(statement, tuple(values))
        found: list[Any] = self._driver.execute(
            words, [values[name] for name in order]
        ).fetchall()
        return found

    def run(self, statement: _Statement, rows: Sequence[Mapping[str, Any]]) -> None:
        """Carry a statement out with each of the rows; all have the same keys."""
        if self._driver is None:
            self._core.execute(statement, rows)
            return
        words, order = _words(statement, tuple(rows[0]))
        every = [[row[name] for name in order] for row in rows]
        if len(every) == 1:
            self._driver.execute(words, every[0])
        else:
            self._driver.executemany(words, every)


@cache
def _words(
    statement: _Statement, names: tuple[str, ...]
) -> tuple[str, tuple[str, ...]]:
    """Return a statement in SQLite's words, and the order of its values."""
    made = statement.compile(dialect=sqlite.dialect(), column_keys=list(names))
    return str(made), tuple(made.positiontup or ())
