"""A greeting that does not come: perhaps the port waits for TLS to begin."""

from __future__ import annotations

import asyncio
from contextlib import asynccontextmanager, suppress
from typing import TYPE_CHECKING

from mailprobe.model.failure import Kind
from mailprobe.wire.dial import attach, connect
from mailprobe.wire.handshake import Handshake
from mailprobe.wire.trouble import Trouble

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable

    from mailprobe.model.target import Endpoint
    from mailprobe.probes.vantage import Vantage


@asynccontextmanager
async def knocking(
    vantage: Vantage, address: str, endpoint: Endpoint, fail: Callable[[Trouble], None]
) -> AsyncIterator[None]:
    """
    While a greeting is awaited in clear: if it is late, try whether TLS is spoken.

    With a swapped security mode each side waits for the other until somebody's
    time is up; a handshake on a second connection tells at once.

    Args:
        vantage: How late is late.
        address: The address that was dialled.
        endpoint: What was meant by it: its port, and its name for the handshake.
        fail: Called with what to say, if a handshake came through.
    """
    knock: asyncio.Task[None] | None = None

    def late() -> None:
        nonlocal knock
        knock = asyncio.ensure_future(_knock(vantage, address, endpoint, fail))

    loop = asyncio.get_running_loop()
    handle = loop.call_later(vantage.limits.greeting_usual, late)
    try:
        yield
    finally:
        handle.cancel()
        if knock is not None:
            knock.cancel()
            await asyncio.gather(knock, return_exceptions=True)


async def _knock(
    vantage: Vantage, address: str, endpoint: Endpoint, fail: Callable[[Trouble], None]
) -> None:
    hand = Handshake()
    try:
        with suppress(OSError):  # TimeoutError is one
            async with asyncio.timeout(vantage.limits.tls):
                sock = await connect(address, endpoint.port)
                await attach(sock, hand, vantage.trust.reading, endpoint.host)
            detail = "TLS is spoken there from the first byte"
            fail(Trouble(Kind.SECURITY_MISMATCH, detail=detail))
    finally:
        hand.close()
