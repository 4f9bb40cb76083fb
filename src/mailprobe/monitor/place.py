"""Where a ledger is: a file, or a database by its URL; and connections to it."""

from __future__ import annotations

import os
import sqlite3
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final, Literal

import sqlalchemy as sa
from sqlalchemy.engine import URL, make_url
from sqlalchemy.exc import ArgumentError
from sqlalchemy.pool import QueuePool

from mailprobe.model.errors import LedgerError, UsageError

Use = Literal["write", "read"]

APPLICATION_ID: Final = 0x6D70_6C67
"""What SQLite writes into the head of the file, so that `file` and we know it."""

# Whoever reads the head in order to append must be alone from the start.
BEGIN: Final[Mapping[Use, str]] = {"write": "BEGIN IMMEDIATE", "read": "BEGIN"}
"""How a transaction begins on SQLite."""

READERS: Final = 4
"""Questions answered at a time; each has a connection."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """
    Where a ledger is.

    Attributes:
        path: The SQLite file; None for PostgreSQL.
        url: The URL of the PostgreSQL database; None for SQLite.
    """

    path: Path | None
    url: URL | None

    def __str__(self) -> str:
        """Name it in a sentence; a password in a URL is masked."""
        return str(self.path or self.url)


def find(where: str | Path) -> Place:
    """
    Read a path, or a URL of ``sqlite:///PATH`` or ``postgresql://...``.

    Raises:
        UsageError: If it is a URL of anything else.
    """
    if isinstance(where, Path) or "://" not in where:
        return Place(path=Path(where), url=None)
    try:
        url = make_url(where)
    except ArgumentError:
        message = "the URL of the ledger cannot be read; "
        raise UsageError(message + "write postgresql://USER@HOST/DATABASE") from None
    name = url.get_backend_name()
    if name == "sqlite" and url.database:
        return Place(path=Path(url.database), url=None)
    if name != "postgresql":
        message = f"a ledger cannot be kept in {name[:40]!r}; give the path of a file, "
        raise UsageError(message + "or postgresql://USER@HOST/DATABASE")
    return Place(path=None, url=url.set(drivername="postgresql+psycopg"))


def connect(place: Place, use: Use, *, durable: bool, patience: float) -> sa.Engine:
    """
    Return an engine; nothing is opened yet.

    Args:
        place: Where the ledger is.
        use: To write, one transaction at a time, or to read.
        durable: Whether a transaction has to be on disk when it ends.
        patience: Seconds to wait for other processes.
    """
    size = {"pool_size": READERS if use == "read" else 1, "max_overflow": 0}
    if place.path is None:
        return _postgresql(place, use, size, durable=durable, patience=patience)
    engine = sa.create_engine(
        "sqlite://",
        creator=_opener(place.path, use, durable=durable, patience=patience),
        poolclass=QueuePool,
        **size,
    )
    # By the driver itself: SQLAlchemy's execution takes longer than all of SQLite's.
    sa.event.listen(
        engine, "begin", lambda on: on.connection.driver_connection.execute(BEGIN[use])
    )
    return engine


def _opener(
    path: Path, use: Use, *, durable: bool, patience: float
) -> Callable[[], sqlite3.Connection]:
    def connection() -> sqlite3.Connection:
        name = path.absolute().as_uri()
        mode = "rw" if use == "write" else "ro"
        if use == "read" and _sealed(path):
            # No process can write here, so there is none to take turns with.
            mode = "ro&immutable=1"
        opened = sqlite3.connect(
            f"{name}?mode={mode}",
            uri=True,
            timeout=patience,
            isolation_level=None,  # we begin, not the driver
            check_same_thread=False,
        )
        try:
            # NORMAL loses the newest commits with the machine; OFF could lose the file.
            level = "FULL" if durable else "NORMAL"
            opened.execute(f"PRAGMA synchronous = {level}")
            opened.execute("PRAGMA temp_store = MEMORY")
            opened.execute("PRAGMA cache_size = -16000")  # KiB: the upper pages
        except BaseException:
            opened.close()
            raise
        return opened

    return connection


def _sealed(path: Path) -> bool:
    """Whether the folder takes no files, so that SQLite's own beside it cannot be."""
    with suppress(OSError):
        beside = path.with_name(f"{path.name}-wal")
        return not os.access(path.parent, os.W_OK) and not beside.exists()
    return False


def _postgresql(
    place: Place, use: Use, size: dict[str, int], *, durable: bool, patience: float
) -> sa.Engine:
    try:
        engine = sa.create_engine(
            place.url or "",
            connect_args={
                "connect_timeout": max(2, int(patience)),
                "application_name": "mailprobe",
            },
            isolation_level="READ COMMITTED" if use == "write" else "REPEATABLE READ",
            pool_pre_ping=True,  # the server may have been restarted
            **size,
        )
    except ModuleNotFoundError:
        message = f"{place} needs psycopg: pip install 'mailprobe[postgresql]'"
        raise LedgerError(message) from None

    def prepare(opened: Any, _: object) -> None:  # noqa: ANN401 - the driver's
        settings = [f"SET lock_timeout = {int(patience * 1000)}"]
        settings.append(f"SET synchronous_commit = {'on' if durable else 'off'}")
        if use == "read":
            settings.append("SET default_transaction_read_only = on")
        with opened.cursor() as cursor:
            for setting in settings:
                cursor.execute(setting)
        opened.commit()

    sa.event.listen(engine, "connect", prepare)
    return engine
