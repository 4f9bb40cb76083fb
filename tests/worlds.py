"""What every mail world offers to a test, be it the lab or real servers."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Protocol

if TYPE_CHECKING:
    from pathlib import Path

    from mailprobe.model.provider import Catalogue
    from mailprobe.model.target import Endpoint, Mailbox, SecurityName


class World(Protocol):
    """
    A running mail world: name servers, MX hosts, submission and IMAP.

    Its mail domains are ``libero.test`` and ``virgilio.test`` (two brands) and
    ``posta.test``; each has the users ``ada`` and ``bob``.
    """

    @property
    def nameserver(self) -> str:
        """Its resolver, as ``address:port``."""

    @property
    def ca_file(self) -> Path:
        """The root certificate that clients must trust."""

    @property
    def mx_port(self) -> int:
        """Where its MX hosts listen."""

    @property
    def catalogue(self) -> Catalogue:
        """Presets of its mail domains."""

    def mailbox(
        self, address: str, *, security: SecurityName = "tls", auth: str = ""
    ) -> Mailbox:
        """Return a mailbox of it, with its password and its endpoints by name."""

    def endpoint(
        self, domain: str, service: str, security: SecurityName = "tls"
    ) -> Endpoint:
        """Return where ``mx`` (its first host), ``submission`` or ``imap`` is."""


def prober_options_for(world: World) -> dict[str, Any]:
    """Return the keyword arguments of a `mailprobe.Prober` that works in *world*."""
    return {
        "ca_file": world.ca_file,
        "nameservers": [world.nameserver],
        "mx_port": world.mx_port,
        "loopback": True,
        "catalogue": world.catalogue,
        "ehlo_name": "probe.posta.test",
    }
