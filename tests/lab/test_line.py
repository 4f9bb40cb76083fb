"""A connection's socket: nothing is lost, nothing overtakes, and it ends as asked."""

from __future__ import annotations

import asyncio
import socket
import struct
from contextlib import contextmanager
from typing import TYPE_CHECKING

import pytest

from mailprobe.lab.line import FULL, Line

if TYPE_CHECKING:
    from collections.abc import Iterator

LONG = b"".join(b"%07d\n" % number for number in range(1 << 20))  # 8 MiB, in order
ENOUGH = 60.0  # seconds for any of this, on a busy machine


class Heard:
    """Writes down what a line tells."""

    def __init__(self) -> None:
        self.data = b""
        self.told: list[str] = []
        self.news = asyncio.Event()

    def _note(self, what: str) -> None:
        self.told.append(what)
        self.news.set()

    def heard(self, data: memoryview) -> None:
        """Keep it."""
        self.data += data
        self.news.set()

    def half_closed(self) -> None:
        """Note it."""
        self._note("half closed")

    def full(self) -> None:
        """Note it."""
        self._note("full")

    def drained(self) -> None:
        """Note it."""
        self._note("drained")

    def lost(self) -> None:
        """Note it."""
        self._note("lost")

    async def until(self, what: str) -> None:
        """Return when it was told, or heard."""
        async with asyncio.timeout(ENOUGH):
            while what not in self.told and what.encode() not in self.data:
                self.news.clear()
                await self.news.wait()


class Ends:
    """A line, what it tells, and the client's end of it."""

    def __init__(self, server: socket.socket, client: socket.socket) -> None:
        self.client = client
        self.owner = Heard()
        self.line = Line(server, self.owner, memoryview(bytearray(1000)))
        self.line.resume()

    async def read_all(self) -> bytes:
        """Return what the client reads to the end."""
        loop, parts = asyncio.get_running_loop(), list[bytes]()
        async with asyncio.timeout(ENOUGH):
            while part := await loop.sock_recv(self.client, 1 << 16):
                parts.append(part)
        return b"".join(parts)


@contextmanager
def connected() -> Iterator[Ends]:
    """Give both ends of a connection on loopback."""
    with socket.create_server(("127.0.0.1", 0)) as listening:
        client = socket.create_connection(listening.getsockname())
        server, _ = listening.accept()
    for sock in (server, client):
        sock.settimeout(0)
    ends = Ends(server, client)
    try:
        yield ends
    finally:
        ends.line.abort()
        client.close()


@pytest.mark.asyncio
@pytest.mark.parametrize("end", ["close", "write_eof"])
async def test_what_does_not_fit_is_sent_later(end: str) -> None:
    """All of it, in order, and the end behind it; the writer is told to wait."""
    with connected() as ends:
        ends.line.write(LONG[:FULL])
        for start in range(FULL, len(LONG), FULL):
            ends.line.write(LONG[start : start + FULL])
        assert "full" in ends.owner.told
        getattr(ends.line, end)()
        ends.line.write(b"nothing may follow")
        assert await ends.read_all() == LONG
        await ends.owner.until("drained")
        assert ("lost" in ends.owner.told) == (end == "close")


@pytest.mark.asyncio
async def test_after_its_last_words_it_still_listens() -> None:
    """A half-closed line hears what the client says, and that it has gone."""
    with connected() as ends:
        ends.line.write(b"bye")
        ends.line.write_eof()
        assert await ends.read_all() == b"bye"
        await asyncio.get_running_loop().sock_sendall(ends.client, b"so long")
        await ends.owner.until("so long")
        ends.client.shutdown(socket.SHUT_WR)
        await ends.owner.until("lost")
        assert ends.owner.told == ["half closed", "lost"]


@pytest.mark.asyncio
async def test_what_is_on_hold_is_read_afterwards() -> None:
    """Nothing is read meanwhile, and nothing is lost by it."""
    loop = asyncio.get_running_loop()
    with connected() as ends:
        ends.line.hold()
        ends.line.hold()
        await loop.sock_sendall(ends.client, LONG[:5000])
        for _ in range(20):
            await asyncio.sleep(0)
        assert ends.owner.data == b""
        ends.line.resume()
        ends.line.resume()
        await ends.owner.until(LONG[4992:4999].decode())
        assert ends.owner.data == LONG[:5000]


@pytest.mark.asyncio
@pytest.mark.parametrize("end", ["abort", "reset"])
async def test_an_end_at_once(end: str) -> None:
    """What waits is dropped; the client of a reset is told of one."""
    with connected() as ends:
        ends.line.write(LONG)
        getattr(ends.line, end)()
        assert ends.line.closing
        getattr(ends.line, end)()
        ends.line.close()
        ends.line.write(b"nothing may follow")
        ends.line.resume()
        assert ends.owner.told == ["full", "lost"]
        try:
            told = await ends.read_all()
        except ConnectionResetError:
            assert end == "reset"
        else:
            assert end == "abort"
            assert len(told) < len(LONG)


@pytest.mark.asyncio
@pytest.mark.parametrize("writes", [False, True])
async def test_a_client_that_resets(writes: bool) -> None:  # noqa: FBT001
    """The line is closed, whether it reads or writes when it finds out."""
    with connected() as ends:
        if writes:
            ends.line.hold()
            ends.line.write(LONG)
        linger = struct.pack("ii", 1, 0)
        ends.client.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, linger)
        ends.client.close()
        await ends.owner.until("lost")
        assert ends.owner.told == (["full", "lost"] if writes else ["lost"])


@pytest.mark.asyncio
async def test_a_closed_line_leaves_nothing_to_the_loop() -> None:
    """Whatever was going on, no descriptor is watched any more."""
    loop = asyncio.get_running_loop()
    with connected() as ends:
        ends.line.write(LONG)
        descriptor = ends.line._descriptor
        ends.line.abort()
        assert not loop.remove_reader(descriptor)
        assert not loop.remove_writer(descriptor)
