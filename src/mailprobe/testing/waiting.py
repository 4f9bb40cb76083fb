"""Waiting without sleeping, in every kind of world: for threads, asyncio and trio."""

from __future__ import annotations

import asyncio
import contextlib
import sys
import threading
from time import monotonic
from typing import TYPE_CHECKING, TypeVar

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable
    from contextlib import AbstractContextManager

    # Calls its argument, from any thread, after every change while it is entered.
    Watch = Callable[[Callable[[], None]], AbstractContextManager[None]]

T = TypeVar("T")


def loop_runs_here() -> bool:
    """Whether an event loop runs in this thread, which must not be blocked."""
    try:
        asyncio.get_running_loop()
    except RuntimeError:
        return _in_trio()
    return True


def _in_trio() -> bool:
    # Who runs under trio has imported it.
    trio = sys.modules.get("trio")
    if trio is None:
        return False
    try:
        trio.lowlevel.current_trio_token()
    except RuntimeError:
        return False
    return True


def wait_blocking(
    watch: Watch, look: Callable[[], T | None], timeout: float
) -> T | None:
    """
    Return what *look* finds; None if it finds nothing for *timeout* seconds.

    Args:
        watch: Tells of changes.
        look: Called at once, and after every change.
        timeout: Seconds.
    """
    end = monotonic() + timeout
    if (found := look()) is not None:
        return found
    stirred = threading.Event()
    with watch(stirred.set):
        while True:
            stirred.clear()
            found = look()
            left = end - monotonic()
            if found is not None or left <= 0:
                return found
            if not stirred.wait(left):
                return look()


async def wait_async(
    watch: Watch, look: Callable[[], T | None], timeout: float
) -> T | None:
    """Do the same without blocking the event loop, be it asyncio's or trio's."""
    end = monotonic() + timeout
    if (found := look()) is not None:
        return found
    wait_for_change, notice = _trio_bell() if _in_trio() else _asyncio_bell()
    with watch(notice):
        while True:
            found = look()
            left = end - monotonic()
            if found is not None or left <= 0:
                return found
            await wait_for_change(left)


def _asyncio_bell() -> tuple[Callable[[float], Awaitable[None]], Callable[[], None]]:
    loop, stirred = asyncio.get_running_loop(), asyncio.Event()

    def notice() -> None:
        with contextlib.suppress(RuntimeError):  # the loop is closed already
            loop.call_soon_threadsafe(stirred.set)

    async def wait(seconds: float) -> None:
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(seconds):
                await stirred.wait()
        stirred.clear()

    return wait, notice


def _trio_bell() -> tuple[Callable[[float], Awaitable[None]], Callable[[], None]]:
    import trio  # noqa: PLC0415 - only who runs under it has it

    token, stirred = trio.lowlevel.current_trio_token(), trio.Event()

    def stir() -> None:
        stirred.set()

    def notice() -> None:
        with contextlib.suppress(trio.RunFinishedError):  # the run is over already
            token.run_sync_soon(stir)

    async def wait(seconds: float) -> None:
        nonlocal stirred
        with trio.move_on_after(seconds):
            await stirred.wait()
        stirred = trio.Event()

    return wait, notice
