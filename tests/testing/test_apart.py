"""Coroutines in a thread of their own."""

from __future__ import annotations

import asyncio
import signal
import threading
from typing import TYPE_CHECKING

import pytest

from mailprobe.testing.apart import run_apart

if TYPE_CHECKING:
    from collections.abc import Iterator


async def _loop() -> tuple[asyncio.AbstractEventLoop, int]:
    return asyncio.get_running_loop(), threading.get_ident()


def test_a_result_comes_back() -> None:
    """What the coroutine returns is returned; its loop is closed, its thread gone."""
    before = threading.active_count()
    loop, thread = run_apart(_loop())
    assert loop.is_closed()
    assert thread != threading.get_ident()
    assert threading.active_count() == before


def test_an_error_comes_back() -> None:
    """What the coroutine raises is raised."""

    async def fail() -> None:
        message = "so"
        raise LookupError(message)

    with pytest.raises(LookupError, match="so"):
        run_apart(fail())


@pytest.mark.asyncio
async def test_a_loop_that_runs_is_left_alone() -> None:
    """It works beside a running loop, which stays the running one."""
    mine = asyncio.get_running_loop()
    theirs, _ = run_apart(_loop())
    assert theirs is not mine
    assert asyncio.get_running_loop() is mine


@pytest.fixture
def _interruptible() -> Iterator[None]:
    """Let SIGINT interrupt, also where a shell started all this with it ignored."""
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    yield
    signal.signal(signal.SIGINT, before)


@pytest.mark.usefixtures("_interruptible")
def test_ctrl_c_lets_the_work_tidy_up() -> None:
    """An interrupt cancels the work, waits for its end, and goes on."""
    ended: list[str] = []

    async def work() -> None:
        try:
            main = threading.main_thread().ident
            assert main is not None
            signal.pthread_kill(main, signal.SIGINT)
            await asyncio.Event().wait()
        except asyncio.CancelledError:
            ended.append("tidied")
            raise

    with pytest.raises(KeyboardInterrupt):
        run_apart(work())
    assert ended == ["tidied"]
