"""The other side of one connection, scripted line by line, and our side of it."""

from __future__ import annotations

import asyncio
import socket
import struct
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Final

from mailprobe.model.limits import Limits
from mailprobe.wire.dial import attach, connect
from mailprobe.wire.imap import ImapSession
from mailprobe.wire.imap_protocol import ImapProtocol
from mailprobe.wire.recorder import Recorder
from mailprobe.wire.smtp import SmtpProtocol, SmtpSession

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Awaitable, Callable

GUARD: Final = 30.0  # seconds until a test that hangs is given up, never reached
NOW: Final = datetime(2023, 1, 23, 16, tzinfo=UTC)


class FakeClock:
    """A clock that goes on only when it is told to."""

    def __init__(self) -> None:
        """Begin somewhere: only differences count."""
        self.seconds = 1000.0

    def monotonic(self) -> float:
        """Return the seconds so far."""
        return self.seconds

    def now(self) -> datetime:
        """Return the same moment each time."""
        return NOW


class Peer:
    """The server's side of one connection."""

    def __init__(
        self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter
    ) -> None:
        """Speak over these streams."""
        self.reader = reader
        self.writer = writer

    async def says(self, *lines: bytes) -> None:
        """Send these lines in one segment."""
        await self.sends(b"".join(line + b"\r\n" for line in lines))

    async def sends(self, data: bytes) -> None:
        """Send these bytes as they are."""
        self.writer.write(data)
        await self.writer.drain()

    async def drips(self, data: bytes) -> None:
        """Send byte by byte, each on its own."""
        for at in range(len(data)):
            await self.sends(data[at : at + 1])
            await asyncio.sleep(0)

    async def hears(self, line: bytes) -> None:
        """Expect exactly this line."""
        assert await self.line() == line

    async def line(self) -> bytes:
        """Return the next line without its CRLF; empty at the end."""
        return (await self.reader.readline()).removesuffix(b"\r\n")

    async def answers(self, line: bytes, *replies: bytes) -> None:
        """Expect this line and answer it."""
        await self.hears(line)
        await self.says(*replies)

    async def gone(self) -> None:
        """Wait until the client has closed."""
        try:
            while await self.reader.read(4096):
                pass
        except ConnectionResetError:
            pass

    def reset(self) -> None:
        """Break the connection off with a RST."""
        sock = self.writer.get_extra_info("socket")
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        self.writer.transport.abort()


@asynccontextmanager
async def serving(script: Callable[[Peer], Awaitable[None]]) -> AsyncIterator[int]:
    """
    Serve one connection by *script* on a free port; what it asserts must hold.

    The connection is closed when the script ends.
    """
    ended: asyncio.Future[None] = asyncio.get_running_loop().create_future()

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            await script(Peer(reader, writer))
        except Exception as error:  # noqa: BLE001 - handed to the test
            ended.set_exception(error)
        else:
            ended.set_result(None)
        finally:
            writer.close()

    server = await asyncio.start_server(serve, "127.0.0.1", 0)
    try:
        async with asyncio.timeout(GUARD):
            yield server.sockets[0].getsockname()[1]
            await ended
    finally:
        server.close()
        if ended.done() and not ended.cancelled():
            ended.exception()


def recorder(limits: Limits | None = None, *, timeout: float = GUARD) -> Recorder:
    """Return a recorder that keeps the transcript."""
    return Recorder(FakeClock(), limits or Limits(), timeout, transcript=True)


@asynccontextmanager
async def smtp(
    script: Callable[[Peer], Awaitable[None]], record: Recorder | None = None
) -> AsyncIterator[SmtpSession]:
    """Hold an SMTP conversation with a scripted server."""
    async with serving(script) as port:
        protocol = SmtpProtocol(record or recorder())
        session = SmtpSession(protocol)
        try:
            await attach(await connect("127.0.0.1", port), protocol)
            yield session
        finally:
            session.abort()


@asynccontextmanager
async def imap(
    script: Callable[[Peer], Awaitable[None]], record: Recorder | None = None
) -> AsyncIterator[ImapSession]:
    """Hold an IMAP conversation with a scripted server."""
    async with serving(script) as port:
        protocol = ImapProtocol(record or recorder())
        session = ImapSession(protocol)
        try:
            await attach(await connect("127.0.0.1", port), protocol)
            yield session
        finally:
            session.abort()


async def until(condition: Callable[[], object]) -> None:
    """Let the event loop run until *condition* holds."""
    async with asyncio.timeout(GUARD):
        while not condition():  # noqa: ASYNC110 - whatever it is about
            await asyncio.sleep(0)
