"""Open a ledger: create it, know it from other files, bring its tables up to date."""

from __future__ import annotations

import os
import secrets
import sqlite3
import time
from pathlib import Path
from typing import Final

import sqlalchemy as sa

from mailprobe.model.errors import LedgerError
from mailprobe.monitor import schema
from mailprobe.monitor.chain import genesis
from mailprobe.monitor.place import APPLICATION_ID, Place

_LOCK: Final = 0x6D70_6C67  # for PostgreSQL's advisory lock: our own number
_AGAIN: Final = 0.02  # seconds; turning to WAL does not wait for others by itself


def create_file(path: Path) -> None:
    """Make an empty file that only its owner reads: it tells of people's mailboxes."""
    try:
        os.close(os.open(path, os.O_CREAT | os.O_EXCL | os.O_RDWR, 0o600))
    except FileExistsError:
        return
    except OSError as error:
        message = f"the ledger {path} cannot be created: {error.strerror}; check that "
        message += "its folder exists and that this user may write there"
        raise LedgerError(message) from None


def prepare(engine: sa.Engine, place: Place, *, patience: float) -> None:
    """
    Make sure that there is a ledger of the present version.

    Raises:
        LedgerError: If it is something else, or of a later version.
    """
    with engine.begin() as connection:
        if place.path is None:  # two that start at once take turns
            connection.execute(sa.select(sa.func.pg_advisory_xact_lock(_LOCK)))
        version = known_version(connection, place)
        if version != schema.VERSION:
            _migrate(connection)
        if version is None:
            _found(connection, place)
    if place.path is not None:
        _write_ahead(engine, patience)


def known_version(connection: sa.Connection, place: Place) -> str | None:
    """
    Return the version of the tables; None if there is nothing yet.

    Raises:
        LedgerError: If it is no ledger, or of a later version.
    """
    names = set(sa.inspect(connection).get_table_names())
    if not _ours(connection, names, place):
        message = f"{place} is a database of another program, no ledger; "
        raise LedgerError(message + "give another path or database")
    if schema.VERSION_TABLE not in names:
        return None
    table = sa.table(schema.VERSION_TABLE, sa.column("version_num"))
    version = connection.execute(sa.select(table.c.version_num)).scalar()
    if version not in schema.KNOWN:
        message = (
            f"the ledger {place} was written by a later mailprobe (tables of version "
            f"{version}, known is {schema.VERSION}); install that one"
        )
        raise LedgerError(message)
    return str(version)


def _ours(connection: sa.Connection, names: set[str], place: Place) -> bool:
    if place.path is None:
        mine = {table.name for table in schema.METADATA.sorted_tables}
        return schema.VERSION_TABLE in names or not names & mine
    number = connection.exec_driver_sql("PRAGMA application_id").scalar()
    return number == APPLICATION_ID or (number == 0 and not names)


def _migrate(connection: sa.Connection) -> None:
    from alembic import command  # noqa: PLC0415 - only when tables are made
    from alembic.config import Config  # noqa: PLC0415

    config = Config()
    config.set_main_option(
        "script_location", str(Path(__file__).parent / "migrations").replace("%", "%%")
    )
    config.attributes["connection"] = connection
    command.upgrade(config, "head")


def _found(connection: sa.Connection, place: Place) -> None:
    if place.path is not None:
        connection.exec_driver_sql(f"PRAGMA application_id = {APPLICATION_ID}")
    name = secrets.token_hex(16)
    first = {"one": 1, "ledger": name, "seq": 0, "digest": genesis(name), "clock": 0}
    connection.execute(schema.head.insert(), first)


def _write_ahead(engine: sa.Engine, patience: float) -> None:
    """Turn to SQLite's write-ahead log: readers and the writer do not wait."""
    until = time.monotonic() + patience
    raw = engine.raw_connection()
    try:
        opened = raw.driver_connection
        if not isinstance(opened, sqlite3.Connection):  # pragma: no cover
            return
        while True:
            try:
                opened.execute("PRAGMA journal_mode = WAL").fetchall()
            except sqlite3.OperationalError as error:
                if time.monotonic() > until or "locked" not in str(error):
                    raise
                time.sleep(_AGAIN)
            else:
                return
    finally:
        raw.close()
