"""Who does the work of a ledger: threads beside the event loop, or the caller."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any, Concatenate, ParamSpec, TypeVar

from mailprobe.monitor import reading
from mailprobe.monitor.booking import Job
from mailprobe.monitor.entries import write
from mailprobe.monitor.place import READERS, find
from mailprobe.monitor.store import Store
from mailprobe.monitor.writer import Writer
from mailprobe.wire.clock import Clock

if TYPE_CHECKING:
    from datetime import datetime

    import sqlalchemy as sa

    from mailprobe.model.entry import Entry
    from mailprobe.monitor.detail import Detail

P = ParamSpec("P")
T = TypeVar("T")


class Hands:
    """An open ledger, and the threads that work for it if there are any."""

    def __init__(self, store: Store, *, threaded: bool) -> None:
        self._store = store
        self._writer = Writer(store.write) if threaded else None
        self._readers: ThreadPoolExecutor | None = None
        if self._writer is not None:
            name = "mailprobe-ledger-reader"
            self._readers = ThreadPoolExecutor(READERS, thread_name_prefix=name)
            self._writer.start()

    @classmethod
    async def open(
        cls,
        where: str | Path,
        clock: Clock,
        *,
        threaded: bool,
        **options: Any,  # noqa: ANN401
    ) -> Hands:
        """Open what is there, in a thread if threads are wanted."""
        make = partial(Store, find(where), clock, **options)
        store = await asyncio.to_thread(make) if threaded else make()
        return cls(store, threaded=threaded)

    @property
    def idle(self) -> bool:
        """Whether nobody waits for a write."""
        return self._writer is None or self._writer.idle

    async def append(
        self,
        entries: Sequence[Entry],
        keep: Mapping[str, bytes | None],
        details: Sequence[Detail],
        now: datetime,
    ) -> None:
        """Return when all of it is durable; see `Ledger.append`."""
        job = Job(
            written=tuple(map(write, entries)),
            keep=dict(keep),
            details=tuple((write(one.entry(now)), one) for one in details),
        )
        await self._write(job)

    async def prune(self, now: datetime) -> int:
        """Remove the reports whose time is up; return how many."""
        due = await self.ask(reading.due, now)
        if due:
            await self._write(Job(written=(), keep={}, prune=now))
        return due

    async def _write(self, job: Job) -> None:
        """Return when the job is durable, or raise what spoke against it."""
        if self._writer is not None:
            await self._writer.write(job)
            return
        (outcome,) = self._store.write((job,))
        if outcome is not None:
            raise outcome

    async def ask(
        self,
        question: Callable[Concatenate[sa.Connection, P], T],
        *args: P.args,
        **kwargs: P.kwargs,
    ) -> T:
        """Have a question answered."""
        ask = partial(self._store.ask, question, *args, **kwargs)
        if self._readers is None:
            return ask()
        return await asyncio.get_running_loop().run_in_executor(self._readers, ask)

    async def claim(self) -> bool:
        """Be the only monitor of this ledger; return False if there is another."""
        if self._readers is None:
            return self._store.claim()
        loop = asyncio.get_running_loop()
        return await loop.run_in_executor(self._readers, self._store.claim)

    @property
    def place(self) -> str:
        """Where it is, for a sentence."""
        return self._store.place

    async def close(self) -> None:
        """Write what was taken, and let go; a cancelled caller does not cut it off."""
        if self._writer is None:
            self._store.close()
        else:
            await asyncio.shield(asyncio.to_thread(self._stop, self._writer))

    def _stop(self, writer: Writer) -> None:
        writer.stop()
        if self._readers is not None:
            self._readers.shutdown()
        self._store.close()
