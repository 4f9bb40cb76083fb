"""Where an unknown domain serves its mailboxes: SRV records (RFC 6186)."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Final

from mailprobe.model.target import Endpoint, Security

if TYPE_CHECKING:
    from mailprobe.wire.resolver import Resolver

# Preferred first: TLS from the first byte beats STARTTLS (RFC 8314 3).
_SUBMISSION: Final = (
    ("_submissions._tcp", Security.TLS),
    ("_submission._tcp", Security.STARTTLS),
)
_IMAP: Final = (("_imaps._tcp", Security.TLS), ("_imap._tcp", Security.STARTTLS))


async def discover(
    resolver: Resolver, domain: str
) -> tuple[tuple[Endpoint, ...], tuple[Endpoint, ...]]:
    """Return submission and IMAP endpoints that a domain publishes, best first."""
    services = (*_SUBMISSION, *_IMAP)
    found = await asyncio.gather(
        *(_service(resolver, f"{name}.{domain}", mode) for name, mode in services)
    )
    submission = [e for endpoints in found[: len(_SUBMISSION)] for e in endpoints]
    imap = [e for endpoints in found[len(_SUBMISSION) :] for e in endpoints]
    return tuple(submission), tuple(imap)


async def _service(
    resolver: Resolver, name: str, security: Security
) -> tuple[Endpoint, ...]:
    lookup = await resolver.lookup(name, "SRV")
    records = sorted(
        lookup.records,
        key=lambda r: (r.priority, -r.weight, str(r.target)),  # type: ignore[attr-defined]
    )
    offered = []
    for record in records:
        host = str(record.target).rstrip(".").lower()  # type: ignore[attr-defined]
        port = int(record.port)  # type: ignore[attr-defined]
        if host and port:  # a target of "." says: not offered (RFC 6186 3.4)
            offered.append(Endpoint(host, port, security))
    return tuple(offered)
