"""Where an unknown domain serves its mailboxes: SRV records (RFC 6186)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from mailprobe.model.target import Endpoint, Security
from mailprobe.probes.abreast import abreast

if TYPE_CHECKING:
    from mailprobe.wire.resolver import Lookup, Resolver

# Preferred first: TLS from the first byte beats STARTTLS (RFC 8314 3).
_SUBMISSION: Final = (
    ("_submissions._tcp", Security.TLS),
    ("_submission._tcp", Security.STARTTLS),
)
_IMAP: Final = (("_imaps._tcp", Security.TLS), ("_imap._tcp", Security.STARTTLS))


@dataclass(frozen=True, slots=True, kw_only=True)
class Published:
    """
    What a domain publishes, best first.

    Attributes:
        smtp: Submission services.
        imap: IMAP services.
        trouble: Why it could not be looked up; empty if it could.
    """

    smtp: tuple[Endpoint, ...]
    imap: tuple[Endpoint, ...]
    trouble: str = ""


async def discover(resolver: Resolver, domain: str) -> Published:
    """Look up the services that a domain publishes."""
    services = (*_SUBMISSION, *_IMAP)
    lookups = await abreast(
        *(resolver.lookup(f"{name}.{domain}", "SRV") for name, _ in services)
    )
    modes = (mode for _, mode in services)
    found = [_offered(one, mode) for one, mode in zip(lookups, modes, strict=True)]
    plain = {"answer", "no_data", "nxdomain"}
    failed = next((one for one in lookups if one.outcome not in plain), None)
    return Published(
        smtp=tuple(e for few in found[: len(_SUBMISSION)] for e in few),
        imap=tuple(e for few in found[len(_SUBMISSION) :] for e in few),
        trouble=f"{failed.outcome} at {failed.server}" if failed else "",
    )


def _offered(lookup: Lookup, security: Security) -> tuple[Endpoint, ...]:
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
