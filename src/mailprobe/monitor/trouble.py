"""What a database says, in one sentence that says what to do."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Final

from sqlalchemy.exc import DBAPIError, SQLAlchemyError

from mailprobe.model.errors import LedgerError

_FULL: Final = "there is no room left for it; make some, nothing that was acknowledged "
_REFUSED: Final = (
    "the disk refused to read or write it; check the disk and the room on it, nothing "
    "that was acknowledged is lost"
)
_READ_ONLY: Final = "it may not be written by this user; check the rights of the file "
_LOCKED: Final = "another process has been writing to it for too long; see which with "
_CLOSED: Final = (
    "its file cannot be opened; check that the folder exists and that this "
)

_SQLITE: Final = (
    ("SQLITE_FULL", _FULL + "is lost"),
    ("SQLITE_IOERR", _REFUSED),
    ("SQLITE_READONLY", _READ_ONLY + "and of its folder"),
    ("SQLITE_BUSY", _LOCKED + "`fuser FILE`"),
    ("SQLITE_LOCKED", _LOCKED + "`fuser FILE`"),
    ("SQLITE_CANTOPEN", _CLOSED + "user may write there"),
    ("SQLITE_PERM", _CLOSED + "user may write there"),
    ("SQLITE_NOTADB", "that file is no database; give another path"),
    ("SQLITE_CORRUPT", "the file is damaged; keep it, and go on with the last backup"),
)  # fmt: skip
"""By the beginning of SQLite's own name for it."""

_POSTGRESQL: Final = (
    ("53100", _FULL + "is lost"),
    ("25006", "the server takes no writes; write to the primary"),
    ("42501", "this user may not do that; grant it, or make it the owner"),
    ("55P03", _LOCKED + "pg_stat_activity"),
    ("53300", "the server has no connection left; raise max_connections"),
    ("28", "the server refuses this user or password; check the URL"),
    ("3D000", "there is no such database; create it"),
    ("08", "the connection was lost; whether the last write is stored is not known"),
    ("57P", "the server is shutting down or restarting; try again"),
)
"""By the beginning of the SQLSTATE."""


def told(error: Exception, place: str) -> LedgerError:
    """Return the sentence for what a database raised."""
    cause = error.orig if isinstance(error, DBAPIError) and error.orig else error
    if isinstance(cause, sqlite3.Error):
        table, code = _SQLITE, getattr(cause, "sqlite_errorname", "")
    else:
        table, code = _POSTGRESQL, getattr(cause, "sqlstate", None) or ""
    for beginning, sentence in table:
        if code.startswith(beginning):
            return LedgerError(f"the ledger {place} cannot be used: {sentence}")
    said = " ".join(str(cause).split())[:200] or type(cause).__name__
    return LedgerError(f"the ledger {place} cannot be used: {said}")


@contextmanager
def sentences(place: str) -> Iterator[None]:
    """Raise `LedgerError` for whatever a database raises inside."""
    try:
        yield
    except (SQLAlchemyError, sqlite3.Error, OSError) as error:
        raise told(error, place) from error
