"""The loop whose time jumps: nothing is skipped, nothing comes too early."""

from __future__ import annotations

import asyncio
import socket
import ssl
import threading
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

import pytest

from mailprobe.lab import Lab, simulated
from mailprobe.lab.simulated import START, Deadlock, SimulatedLoop, run, running_clock
from mailprobe.wire.resolver import Resolver  # noqa: F401 - loaded before time is watched

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

BEGINS = datetime(2023, 1, 22, 12, tzinfo=UTC)
DAY = 86400.0


def loop() -> SimulatedLoop:
    """Return the running loop, which is a simulated one."""
    running = asyncio.get_running_loop()
    assert isinstance(running, SimulatedLoop)
    return running


def test_timers() -> None:
    """Timers fire in their order, at exactly their time, the clock with them."""
    fired: list[tuple[str, float]] = []

    def note(name: str) -> None:
        fired.append((name, loop().time()))

    async def main() -> datetime:
        now = loop().time()
        for name, after in (("c", 9 * DAY), ("a", 1.5), ("b", 3600.0)):
            loop().call_at(now + after, note, name)
        await asyncio.sleep(12 * DAY)
        return running_clock().now()

    assert run(main, begins=BEGINS) == BEGINS + timedelta(days=12)
    assert fired == [
        ("a", START + 1.5),
        ("b", START + 3600),
        ("c", START + 9 * DAY),
    ]


def test_idle_days() -> None:
    """Twelve days of ticking every minute are one jump for each tick."""

    async def main() -> tuple[int, int]:
        ticks = 0
        while loop().time() < START + 12 * DAY:
            await asyncio.sleep(60)
            ticks += 1
        return ticks, loop().jumps

    ticks, jumps = run(main, begins=BEGINS)
    assert ticks == 12 * 24 * 60
    assert ticks <= jumps <= 2 * ticks  # a sum of floats may fall short of its timer


def test_sockets_before_timers() -> None:
    """A timer does not overtake bytes that were sent before it was due."""

    async def main() -> list[str]:
        told: list[str] = []
        ours, theirs = socket.create_connection, socket.create_server(("127.0.0.1", 0))
        with ours(theirs.getsockname()) as client, theirs.accept()[0] as served:
            client.settimeout(0)
            served.settimeout(0)
            for turn in range(500):
                timer = loop().call_later(1e-6, told.append, f"timer before {turn}")
                served.send(b"x")
                assert await loop().sock_recv(client, 10) == b"x"
                timer.cancel()
        theirs.close()
        return [*told, str(loop().jumps)]

    assert run(main, begins=BEGINS) == ["0"]


async def _in_executor() -> str:
    with ThreadPoolExecutor(1) as pool:
        return await loop().run_in_executor(pool, _work)


async def _to_thread() -> str:
    return await asyncio.to_thread(_work)


async def _own_thread() -> str:
    done: asyncio.Future[str] = loop().create_future()
    owed = [True]

    def job() -> None:
        result = _work()
        loop_.call_soon_threadsafe(finish, result)

    def finish(result: str) -> None:
        owed.clear()
        done.set_result(result)

    loop_ = loop()
    loop_.busy.append(lambda: bool(owed))
    thread = threading.Thread(target=job)
    thread.start()
    try:
        return await done
    finally:
        thread.join()


def _work() -> str:
    """Take longer, in real time, than any number of jumps."""
    for _ in range(30):
        threading.Event().wait(0.001)
    return "done"


@pytest.mark.parametrize("job", [_in_executor, _to_thread, _own_thread])
def test_threads(job: Callable[[], Awaitable[str]]) -> None:
    """Time stands still while a thread works that the loop knows of."""

    async def main() -> tuple[str, float]:
        async with asyncio.timeout(0.001):
            result = await job()
        return result, loop().time()

    assert run(main, begins=BEGINS) == ("done", START)


def test_name_lookup() -> None:
    """A name that is looked up by the system takes no time either."""

    async def main() -> float:
        async with asyncio.timeout(0.001):
            await loop().getaddrinfo("localhost", 25)
        return loop().time()

    assert run(main, begins=BEGINS) == START


def test_cancellation() -> None:
    """What is cancelled ends at once, and its timer does not hold up the rest."""

    async def main() -> tuple[float, int]:
        task = asyncio.create_task(asyncio.sleep(5 * DAY))
        await asyncio.sleep(1)
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
        with pytest.raises(TimeoutError):
            async with asyncio.timeout(10):
                await asyncio.Event().wait()
        return loop().time(), loop().jumps

    assert run(main, begins=BEGINS) == (START + 11, 2)


def test_deadlock(monkeypatch: pytest.MonkeyPatch) -> None:
    """Waiting for what cannot come is an error, not an eternity."""
    monkeypatch.setattr(simulated, "STUCK", 0.0)

    async def main() -> None:
        await asyncio.Event().wait()

    with pytest.raises(Deadlock, match="nothing is left to happen"):
        run(main, begins=BEGINS)


def test_other_loops() -> None:
    """Only a simulated loop has a simulated clock."""

    async def main() -> None:
        running_clock()

    with pytest.raises(RuntimeError, match=r"start it with simulated\.run"):
        asyncio.run(main())


def test_tls() -> None:
    """Conversations in TLS on real sockets take no time, as long as nobody waits."""

    async def main() -> tuple[int, float]:
        held = 0
        async with Lab(now=running_clock().now) as lab:
            context = ssl.create_default_context(cafile=lab.ca_file)
            at = lab.endpoint("posta.test", "imap")
            for _ in range(50):
                async with asyncio.timeout(0.001):
                    reader, writer = await asyncio.open_connection(
                        "127.0.0.1", at.port, ssl=context, server_hostname=at.host
                    )
                    assert (await reader.readline()).startswith(b"* OK")
                    writer.write(b"a LOGOUT\r\n")
                    assert b"a OK" in await reader.read()
                    writer.close()
                    await writer.wait_closed()
                    held += 1
        return held, loop().time()

    assert run(main, begins=BEGINS) == (50, START)
