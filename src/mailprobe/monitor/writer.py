"""
The one thread that writes: what waits while a transaction ends goes into the next.

So a disk that takes a hundred transactions a second still takes thousands of entries.
"""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable, Iterable, Sequence
from contextlib import suppress
from queue import Empty, SimpleQueue
from typing import Final

from mailprobe.model.errors import LedgerError
from mailprobe.monitor.booking import Job

GROUP_MAX: Final = 1000
"""Jobs in one transaction: some 100 ms of work, for which other processes wait."""

Write = Callable[[Sequence[Job]], Sequence[LedgerError | None]]
_Waiting = tuple[Job, "asyncio.Future[None]"]


class Writer:
    """Takes jobs from any event loop, and answers when they are durable."""

    def __init__(self, write: Write) -> None:
        self._write = write
        self._queue: SimpleQueue[_Waiting | None] = SimpleQueue()
        self._thread = threading.Thread(
            target=self._run, name="mailprobe-ledger", daemon=True
        )
        self._pending = 0  # touched by the event loop alone
        self._closed = False

    @property
    def idle(self) -> bool:
        """Whether nobody waits for a write."""
        return not self._pending

    def start(self) -> None:
        """Begin to take jobs."""
        self._thread.start()

    def stop(self) -> None:
        """Write what was taken, and end the thread; blocks until then."""
        self._closed = True
        self._queue.put(None)
        self._thread.join()

    async def write(self, job: Job) -> None:
        """
        Return when the job is durable; cancelled, it may be written all the same.

        Raises:
            LedgerError: If nothing of it was written.
        """
        if self._closed:
            message = "the ledger is closed; nothing was written"
            raise LedgerError(message)
        done: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._pending += 1
        try:
            self._queue.put((job, done))
            await done
        finally:
            self._pending -= 1

    def _run(self) -> None:
        going = True
        while going:
            group = [self._queue.get()]
            with suppress(Empty):
                while len(group) < GROUP_MAX:
                    group.append(self._queue.get_nowait())
            going = None not in group
            self._serve([one for one in group if one is not None])

    def _serve(self, group: Sequence[_Waiting]) -> None:
        if not group:
            return
        outcomes: Sequence[BaseException | None]
        try:
            outcomes = self._write([job for job, _ in group])
        except Exception as error:  # noqa: BLE001 - belongs to those who wait
            outcomes = [error] * len(group)
        told: dict[asyncio.AbstractEventLoop, list[_Told]] = {}
        for (_, done), outcome in zip(group, outcomes, strict=True):
            told.setdefault(done.get_loop(), []).append((done, outcome))
        for loop, those in told.items():
            with suppress(RuntimeError):  # that loop is closed: nobody waits there
                loop.call_soon_threadsafe(_tell, those)


_Told = tuple["asyncio.Future[None]", "BaseException | None"]


def _tell(those: Iterable[_Told]) -> None:
    for done, outcome in those:
        if done.done():  # whoever waited was cancelled
            continue
        if outcome is None:
            done.set_result(None)
        else:
            done.set_exception(outcome)
