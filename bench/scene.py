"""Where clients in processes of their own find the servers."""

from __future__ import annotations

import json
import ssl
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any

import mailprobe

if TYPE_CHECKING:
    from tests.real.world import RealWorld

DOMAIN = "posta.test"
BOX = f"ada@{DOMAIN}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Scene:
    """One service of a world, and what it takes to speak to it."""

    host: str
    address: str
    port: int
    security: str
    ca_file: str
    nameserver: str
    user: str = ""
    password: str = ""
    uvloop: bool = False

    @classmethod
    def of(cls, world: RealWorld, service: str, security: Any = "starttls") -> Scene:  # noqa: ANN401
        """Describe a service of `DOMAIN`, with a mailbox there."""
        at = world.endpoint(DOMAIN, service, security)
        box = world.mailbox(BOX)
        assert box.password is not None
        return cls(
            host=at.host,
            address=world.address(at.host),
            port=at.port,
            security=at.security,
            ca_file=str(world.ca_file),
            nameserver=world.nameserver,
            user=BOX,
            password=box.password._value,  # noqa: SLF001 - made up for this world
        )

    def dumps(self) -> str:
        """Write it on one line."""
        return json.dumps(asdict(self))

    def context(self) -> ssl.SSLContext:
        """Return the TLS policy that mailprobe has as well."""
        return ssl.create_default_context(cafile=self.ca_file)

    def prober(self, **more: Any) -> mailprobe.Prober:  # noqa: ANN401
        """Return a prober that works in this world."""
        return mailprobe.Prober(
            ca_file=self.ca_file,
            nameservers=[self.nameserver],
            loopback=True,
            ehlo_name="probe.posta.test",
            **more,
        )
