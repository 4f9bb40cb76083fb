"""
One monitor at a time on a ledger: the system holds the claim, and ends it with us.

A lock of the system needs no clock and no clean-up: when its process dies, however
it dies, the next one gets it at once.
"""

from __future__ import annotations

import fcntl
import os
import time
from contextlib import suppress
from typing import TYPE_CHECKING, Final

import sqlalchemy as sa

from mailprobe.monitor.place import connect

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from mailprobe.monitor.place import Place

LINGER: Final = 1.0  # seconds; a server takes some ms to see that a client has died
_AGAIN: Final = 0.05
_LOCK: Final = 0x6D70_6D6F  # PostgreSQL's advisory lock; `opening` has another
_KEEPALIVE: Final = (
    "SET tcp_keepalives_idle = 30",
    "SET tcp_keepalives_interval = 10",
    "SET tcp_keepalives_count = 3",
)
"""A machine that lost its power is found dead in a minute, not in two hours."""


class Claim:
    """What is held: a locked file beside the ledger, or a lock of the server."""

    def __init__(self, place: Place, *, patience: float) -> None:
        self._place, self._patience = place, patience
        self._file: int | None = None
        self._engine: sa.Engine | None = None
        self._session: sa.Connection | None = None

    def hold(self) -> bool:
        """
        Take it, or make sure that it is still ours; False if another has it.

        Raises:
            OSError: If the file cannot be made.
            SQLAlchemyError: If the server is gone.
        """
        if self._place.path is not None:
            return self._file is not None or self._lock_file(self._place.path)
        return self._alive() or self._lock_server()

    def release(self) -> None:
        """Let go."""
        if self._file is not None:
            os.close(self._file)
            self._file = None
        if self._session is not None:
            self._session.close()
            self._session = None
        if self._engine is not None:
            self._engine.dispose()
            self._engine = None

    def _lock_file(self, path: Path) -> bool:
        # Not the ledger itself: closing that would end SQLite's own locks on it. Nor
        # is the file ever removed: another may have opened it just now.
        real = path.resolve()
        beside = real.with_name(f"{real.name}-lock")
        file = os.open(beside, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            os.close(file)
            return False
        except BaseException:
            os.close(file)
            raise
        self._file = file
        return True

    def _alive(self) -> bool:
        if self._session is None:
            return False
        with suppress(sa.exc.SQLAlchemyError):
            self._say(self._session, ("SELECT 1",))
            return True
        self.release()  # the server ended the session, and the lock with it
        return False

    def _lock_server(self) -> bool:
        options = {"durable": False, "patience": self._patience}
        engine = connect(self._place, "read", **options)  # type: ignore[arg-type]
        try:
            # Not in a transaction: that would be open for as long as the monitor is.
            session = engine.connect().execution_options(isolation_level="AUTOCOMMIT")
            self._say(session, _KEEPALIVE)
            held = self._ask(session)
        except BaseException:
            engine.dispose()
            raise
        self._engine, self._session = engine, session
        if not held:
            self.release()
        return held

    def _ask(self, session: sa.Connection) -> bool:
        asked = sa.select(sa.func.pg_try_advisory_lock(_LOCK))
        until = time.monotonic() + LINGER
        while not session.execute(asked).scalar():
            if time.monotonic() > until:
                return False
            time.sleep(_AGAIN)
        return True

    def _say(self, session: sa.Connection, statements: Sequence[str]) -> None:
        for statement in statements:
            session.exec_driver_sql(statement)
