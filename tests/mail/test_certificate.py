"""Certificates as facts."""

from __future__ import annotations

import hashlib
from datetime import UTC, datetime, timedelta
from functools import cache
from ipaddress import ip_address
from typing import TYPE_CHECKING

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import dsa, ec, ed448, ed25519, rsa
from cryptography.hazmat.primitives.serialization import Encoding
from hypothesis import given
from hypothesis import strategies as st

from mailprobe.mail.certificate import NAMES_MAX, days_left, read_certificate

if TYPE_CHECKING:
    from collections.abc import Sequence

    from cryptography.hazmat.primitives.asymmetric.types import (
        CertificateIssuerPrivateKeyTypes,
    )

BEGIN = datetime(2026, 1, 1, tzinfo=UTC)
END = datetime(2026, 4, 1, 12, 0, 0, tzinfo=UTC)


@cache
def ec_key() -> ec.EllipticCurvePrivateKey:
    """Return one key for all certificates whose key does not matter."""
    return ec.generate_private_key(ec.SECP256R1())


def name(common: str | None) -> x509.Name:
    """Return a name with or without a common name."""
    organization = x509.NameAttribute(x509.NameOID.ORGANIZATION_NAME, "Posta")
    if common is None:
        return x509.Name([organization])
    return x509.Name(
        [organization, x509.NameAttribute(x509.NameOID.COMMON_NAME, common)]
    )


def mint(
    *,
    subject: str | None = "mx.libero.test",
    issuer: str | None = "Test CA",
    names: Sequence[x509.GeneralName] = (),
    key: CertificateIssuerPrivateKeyTypes | None = None,
    signer: CertificateIssuerPrivateKeyTypes | None = None,
) -> bytes:
    """Return a certificate in DER; it signs itself unless *signer* is given."""
    key = key or ec_key()
    signer = signer or key
    builder = (
        x509.CertificateBuilder()
        .subject_name(name(subject))
        .issuer_name(name(issuer))
        .public_key(key.public_key())
        .serial_number(7)
        .not_valid_before(BEGIN)
        .not_valid_after(END)
    )
    if names:
        alternative = x509.SubjectAlternativeName(names)
        builder = builder.add_extension(alternative, critical=False)
    bare = isinstance(signer, ed25519.Ed25519PrivateKey | ed448.Ed448PrivateKey)
    made = builder.sign(signer, None if bare else hashes.SHA256())
    return made.public_bytes(Encoding.DER)


def test_a_certificate_says_what_stands_in_it() -> None:
    """Names, issuer, dates in UTC and the fingerprint of the whole."""
    der = mint(
        names=[
            x509.DNSName("mx.libero.test"),
            x509.DNSName("*.libero.test"),
            x509.IPAddress(ip_address("192.0.2.1")),
            x509.IPAddress(ip_address("2001:db8::1")),
            x509.RFC822Name("postmaster@libero.test"),
        ]
    )
    found = read_certificate(der)
    assert found is not None
    assert found.subject == "mx.libero.test"
    assert found.issuer == "Test CA"
    assert found.names == (
        "mx.libero.test",
        "*.libero.test",
        "192.0.2.1",
        "2001:db8::1",
    )
    assert (found.not_before, found.not_after) == (BEGIN, END)
    assert (found.key, found.signature) == ("EC P-256", "sha256")
    assert found.self_signed is False
    assert found.sha256 == hashlib.sha256(der).hexdigest()


@pytest.mark.parametrize(
    ("key", "called", "signature"),
    [
        (lambda: rsa.generate_private_key(65537, 2048), "RSA 2048", "sha256"),
        (lambda: ec.generate_private_key(ec.SECP384R1()), "EC P-384", "sha256"),
        (
            lambda: ec.generate_private_key(ec.SECP521R1()),
            "EC secp521r1",
            "sha256",
        ),
        (ed25519.Ed25519PrivateKey.generate, "Ed25519", ""),
        (ed448.Ed448PrivateKey.generate, "Ed448", ""),
        (lambda: dsa.generate_private_key(2048), "DSA 2048", "sha256"),
    ],
    ids=["rsa", "p384", "p521", "ed25519", "ed448", "dsa"],
)
def test_keys_are_called_as_people_call_them(
    key: object, called: str, signature: str
) -> None:
    """Algorithm and size; a signature without a hash has none."""
    assert callable(key)
    found = read_certificate(mint(key=key()))
    assert found is not None
    assert (found.key, found.signature) == (called, signature)


def test_a_common_name_alone_is_no_name_it_is_valid_for() -> None:
    """RFC 9525: clients look at the alternative names only."""
    found = read_certificate(mint())
    assert found is not None
    assert (found.subject, found.names) == ("mx.libero.test", ())


def test_without_a_common_name_the_whole_name_is_shown() -> None:
    """Some certificates name an organisation only."""
    found = read_certificate(mint(subject=None, issuer=None))
    assert found is not None
    assert (found.subject, found.issuer) == ("O=Posta", "O=Posta")
    assert found.self_signed is True


def test_names_are_bounded() -> None:
    """A certificate with a thousand names costs no more than one with some."""
    many = [x509.DNSName(f"h{n}.test") for n in range(NAMES_MAX + 50)]
    found = read_certificate(mint(names=many))
    assert found is not None
    assert len(found.names) == NAMES_MAX


def test_names_are_made_readable() -> None:
    """What an issuer wrote cannot steer a terminal."""
    found = read_certificate(mint(subject="mx\x1b[31m\u202e.test"))
    assert found is not None
    assert found.subject == "mx\\x1b[31m\\u202e.test"


@pytest.mark.parametrize("der", [b"", b"garbage", b"\x30\x00", b"\x30\x82\xff\xff"])
def test_what_is_no_certificate_is_none(der: bytes) -> None:
    """Bytes that are no certificate are not guessed at."""
    assert read_certificate(der) is None
    assert read_certificate(mint()[:-1]) is None
    assert read_certificate(mint() + der[:1]) is None or not der


def test_an_unknown_version_is_none() -> None:
    """A version that does not exist makes the certificate unusable."""
    der = mint()
    assert der.count(b"\xa0\x03\x02\x01\x02") == 1
    assert (
        read_certificate(der.replace(b"\xa0\x03\x02\x01\x02", b"\xa0\x03\x02\x01\x07"))
        is None
    )


def test_a_serial_number_of_zero_is_no_reason_to_warn() -> None:
    """Old appliances have such certificates; warnings are errors in this test."""
    der = mint().replace(b"\x02\x01\x07", b"\x02\x01\x00", 1)
    found = read_certificate(der)
    assert found is not None
    assert found.subject == "mx.libero.test"


@cache
def steady_certificate() -> bytes:
    """Return a certificate that is the same in every run, byte for byte."""
    return mint(
        names=[x509.DNSName("a.test"), x509.IPAddress(ip_address("192.0.2.1"))],
        key=ec.derive_private_key(7, ec.SECP256R1()),
        # ECDSA draws lots for each signature; this does not.
        signer=ed25519.Ed25519PrivateKey.from_private_bytes(bytes(32)),
    )


@given(st.data())
def test_a_damaged_certificate_is_read_or_none(data: st.DataObject) -> None:
    """Whatever bytes were changed, nothing is raised."""
    der = bytearray(steady_certificate())
    for _ in range(data.draw(st.integers(min_value=1, max_value=6))):
        at = data.draw(st.integers(min_value=0, max_value=len(der) - 1))
        der[at] = data.draw(st.integers(min_value=0, max_value=255))
    found = read_certificate(bytes(der))
    assert found is None or found.subject.encode()


@pytest.mark.parametrize(
    ("at", "days"),
    [
        (END - timedelta(days=14), 14),
        (END - timedelta(days=14, seconds=-1), 13),
        (END - timedelta(seconds=1), 0),
        (END, 0),
        (END + timedelta(seconds=1), -1),
        (END + timedelta(days=2), -2),
    ],
)
def test_days_left_are_whole_and_negative_after_the_end(
    at: datetime, days: int
) -> None:
    """Rounded down: what ended a moment ago is already negative."""
    found = read_certificate(mint())
    assert found is not None
    assert days_left(found, at) == days
