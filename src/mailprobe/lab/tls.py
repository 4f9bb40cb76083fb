"""The server's side of TLS: between the bytes of a connection and its text."""

from __future__ import annotations

import ssl
from contextlib import suppress
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Callable

RECORD_MAX: Final = 16 * 1024
"""Bytes of text in one record (RFC 8446 section 5.1), so of one read."""


class Tls:
    """
    One TLS session, on a connection that somebody else reads.

    asyncio's own TLS is a protocol and a transport between ours, with buffers,
    states and timers that we have as well: it cost as much as OpenSSL's reading and
    writing. Whatever TLS has to say is sent at once, alerts and new keys too.

    Args:
        context: The server's.
        send: Sends bytes on the connection.

    Attributes:
        shaken: Whether the handshake is done.
        ended: Whether the client has said that it will say no more.
    """

    def __init__(
        self, context: ssl.SSLContext, send: Callable[[bytes], object]
    ) -> None:
        self.shaken = False
        self.ended = False
        self._send = send
        self._incoming, self._outgoing = ssl.MemoryBIO(), ssl.MemoryBIO()
        self._session = context.wrap_bio(
            self._incoming, self._outgoing, server_side=True
        )

    def feed(self, data: bytes | memoryview) -> None:
        """Take what came on the connection, for `shake` or `read`."""
        self._incoming.write(data)

    def shake(self) -> None:
        """
        Go on with the handshake, as far as what came allows.

        Raises:
            ssl.SSLError: If it failed; the client was told why.
        """
        try:
            with suppress(ssl.SSLWantReadError):
                self._session.do_handshake()
                self.shaken = True
        finally:
            self._flush()

    def read(self) -> bytes:
        """
        Return the text that is complete.

        Raises:
            ssl.SSLError: If nothing can be read any more; the client was told why.
        """
        text = []
        try:
            with suppress(ssl.SSLWantReadError):  # half a record, or one without text
                while self._incoming.pending and not self.ended:
                    text.append(self._record())
        finally:
            self._flush()
        return b"".join(text)

    def _record(self) -> bytes:
        try:
            text = self._session.read(RECORD_MAX)
        except ssl.SSLZeroReturnError:  # how the end is put when we have parted
            text = b""
        self.ended = not text
        return text

    def write(self, text: bytes) -> None:
        """Send text; none before the handshake is done, or after `part`."""
        self._session.write(text)
        self._flush()

    def part(self) -> None:
        """Say that we will say no more."""
        with suppress(ssl.SSLError):  # the client has not said so yet, or has gone
            self._session.unwrap()
        self._flush()

    def _flush(self) -> None:
        if self._outgoing.pending:
            self._send(self._outgoing.read())
