"""Sockets that listen: opened and closed at once, so that faults can switch them."""

from __future__ import annotations

import asyncio
import contextlib
import errno
import socket
from collections.abc import Awaitable, Callable, Iterable
from typing import TYPE_CHECKING, Final, TypeAlias

from mailprobe.lab.channel import Channel, Hangup
from mailprobe.model.errors import MailprobeError

if TYPE_CHECKING:
    from mailprobe.lab.switchboard import Site

BACKLOG: Final = 128
"""Connections the kernel may hold for us; a storm of probes comes at once."""

CONNECTIONS_MAX: Final = 1000
"""Open connections per lab: idle in TLS some 30 KiB each, with much unread 300 KiB."""

PORT_TRIES: Final = 50
"""Ports tried until one is free on every address; collisions are rare."""

QUIET_TURNS: Final = 3
"""
Turns of the loop without work that mean peace: in the first one the sockets are
looked at, in the second one who has something to read is woken.
"""

READ_MAX: Final = 64 * 1024
"""
Bytes of one read, four TLS records, into a room made once for each host: a new one of
asyncio's size (256 KiB) for each read takes longer than to read a command.
"""

TURNS_MAX: Final = 500
"""Turns after which nobody is waited for: some ten milliseconds."""

LOOPBACK: Final = "127.0.0.1"
LOCAL_NAMES: Final = ("localhost", LOOPBACK)

Serve: TypeAlias = "Callable[[Channel, Listener], Awaitable[None]]"


class LabError(MailprobeError):
    """The lab could not be started; the message says what to do."""


def bind(address: str, port: int = 0) -> socket.socket:
    """Return a TCP socket bound to *address*, which nobody can connect to yet."""
    sock = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
    try:
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        sock.bind((address, port))
        sock.settimeout(0)
    except BaseException:
        sock.close()
        raise
    return sock


def bind_all(addresses: tuple[str, ...]) -> tuple[int, list[socket.socket]]:
    """
    Bind one port number on every one of *addresses*.

    Raises:
        LabError: If no port is free on all of them.
        OSError: If an address is not this machine's.
    """
    for _ in range(PORT_TRIES):
        sockets = [bind(addresses[0])]
        port: int = sockets[0].getsockname()[1]
        try:
            for address in addresses[1:]:
                sockets.append(bind(address, port))  # noqa: PERF401 - see except
        except OSError as error:
            for sock in sockets:
                sock.close()
            if error.errno != errno.EADDRINUSE:
                raise
        else:
            return port, sockets
    message = f"no port is free on all of {', '.join(addresses)}; close some programs"
    raise LabError(message)


class Listener:
    """
    One listening socket of one host.

    Args:
        site: Whose it is.
        sock: Bound; it listens once `open` was called.
        serve: Holds the conversation on an accepted connection.
    """

    def __init__(self, site: Site, sock: socket.socket, serve: Serve) -> None:
        self.site = site
        self.address: str
        self.port: int
        self.address, self.port = sock.getsockname()[:2]
        self._sock = sock
        self._serve = serve
        self._listening = False
        self._room = memoryview(bytearray(READ_MAX))
        self._conversations: dict[asyncio.Task[None], Channel] = {}
        self._channels: set[Channel] = set()

    def open(self) -> None:
        """Take connections from now on."""
        if not self._listening:
            self._sock.listen(BACKLOG)
            asyncio.get_running_loop().add_reader(self._sock, self._accept)
            self._listening = True

    def refuse(self) -> None:
        """Refuse connections from now on; those that are open stay."""
        if self._listening:
            self._stop()
            # A socket that is bound but does not listen keeps the port for us.
            self._sock = bind(self.address, self.port)

    def _stop(self) -> None:
        if self._listening:
            asyncio.get_running_loop().remove_reader(self._sock)
            self._listening = False
        self._sock.close()

    def _accept(self) -> None:
        try:
            sock, _ = self._sock.accept()
        except OSError:  # the client went before we looked, or no descriptor is left
            return
        sock.settimeout(0)
        channel = Channel(sock, self._channels.discard, self._room)
        self._channels.add(channel)
        task = asyncio.get_running_loop().create_task(self._converse(channel))
        self._conversations[task] = channel
        task.add_done_callback(self._conversations.pop)

    async def _converse(self, channel: Channel) -> None:
        try:
            with contextlib.suppress(Hangup):
                await self._serve(channel, self)
            channel.finished = True
            await channel.part()
        except BaseException:
            channel.abort()
            raise

    @property
    def open_count(self) -> int:
        """How many conversations are going on."""
        return sum(not channel.gone for channel in self._channels)

    @property
    def busy(self) -> bool:
        """Whether a conversation has something to do without its client."""
        return not all(channel.at_rest for channel in self._conversations.values())

    async def shut(self) -> None:
        """Stop for good: no socket, task or connection is left."""
        self._stop()
        await self.hang_up()

    async def hang_up(self) -> None:
        """End every conversation at once, without a word."""
        tasks = list(self._conversations)
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        for channel in tuple(self._channels):
            channel.abort()


async def settle(listeners: Iterable[Listener]) -> None:
    """
    Return when the conversations have read and answered what clients have sent.

    Who is in the middle of something is waited for, but not for long: a client may
    never end its TLS handshake.
    """
    quiet = 0
    for _ in range(TURNS_MAX):
        await asyncio.sleep(0)
        quiet = 0 if any(one.busy for one in listeners) else quiet + 1
        if quiet == QUIET_TURNS:
            return
