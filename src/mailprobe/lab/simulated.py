"""
An event loop whose time jumps: days of waiting take no longer than their work.

    async def main() -> None:
        async with Lab(now=clock_of_this_loop().now) as lab:
            ...

    run(main, begins=datetime(2023, 1, 22, 12, tzinfo=UTC))

Time stands still while there is work. When nobody has anything to do but wait, it
jumps to the next timer. Sockets are real: before a jump, what was sent on loopback is
given the chance to arrive. Threads are real too: while one works, there is no jump.
"""

from __future__ import annotations

import asyncio
import selectors
import socket
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any, Final, TypeVar, TypeVarTuple, Unpack

if TYPE_CHECKING:
    from collections.abc import Callable, Coroutine
    from concurrent.futures import Executor

T = TypeVar("T")
Ts = TypeVarTuple("Ts")

START: Final = 1000.0
"""The loop's time at the beginning: not 0, which is easily taken for "never"."""

LOOKS: Final = 2
"""
Looks at the sockets before a jump, each behind a datagram that has come round. A
second one, since the first may have gone round on another processor.
"""

ROUND_MAX: Final = 1.0
"""Real seconds for a datagram to come round; it takes some microseconds."""

NAP: Final = 0.001
"""Real seconds between looks at whether somebody outside the loop is still busy."""

STUCK: Final = 10.0
"""Real seconds without anything to wait for, after which nothing will ever happen."""

_Ready = list[tuple[selectors.SelectorKey, int]]


class Deadlock(RuntimeError):  # noqa: N818 - the name of the thing
    """Tasks wait, and nothing that could wake them is left."""


class SimulatedLoop(asyncio.SelectorEventLoop):
    """
    An event loop with a time of its own.

    What it promises:

    - Timers fire in their order, at exactly their time, and never while a socket has
      something to read or room to write that was asked for.
    - Jobs in threads (`run_in_executor`, and so `getaddrinfo` and `to_thread`) take no
      time: there is no jump while one runs.
    - Whoever works in a thread of its own is added to `busy`, to be waited for too.

    Attributes:
        begins: The time of day at which it begins.
        jumps: How often time has jumped.
        busy: Asked before a jump; as long as one says yes, there is none.
    """

    def __init__(self, begins: datetime) -> None:
        self.begins = begins.astimezone(UTC)
        self.jumps = 0
        self.busy: list[Callable[[], bool]] = []
        self._now = START
        self._today = self.begins
        self._jobs = 0
        self._round = _Round()
        super().__init__(_JumpingSelector(self))

    def time(self) -> float:
        """Return the loop's time in seconds."""
        return self._now

    def now(self) -> datetime:
        """Return the time of day, UTC."""
        return self._today

    def at(self, moment: datetime) -> float:
        """Return the loop's time at a time of day."""
        return START + (moment - self.begins).total_seconds()

    def close(self) -> None:
        """Close it, and what it looks with."""
        super().close()
        self._round.close()

    # --- threads ----------------------------------------------------------------

    def run_in_executor(
        self,
        executor: Executor | None,
        func: Callable[[Unpack[Ts]], T],
        *args: *Ts,
    ) -> asyncio.Future[T]:
        """Run a job in a thread; time stands still until it is done."""
        future = super().run_in_executor(executor, func, *args)
        self._jobs += 1
        future.add_done_callback(self._job_done)
        return future

    def _job_done(self, _: asyncio.Future[Any]) -> None:
        self._jobs -= 1

    async def shutdown_default_executor(self, timeout: float | None = None) -> None:
        """End the threads; they are waited for in real time, as long as it takes."""
        del timeout  # no time passes meanwhile
        self._jobs += 1
        try:
            await super().shutdown_default_executor()
        finally:
            self._jobs -= 1

    @property
    def occupied(self) -> bool:
        """Whether somebody works who is neither a task nor a callback."""
        return self._jobs > 0 or any(busy() for busy in self.busy)

    # --- what the selector asks -------------------------------------------------

    def come_round(self) -> None:
        """Return when what was sent on loopback so far has arrived."""
        self._round.go()

    def jump(self, seconds: float) -> None:
        """Let so much time pass."""
        self._now += seconds
        self._today = self.begins + timedelta(seconds=self._now - START)
        self.jumps += 1


class _JumpingSelector(selectors.DefaultSelector):
    """Looks at the sockets; where it would wait for time to pass, time passes."""

    def __init__(self, loop: SimulatedLoop) -> None:
        super().__init__()
        self._loop = loop

    def select(self, timeout: float | None = None) -> _Ready:
        """Return what is ready; an empty list means that time has come."""
        ready = super().select(0)
        if ready or (timeout is not None and timeout <= 0):
            return ready
        for _ in range(LOOKS):
            self._loop.come_round()
            if ready := super().select(0):
                return ready
        if self._loop.occupied:
            return self._await_others()
        if timeout is None:
            return self._last_hope()
        self._loop.jump(timeout)
        return []

    def _await_others(self) -> _Ready:
        """Wait in real time for threads; the end of a job wakes the loop."""
        while self._loop.occupied:
            if ready := super().select(NAP):
                return ready
        return super().select(0)

    def _last_hope(self) -> _Ready:
        """Wait for what comes from outside of this process, but not for ever."""
        if ready := super().select(STUCK):
            return ready
        message = (
            "nothing is left to happen: tasks wait, and there is no timer, no thread "
            "and no socket that could wake them; look for an event nobody sets"
        )
        raise Deadlock(message)


class _Round:
    """
    Sends a datagram to itself, and waits until it is there.

    A kernel delivers on loopback while `send` runs; only under load it leaves that for
    later, in the order of sending. What was sent before has then arrived as well.
    """

    def __init__(self) -> None:
        self._sock = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self._sock.bind(("127.0.0.1", 0))
        self._sock.connect(self._sock.getsockname())
        self._sock.settimeout(ROUND_MAX)

    def go(self) -> None:
        """Go round once."""
        with suppress(TimeoutError):  # lost for want of memory: the next one tells
            self._sock.send(b".")
            self._sock.recv(1)

    def close(self) -> None:
        """Close the socket."""
        self._sock.close()


class SimulatedClock:
    """The clock of a simulated loop, as a prober and a ledger want one."""

    def __init__(self, loop: SimulatedLoop) -> None:
        self._loop = loop

    def monotonic(self) -> float:
        """Return the loop's time: it never goes back."""
        return self._loop.time()

    def now(self) -> datetime:
        """Return the time of day, UTC."""
        return self._loop.now()


def running_clock() -> SimulatedClock:
    """
    Return the clock of the running loop.

    Raises:
        RuntimeError: If the running loop has no simulated time.
    """
    loop = asyncio.get_running_loop()
    if not isinstance(loop, SimulatedLoop):
        message = "this loop's time is the machine's; start it with simulated.run()"
        raise RuntimeError(message)  # noqa: TRY004 - nobody passed a wrong value
    return SimulatedClock(loop)


def run(main: Callable[[], Coroutine[Any, Any, T]], *, begins: datetime) -> T:
    """
    Run *main* on a simulated loop, and return what it returns.

    Args:
        main: Makes the coroutine.
        begins: The time of day at the beginning, with its zone.
    """
    # Not as the task's result: when a runner gives SIGINT back, `signal.signal` puts
    # its handler, and with it the task and all that days have left, into words for
    # an exception that it catches itself.
    results: list[T] = []

    async def play() -> None:
        results.append(await main())

    with asyncio.Runner(loop_factory=lambda: SimulatedLoop(begins)) as runner:
        runner.run(play())
    return results[0]
