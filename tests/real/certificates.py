"""A root, an issuing authority and leaves: as strict verifiers want them, or bad."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path
    from typing import Literal, TypeAlias

    Key: TypeAlias = ec.EllipticCurvePrivateKey | rsa.RSAPrivateKey
    Flaw: TypeAlias = Literal[
        "expired",
        "not_yet_valid",
        "wrong_host",
        "self_signed",
        "untrusted",
        "missing_intermediate",
        "weak_key",
    ]

LIFETIME = timedelta(days=90)
# The clocks of the servers are ours; the margin covers a stepped clock.
MARGIN = timedelta(hours=1)

_NOW = timedelta()
_SHIFTS: dict[str | None, timedelta] = {
    "expired": -LIFETIME - timedelta(days=1),
    "not_yet_valid": timedelta(days=1),
}


@dataclass(frozen=True, slots=True)
class Authority:
    """A certificate that may sign others, with its key."""

    certificate: x509.Certificate
    key: Key

    @classmethod
    def mint(cls, name: str, issuer: Authority | None = None) -> Authority:
        """Return a new authority, signed by *issuer* or by itself."""
        key = _key()
        builder = (
            _start(name, key, issuer or key)
            .issuer_name(issuer.certificate.subject if issuer else _name(name))
            .add_extension(x509.BasicConstraints(ca=True, path_length=None), True)  # noqa: FBT003
            .add_extension(_usage(signs_certificates=True), critical=True)
        )
        return cls(builder.sign(issuer.key if issuer else key, hashes.SHA256()), key)

    def leaf(self, names: Sequence[str], flaw: Flaw | None = None) -> bytes:
        """Return key, leaf and issuing certificate as one PEM, key first."""
        key = _key(weak=flaw == "weak_key")
        alone = flaw in {"self_signed", "missing_intermediate"}
        signer = key if flaw == "self_signed" else self.key
        issuer = _name(names[0]) if flaw == "self_signed" else self.certificate.subject
        alternatives = x509.SubjectAlternativeName([x509.DNSName(n) for n in names])
        purpose = x509.ExtendedKeyUsage([ExtendedKeyUsageOID.SERVER_AUTH])
        shift = _SHIFTS.get(flaw, _NOW)
        leaf = (
            _start(names[0], key, signer, shift)
            .issuer_name(issuer)
            .add_extension(x509.BasicConstraints(ca=False, path_length=None), True)  # noqa: FBT003
            .add_extension(_usage(signs_certificates=False), critical=True)
            .add_extension(purpose, critical=False)
            .add_extension(alternatives, critical=False)
            .sign(signer, hashes.SHA256())
        )
        private = key.private_bytes(
            serialization.Encoding.PEM,
            serialization.PrivateFormat.PKCS8,
            serialization.NoEncryption(),
        )
        return private + _pem(leaf) + (b"" if alone else _pem(self.certificate))


@dataclass(frozen=True, slots=True)
class Trust:
    """Files of one world: what clients trust, and what servers present."""

    root: Path
    chain: Path
    issuing: Authority
    names: tuple[str, ...]

    @classmethod
    def create(cls, directory: Path, names: Sequence[str]) -> Trust:
        """Mint everything for servers called *names* and write it to *directory*."""
        root = Authority.mint("Test root")
        issuing = Authority.mint("Test issuing authority", root)
        files = directory / "root.pem", directory / "chain.pem"
        trust = cls(*files, issuing, tuple(names))
        trust.root.write_bytes(_pem(root.certificate))
        trust.root.chmod(0o644)
        _keep(trust.chain, issuing.leaf(names))
        return trust

    def flawed(self, flaw: Flaw) -> Path:
        """Return a file like *chain* that clients must not take, for one reason."""
        path = self.chain.with_name(f"{flaw}.pem")
        names = ("elsewhere.test",) if flaw == "wrong_host" else self.names
        issuing = self.issuing
        if flaw == "untrusted":
            issuing = Authority.mint("Issuing", Authority.mint("Another root"))
        _keep(path, issuing.leaf(names, flaw))
        return path


def _key(*, weak: bool = False) -> Key:
    if weak:
        return rsa.generate_private_key(65537, 1024)  # noqa: S505 - that is the point
    return ec.generate_private_key(ec.SECP256R1())


def _keep(path: Path, secret: bytes) -> None:
    path.touch(mode=0o600)
    path.write_bytes(secret)


def _pem(certificate: x509.Certificate) -> bytes:
    return certificate.public_bytes(serialization.Encoding.PEM)


def _name(common: str) -> x509.Name:
    return x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, common)])


def _start(
    name: str,
    key: Key,
    issuer: Authority | Key,
    shift: timedelta = _NOW,
) -> x509.CertificateBuilder:
    """Begin a certificate with both key identifiers (RFC 5280 4.2.1.1, 4.2.1.2)."""
    now = datetime.now(UTC).replace(microsecond=0) + shift
    above = issuer.key if isinstance(issuer, Authority) else issuer
    identifier = x509.SubjectKeyIdentifier.from_public_key(key.public_key())
    authority = x509.AuthorityKeyIdentifier.from_issuer_public_key(above.public_key())
    return (
        x509.CertificateBuilder()
        .subject_name(_name(name))
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - MARGIN)
        .not_valid_after(now + LIFETIME)
        .add_extension(identifier, critical=False)
        .add_extension(authority, critical=False)
    )


def _usage(*, signs_certificates: bool) -> x509.KeyUsage:
    return x509.KeyUsage(
        digital_signature=not signs_certificates,
        content_commitment=False,
        key_encipherment=False,
        data_encipherment=False,
        key_agreement=False,
        key_cert_sign=signs_certificates,
        crl_sign=signs_certificates,
        encipher_only=False,
        decipher_only=False,
    )
