"""One address at a time: TCP, then TLS, each timed on its own."""

from __future__ import annotations

import asyncio
import socket
from contextlib import suppress
from typing import TYPE_CHECKING, Any, TypeVar

if TYPE_CHECKING:
    import ssl

P = TypeVar("P", bound=asyncio.BaseProtocol)

_QUICKACK: int | None = getattr(socket, "TCP_QUICKACK", None)


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
        # half of true timings is `acknowledge`.
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
    server_name: str | None = None,
) -> P:
    """
    Let *protocol* speak over the connection, after a TLS handshake if asked for.

    Raises:
        OSError: If the handshake fails (`ssl.SSLError` is one).
    """
    loop = asyncio.get_running_loop()
    try:
        await loop.create_connection(
            lambda: protocol,
            sock=sock,
            ssl=context,
            server_hostname=server_name if context else None,
        )
    except BaseException:
        sock.close()
        raise
    return protocol


def acknowledge(transport: Any) -> None:  # noqa: ANN401 - asyncio's are duck-typed
    """
    Acknowledge at once what the server has sent.

    To be called after every write and when a handshake is done. Without it, a
    server that waits for our acknowledgement before it sends its next segment
    (Nagle) seems 40 ms slower than it is: after a TLS 1.3 handshake nothing of
    ours carries the ACK of its session tickets. The kernel clears the option by
    itself, so it is set again and again.
    """
    sock = transport.get_extra_info("socket")
    if sock is not None and _QUICKACK is not None:
        with suppress(OSError):  # a socket that was just closed
            sock.setsockopt(socket.IPPROTO_TCP, _QUICKACK, 1)
