"""Waiting: woken by every change, in every world, and never later than it must."""

from __future__ import annotations

import asyncio
import contextlib
import threading
from collections.abc import Callable, Iterator

import pytest
import trio

from mailprobe.testing.waiting import loop_runs_here, wait_async, wait_blocking

LONG = 3600.0
"""Seconds: who is not woken waits for as long as no test may take."""

Notice = Callable[[], None]


class Change:
    """
    Something that is there after some changes, which happen in another thread.

    Args:
        after: The number of changes; none if it is there already.
    """

    def __init__(self, after: int) -> None:
        self.left = after
        self.watched = False
        self.notices: list[Notice] = []

    @contextlib.contextmanager
    def watch(self, notice: Notice) -> Iterator[None]:
        """Let the first change happen; the next ones happen as they are looked for."""
        self.watched = True
        self.notices.append(notice)
        self._change()
        yield

    def _change(self) -> None:
        threading.Thread(target=self._happen).start()

    def _happen(self) -> None:
        self.left -= 1
        self.notices[-1]()

    def look(self) -> str | None:
        """Return what is there; if it is not, the next change is on its way."""
        if self.left <= 0:
            return "there"
        if self.watched:
            self._change()
        return None


def in_thread(change: Change, timeout: float) -> str | None:
    """Wait as plain code does."""
    return wait_blocking(change.watch, change.look, timeout)


def in_asyncio(change: Change, timeout: float) -> str | None:
    """Wait on asyncio's loop."""
    return asyncio.run(wait_async(change.watch, change.look, timeout))


def in_trio(change: Change, timeout: float) -> str | None:
    """Wait on trio's loop."""
    return trio.run(wait_async, change.watch, change.look, timeout)


Wait = Callable[[Change, float], str | None]
worlds = pytest.mark.parametrize("wait", [in_thread, in_asyncio, in_trio])


@worlds
@pytest.mark.parametrize("changes", [1, 2, 5])
def test_woken_by_every_change(wait: Wait, changes: int) -> None:
    """Each change is looked at when it happens, until one brings what is wanted."""
    assert wait(Change(changes), LONG) == "there"


@worlds
def test_there_already(wait: Wait) -> None:
    """What is there already is returned without watching for anything."""
    change = Change(0)
    assert wait(change, LONG) == "there"
    assert not change.watched


@worlds
@pytest.mark.parametrize("timeout", [0.0, 0.01])
def test_time_is_up(wait: Wait, timeout: float) -> None:
    """When the time is up without it, None is returned."""
    assert wait(Change(10**9), timeout) is None


@pytest.mark.parametrize("wait", [in_asyncio, in_trio])
def test_late_notice(wait: Wait) -> None:
    """A change that is told after the loop has ended disturbs nobody."""
    change = Change(1)
    wait(change, LONG)
    change.notices[0]()


def test_where_loops_run() -> None:
    """A running loop is noticed in its own thread, be it asyncio's or trio's."""

    async def here() -> bool:
        return loop_runs_here()

    assert asyncio.run(here())
    assert trio.run(here)
    assert not loop_runs_here()
