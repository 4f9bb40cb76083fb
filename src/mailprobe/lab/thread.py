"""The lab for synchronous callers: its own event loop in its own thread."""

from __future__ import annotations

import asyncio
import contextlib
import threading
from concurrent.futures import Future
from typing import TYPE_CHECKING, ParamSpec, TypeVar

from mailprobe.lab.world import DOMAINS, USERS, Lab

if TYPE_CHECKING:
    import datetime as dt
    from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
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


def _each(function: Callable[[T], None], values: Iterable[T]) -> None:
    for value in values:
        function(value)


class ThreadedLab:
    """
    A `Lab` that runs beside synchronous code.

    Enter it with ``with``. Every attribute and method means what it means there
    and may be used from any thread; a fault is active when `inject` returns.

    Args:
        domains: Its mail domains.
        brands: Those of them that share one platform.
        users: Who has a mailbox at each domain from the start.
        local: Also serve programs that know nothing of its name server.
    """

    def __init__(
        self,
        domains: Sequence[str] = DOMAINS,
        *,
        brands: Sequence[str] | None = None,
        users: Sequence[str] = USERS,
        local: bool = False,
    ) -> None:
        self._lab = Lab(domains, brands=brands, users=users, local=local)
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
        if threading.current_thread() is self._thread:
            return function(*args, **kwargs)
        result: Future[T] = Future()

        def run() -> None:
            try:
                result.set_result(function(*args, **kwargs))
            except BaseException as error:  # noqa: BLE001 - it belongs to the caller
                result.set_exception(error)

        self._loop.call_soon_threadsafe(run)
        return result.result()

    def renew(self) -> None:
        """Make the lab as it was when it started; see `Lab.renew`."""
        renewing = asyncio.run_coroutine_threadsafe(self._lab.renew(), self._loop)
        renewing.result(START_MAX)

    def settle(self) -> None:
        """Return when what clients have sent is read and answered; see `Lab.settle`."""
        asyncio.run_coroutine_threadsafe(self._lab.settle(), self._loop).result()

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
    def strangers(self) -> list[str]:
        """Recipients of mail that no mailbox answers to."""
        return self._lab.strangers

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

    def inject(self, *faults: Fault) -> None:
        """Make faults active, all of them before anything else happens."""
        self.call(_each, self._lab.inject, faults)

    def withdraw(self, *faults: Fault) -> None:
        """Make faults inactive, all of them before anything else happens."""
        self.call(_each, self._lab.withdraw, faults)

    def reset(self) -> None:
        """Make every fault inactive."""
        self.call(self._lab.reset)

    @contextlib.contextmanager
    def fault(self, *faults: Fault) -> Iterator[Self]:
        """Keep *faults* active while the block runs."""
        self.inject(*faults)
        try:
            yield self
        finally:
            self.withdraw(*faults)


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

    def everything(self) -> list[tuple[str, str, Message]]:
        """Return all mail: the address and the folder it is in, and the message."""
        return self._lab.call(lambda: list(self._store.everything()))

    @contextlib.contextmanager
    def watch(self, address: str, notice: Callable[[], None]) -> Iterator[None]:
        """
        Call *notice* after every change in a mailbox while the block runs.

        Args:
            address: Whose mailbox; made if missing.
            notice: Called on the lab's thread, so it must be quick.
        """
        watched = [f.watchers for f in self.account(address).folders.values()]
        self._lab.call(_each, lambda watchers: watchers.add(notice), watched)
        try:
            yield
        finally:
            self._lab.call(_each, lambda watchers: watchers.discard(notice), watched)

    def clear(self) -> None:
        """Empty every mailbox and count from zero again."""
        self._lab.call(self._store.clear)
