"""
The ledger: what was decided and seen, in order, and what became of every canary.

Appending is the only way to write. An append that has returned is on disk; one that
has raised has left nothing.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Collection, Mapping, Sequence
from datetime import date, datetime
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING, Any, Final, Self

from mailprobe.model.entry import Entry
from mailprobe.model.errors import LedgerError, UsageError
from mailprobe.model.passage import Balance, Passage
from mailprobe.monitor.chain import Head
from mailprobe.monitor.detail import Detail
from mailprobe.wire.clock import Clock, SystemClock

if TYPE_CHECKING:
    from mailprobe.monitor.hands import Hands
    from mailprobe.monitor.verifying import Verification

PATIENCE: Final = 10.0
"""Seconds to wait for another process that writes; a transaction takes some ms."""

ENTRIES_MAX: Final = 10_000
"""In one append, which is one transaction: a second of work at most."""

PASSAGES_MAX: Final = 100_000
"""Asked for at once: some 100 MB."""

REPORTS_MAX: Final = 100
"""Asked for at once."""

_EXTRA: Final = "the ledger needs SQLAlchemy and Alembic: pip install "


class Ledger:
    """
    What a monitor writes down; one for any number of tasks of an event loop.

    Several processes may use one ledger at a time. Every method raises `LedgerError`,
    one sentence, if the disk is full, the file read-only, locked or damaged, or the
    server gone; the ledger can be used again as soon as that is mended.
    """

    def __init__(
        self, where: str | Path, clock: Clock, options: dict[str, Any]
    ) -> None:
        self._where = where
        self._clock = clock
        self._options = options
        self._open: Hands | None = None
        self._claimed: Hands | None = None

    @classmethod
    def open(  # noqa: PLR0913 - all but the first have a default that serves
        cls,
        where: str | Path,
        *,
        clock: Clock | None = None,
        threaded: bool = True,
        durable: bool = True,
        create: bool = True,
        write: bool = True,
        patience: float = PATIENCE,
    ) -> Self:
        """
        Return a ledger for ``async with``, which opens it.

        Args:
            where: The path of an SQLite file, or the URL of a PostgreSQL database.
            clock: Whose clock stamps what the ledger itself notes.
            threaded: Write in a thread, many appends in one transaction. Without,
                every call does its work at once and never waits: for replays, whose
                event loop jumps in time.
            durable: Have it on disk when an append returns. Without, the death of
                the machine can lose the newest entries, never the whole.
            create: Make a new ledger if there is none.
            write: Whether anything is to be written; without, nothing is touched.
            patience: Seconds to wait for another process that writes.
        """
        options = {
            "threaded": threaded,
            "durable": durable,
            "create": create and write,
            "write": write,
            "patience": patience,
        }
        return cls(where, clock or SystemClock(), options)

    async def __aenter__(self) -> Self:
        """
        Open it: created, or brought up to the present version.

        Raises:
            LedgerError: If it is no ledger, of a later version, or cannot be used.
        """
        try:
            from mailprobe.monitor.hands import Hands  # noqa: PLC0415 - an extra
        except ModuleNotFoundError as error:
            message = f"{_EXTRA}'mailprobe[monitor]' ({error.name} is missing)"
            raise LedgerError(message) from None
        self._open = await Hands.open(self._where, self._clock, **self._options)
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """Write what was taken, and let go of the file."""
        hands, self._open = self._open, None
        if hands is not None:
            await hands.close()

    @property
    def _hands(self) -> Hands:
        if self._open is None:
            message = "the ledger is not open; use it inside `async with`"
            raise LedgerError(message)
        return self._open

    @property
    def place(self) -> str:
        """Where it is, for people; a password in a URL is masked."""
        return self._hands.place

    @property
    def idle(self) -> bool:
        """Whether no append is waiting to be written."""
        return self._open is None or self._open.idle

    # --- writing -------------------------------------------------------------------

    async def append(
        self,
        *entries: Entry,
        keep: Mapping[str, bytes | None] | None = None,
        details: Sequence[Detail] = (),
    ) -> None:
        """
        Append entries, and return when they are durable.

        All of one call is stored, or nothing. What follows from them, passages and
        balances, is stored with them; if the books do not balance, an `Alarmed`
        entry goes in as well. Cancelled, a call may be stored all the same.

        Args:
            entries: What happened, in order.
            keep: Bookmarks and snapshots to replace at the same moment; None forgets.
            details: Reports to keep for a while; the chain has their hashes.

        Raises:
            LedgerError: If nothing was stored; also if a mail is intended a second
                time, for no token may be sent twice.
            UsageError: If an entry cannot be meant.
        """
        hands = self._hands
        if len(entries) > ENTRIES_MAX:
            message = f"{len(entries)} entries in one append are more than the "
            raise UsageError(message + f"{ENTRIES_MAX} of one transaction")
        if not (entries or keep or details):
            return
        await hands.append(entries, keep or {}, details, self._clock.now())

    async def claim(self) -> None:
        """
        Be the only monitor of this ledger until it is closed, or this process ends.

        Called again, it makes sure that this is still so.

        Raises:
            LedgerError: If another monitor has it; the sentence says which.
        """
        from mailprobe.monitor import holder  # noqa: PLC0415

        hands = self._hands
        if not await hands.claim():
            raise holder.taken(hands.place, await self.kept(holder.KEY))
        if hands is not self._claimed:
            await self.keep(holder.KEY, holder.me(self._clock.now()))
            self._claimed = hands

    async def keep(self, key: str, value: bytes | None) -> None:
        """Keep a bookmark or a snapshot under a key; None forgets it."""
        await self.append(keep={key: value})

    async def attach(self, about: str, report: bytes, *, failed: bool) -> None:
        """
        Keep a report or transcript: 90 days if it tells of a failure, else 7.

        The chain has its hash, and keeps it when `prune` has removed the report.

        Args:
            about: The token it is about, or whatever it is to be found by.
            report: Its bytes, JSON as a rule; 4 MiB at most.
            failed: Whether it tells of a failure.
        """
        await self.append(details=(Detail(about=about, report=report, failed=failed),))

    async def prune(self, now: datetime | None = None) -> int:
        """Remove the reports whose time is up; return how many. No entry goes."""
        return await self._hands.prune(now or self._clock.now())

    # --- reading -------------------------------------------------------------------

    async def passage(self, token: str) -> Passage | None:
        """Return what became of one mail; None if it was never intended."""
        from mailprobe.monitor import reading  # noqa: PLC0415

        return await self._hands.ask(reading.passage, token)

    async def passages(  # noqa: PLR0913 - each narrows the answer
        self,
        *,
        route: str | None = None,
        mailbox: str | None = None,
        pending: bool | None = None,
        since: datetime | None = None,
        until: datetime | None = None,
        limit: int = 1000,
    ) -> tuple[Passage, ...]:
        """
        Return mails in the order of their intents.

        Args:
            route: Only those of this route.
            mailbox: Only those to this address.
            pending: Only those still waited for, or only the others.
            since: Only those intended then or later.
            until: Only those intended before.
            limit: How many at most; 100,000 are the most there are at once.
        """
        from mailprobe.monitor import reading  # noqa: PLC0415

        wanted = reading.WantedPassages(
            route=route,
            mailbox=mailbox,
            pending=pending,
            since=since,
            until=until,
            limit=min(limit, PASSAGES_MAX),
        )
        return await self._hands.ask(reading.passages, wanted)

    async def balance(
        self,
        route: str | None = None,
        since: datetime | None = None,
        until: datetime | None = None,
    ) -> Balance:
        """Return how many mails, by the time of their intent, are in each state."""
        from mailprobe.monitor import reading  # noqa: PLC0415

        found = await self.balances(since, until)
        if route is not None:
            return found.get(route, Balance())
        return reading.total(found.values())

    async def balances(
        self, since: datetime | None = None, until: datetime | None = None
    ) -> dict[str, Balance]:
        """Return the same by route. Whole days are sums; only edges are counted."""
        from mailprobe.monitor import reading  # noqa: PLC0415

        return await self._hands.ask(reading.balances, since, until)

    async def latest(self, kind: str) -> tuple[tuple[int, Entry], ...]:
        """
        Return the newest entry of a kind about each subject, with its number.

        The subject is the party and function of a sample, the incident of a change,
        the account of a refusal, the platform of a count; mails have none here.
        """
        from mailprobe.monitor import reading  # noqa: PLC0415

        return await self._hands.ask(reading.latest, kind)

    async def newest(
        self, kind: str, *, before: int | None = None, limit: int = 500
    ) -> tuple[tuple[int, Entry], ...]:
        """Return the newest entries of a kind, newest first, *before* a number."""
        from mailprobe.monitor import reading  # noqa: PLC0415

        limit = min(limit, ENTRIES_MAX)
        return await self._hands.ask(reading.newest, kind, before, limit)

    async def tally(
        self, since: datetime | None = None, until: datetime | None = None
    ) -> dict[str, int]:
        """Return how many entries of each kind there are, by whole days (UTC)."""
        from mailprobe.monitor import reading  # noqa: PLC0415

        return await self._hands.ask(reading.tally, since, until)

    async def entries(
        self,
        *,
        kinds: Collection[str] = (),
        since: datetime | None = None,
        until: datetime | None = None,
        token: str | None = None,
        after: int = 0,
    ) -> AsyncIterator[tuple[int, Entry]]:
        """
        Yield sequence numbers and entries, in order; a page at a time is read.

        Args:
            kinds: Only those of these kinds.
            since: Only those of that time or later.
            until: Only those from before that time.
            token: Only those about this mail, or whatever else is a subject.
            after: Only those with a higher sequence number.
        """
        from mailprobe.monitor import reading  # noqa: PLC0415

        wanted = reading.Wanted(kinds=kinds, since=since, until=until, subject=token)
        while page := await self._hands.ask(reading.entries, wanted, after):
            for seq, entry in page:
                yield seq, entry
            after = page[-1][0]

    async def kept(self, key: str) -> bytes | None:
        """Return what was kept under a key; None if nothing is."""
        from mailprobe.monitor import reading  # noqa: PLC0415

        return await self._hands.ask(reading.kept, key)

    async def reports(self, about: str, limit: int = 10) -> tuple[bytes, ...]:
        """Return the reports still there about something, newest first."""
        from mailprobe.monitor import reading  # noqa: PLC0415

        limit = min(limit, REPORTS_MAX)
        return await self._hands.ask(reading.reports, about, limit)

    async def head(self, day: date | None = None) -> Head:
        """Return the end of the chain, now or after the last entry of a day (UTC)."""
        from mailprobe.monitor import reading  # noqa: PLC0415

        return await self._hands.ask(reading.head, day)

    async def verify(self, heads: Sequence[Head] = ()) -> Verification:
        """
        Compute the chain anew and all that follows from it; see `Verification`.

        It takes time with the number of entries. Writers do not wait for it.

        Args:
            heads: Heads whose signatures were checked: the chain must have them all.
        """
        from mailprobe.monitor.verifying import verify  # noqa: PLC0415

        return await self._hands.ask(verify, heads)
