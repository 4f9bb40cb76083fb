"""The mail world of one test."""

from __future__ import annotations

import contextlib
import datetime as dt
import secrets
from typing import TYPE_CHECKING

from mailprobe.lab import Fault, outage, replay
from mailprobe.lab.replays import STRUCK
from mailprobe.model.errors import UsageError
from mailprobe.testing.inbox import Inbox, parse
from mailprobe.testing.services import Access, Services
from mailprobe.testing.table import Row, table

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator
    from contextlib import AbstractContextManager
    from pathlib import Path

    from mailprobe.lab import Account, Message
    from mailprobe.model.target import SecurityName
    from mailprobe.testing.names import Names
    from mailprobe.testing.server import MailServer
    from mailprobe.testing.wanted import Wanted


class MailLab(Access):
    """
    A mail world of a test's own: servers, mailboxes made on demand, and outages.

    What it has of the servers is the application's account, which may send under any
    address. A mail to an address that no mailbox was made for is refused, and fails
    the test that sent it; a test that means it calls `take_surprises`.

    Args:
        server: The servers of the session.

    Attributes:
        dns: The name server, which knows the domains of this world.
    """

    def __init__(self, server: MailServer) -> None:
        self._server = server
        self._lab = server.lab
        self._began = dt.datetime.now(dt.UTC)
        self._ended = False
        self.dns: Names = server.dns

    # --- the servers ------------------------------------------------------------

    @property
    def domains(self) -> tuple[str, ...]:
        """The mail domains; add to them by overriding ``mail_lab_domains``."""
        return self._server.domains

    @property
    def ca_file(self) -> Path:
        """The root certificate to trust (PEM)."""
        return self._lab.ca_file

    @property
    def sender(self) -> str:
        """The address of the application's account."""
        return self._server.sender

    def services(self, security: SecurityName) -> Services:
        """Return the servers, as the application uses them."""
        return self._server.services(security)

    def services_of(self, address: str, security: SecurityName) -> Services:
        """Return the servers, as one mailbox uses them."""
        return self._server.services_of(self._account(address), security)

    # --- mailboxes --------------------------------------------------------------

    @property
    def inbox(self) -> Inbox:
        """The application's own mailbox: bounces and answers come here."""
        return Inbox(self, self.sender)

    def mailbox(self, address: str = "") -> Inbox:
        """
        Return a mailbox; it is made if missing.

        Args:
            address: An address in one of the domains; a unique one by default.

        Raises:
            UsageError: If it is no address, or its domain is not in this world.
        """
        __tracebackhide__ = True
        return Inbox(self, self._account(address or self._unique("user")).address)

    def address(self, name: str = "user") -> str:
        """
        Return an address that no other test has; its mailbox is made.

        Args:
            name: What it begins with.
        """
        __tracebackhide__ = True
        return self._account(self._unique(name)).address

    def _unique(self, name: str) -> str:
        return f"{name}-{secrets.token_hex(4)}@{self.domains[0]}"

    def _account(self, address: str) -> Account:
        __tracebackhide__ = True
        self.check_open(address)
        if address.rpartition("@")[2].lower() not in self.domains:
            message = (
                f"{address!r} is not in one of the lab's domains "
                f"({', '.join(self.domains)}); take one of these, or override the "
                "session fixture mail_lab_domains"
            )
            raise UsageError(message)
        return self._lab.store.account(address)

    # --- outages ----------------------------------------------------------------

    def fault(self, *faults: Fault) -> AbstractContextManager[None]:
        """
        Keep faults active while the block runs.

        Args:
            faults: Of `mailprobe.lab`: ``Reply("RCPT", 451)``, ``Lose()`` ...

        Raises:
            UsageError: If something else is given.
        """
        __tracebackhide__ = True
        for one in faults:
            if not isinstance(one, Fault):
                message = (
                    f"{one!r} is no fault; import one from mailprobe.lab, or call "
                    "mail_lab.outage(name)"
                )
                raise UsageError(message)
        self.check_open("faults")
        return self._active(faults)

    def outage(
        self, name: str, *, domain: str | None = None
    ) -> AbstractContextManager[None]:
        """
        Keep an outage going while the block runs.

        Args:
            name: "imap_down", "mail_late" ...: one of `mailprobe.lab.OUTAGES`.
            domain: The domain it hits, with its platform; all by default.

        Raises:
            UsageError: If there is no such outage, or no such domain.
        """
        __tracebackhide__ = True
        self._check_domain(domain)
        return self._active(outage(name, domain=domain))

    def replay(
        self, name: str, *, phase: str, domain: str | None = STRUCK
    ) -> AbstractContextManager[None]:
        """
        Replay a phase of a real outage while the block runs.

        Args:
            name: One of `mailprobe.lab.REPLAYS`: "libero-2023-01".
            phase: One of its phases: "accepts-not-delivers".
            domain: The domain struck, with its platform; None for all.

        Raises:
            UsageError: If there is no such outage, phase or domain.
        """
        __tracebackhide__ = True
        self._check_domain(domain)
        return self._active(replay(name, phase=phase, domain=domain))

    @contextlib.contextmanager
    def _active(self, faults: Iterable[Fault]) -> Iterator[None]:
        self._lab.inject(*faults)
        try:
            yield
        finally:
            # A block that was never left ends with its test, and then whenever.
            if not self._ended:
                self._lab.withdraw(*faults)

    def _check_domain(self, domain: str | None) -> None:
        __tracebackhide__ = True
        self.check_open("outages")
        if domain is not None and domain.lower() not in self.domains:
            message = (
                f"domain {domain!r} is not one of the lab's; "
                f"write one of {', '.join(self.domains)}, or None for all"
            )
            raise UsageError(message)

    # --- surprises --------------------------------------------------------------

    @property
    def surprises(self) -> list[str]:
        """What the servers did not expect: broken protocol, unknown recipients."""
        self._lab.settle()
        return [*self._lab.surprises, *map(_stranger, self._lab.strangers)]

    def take_surprises(self) -> list[str]:
        """Return the surprises until now; the test does not fail for them."""
        found = self.surprises
        self._lab.surprises.clear()
        self._lab.strangers.clear()
        return found

    # --- what an `Inbox` asks ---------------------------------------------------

    def password(self, address: str) -> str:
        """Return the password of a mailbox."""
        return self._account(address).password

    def messages(self, address: str, folder: str) -> tuple[Message, ...]:
        """Return what is in a folder, oldest first."""
        __tracebackhide__ = True
        self.check_open(address)
        return self._lab.store.messages(address, folder)

    def deliver(self, address: str, raw: bytes, folder: str) -> None:
        """Put a mail into a folder."""
        __tracebackhide__ = True
        self.check_open(address)
        self._lab.store.deliver(address, raw, folder)

    def watch(
        self, address: str, notice: Callable[[], None]
    ) -> AbstractContextManager[None]:
        """Call *notice* after every change in a mailbox."""
        return self._lab.store.watch(address, notice)

    def check_open(self, what: str) -> None:
        """
        See to it that the test still runs.

        Raises:
            UsageError: If it is over.
        """
        __tracebackhide__ = True
        if self._ended:
            message = (
                f"{what} of a test that is over cannot be used; "
                "ask mail_lab in each test"
            )
            raise UsageError(message)

    def end(self) -> None:
        """Note that the test is over."""
        self._ended = True

    def story(self, inbox: Inbox, wanted: Wanted) -> Iterator[str]:
        """Say what arrived in this world, and what is on its way or was refused."""
        rows = sorted(self._rows(inbox, wanted), key=lambda row: row.after)
        yield from table(rows)
        if waiting := self._lab.waiting:
            mails = "1 mail was" if waiting == 1 else f"{waiting} mails were"
            yield f"{mails} accepted and waits, held back by a fault"
        yield from self.surprises

    def _rows(self, inbox: Inbox, wanted: Wanted) -> Iterator[Row]:
        for address, folder, message in self._lab.store.everything():
            mail = parse(message.raw)
            here = (address, folder) == (inbox.address, inbox.folder)
            elsewhere = () if here else ("mailbox",)
            yield Row(
                after=(message.arrived - self._began).total_seconds(),
                where=address if folder == "INBOX" else f"{address} {folder}",
                sender=str(mail["from"] or ""),
                to=str(mail["to"] or ""),
                subject=str(mail["subject"] or ""),
                differs=(*elsewhere, *wanted.misses(mail)),
            )


def _stranger(recipient: str) -> str:
    return (
        f"mail for {recipient} was refused: no such mailbox here; "
        f"make it with mail_lab.mailbox({recipient!r})"
    )
