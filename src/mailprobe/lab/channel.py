"""One accepted connection: lines in, bytes out, an upgrade to TLS, an end."""

from __future__ import annotations

import asyncio
import contextlib
import ssl
from typing import TYPE_CHECKING, Final

from mailprobe.lab.line import Line
from mailprobe.lab.tls import Tls

if TYPE_CHECKING:
    import socket
    from collections.abc import Callable

BUFFER_MAX: Final = 256 * 1024
"""Unread bytes before the client is made to wait: four full reads."""

HANDSHAKE_MAX: Final = 30.0
"""Seconds for a TLS handshake: longer than any client's own patience."""

GOODBYE_MAX: Final = 1.0
"""Seconds the client has to end it too; on loopback that comes at once."""


class Hangup(Exception):  # noqa: N818 - an event of the line, not an error
    """The conversation is over: the client went, or a fault ended it."""


class LineTooLong(Exception):  # noqa: N818 - named after the reply it leads to
    """The client sent more than a line may have."""


class Channel:
    """
    The server's end of one connection.

    Args:
        sock: Accepted; does not block.
        forget: Called when it is closed.
        room: Where bytes are put when they come, for as long as it takes to keep them.

    Attributes:
        secure: Whether TLS is on.
        finished: Whether the conversation is over, though the socket may linger.
    """

    def __init__(
        self, sock: socket.socket, forget: Callable[[Channel], None], room: memoryview
    ) -> None:
        self.secure = False
        self.finished = False
        self._forget = forget
        self._buffer = bytearray()
        self._searched = 0
        self._ended = False
        self._nudged = False
        self._resting = False
        self._stirred = asyncio.Event()
        self._writable = asyncio.Event()
        self._writable.set()
        self._tls: Tls | None = None
        self._line = Line(sock, self, room)
        self._line.resume()

    # --- what the line tells ----------------------------------------------------

    def heard(self, data: memoryview) -> None:
        """Keep the bytes, and wake who waits for them."""
        if self._tls is not None:
            self._tls.feed(data)
            self._buffer += self._read(self._tls)
        else:
            self._buffer += data
        if len(self._buffer) > BUFFER_MAX:
            self._line.hold()
        self._stirred.set()

    def half_closed(self) -> None:
        """Note that the client will say no more."""
        self._ended = True
        self._stirred.set()

    def full(self) -> None:
        """Make `send` wait."""
        self._writable.clear()

    def drained(self) -> None:
        """Let `send` go on."""
        self._writable.set()

    def lost(self) -> None:
        """Note the end, and wake everybody."""
        self._ended = True
        self._stirred.set()
        self._writable.set()
        self._forget(self)

    def _read(self, tls: Tls) -> bytes:
        """Return the text that came; none while hands are shaken."""
        if not tls.shaken:
            return b""
        try:
            text = tls.read()
        except ssl.SSLError:
            self.abort()
            return b""
        self._ended |= tls.ended
        return text

    # --- reading ----------------------------------------------------------------

    @property
    def pending(self) -> int:
        """How many bytes the client sent that nobody has read."""
        return len(self._buffer)

    @property
    def gone(self) -> bool:
        """Whether the client went, or has nothing more to expect."""
        return self._ended or self.finished

    def hold(self) -> None:
        """Leave further bytes where they are: what is here now is not TLS yet."""
        self._line.hold()

    def resume(self) -> None:
        """Read what the client sends."""
        self._line.resume()

    def discard(self) -> int:
        """Forget what was not read; return how many bytes that were."""
        count = len(self._buffer)
        self._buffer.clear()
        self._searched = 0
        return count

    def nudge(self) -> None:
        """Wake `stirred` though no byte came."""
        self._nudged = True
        self._stirred.set()

    async def stirred(self) -> None:
        """
        Wait until something happens: bytes, a nudge or the end.

        Raises:
            Hangup: If the client is gone.
        """
        if self._nudged:
            self._nudged = False
            return
        if self._ended:
            raise Hangup
        self._stirred.clear()
        if len(self._buffer) <= BUFFER_MAX:
            self.resume()
        await self._rest()
        self._nudged = False

    def take_line(self, limit: int) -> bytes | None:
        """
        Return the next line with its ending, None if there is none yet.

        Raises:
            LineTooLong: If it has more than *limit* bytes.
        """
        end = self._buffer.find(b"\n", self._searched)
        if end < 0:
            self._searched = len(self._buffer)
            if self._searched > limit:
                raise LineTooLong
            return None
        if end >= limit:
            raise LineTooLong
        return self._take(end + 1)

    def _take(self, count: int) -> bytes:
        taken = bytes(self._buffer[:count])
        del self._buffer[:count]
        self._searched = 0
        return taken

    async def line(self, limit: int) -> bytes:
        """Return the next line with its ending; raises like `take_line`, `stirred`."""
        while (line := self.take_line(limit)) is None:
            await self._more()
        return line

    async def exactly(self, count: int) -> bytes:
        """Return the next *count* bytes; raises `Hangup` if they do not come."""
        while len(self._buffer) < count:
            await self._more()
        return self._take(count)

    @property
    def at_rest(self) -> bool:
        """Whether the conversation waits, and what it waits for has not come."""
        return self._resting and not self._stirred.is_set()

    async def _rest(self) -> None:
        self._resting = True
        try:
            await self._stirred.wait()
        finally:
            self._resting = False

    async def _more(self) -> None:
        """Wait for bytes, even beyond the buffer's usual size."""
        if self._ended:
            raise Hangup
        self._stirred.clear()
        self.resume()
        await self._rest()

    async def idle(self, seconds: float | None) -> None:
        """
        Do nothing for *seconds* (None: for ever) while the client stays.

        Raises:
            Hangup: As soon as the client is gone.
        """
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(seconds):
                while not self._ended:
                    self._stirred.clear()
                    await self._rest()
        if self._ended:
            raise Hangup

    async def deaf(self, seconds: float | None) -> None:
        """Like `idle`, but throw away what the client says."""
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(seconds):
                while True:
                    self.discard()
                    await self._more()

    # --- writing ----------------------------------------------------------------

    async def send(self, data: bytes) -> None:
        """
        Send *data*.

        Raises:
            Hangup: If the client is gone.
        """
        if self._line.closing:
            raise Hangup
        (self._tls or self._line).write(data)
        await self._writable.wait()

    async def upgrade(self, context: ssl.SSLContext) -> None:
        """
        Go through a TLS handshake as server.

        Raises:
            Hangup: If it fails.
        """
        if self._line.closing:
            raise Hangup
        self._tls = tls = Tls(context, self._line.write)
        tls.feed(self._take(len(self._buffer)))
        self.resume()
        try:
            async with asyncio.timeout(HANDSHAKE_MAX):
                await self._shake(tls)
        except (ssl.SSLError, TimeoutError) as error:
            self._line.close()
            raise Hangup from error
        self.secure = True
        self._buffer += self._read(tls)  # what came with the end of the handshake

    async def _shake(self, tls: Tls) -> None:
        tls.shake()
        while not tls.shaken:
            if self._ended:
                raise Hangup
            self._stirred.clear()
            await self._stirred.wait()  # not at rest: there is something to be done
            tls.shake()

    # --- the end ----------------------------------------------------------------

    async def part(self) -> None:
        """
        End the connection in good manners: what was sent arrives, then an end.

        Closing a socket with unread bytes in it sends a reset, which may overtake
        what was sent before; so the client's last words are read first.
        """
        if self._line.closing:
            return
        if self._tls is not None:
            self._tls.part()
        else:
            self._line.write_eof()
        with contextlib.suppress(Hangup):
            await self.deaf(GOODBYE_MAX)
        self._line.close()

    def reset(self) -> None:
        """End the connection at once with a TCP reset."""
        self._line.reset()

    def abort(self) -> None:
        """End the connection without waiting for anything."""
        self._line.abort()
