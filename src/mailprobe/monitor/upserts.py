"""The statements that insert or replace, in the dialect of the database."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from typing import TYPE_CHECKING, Any

from sqlalchemy.dialects import postgresql, sqlite

from mailprobe.monitor import schema

if TYPE_CHECKING:
    import sqlalchemy as sa


@dataclass(frozen=True, slots=True, kw_only=True)
class Upserts:
    """One statement for each table whose rows change, made once for a ledger."""

    passage: sa.Insert
    balance: sa.Insert
    tally: sa.Insert
    latest: sa.Insert
    kept: sa.Insert

    @classmethod
    @cache
    def of(cls, dialect: str) -> Upserts:
        """Return those of a dialect."""
        return cls(
            # Its keys are those of its intent; set anew, their indexes would be, too.
            passage=_replace(schema.passage, dialect, "pending", "body"),
            balance=_replace(schema.balance, dialect),
            tally=_add_up(dialect),
            latest=_replace(schema.latest, dialect),
            kept=_replace(schema.kept, dialect),
        )


def _insert(table: sa.Table, dialect: str) -> Any:  # noqa: ANN401 - two alike
    return postgresql.insert(table) if dialect == "postgresql" else sqlite.insert(table)


def _replace(table: sa.Table, dialect: str, *names: str) -> sa.Insert:
    keys = [column.name for column in table.primary_key]
    new = _insert(table, dialect)
    every = [column.name for column in table.columns]
    others = names or [name for name in every if name not in keys]
    changed: sa.Insert = new.on_conflict_do_update(
        index_elements=keys, set_={name: new.excluded[name] for name in others}
    )
    return changed


def _add_up(dialect: str) -> sa.Insert:
    table = schema.tally
    new = _insert(table, dialect)
    changed: sa.Insert = new.on_conflict_do_update(
        index_elements=["day", "kind"],
        set_={
            "entries": table.c.entries + new.excluded.entries,
            "last": new.excluded.last,
        },
    )
    return changed
