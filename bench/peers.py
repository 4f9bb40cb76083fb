"""Other mail servers for tests, each as one thing that starts and stops."""

from __future__ import annotations

import asyncio
import contextlib
import gc
import logging
import socket
import threading
from collections.abc import Coroutine, Iterator, Sequence
from importlib import import_module
from typing import Any, Final, Protocol

from mailprobe.lab.listener import LOOPBACK

USER: Final = "ada@example.test"
PASSWORD: Final = "secret"  # noqa: S105 - of a server that lives for a second
START_MAX: Final = 30.0


def _load(name: str) -> Any:  # noqa: ANN401
    """Import what only the session `bench` installs, and ships no types."""
    return import_module(name)


def free_port() -> int:
    """Return a port that nobody uses now."""
    with socket.create_server((LOOPBACK, 0)) as server:
        port: int = server.getsockname()[1]
        return port


class Envelope(Protocol):
    """What aiosmtpd hands over, as far as it is looked at."""

    content: bytes


class AiosmtpdServer:
    """A Controller of aiosmtpd that keeps what it is given."""

    def __init__(self) -> None:
        controller = _load("aiosmtpd.controller").Controller
        self.messages: list[bytes] = []
        self.port = free_port()
        self._controller = controller(self, hostname=LOOPBACK, port=self.port)

    async def handle_DATA(  # noqa: N802 - aiosmtpd calls it so
        self, _server: object, _session: object, envelope: Envelope
    ) -> str:
        """Keep the mail."""
        self.messages.append(envelope.content)
        return "250 OK"

    @classmethod
    @contextlib.contextmanager
    def running(cls) -> Iterator[AiosmtpdServer]:
        """Start it, and stop it."""
        server = cls()
        server._controller.start()
        try:
            yield server
        finally:
            server._controller.stop()


class SmtpdfixServer:
    """The fixture of smtpdfix, without pytest."""

    @staticmethod
    @contextlib.contextmanager
    def running() -> Iterator[Any]:
        """Start it, and stop it."""
        with _load("smtpdfix.fixture").SMTPDFix(LOOPBACK, free_port()) as controller:
            yield controller


def _options(smtp_port: int, imap_port: int) -> Sequence[str]:
    ports = {"--smtp-port": str(smtp_port), "--imap-port": str(imap_port)}
    login = {"--user": USER, "--password": PASSWORD, "--host": LOOPBACK}
    given = (word for pair in (ports | login).items() for word in pair)
    return (*given, "--no-http")


class MailDevelServer:
    """mail-devel (SMTP and IMAP) on a loop in a thread: its start, without Python's."""

    def __init__(self) -> None:
        self.smtp_port, self.imap_port = free_port(), free_port()
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever)
        self._exit = contextlib.AsyncExitStack()
        self._service: Any = None

    async def _start(self) -> None:
        service = _load("mail_devel.service").Service
        args = service.parse([*_options(self.smtp_port, self.imap_port)])
        self._service = await service.init(args)
        await self._exit.enter_async_context(self._service.start())

    def _run(self, work: Coroutine[Any, Any, None]) -> None:
        asyncio.run_coroutine_threadsafe(work, self._loop).result(START_MAX)

    @classmethod
    @contextlib.contextmanager
    def running(cls) -> Iterator[MailDevelServer]:
        """Start it, and stop it."""
        server = cls()
        server._thread.start()
        try:
            server._run(server._start())
            yield server
            server._service.smtp.stop()
            server._run(server._exit.aclose())
        finally:
            server._loop.call_soon_threadsafe(server._loop.stop)
            server._thread.join(START_MAX)
            server._loop.close()


@contextlib.contextmanager
def keep_garbage() -> Iterator[None]:
    """
    Collect no garbage meanwhile.

    mail-devel's IMAP side holds its connections by weak references only: the first
    collection takes them away, and their clients wait for ever.
    """
    gc.collect()
    gc.disable()
    try:
        yield
    finally:
        gc.enable()


def hush() -> None:
    """Log nothing: a line on the terminal costs more than a mail."""
    logging.disable(logging.CRITICAL)
