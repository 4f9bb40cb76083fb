"""The timer that all steps of a conversation share."""

from __future__ import annotations

import asyncio
import socket
from contextlib import suppress
from datetime import UTC, datetime
from typing import TYPE_CHECKING

import pytest

from mailprobe import Prober
from mailprobe.lab import simulated
from mailprobe.probes.abreast import abreast
from mailprobe.wire.watchdog import Watchdog

if TYPE_CHECKING:
    from collections.abc import Coroutine
    from typing import Any

BEGINS = datetime(2023, 1, 22, tzinfo=UTC)


def played(main: Coroutine[Any, Any, object]) -> None:
    """Run it where seconds take no time, and none is spent unseen."""

    async def run() -> None:
        await main

    simulated.run(run, begins=BEGINS)


def now() -> float:
    """Return the loop's time."""
    return asyncio.get_running_loop().time()


def jumps() -> int:
    """Return how often time has jumped: once for each timer that went off."""
    loop = asyncio.get_running_loop()
    assert isinstance(loop, simulated.SimulatedLoop)
    return loop.jumps


async def held(dog: Watchdog, seconds: float, needs: float) -> str:
    """Do something that *needs* so many seconds and gets *seconds*; tell the end."""
    watch = dog.watch(seconds)
    error: BaseException | None = None
    try:
        await asyncio.sleep(needs)
    except asyncio.CancelledError as cancelled:
        error = cancelled
    if dog.leave(watch, error):
        return "late"
    if error is not None:
        raise error
    return "done"


def test_who_is_late_is_stopped_at_that_time() -> None:
    """However many commands were answered in time before it."""

    async def main() -> None:
        dog, began = Watchdog(), now()
        for _ in range(5):
            assert await held(dog, 10, 3) == "done"
        assert now() - began == 15
        assert await held(dog, 10, 1000) == "late"
        assert now() - began == 25

    played(main())


def test_a_shorter_time_counts_from_now() -> None:
    """A command that gets less than the one before is stopped at its own time."""

    async def main() -> None:
        dog, began = Watchdog(), now()
        assert await held(dog, 100, 1) == "done"
        assert await held(dog, 5, 1000) == "late"
        assert now() - began == 6

    played(main())


def test_no_time_at_all() -> None:
    """Whoever gets none is stopped where it first waits."""

    async def main() -> None:
        began = now()
        assert await held(Watchdog(), 0, 1000) == "late"
        assert now() == began

    played(main())


def test_tasks_side_by_side() -> None:
    """Each is stopped at its own time, and only it."""

    async def main() -> None:
        dog, began = Watchdog(), now()
        ended: dict[str, float] = {}

        async def one(name: str, seconds: float, needs: float) -> str:
            outcome = await held(dog, seconds, needs)
            ended[name] = now() - began
            return outcome

        outcomes = await abreast(
            one("a", 7, 100), one("b", 3, 100), one("c", 9, 8), one("d", 3, 2)
        )
        assert outcomes == ("late", "late", "done", "done")
        assert ended == {"a": 7, "b": 3, "c": 8, "d": 2}

    played(main())


def test_one_inside_another() -> None:
    """When the outer time is up first, it is the outer one that is late."""

    async def main() -> None:
        dog = Watchdog()
        outer = dog.watch(2)
        with suppress(asyncio.CancelledError):
            await held(dog, 50, 1000)
            pytest.fail("the inner one ended by itself")
        assert dog.leave(outer, asyncio.CancelledError())

    played(main())


def test_both_at_once() -> None:
    """When both times are up together, the outer one is late, and nothing is left."""

    async def main() -> None:
        dog = Watchdog()
        outer = dog.watch(2)
        error: BaseException | None = None
        try:
            assert await held(dog, 2, 1000) == "late"
        except asyncio.CancelledError as cancelled:
            error = cancelled
        assert dog.leave(outer, error)
        task = asyncio.current_task()
        assert task is not None
        assert task.cancelling() == 0

    played(main())


def test_cancelled_from_outside() -> None:
    """What somebody else cancelled stays cancelled, also when time is up as well."""

    async def main() -> None:
        dog = Watchdog()
        task = asyncio.create_task(held(dog, 5, 1000))
        # At the very time at which it would be late; this timer comes first.
        asyncio.get_running_loop().call_later(5, task.cancel)
        await asyncio.wait({task})
        assert task.cancelled()

    played(main())


def test_a_cancelled_task_may_take_leave() -> None:
    """A task that was cancelled before, and says goodbye, is held to its time too."""

    async def main() -> None:
        dog = Watchdog()

        async def leaving() -> str:
            try:
                await asyncio.Event().wait()
            except asyncio.CancelledError:
                return await held(dog, 5, 1000)
            return "never"

        task = asyncio.create_task(leaving())
        await asyncio.sleep(1)
        began = now()
        task.cancel()
        assert await task == "late"
        assert now() - began == 5

    played(main())


def test_no_timer_is_left() -> None:
    """After a rest nothing of it goes off any more; while one is open, it goes on."""

    async def main() -> None:
        dog = Watchdog()
        assert await held(dog, 10, 1) == "done"
        dog.rest()
        before = jumps()
        await asyncio.sleep(1000)
        assert jumps() == before + 1
        task = asyncio.create_task(held(dog, 10, 1000))
        await asyncio.sleep(1)
        dog.rest()
        assert await task == "late"

    played(main())


def test_many_commands_one_timer() -> None:
    """A conversation of a hundred commands sets a timer or two, not a hundred."""

    async def main() -> None:
        dog, before = Watchdog(), jumps()
        for _ in range(100):
            assert await held(dog, 30, 0.5) == "done"
        # A jump to the end of each command, and one to the timer: at 30 s and at 60.
        assert jumps() - before <= 100 + 2

    played(main())


def test_a_probe_that_is_done_leaves_no_timer() -> None:
    """When there is a report, nothing of the probe's time goes off any more."""

    async def main() -> None:
        with socket.socket() as closed:
            closed.bind(("127.0.0.1", 0))  # nobody listens there
            async with Prober(clock=simulated.running_clock()) as prober:
                check = await prober.smtp("127.0.0.1", closed.getsockname()[1])
                assert check.status == "down"
                before = jumps()
                await asyncio.sleep(1000)
                assert jumps() == before + 1

    played(main())
