"""One address at a time: TCP, and what is left open when it fails: nothing."""

from __future__ import annotations

import asyncio
import socket
import ssl

import pytest

from mailprobe.wire.channel import acknowledge
from mailprobe.wire.clock import SystemClock
from mailprobe.wire.dial import attach, connect
from tests.wire.peers import Peer, serving

pytestmark = pytest.mark.asyncio


class Kept(asyncio.Protocol):
    """Keeps its transport."""

    transport: asyncio.BaseTransport | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Keep it."""
        self.transport = transport


def free_port() -> int:
    """Return a port of loopback where nobody listens."""
    with socket.socket() as sock:
        sock.bind(("127.0.0.1", 0))
        return int(sock.getsockname()[1])


async def test_a_connection_is_ready_for_true_timings() -> None:
    """Not blocking, and without Nagle's delay."""

    async def script(peer: Peer) -> None:
        await peer.gone()

    async with serving(script) as port:
        sock = await connect("127.0.0.1", port)
        assert sock.getblocking() is False
        assert sock.getsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY) != 0
        sock.close()


async def test_a_closed_port_is_refused() -> None:
    """The operating system's word for it is raised as it is."""
    with pytest.raises(ConnectionRefusedError):
        await connect("127.0.0.1", free_port())


async def test_a_name_is_not_dialled() -> None:
    """Names are looked up by our own resolver, as a step of its own."""
    with pytest.raises(OSError, match=r"."):
        await connect("no-such-host.invalid", 25)


async def test_a_failed_handshake_closes_the_connection() -> None:
    """The server sees the end, and no descriptor stays open here."""

    async def script(peer: Peer) -> None:
        await peer.says(b"220 this is no TLS")
        await peer.gone()

    context = ssl.create_default_context()
    async with serving(script) as port:
        sock = await connect("127.0.0.1", port)
        with pytest.raises(ssl.SSLError):
            await attach(sock, Kept(), context, "mx.test")
        assert sock.fileno() == -1


async def test_a_cancelled_handshake_closes_the_connection() -> None:
    """Cancellation passes through, and leaves nothing open."""

    async def script(peer: Peer) -> None:
        await peer.reader.readexactly(1)  # the handshake has begun
        waiting.cancel()
        await peer.gone()

    async with serving(script) as port:
        sock = await connect("127.0.0.1", port)
        context = ssl.create_default_context()
        waiting = asyncio.create_task(attach(sock, Kept(), context, "mx.test"))
        with pytest.raises(asyncio.CancelledError):
            await waiting
        assert sock.fileno() == -1


async def test_acknowledging_a_closed_connection_does_nothing() -> None:
    """The server may have gone in the meantime."""

    async def script(peer: Peer) -> None:
        await peer.gone()

    async with serving(script) as port:
        sock = await connect("127.0.0.1", port)
        kept = await attach(sock, Kept())
        acknowledge(sock)
        assert kept.transport is not None
        kept.transport.close()
        acknowledge(sock)
        await asyncio.sleep(0)
        assert sock.fileno() == -1
        acknowledge(sock)


async def test_the_clock_runs_on_the_loops_scale() -> None:
    """Deadlines of the loop and times of the steps agree."""
    clock, loop = SystemClock(), asyncio.get_running_loop()
    first, second, third = loop.time(), clock.monotonic(), loop.time()
    assert first <= second <= third
    assert str(clock.now().tzinfo) == "UTC"
