"""A coroutine on an event loop of its own, in a thread of its own."""

from __future__ import annotations

import asyncio
import contextlib
import threading
from concurrent.futures import Future
from typing import TYPE_CHECKING, Any, Final, TypeVar

if TYPE_CHECKING:
    from collections.abc import Coroutine

T = TypeVar("T")

START_MAX: Final = 5.0
"""Seconds for a thread to start, which takes a millisecond; then it never will."""


def run_apart(work: Coroutine[Any, Any, T]) -> T:
    """
    Run *work* to its end and return what it returns.

    The loop of the caller, if one runs or is set, is left alone: pytest's async
    plugins keep loops of their own. Ctrl-C cancels the work, which closes what it
    opened, before it goes on to the caller.
    """
    result: Future[T] = Future()
    begun: Future[tuple[asyncio.AbstractEventLoop, asyncio.Task[Any]]] = Future()

    async def main() -> T:
        task = asyncio.current_task()
        assert task is not None  # noqa: S101 - this coroutine runs in one
        begun.set_result((asyncio.get_running_loop(), task))
        return await work

    def body() -> None:
        try:
            with asyncio.Runner() as runner:
                result.set_result(runner.run(main()))
        except BaseException as error:  # noqa: BLE001 - it goes to the caller
            if not begun.done():
                work.close()  # there was no loop to be had
                begun.set_exception(error)
            result.set_exception(error)

    thread = threading.Thread(target=body, name="mailprobe-look", daemon=True)
    try:
        # Within: Ctrl-C may come while the thread starts.
        thread.start()
        return result.result()
    except BaseException:
        # The thread or its loop may never start, or end by itself in this very moment.
        with contextlib.suppress(Exception):
            loop, task = begun.result(START_MAX)
            loop.call_soon_threadsafe(task.cancel)
        raise
    finally:
        if thread.ident is not None:
            thread.join()
