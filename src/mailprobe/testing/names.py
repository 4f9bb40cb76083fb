"""The lab's name server, for code under test that looks names up with dnspython."""

from __future__ import annotations

from typing import TYPE_CHECKING

import dns.asyncresolver
import dns.resolver

if TYPE_CHECKING:
    import pytest


class Names:
    """
    Where names of the lab can be looked up.

    Args:
        nameserver: ``host:port``.

    Attributes:
        nameserver: The same.
        host: Its address.
        port: Its port, by UDP and TCP.
    """

    def __init__(self, nameserver: str) -> None:
        self.nameserver = nameserver
        self.host, _, port = nameserver.rpartition(":")
        self.port = int(port)

    def resolver(self) -> dns.resolver.Resolver:
        """Return a resolver of dnspython that asks the lab and nobody else."""
        resolver = dns.resolver.Resolver(configure=False)
        resolver.nameservers, resolver.port = [self.host], self.port
        return resolver

    def async_resolver(self) -> dns.asyncresolver.Resolver:
        """Return the same for asyncio."""
        resolver = dns.asyncresolver.Resolver(configure=False)
        resolver.nameservers, resolver.port = [self.host], self.port
        return resolver

    def patch(self, monkeypatch: pytest.MonkeyPatch) -> None:
        """
        Make dnspython's default resolvers ask the lab until *monkeypatch* ends.

        ``dns.resolver.resolve`` and what is built on it (email-validator) then knows
        the lab's domains, and no others. The system's own look-ups stay as they are.
        """
        monkeypatch.setattr(dns.resolver, "default_resolver", self.resolver())
        monkeypatch.setattr(
            dns.asyncresolver, "default_resolver", self.async_resolver()
        )
