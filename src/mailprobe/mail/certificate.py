"""Certificates as facts: DER in, what it says out."""

from __future__ import annotations

import warnings
from functools import lru_cache
from typing import TYPE_CHECKING, Final

from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import dsa, ec, ed448, ed25519, rsa
from cryptography.utils import CryptographyDeprecationWarning

from mailprobe.mail.text import readable
from mailprobe.model.report import Certificate

if TYPE_CHECKING:
    from datetime import datetime

KEPT: Final = 256  # certificates remembered: every probe meets the same few
NAMES_MAX: Final = (
    200  # names kept of one certificate; shared hosting reaches a hundred
)


@lru_cache(maxsize=KEPT)
def read_certificate(der: bytes) -> Certificate | None:
    """Read one certificate; None if the bytes are not a usable one."""
    try:
        with warnings.catch_warnings():
            # Of forms that RFC 5280 forbids: we look at them, we use none.
            warnings.simplefilter("ignore", CryptographyDeprecationWarning)
            parsed = x509.load_der_x509_certificate(der)
        return Certificate(
            subject=_name(parsed.subject),
            names=_names(parsed),
            issuer=_name(parsed.issuer),
            not_before=parsed.not_valid_before_utc,
            not_after=parsed.not_valid_after_utc,
            key=_key(parsed),
            signature=_signature(parsed),
            self_signed=parsed.issuer == parsed.subject,
            sha256=parsed.fingerprint(hashes.SHA256()).hex(),
        )
    except (
        ValueError,
        TypeError,
        x509.InvalidVersion,
        x509.DuplicateExtension,
        x509.UnsupportedGeneralNameType,
    ):
        return None


def days_left(certificate: Certificate, at: datetime) -> int:
    """Return the whole days until it ends; negative once it has ended."""
    return (certificate.not_after - at).days


def _name(name: x509.Name) -> str:
    common = name.get_attributes_for_oid(x509.NameOID.COMMON_NAME)
    text = str(common[0].value) if common else name.rfc4514_string()
    return readable(text, 200)


def _names(certificate: x509.Certificate) -> tuple[str, ...]:
    try:
        found = certificate.extensions.get_extension_for_class(
            x509.SubjectAlternativeName
        ).value
    except x509.ExtensionNotFound:
        return ()
    names = found.get_values_for_type(x509.DNSName)
    addresses = [str(ip) for ip in found.get_values_for_type(x509.IPAddress)]
    return tuple(readable(name, 255) for name in [*names, *addresses][:NAMES_MAX])


def _key(certificate: x509.Certificate) -> str:  # noqa: PLR0911 - a table in words
    try:
        key = certificate.public_key()
    except Exception:  # noqa: BLE001 - an algorithm the library cannot read
        return "unknown"
    match key:
        case rsa.RSAPublicKey():
            return f"RSA {key.key_size}"
        case ec.EllipticCurvePublicKey():
            return {"secp256r1": "EC P-256", "secp384r1": "EC P-384"}.get(
                key.curve.name, f"EC {key.curve.name}"
            )
        case ed25519.Ed25519PublicKey():
            return "Ed25519"
        case ed448.Ed448PublicKey():
            return "Ed448"
        case dsa.DSAPublicKey():
            return f"DSA {key.key_size}"
        case _:
            return "unknown"


def _signature(certificate: x509.Certificate) -> str:
    try:
        algorithm = certificate.signature_hash_algorithm
    except Exception:  # noqa: BLE001 - an algorithm the library cannot read
        return ""
    return algorithm.name if algorithm else ""
