"""Trust: what is believed, and what is said when a CA file is of no use."""

from __future__ import annotations

import ssl
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding

from mailprobe.model.errors import ConfigError
from mailprobe.wire.tls import Trust, tls_facts

if TYPE_CHECKING:
    from pathlib import Path


def root() -> bytes:
    """Return a root certificate in PEM."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "Root")])
    now = datetime.now(UTC)
    made = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(1)
        .not_valid_before(now - timedelta(days=1))
        .not_valid_after(now + timedelta(days=1))
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .sign(key, hashes.SHA256())
    )
    return made.public_bytes(Encoding.PEM)


def roots(trust: Trust) -> list[str]:
    """Return the names of the roots that are trusted."""
    return [
        str(part[0][1])
        for one in trust.verifying.get_ca_certs()
        for part in one["subject"]
    ]


def test_only_the_roots_in_the_file_are_trusted(tmp_path: Path) -> None:
    """A CA file replaces the system's roots; comments in it do no harm."""
    file = tmp_path / "ca.pem"
    file.write_bytes("# Autorità di certificazione ü\n".encode() + root() + b"\xff\n")
    trust = Trust(file)
    assert roots(trust) == ["Root"]
    assert roots(Trust(str(file))) == ["Root"]
    assert trust.verifying.verify_mode is ssl.CERT_REQUIRED
    assert trust.verifying.check_hostname is True
    assert trust.verifying is trust.verifying


def test_old_tls_is_refused_whatever_the_interpreter_allows(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """Debian's Python sets no floor of its own; no password goes over TLS 1.1 there."""
    made = ssl.create_default_context

    def without_floor(*, cadata: str | None = None) -> ssl.SSLContext:
        context = made(cadata=cadata)
        context.minimum_version = ssl.TLSVersion.MINIMUM_SUPPORTED
        return context

    monkeypatch.setattr(ssl, "create_default_context", without_floor)
    file = tmp_path / "ca.pem"
    file.write_bytes(root())
    for trust in (Trust(), Trust(file)):
        assert trust.verifying.minimum_version is ssl.TLSVersion.TLSv1_2


def test_several_roots_may_stand_in_one_file(tmp_path: Path) -> None:
    """All of them are trusted."""
    file = tmp_path / "ca.pem"
    file.write_bytes(root() + b"\n# another\n" + root())
    assert roots(Trust(file)) == ["Root", "Root"]


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b" \n\n",
        b"not a certificate\n",
        b"\x30\x82\x01\x00" * 30,
        b"-----BEGIN CERTIFICATE-----\nrubbish\n-----END CERTIFICATE-----\n",
        b"-----BEGIN PRIVATE KEY-----\nAAAA\n-----END PRIVATE KEY-----\n",
    ],
)
def test_a_file_without_a_certificate_is_refused(
    tmp_path: Path, content: bytes
) -> None:
    """An empty file must not mean the system's roots."""
    file = tmp_path / "ca.pem"
    file.write_bytes(content)
    with pytest.raises(ConfigError) as caught:
        Trust(file)
    assert str(caught.value) == f"CA file {file} holds no PEM certificate"


def test_a_file_that_cannot_be_read_is_named(tmp_path: Path) -> None:
    """Missing, or a folder: the system's own words, at once."""
    missing = tmp_path / "none.pem"
    with pytest.raises(ConfigError) as caught:
        Trust(missing)
    assert str(caught.value) == (
        f"CA file {missing} cannot be read: No such file or directory"
    )
    with pytest.raises(ConfigError, match="cannot be read: Is a directory"):
        Trust(tmp_path)


def test_without_a_file_the_system_is_trusted() -> None:
    """Its roots, with names and dates checked."""
    context = Trust().verifying
    assert context.verify_mode is ssl.CERT_REQUIRED
    assert context.check_hostname is True


def test_reading_checks_nothing_and_is_apart() -> None:
    """The context that reads a refused certificate is never the verifying one."""
    trust = Trust()
    assert trust.reading is not trust.verifying
    assert trust.reading.verify_mode is ssl.CERT_NONE
    assert trust.reading.check_hostname is False


def test_a_handshake_is_told_in_full(tmp_path: Path) -> None:
    """Version, suite, certificate, chain and the days left, by memory alone."""
    from mailprobe.lab.certificates import Authority  # noqa: PLC0415 - slow to import

    authority = Authority(tmp_path, ["imap.libero.test"])
    for verified in (True, False):
        trust = Trust(authority.ca_file)
        context = trust.verifying if verified else trust.reading
        client = handshake(context, authority.context(), "imap.libero.test")
        facts = tls_facts(client, trust, "imap.libero.test", datetime.now(UTC))
        assert facts.version == "TLSv1.3"
        assert facts.cipher is not None
        assert facts.verified is verified
        assert facts.certificate is not None
        assert "imap.libero.test" in facts.certificate.names
        assert facts.days_left is not None
        assert facts.days_left > 0
        assert facts.chain[:1] == (facts.certificate,)
        assert facts.complaints == ()


def handshake(
    client_context: ssl.SSLContext, server_context: ssl.SSLContext, name: str
) -> ssl.SSLObject:
    """Shake hands in memory; return the client's side."""
    to_server, to_client = ssl.MemoryBIO(), ssl.MemoryBIO()
    client = client_context.wrap_bio(to_client, to_server, server_hostname=name)
    server = server_context.wrap_bio(to_server, to_client, server_side=True)
    for side in (client, server, client, server):
        try:
            side.do_handshake()
        except ssl.SSLWantReadError:
            continue
    return client
