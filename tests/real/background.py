"""An event loop in a thread of its own, for the rig's own small services."""

from __future__ import annotations

import asyncio
import threading
from contextlib import suppress
from typing import TYPE_CHECKING, TypeVar

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Coroutine

T = TypeVar("T")

# Opening or closing a listener is local work of milliseconds.
CALL_SECONDS = 10.0


class Background:
    """A running event loop; tasks given to it end with it."""

    def __init__(self) -> None:
        self._loop = asyncio.new_event_loop()
        self._listeners: list[asyncio.Server] = []
        # The loop itself holds tasks weakly: one that waits may be collected.
        self._talking: set[asyncio.Task[None] | None] = set()
        self._thread = threading.Thread(
            target=self._loop.run_forever, name="rig", daemon=True
        )
        self._thread.start()

    def call(self, work: Coroutine[None, None, T]) -> T:
        """Run a coroutine there and return its result."""
        future = asyncio.run_coroutine_threadsafe(work, self._loop)
        return future.result(CALL_SECONDS)

    def serve(
        self,
        talk: Callable[[asyncio.StreamReader, asyncio.StreamWriter], Awaitable[None]],
        address: str,
        port: int,
    ) -> None:
        """
        Listen on an address; each connection is handed to *talk*, then closed.

        A peer that goes away ends its conversation without a word.
        """

        async def converse(
            reader: asyncio.StreamReader, writer: asyncio.StreamWriter
        ) -> None:
            task = asyncio.current_task()
            self._talking.add(task)
            with suppress(OSError, asyncio.IncompleteReadError, asyncio.CancelledError):
                try:
                    await talk(reader, writer)
                finally:
                    writer.close()
                    self._talking.discard(task)

        self._listeners.append(self.call(asyncio.start_server(converse, address, port)))

    def close(self) -> None:
        """Close the listeners, cancel what runs, close the loop, end the thread."""
        self.call(_end(self._listeners))
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join()
        self._loop.close()


async def _end(listeners: list[asyncio.Server]) -> None:
    for listener in listeners:
        listener.close()
    # What was accepted just now begins, and what was closed just now reports it, on
    # the next turns of the loop.
    for _ in range(3):
        others = asyncio.all_tasks() - {asyncio.current_task()}
        for task in others:
            task.cancel()
        await asyncio.gather(*others, return_exceptions=True)
        await asyncio.sleep(0)
