"""Who takes mail for a domain, read as a sending server reads it."""

from __future__ import annotations

from dataclasses import dataclass
from ipaddress import IPv6Address, ip_address, ip_network
from typing import TYPE_CHECKING, Final, Literal

if TYPE_CHECKING:
    from collections.abc import Iterable

_PRIVATE: Final = tuple(
    map(
        ip_network,
        (
            *("10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16"),  # RFC 1918
            "100.64.0.0/10",  # RFC 6598: behind a carrier's NAT
            "169.254.0.0/16",  # RFC 3927: one link
            "fc00::/7",  # RFC 4193
            "fe80::/10",  # RFC 4291 2.5.6: one link
        ),
    )
)


@dataclass(frozen=True, slots=True, kw_only=True)
class MailRoute:
    """
    The hosts to try for a domain, best first; none if it refuses mail.

    Attributes:
        delivery: "explicit" if it publishes MX records, "implicit" if it has
            none and its own address is used (RFC 5321 5.1), "refused" for a
            null MX (RFC 7505).
        hosts: ``(preference, host)`` pairs.
        null_mx_beside: A null MX stands beside others, against RFC 7505 3;
            the others are tried.
    """

    delivery: Literal["explicit", "implicit", "refused"]
    hosts: tuple[tuple[int, str], ...]
    null_mx_beside: bool = False


def mail_route(domain: str, records: Iterable[tuple[int, str]]) -> MailRoute:
    """
    Read a domain's MX answer.

    Equal preferences are ordered by name: a sender may pick any of them, but
    two runs over one zone must compare equal.

    Args:
        domain: The domain that was asked about.
        records: ``(preference, host)`` pairs; empty if it exists without MX.
    """
    ranked = sorted((pref, host.rstrip(".").lower()) for pref, host in records)
    if not ranked:
        return MailRoute(delivery="implicit", hosts=((0, domain),))
    usable = tuple((pref, host) for pref, host in ranked if host)
    return MailRoute(
        delivery="explicit" if usable else "refused",
        hosts=usable,
        null_mx_beside=bool(usable) and len(usable) < len(ranked),
    )


def confined(address: str) -> Literal["self", "private"] | None:
    """
    Say who alone can use an IP address; None if the whole Internet can.

    "self" is a loopback or unspecified address: in DNS it sends everybody to
    their own machine. "private" is one of a private network or a link.
    """
    ip = ip_address(address.partition("%")[0])
    if isinstance(ip, IPv6Address) and ip.ipv4_mapped:
        ip = ip.ipv4_mapped
    if ip.is_loopback or ip.is_unspecified:
        return "self"
    return "private" if any(ip in network for network in _PRIVATE) else None
