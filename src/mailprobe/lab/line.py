"""The socket of an accepted connection: bytes in, bytes out, and how it ends."""

from __future__ import annotations

import asyncio
import socket
import struct
from contextlib import suppress
from typing import Final, Protocol

FULL: Final = 64 * 1024
"""Bytes that wait to be sent before the conversation waits too, as asyncio has it."""

_LATER: Final = (BlockingIOError, InterruptedError)
_AT_ONCE: Final = struct.pack("ii", 1, 0)


class Owner(Protocol):
    """Whoever holds the conversation; it is called from the event loop."""

    def heard(self, data: memoryview) -> None:
        """Take what came; the room it is in is used again at once."""

    def half_closed(self) -> None:
        """Know that the client will say no more; the line closes by itself."""

    def full(self) -> None:
        """Stop writing for a while."""

    def drained(self) -> None:
        """Go on writing: all was sent."""

    def lost(self) -> None:
        """Know that the socket is closed, whoever closed it; told once."""


class Line:
    """
    A connected socket, without the transport that asyncio would put around it.

    That takes three turns of the loop to begin and to end, makes room for 256 KiB at
    each read, and puts the socket into words when it is registered: much, beside the
    few lines of a short conversation.

    Args:
        sock: Does not block.
        owner: Is told what happens.
        room: Where bytes are put when they come; all lines of a host share it.
    """

    def __init__(self, sock: socket.socket, owner: Owner, room: memoryview) -> None:
        self._sock = sock
        self._owner = owner
        self._room = room
        self._loop = asyncio.get_running_loop()
        self._descriptor = sock.fileno()
        self._unsent = bytearray()
        self._reading = False
        self._last_words = False
        self.closing = False
        with suppress(OSError):  # the client is gone already: reading will tell
            # With Nagle's algorithm a reply behind another waits for 40 ms.
            sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)

    # --- in ---------------------------------------------------------------------

    def resume(self) -> None:
        """Read what the client sends."""
        if not self._reading and not self.closing:
            self._loop.add_reader(self._descriptor, self._readable)
            self._reading = True

    def hold(self) -> None:
        """Leave what the client sends where it is."""
        if self._reading:
            self._loop.remove_reader(self._descriptor)
            self._reading = False

    def _readable(self) -> None:
        try:
            count = self._sock.recv_into(self._room)
        except _LATER:
            return
        except OSError:
            self.abort()
            return
        if count:
            self._owner.heard(self._room[:count])
            return
        self._owner.half_closed()
        self.close()

    # --- out --------------------------------------------------------------------

    def write(self, data: bytes) -> None:
        """Send it, now or as soon as there is room; nothing once it is closing."""
        if self.closing or self._last_words or not data:
            return
        if self._unsent:
            self._unsent += data
        else:
            sent = self._send(data)
            if sent < 0 or sent == len(data):
                return
            self._unsent += data[sent:]
            self._loop.add_writer(self._descriptor, self._writable)
        if len(self._unsent) > FULL:
            self._owner.full()

    def _send(self, data: bytes | bytearray) -> int:
        """Return how much was sent; less than nothing if the line is dead."""
        try:
            return self._sock.send(data)
        except _LATER:
            return 0
        except OSError:
            self.abort()
            return -1

    def _writable(self) -> None:
        sent = self._send(self._unsent)
        if sent < 0:
            return
        del self._unsent[:sent]
        if self._unsent:
            return
        self._loop.remove_writer(self._descriptor)
        self._owner.drained()
        if self.closing:
            self._shut()
        elif self._last_words:
            self._half_close()

    # --- the end ----------------------------------------------------------------

    def write_eof(self) -> None:
        """Say that nothing follows, once all is sent; the client may still speak."""
        if not self.closing and not self._last_words:
            self._last_words = True
            if not self._unsent:
                self._half_close()

    def _half_close(self) -> None:
        with suppress(OSError):  # the client is gone already
            self._sock.shutdown(socket.SHUT_WR)

    def close(self) -> None:
        """Send what waits to be sent, then close."""
        if not self.closing:
            self.hold()
            self.closing = True
            if not self._unsent:
                self._shut()

    def reset(self) -> None:
        """Close at once, with a TCP reset."""
        with suppress(OSError):  # it is closed
            self._sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, _AT_ONCE)
        self.abort()

    def abort(self) -> None:
        """Close at once; what waits to be sent is lost."""
        self.hold()
        self.closing = True
        self._shut()

    def _shut(self) -> None:
        if self._sock.fileno() < 0:
            return
        if self._unsent:
            self._loop.remove_writer(self._descriptor)
            self._unsent.clear()
        self._sock.close()
        self._owner.lost()
