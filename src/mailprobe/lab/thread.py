"""The lab for synchronous callers: its own event loop in its own thread."""

from __future__ import annotations

import asyncio
import contextlib
import threading
from typing import TYPE_CHECKING, ParamSpec, TypeVar

from mailprobe.lab.world import DOMAINS, Lab

if TYPE_CHECKING:
    import datetime as dt
    from collections.abc import Callable, Iterator, Mapping, Sequence
    from pathlib import Path
    from types import TracebackType
    from typing import Self

    from mailprobe.lab.faults import Fault
    from mailprobe.lab.store import Account, Counters, Message
    from mailprobe.model.provider import Catalogue
    from mailprobe.model.target import Endpoint, Mailbox, SecurityName

P = ParamSpec("P")
T = TypeVar("T")

START_MAX = 30.0
"""Seconds for the thread to start or end; it takes a fraction of one."""


class ThreadedLab:
    """
    A `Lab` that runs beside synchronous code.

    Enter it with ``with``. Every attribute and method means what it means there
    and may be used from any thread; a fault is active when `inject` returns.

    Args:
        domains: Its mail domains.
        brands: Those of them that share one platform.
    """

    def __init__(
        self,
        domains: Sequence[str] = DOMAINS,
        *,
        brands: Sequence[str] | None = None,
    ) -> None:
        self._lab = Lab(domains, brands=brands)
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(
            target=self._loop.run_forever, name="mailprobe-lab", daemon=True
        )
        self.store = ThreadedStore(self)

    def __enter__(self) -> Self:
        self._thread.start()
        try:
            self._await_enter()
        except BaseException:
            self._end()
            raise
        return self

    def _await_enter(self) -> None:
        entering = asyncio.run_coroutine_threadsafe(self._lab.__aenter__(), self._loop)
        entering.result(START_MAX)

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        try:
            leaving = asyncio.run_coroutine_threadsafe(
                self._lab.__aexit__(None, None, None), self._loop
            )
            leaving.result(START_MAX)
        finally:
            self._end()

    def _end(self) -> None:
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join(START_MAX)
        self._loop.close()

    def call(self, function: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
        """Run *function* on the lab's loop and return what it returns."""

        async def run() -> T:
            return function(*args, **kwargs)

        if threading.current_thread() is self._thread:
            return function(*args, **kwargs)
        return asyncio.run_coroutine_threadsafe(run(), self._loop).result()

    # --- what a prober is given -------------------------------------------------

    @property
    def domains(self) -> tuple[str, ...]:
        """The mail domains."""
        return self._lab.domains

    @property
    def nameserver(self) -> str:
        """``host:port`` of the name server."""
        return self._lab.nameserver

    @property
    def ca_file(self) -> Path:
        """The root certificate (PEM)."""
        return self._lab.ca_file

    @property
    def mx_port(self) -> int:
        """The port of every MX host."""
        return self._lab.mx_port

    @property
    def catalogue(self) -> Catalogue:
        """A preset per domain."""
        return self._lab.catalogue

    @property
    def surprises(self) -> list[str]:
        """Protocol violations by clients."""
        return self._lab.surprises

    @property
    def waiting(self) -> int:
        """How many deliveries wait in the lab's queues."""
        return self.call(lambda: self._lab.waiting)

    def mailbox(
        self,
        address: str,
        *,
        security: SecurityName = "tls",
        token: bool = False,
        auth: str = "",
    ) -> Mailbox:
        """Return a mailbox; see `Lab.mailbox`."""
        return self.call(
            self._lab.mailbox, address, security=security, token=token, auth=auth
        )

    def endpoint(
        self,
        domain: str,
        service: str,
        security: SecurityName = "tls",
    ) -> Endpoint:
        """Return where a service is; see `Lab.endpoint`."""
        return self._lab.endpoint(domain, service, security)

    # --- faults -----------------------------------------------------------------

    def inject(self, fault: Fault) -> None:
        """Make a fault active."""
        self.call(self._lab.inject, fault)

    def withdraw(self, fault: Fault) -> None:
        """Make a fault inactive."""
        self.call(self._lab.withdraw, fault)

    def reset(self) -> None:
        """Make every fault inactive."""
        self.call(self._lab.reset)

    @contextlib.contextmanager
    def fault(self, *faults: Fault) -> Iterator[Self]:
        """Keep *faults* active while the block runs."""
        for one in faults:
            self.inject(one)
        try:
            yield self
        finally:
            for one in faults:
                self.withdraw(one)


class ThreadedStore:
    """The `Store` of a `ThreadedLab`, safe to use from any thread."""

    def __init__(self, lab: ThreadedLab) -> None:
        self._lab = lab
        self._store = lab._lab.store  # noqa: SLF001 - two halves of one thing

    @property
    def counters(self) -> Mapping[str, Counters]:
        """What the clients of each service did."""
        return self._store.counters

    def account(self, address: str) -> Account:
        """Return the account of *address*, made if missing."""
        return self._lab.call(self._store.account, address)

    def deliver(
        self,
        address: str,
        raw: bytes,
        folder: str = "INBOX",
        *,
        at: dt.datetime | None = None,
    ) -> Message:
        """Put a message into a mailbox; see `Store.deliver`."""
        return self._lab.call(self._store.deliver, address, raw, folder, at=at)

    def messages(self, address: str, folder: str = "INBOX") -> tuple[Message, ...]:
        """Return the messages in a folder, oldest first."""
        return self._lab.call(self._store.messages, address, folder)

    def clear(self) -> None:
        """Empty every mailbox and count from zero again."""
        self._lab.call(self._store.clear)
