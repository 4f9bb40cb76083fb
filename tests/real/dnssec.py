"""Signed zones: one whose signatures hold, and one that was changed afterwards."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from io import StringIO
from typing import Final

import dns.dnssec
import dns.rdataset
import dns.zone
from cryptography.hazmat.primitives.asymmetric import ec
from dns.dnssectypes import Algorithm

_KEY_FLAGS: Final = 257  # a secure entry point: what trust anchors name
_TTL: Final = 2
# The signatures outlive any test run; the margin covers a stepped clock.
_LIFETIME: Final = timedelta(days=2)
_MARGIN: Final = timedelta(hours=1)


@dataclass(frozen=True, slots=True)
class SignedZone:
    """
    A zone with its signatures.

    Attributes:
        text: Its file.
        anchor: Its key, as a validating resolver is told of it.
    """

    text: str
    anchor: str


def sign(name: str, text: str, *, forged_mx: str = "") -> SignedZone:
    """
    Sign a zone with one new key (RFC 4035 2), with NSEC records.

    Args:
        name: The zone, without a final dot.
        text: Its records.
        forged_mx: The host to put into its MX record after signing: from then
            on the signature of that record does not hold.
    """
    zone = dns.zone.from_text(text, origin=f"{name}.", relativize=False)
    key = ec.generate_private_key(ec.SECP256R1())
    public = dns.dnssec.make_dnskey(
        key.public_key(), Algorithm.ECDSAP256SHA256, flags=_KEY_FLAGS
    )
    now = datetime.now(UTC)
    with zone.writer() as writer:
        dns.dnssec.sign_zone(
            zone,
            writer,
            keys=[(key, public)],
            dnskey_ttl=_TTL,
            inception=now - _MARGIN,
            expiration=now + _LIFETIME,
        )
    if forged_mx:
        forged = dns.rdataset.from_text("IN", "MX", _TTL, f"10 {forged_mx}.")
        zone.replace_rdataset(f"{name}.", forged)
    written = StringIO()
    zone.to_file(written, relativize=False)
    return SignedZone(written.getvalue(), f"{name}. IN DNSKEY {public}")
