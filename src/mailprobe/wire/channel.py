"""A connected socket as a transport of our own: in clear, and in TLS."""

from __future__ import annotations

import asyncio
import socket
import ssl
from contextlib import suppress
from typing import Any, Final

READ: Final = 64 * 1024  # bytes taken at once; an answer hardly ever has more
_QUICKACK: Final[int | None] = getattr(socket, "TCP_QUICKACK", None)
_LATER: Final = (BlockingIOError, InterruptedError)


class Channel(asyncio.Transport):
    """
    One connection, for one protocol, with one layer less than asyncio's own.

    asyncio puts TLS on top of a transport, as a protocol and a transport of its
    own with a buffer of 256 KiB: a third of what a probe cost, and most of the
    memory of a connection. Here TLS is a state of the connection.

    The protocol is called as asyncio calls it: `connection_made` when the
    connection can be used (after the handshake, where TLS comes first), and
    `connection_lost` once, never from within a call of ours. What is written and
    not sent when it is closed is lost: we close when we want no more.
    """

    __slots__ = (
        "_closing",
        "_descriptor",
        "_incoming",
        "_loop",
        "_made",
        "_outgoing",
        "_protocol",
        "_shaking",
        "_sock",
        "_tls",
        "_unsent",
    )

    def __init__(self, sock: socket.socket, protocol: asyncio.BaseProtocol) -> None:
        """Take a connected socket that does not block; then `open` or `secure`."""
        super().__init__()
        self._loop = asyncio.get_running_loop()
        self._sock = sock
        # Not the socket: asyncio puts what it does not know into an exception, in
        # words, and a socket's cost two system calls.
        self._descriptor = sock.fileno()
        self._protocol: Any = protocol
        self._unsent = b""
        self._tls: ssl.SSLObject | None = None
        self._shaking: asyncio.Future[None] | None = None
        self._made = False
        self._closing = False
        self._loop.add_reader(self._descriptor, self._readable)

    def open(self) -> None:
        """Let the protocol speak in clear."""
        self._made = True
        self._protocol.connection_made(self)

    async def secure(self, context: ssl.SSLContext, server_name: str) -> ssl.SSLObject:
        """
        Shake hands; the protocol speaks in TLS from then on.

        Raises:
            OSError: If it fails (`ssl.SSLError` is one); the channel is closed then.
        """
        try:
            if self._closing:
                raise ConnectionResetError  # noqa: TRY301 - to be closed like the rest
            self._incoming, self._outgoing = ssl.MemoryBIO(), ssl.MemoryBIO()
            self._tls = tls = context.wrap_bio(
                self._incoming, self._outgoing, server_hostname=server_name
            )
            self._shaking = self._loop.create_future()
            self._shake()
            await self._shaking
        except BaseException:
            self.abort()
            raise
        return tls

    # --- what asyncio's transports have -----------------------------------------

    def get_extra_info(self, name: str, default: Any = None) -> Any:  # noqa: ANN401 - as the base
        """Return the ``socket``, and when hands are shaken the ``ssl_object``."""
        if name == "socket":
            return self._sock
        if name == "ssl_object" and self._shaking is not None:
            return self._tls if self._shaking.done() else default
        return default

    def is_closing(self) -> bool:
        """Whether it is closed, by whomever."""
        return self._closing

    def write(self, data: bytes | bytearray | memoryview) -> None:
        """Send, or keep what the kernel does not take yet; nothing once closed."""
        if self._closing:
            return
        if self._tls is None:
            self._send(bytes(data))
        else:
            self._tls.write(data)
            self._flush()

    def close(self) -> None:
        """Close at once, as `abort` does."""
        self._lost(None)

    def abort(self) -> None:
        """Close at once; may be called any number of times."""
        self._lost(None)

    # --- in ---------------------------------------------------------------------

    def _readable(self) -> None:
        try:
            data = self._sock.recv(READ)
        except _LATER:
            return
        except OSError as error:
            self._lost(error)
            return
        try:
            if not data:
                self._end()
            elif self._tls is None:
                self._protocol.data_received(data)
            else:
                self._incoming.write(data)
                self._decrypt()
        except Exception as error:
            self._lost(error)
            raise

    def _decrypt(self) -> None:
        assert self._shaking is not None  # noqa: S101 - for the type checker
        assert self._tls is not None  # noqa: S101 - the same
        if not self._shaking.done():
            self._shake()
            if not self._shaking.done():
                return
        try:
            while not self._closing:
                data = self._tls.read(READ)
                if not data:
                    self._end()
                    return
                self._protocol.data_received(data)
                # Else it says the same by an exception, which costs as much again.
                if not (self._incoming.pending or self._tls.pending()):
                    break
        except ssl.SSLWantReadError:
            pass
        except ssl.SSLError as error:
            self._lost(error)
        self._flush()  # an answer of TLS itself, such as a new key

    def _shake(self) -> None:
        assert self._shaking is not None  # noqa: S101 - for the type checker
        assert self._tls is not None  # noqa: S101 - the same
        try:
            self._tls.do_handshake()
        except ssl.SSLWantReadError:
            self._flush()
        except ssl.SSLError as error:
            self._flush()  # the alert says to the server what we minded
            self._lost(error)
        else:
            self._flush()
            if self._closing:
                return
            self._shaking.set_result(None)
            if not self._made:
                self.open()

    def _end(self) -> None:
        """Take note that the other side has closed."""
        if self._shaking is None or self._shaking.done():
            self._protocol.eof_received()
        self._lost(None)

    # --- out --------------------------------------------------------------------

    def _flush(self) -> None:
        if self._outgoing.pending:
            self._send(self._outgoing.read())

    def _send(self, data: bytes) -> None:
        if self._unsent:
            self._unsent += data
            return
        try:
            sent = self._sock.send(data)
        except _LATER:
            sent = 0
        except OSError as error:
            self._lost(error)
            return
        if sent < len(data):
            self._unsent = data[sent:]
            self._loop.add_writer(self._descriptor, self._writable)
        acknowledge(self._sock)

    def _writable(self) -> None:
        self._loop.remove_writer(self._descriptor)
        data, self._unsent = self._unsent, b""
        self._send(data)

    # --- the end ----------------------------------------------------------------

    def _lost(self, error: Exception | None) -> None:
        if self._closing:
            return
        self._closing = True
        self._loop.remove_reader(self._descriptor)
        if self._unsent:
            self._loop.remove_writer(self._descriptor)
        if self._shaking is not None and not self._shaking.done():
            self._shaking.set_exception(error or ConnectionResetError())
        self._loop.call_soon(self._finish, error)

    def _finish(self, error: Exception | None) -> None:
        self._sock.close()
        if self._made:
            self._protocol.connection_lost(error)


def acknowledge(sock: socket.socket) -> None:
    """
    Acknowledge at once what the server has sent.

    To be called after every write, those of a handshake too. Without it, a
    server that waits for our acknowledgement before it sends its next segment
    (Nagle) seems 40 ms slower than it is: after a TLS 1.3 handshake nothing of
    ours carries the ACK of its session tickets. The kernel clears the option by
    itself, so it is set again and again.
    """
    if _QUICKACK is not None:
        with suppress(OSError):  # a socket that was just closed
            sock.setsockopt(socket.IPPROTO_TCP, _QUICKACK, 1)
