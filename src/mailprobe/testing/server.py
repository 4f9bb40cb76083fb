"""The lab that a test session shares, and what is true of it in every test."""

from __future__ import annotations

import contextlib
import socket
from typing import TYPE_CHECKING, Final

from mailprobe.lab import BRANDS, ThreadedLab
from mailprobe.model.errors import UsageError
from mailprobe.testing.names import Names
from mailprobe.testing.services import Access, Service, Services

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from pathlib import Path

    from mailprobe.lab import Account
    from mailprobe.model.target import SecurityName
    from mailprobe.testing.world import MailLab

APPLICATION: Final = "app"
"""The local part of the account that the code under test sends with."""

HOST: Final = "127.0.0.1"
"""Not localhost: that may be ::1 first, where the lab does not listen."""


class MailServer(Access):
    """
    The mail servers of a test session, for what a suite starts once.

    Ports, the account of the application and its password stay the same for the whole
    session; mail and mailboxes are a test's own, and are had from `MailLab`.

    Args:
        lab: A running lab, for local programs.

    Attributes:
        lab: The same.
        domains: Its mail domains; the application's account is at the first one.
        dns: Its name server.
        current: The world of the test that runs now, if it uses one.
    """

    def __init__(self, lab: ThreadedLab) -> None:
        self.lab = lab
        self.domains = lab.domains
        self.dns = Names(lab.nameserver)
        self.current: MailLab | None = None
        self._account = lab.store.account(f"{APPLICATION}@{lab.domains[0]}")
        self._account.any_sender = True

    @property
    def sender(self) -> str:
        """The address of the application's account; it may send under any other."""
        return self._account.address

    @property
    def ca_file(self) -> Path:
        """The root certificate to trust (PEM)."""
        return self.lab.ca_file

    def services(self, security: SecurityName) -> Services:
        """Return the servers, as the application uses them."""
        return self.services_of(self._account, security)

    def services_of(self, account: Account, security: SecurityName) -> Services:
        """Return the servers of an account's domain, as it uses them."""
        smtp, imap = (
            Service(
                name=name,
                host=HOST,
                port=self.lab.endpoint(account.domain, name, security).port,
                security=security,
                user=account.address,
                password=account.password,
                ca_file=self.lab.ca_file,
            )
            for name in ("submission", "imap")
        )
        return Services(smtp=smtp, imap=imap)

    def renew(self) -> None:
        """Forget all that a test did, and cut off the connections it left open."""
        self.lab.renew()
        fresh = self.lab.store.account(self._account.address)
        fresh.password, fresh.token = self._account.password, self._account.token
        fresh.any_sender = True
        self._account = fresh


@contextlib.contextmanager
def serve(domains: Sequence[str]) -> Iterator[MailServer]:
    """
    Run a lab for local programs.

    Args:
        domains: Its mail domains; libero.test and virgilio.test share a platform.

    Raises:
        UsageError: If these cannot be domains, or sockets are blocked.
    """
    if isinstance(domains, str) or not domains:
        message = (
            f"mail_lab_domains returned {domains!r}; "
            'return the names of mail domains, as in ("example.test",)'
        )
        raise UsageError(message)
    brands = [domain for domain in BRANDS if domain in domains]
    if socket.socket.__module__ == "pytest_socket":
        message = (
            "pytest-socket blocks the sockets of the mail lab; run with "
            f"--allow-hosts={HOST}, or mark the test with enable_socket"
        )
        raise UsageError(message)
    with ThreadedLab(domains, brands=brands, users=(), local=True) as lab:
        yield MailServer(lab)
