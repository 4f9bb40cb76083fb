"""One address at a time: TCP, then TLS, each timed on its own."""

from __future__ import annotations

import asyncio
import socket
from typing import TYPE_CHECKING, TypeVar

from mailprobe.wire.channel import Channel

if TYPE_CHECKING:
    import ssl

P = TypeVar("P", bound=asyncio.BaseProtocol)


async def connect(address: str, port: int) -> socket.socket:
    """
    Open a TCP connection to one IP address (never a name).

    Raises:
        OSError: As the operating system says it.
    """
    family = socket.AF_INET6 if ":" in address else socket.AF_INET
    sock = socket.socket(family, socket.SOCK_STREAM, socket.IPPROTO_TCP)
    try:
        sock.settimeout(0)
        # asyncio does so by itself only for sockets that it made; the other
        # half of true timings is `channel.acknowledge`.
        sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        await asyncio.get_running_loop().sock_connect(sock, (address, port))
    except BaseException:
        sock.close()
        raise
    return sock


async def attach(
    sock: socket.socket,
    protocol: P,
    context: ssl.SSLContext | None = None,
    server_name: str = "",
) -> P:
    """
    Let *protocol* speak over the connection, after a TLS handshake if asked for.

    Raises:
        OSError: If the handshake fails (`ssl.SSLError` is one).
    """
    try:
        channel = Channel(sock, protocol)
        if context is None:
            channel.open()
        else:
            await channel.secure(context, server_name)
    except BaseException:
        sock.close()
        raise
    return protocol
