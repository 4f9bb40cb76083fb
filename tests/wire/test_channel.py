"""A channel: it loses nothing, ends once, and keeps no fault to itself."""

from __future__ import annotations

import asyncio
import ssl
from typing import TYPE_CHECKING, Any

import pytest

from mailprobe.wire.channel import Channel
from mailprobe.wire.dial import attach, connect
from tests.wire.peers import serving, until

if TYPE_CHECKING:
    from tests.wire.peers import Peer

pytestmark = pytest.mark.asyncio

MUCH = b"0123456789abcdef" * 512 * 1024  # more than any socket's buffers hold


class Noted(asyncio.Protocol):
    """Notes what it is told."""

    def __init__(self) -> None:
        self.transport: Any = None
        self.said: list[object] = []

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Keep the channel."""
        self.transport = transport

    def data_received(self, data: bytes) -> None:
        """Keep what came."""
        self.said.append(data)

    def connection_lost(self, exc: Exception | None) -> None:
        """Keep how it ended."""
        self.said.append(exc)


class Faulty(Noted):
    """Cannot bear to be spoken to."""

    def data_received(self, data: bytes) -> None:
        """Fail."""
        raise LookupError(data)


async def test_what_the_kernel_does_not_take_at_once_is_sent_later() -> None:
    """All that is written arrives, in its order, however slowly it is read."""

    async def script(peer: Peer) -> None:
        await until(lambda: sent.transport is not None)
        assert await peer.reader.readexactly(len(MUCH) + 5) == MUCH + b"after"

    sent = Noted()
    async with serving(script) as port:
        await attach(await connect("127.0.0.1", port), sent)
        sent.transport.write(MUCH)
        sent.transport.write(b"after")


async def test_the_end_is_told_once_and_from_the_loop() -> None:
    """However often it is closed, its protocol hears of it once, and not at once."""

    async def script(peer: Peer) -> None:
        await peer.gone()

    async with serving(script) as port:
        noted = await attach(await connect("127.0.0.1", port), Noted())
        noted.transport.abort()
        noted.transport.close()
        assert noted.transport.is_closing()
        assert noted.said == []
        noted.transport.write(b"to nobody")
        await until(lambda: noted.said)
        await asyncio.sleep(0)
        assert noted.said == [None]


async def test_the_other_side_s_end_is_told_after_its_last_words() -> None:
    """What was said before the connection was closed is heard."""

    async def script(peer: Peer) -> None:
        await peer.says(b"bye")

    async with serving(script) as port:
        noted = await attach(await connect("127.0.0.1", port), Noted())
        await until(lambda: None in noted.said)
        assert noted.said == [b"bye\r\n", None]


async def test_a_reset_is_told_as_what_it_is() -> None:
    """A protocol hears of the operating system's error, not of a plain end."""

    async def script(peer: Peer) -> None:
        await until(lambda: noted.transport is not None)
        peer.reset()

    noted = Noted()
    async with serving(script) as port:
        await attach(await connect("127.0.0.1", port), noted)
        await until(lambda: noted.said)
        assert isinstance(noted.said[0], ConnectionResetError)


async def test_a_fault_of_ours_closes_the_connection_and_is_not_kept_quiet() -> None:
    """The loop is told of it, and nobody waits for an answer in vain."""
    told: list[dict[str, Any]] = []
    asyncio.get_running_loop().set_exception_handler(lambda _, what: told.append(what))

    async def script(peer: Peer) -> None:
        await peer.says(b"hello")
        await peer.gone()

    async with serving(script) as port:
        faulty = await attach(await connect("127.0.0.1", port), Faulty())
        await until(lambda: faulty.said)
    assert isinstance(faulty.said[0], LookupError)
    assert isinstance(told[0]["exception"], LookupError)


async def test_a_closed_channel_shakes_no_hands() -> None:
    """TLS on a connection that is gone fails at once."""

    async def script(peer: Peer) -> None:
        await peer.gone()

    async with serving(script) as port:
        channel = Channel(await connect("127.0.0.1", port), Noted())
        channel.abort()
        with pytest.raises(ConnectionResetError):
            await channel.secure(ssl.create_default_context(), "mx.test")
