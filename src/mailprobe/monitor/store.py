"""The ledger without an event loop: opened, written in groups, asked, closed."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, Concatenate, ParamSpec, TypeVar

from mailprobe.model.errors import LedgerError
from mailprobe.monitor import schema
from mailprobe.monitor.booking import Job, book
from mailprobe.monitor.claim import Claim
from mailprobe.monitor.opening import create_file, known_version, prepare
from mailprobe.monitor.place import BEGIN, Place, connect
from mailprobe.monitor.straight import Straight
from mailprobe.monitor.trouble import sentences
from mailprobe.monitor.upserts import Upserts
from mailprobe.wire.clock import Clock

if TYPE_CHECKING:
    import sqlalchemy as sa

P = ParamSpec("P")
T = TypeVar("T")


class Store:
    """
    One open ledger; `write` may be called by one thread, `ask` by any.

    Raises:
        LedgerError: If it cannot be opened, or is none.
    """

    def __init__(  # noqa: PLR0913 - what `Ledger.open` takes
        self,
        place: Place,
        clock: Clock,
        *,
        durable: bool,
        create: bool,
        write: bool,
        patience: float,
    ) -> None:
        self._place = place
        self._clock = clock
        self._writable = write
        if place.path is not None and not (create or place.path.exists()):
            message = (
                f"there is no ledger at {place}; name the file or database that "
                "one was written to"
            )
            raise LedgerError(message)
        options = {"durable": durable, "patience": patience}
        self._writer = connect(place, "write", **options)  # type: ignore[arg-type]
        self._reader = connect(place, "read", **options)  # type: ignore[arg-type]
        self._claim = Claim(place, patience=patience)
        self._kept: sa.PoolProxiedConnection | None = None
        self._upserts = Upserts.of(self._writer.dialect.name)
        try:
            self._begin(create=create, patience=patience)
        except BaseException:
            self.close()
            raise

    def _begin(self, *, create: bool, patience: float) -> None:
        with sentences(str(self._place)):
            if self._writable:
                if self._place.path is not None and create:
                    create_file(self._place.path)
                prepare(self._writer, self._place, patience=patience)
                return
            with self._reader.begin() as connection:
                version = known_version(connection, self._place)
        if version != schema.VERSION:
            what = "is empty" if version is None else "is of an earlier version"
            message = (
                f"the ledger {self._place} {what}; what opens it for writing "
                "brings it up to date"
            )
            raise LedgerError(message)

    @property
    def place(self) -> str:
        """Where it is, for a sentence; a password in a URL is masked."""
        return str(self._place)

    def write(self, jobs: Sequence[Job]) -> Sequence[LedgerError | None]:
        """
        Write the jobs in one transaction; return for each what spoke against it.

        Raises:
            LedgerError: If nothing of any of them was written.
        """
        if not self._writable:
            message = f"the ledger {self._place} was opened for reading only"
            raise LedgerError(message)
        with sentences(str(self._place)), self._turn() as turn:
            return book(turn, self._upserts, jobs, self._clock.now())

    @contextmanager
    def _turn(self) -> Iterator[Straight]:
        """Give a transaction, to be committed."""
        if self._place.path is None:  # a server may have gone away meanwhile
            with self._writer.begin() as connection:
                yield Straight(connection)
            return
        if self._kept is None:
            self._kept = self._writer.raw_connection()
        driver: Any = self._kept.driver_connection
        try:
            driver.execute(BEGIN["write"])
            yield Straight(driver)
            driver.execute("COMMIT")
        except BaseException:
            # A COMMIT that failed may have left its transaction open: nothing that
            # waits to be written may get into it.
            self._kept.invalidate()
            self._kept = None
            raise

    def ask(
        self,
        question: Callable[Concatenate[sa.Connection, P], T],
        *args: P.args,
        **kwargs: P.kwargs,
    ) -> T:
        """Answer a question from one state of the ledger."""
        with sentences(str(self._place)), self._reader.begin() as connection:
            return question(connection, *args, **kwargs)

    def claim(self) -> bool:
        """Be the only monitor here; return False if there is another."""
        with sentences(str(self._place)):
            return self._claim.hold()

    def close(self) -> None:
        """Let go of the file or the server."""
        self._claim.release()
        if self._kept is not None:
            self._kept.close()
        self._reader.dispose()
        self._writer.dispose()
