"""Who lives where: the hosts of the test domains and the addresses of one world."""

from __future__ import annotations

import os
import socket
from contextlib import suppress
from dataclasses import dataclass
from typing import Final

MAIL_DOMAINS: Final = ("libero.test", "virgilio.test", "posta.test")
"""Domains that really have mailboxes; the same as in the in-process lab."""

USERS: Final = ("ada", "bob")

# The last number of an address: fixed services below 10, hosts from 10 on.
NSD: Final = 1
RESOLVER: Final = 2
BROKEN_NSD: Final = 3
RELAY: Final = 4
DOVECOT: Final = 5
NOBODY: Final = 250  # nothing ever listens here: connections are refused
LOCK: Final = 254

RESOLVER_PORT: Final = 5300
LMTP_PORT: Final = 24
POLICY_PORT: Final = 10031
SASL_PORT: Final = 12345
QUOTA_PORT: Final = 12340

_FIRST_NETWORK: Final = 64  # 127.64.0.0 up: below it, people run things by hand
_WORKERS: Final = 128


@dataclass(frozen=True, slots=True)
class Hosts:
    """The addresses of one domain's hosts, by name."""

    domain: str
    mx1: str
    mx2: str
    smtp: str
    imap: str

    def named(self) -> dict[str, str]:
        """Return each full host name with its address."""
        hosts = {"mx1": self.mx1, "mx2": self.mx2, "smtp": self.smtp, "imap": self.imap}
        return {f"{label}.{self.domain}": ip for label, ip in hosts.items()}


@dataclass(frozen=True, slots=True)
class Plan:
    """
    The addresses of one world: one /24 of the loopback network, held by a lock.

    The lock is a bound socket: the kernel gives the network free again when
    the last process that holds it is gone, however it ended.
    """

    network: str
    lock: socket.socket

    @classmethod
    def claim(cls) -> Plan:
        """
        Take the first free network of this pytest worker.

        Raises:
            RuntimeError: If 256 worlds of this worker number already run.
        """
        worker = os.environ.get("PYTEST_XDIST_WORKER", "gw0")
        second = _FIRST_NETWORK + int(worker.removeprefix("gw")) % _WORKERS
        for third in range(256):
            network = f"127.{second}.{third}"
            lock = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
            with suppress(OSError):
                lock.bind((f"{network}.{LOCK}", 1))
                return cls(network, lock)
            lock.close()
        message = f"no free network below 127.{second}.0.0/16"
        raise RuntimeError(message)

    def at(self, number: int) -> str:
        """Return the address with this last number."""
        return f"{self.network}.{number}"

    def hosts(self, domain: str) -> Hosts:
        """Return where the hosts of a mail domain are."""
        base = 10 * (1 + MAIL_DOMAINS.index(domain))
        return Hosts(domain, *(self.at(base + n) for n in range(4)))

    def all_hosts(self) -> list[Hosts]:
        """Return the hosts of every mail domain."""
        return [self.hosts(domain) for domain in MAIL_DOMAINS]

    def host_names(self) -> list[str]:
        """Return the full name of every host."""
        return [name for hosts in self.all_hosts() for name in hosts.named()]
