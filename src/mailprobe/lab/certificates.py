"""The lab's own certificate authority: a root, an issuing CA and what they sign."""

from __future__ import annotations

import datetime as dt
import ipaddress
import ssl
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

LEAF_DAYS: Final = 90
"""What public authorities give; leaves room above any "expires soon" limit."""

CA_DAYS: Final = 3650
BACKDATED: Final = dt.timedelta(hours=1)
"""Clocks of containers and hosts differ by some minutes."""

_SIGNING: Final = {"key_cert_sign": True, "crl_sign": True}
_SERVING: Final = {"digital_signature": True}
_USAGES: Final = (
    "digital_signature",
    "content_commitment",
    "key_encipherment",
    "data_encipherment",
    "key_agreement",
    "key_cert_sign",
    "crl_sign",
    "encipher_only",
    "decipher_only",
)


@dataclass(frozen=True, slots=True)
class Signed:
    """A certificate with its private key."""

    certificate: x509.Certificate
    key: ec.EllipticCurvePrivateKey | rsa.RSAPrivateKey

    @property
    def pem(self) -> bytes:
        """The certificate alone, PEM."""
        return self.certificate.public_bytes(serialization.Encoding.PEM)

    @property
    def key_pem(self) -> bytes:
        """The key, PEM, not encrypted: it lives as long as the lab."""
        return self.key.private_bytes(
            serialization.Encoding.PEM,
            serialization.PrivateFormat.PKCS8,
            serialization.NoEncryption(),
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class _Wanted:
    """What a certificate is to say."""

    name: str
    begins: dt.datetime
    ends: dt.datetime
    hosts: tuple[str, ...] = ()
    path_length: int | None = None
    rsa_bits: int = 0

    @property
    def is_ca(self) -> bool:
        return not self.hosts


WEAK: Final = 1024
"""Bits of an RSA key that OpenSSL has refused since 2021 (level 2)."""

STRONG: Final = 2048
"""Bits of an RSA key that it takes."""


def _key(rsa_bits: int) -> ec.EllipticCurvePrivateKey | rsa.RSAPrivateKey:
    """Make a key: one of RSA if so many bits are wanted, else one of P-256."""
    if rsa_bits:
        return rsa.generate_private_key(65537, rsa_bits)
    return ec.generate_private_key(ec.SECP256R1())


def _host_name(host: str) -> x509.GeneralName:
    try:
        return x509.IPAddress(ipaddress.ip_address(host))
    except ValueError:
        return x509.DNSName(host)


def _mint(wanted: _Wanted, issuer: Signed | None) -> Signed:
    """Sign a certificate that passes RFC 5280 to the letter (Python 3.13 asks)."""
    key = _key(wanted.rsa_bits)
    signer = issuer.key if issuer else key
    name = x509.Name(
        [
            x509.NameAttribute(NameOID.ORGANIZATION_NAME, "mailprobe lab"),
            x509.NameAttribute(NameOID.COMMON_NAME, wanted.name),
        ]
    )
    usage = dict.fromkeys(_USAGES, False) | (_SIGNING if wanted.is_ca else _SERVING)
    authority = x509.AuthorityKeyIdentifier.from_issuer_public_key(signer.public_key())
    constraints = x509.BasicConstraints(
        ca=wanted.is_ca, path_length=wanted.path_length if wanted.is_ca else None
    )
    builder = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(issuer.certificate.subject if issuer else name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(wanted.begins)
        .not_valid_after(wanted.ends)
        .add_extension(constraints, critical=True)
        .add_extension(x509.KeyUsage(**usage), critical=True)
        .add_extension(
            x509.SubjectKeyIdentifier.from_public_key(key.public_key()), critical=False
        )
        .add_extension(authority, critical=False)
    )
    if wanted.hosts:
        names = x509.SubjectAlternativeName([_host_name(h) for h in wanted.hosts])
        server = x509.ExtendedKeyUsage([ExtendedKeyUsageOID.SERVER_AUTH])
        builder = builder.add_extension(names, critical=False)
        builder = builder.add_extension(server, critical=False)
    return Signed(builder.sign(signer, hashes.SHA256()), key)


class Authority:
    """
    A root, an issuing CA below it, and the TLS contexts of the lab's servers.

    Args:
        folder: Where certificate files are put.
        hosts: The names the servers go by.
        day: A time at which the certificates shall hold as well as now: that of
            the lab, if its clock is not the machine's. OpenSSL goes by the latter.
        plain: The root signs the servers' certificates itself, with RSA, which is
            checked in no time, and no session is offered for later. That makes a
            handshake a third cheaper; the world has chains of three, and tickets.
    """

    def __init__(
        self,
        folder: Path,
        hosts: Sequence[str],
        day: dt.datetime | None = None,
        *,
        plain: bool = False,
    ) -> None:
        self._folder = folder
        self._hosts = tuple(hosts)
        now = dt.datetime.now(dt.UTC)
        self._first = min(now, day or now) - BACKDATED
        self._last = max(now, day or now)
        self._plain = plain
        self._root, self._issuer = self._chain("mailprobe lab")
        self._contexts: dict[str, ssl.SSLContext] = {}
        self.ca_file = folder / "mailprobe-lab-root.pem"
        self.ca_file.write_bytes(self._root.pem)

    def context(self, kind: str = "") -> ssl.SSLContext:
        """Return the servers' TLS context; *kind* names a certificate fault."""
        if kind not in self._contexts:
            self._contexts[kind] = self._serve(*self._leaf(kind))
        return self._contexts[kind]

    def _chain(self, name: str) -> tuple[Signed, Signed]:
        begins, ends = self._first, self._last + dt.timedelta(days=CA_DAYS)
        bits = STRONG if self._plain else 0
        wanted = _Wanted(name=f"{name} root", begins=begins, ends=ends, rsa_bits=bits)
        root = _mint(wanted, None)
        issuing = _Wanted(
            name=f"{name} issuing CA", begins=begins, ends=ends, path_length=0
        )
        return root, _mint(issuing, root)

    def _leaf(self, kind: str) -> tuple[Signed, tuple[Signed, ...]]:
        """Return a server certificate and the ones sent along with it."""
        days = dt.timedelta(days=LEAF_DAYS)
        begins, ends = self._first, self._last - BACKDATED + days
        hosts = self._hosts
        issuer: Signed | None = self._root if self._plain else self._issuer
        if kind == "expired":
            begins = self._first - days
            ends = self._first - dt.timedelta(days=1)
        elif kind == "not_yet_valid":
            begins = self._last + dt.timedelta(days=1)
            ends = begins + days
        elif kind == "wrong_host":
            hosts = ("elsewhere.test",)
        elif kind == "self_signed":
            issuer = None
        elif kind == "untrusted":
            issuer = self._chain("somebody else's")[1]
        wanted = _Wanted(
            name=hosts[0],
            begins=begins,
            ends=ends,
            hosts=hosts,
            rsa_bits=WEAK if kind == "weak_key" else 0,
        )
        leaf = _mint(wanted, issuer)
        bare = issuer is self._root or kind == "missing_intermediate"
        return leaf, () if bare or issuer is None else (issuer,)

    def _serve(self, leaf: Signed, chain: tuple[Signed, ...]) -> ssl.SSLContext:
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.minimum_version = ssl.TLSVersion.TLSv1_2
        if self._plain:
            context.num_tickets = 0
        if isinstance(leaf.key, rsa.RSAPrivateKey):  # else it refuses to serve it
            context.set_ciphers("DEFAULT:@SECLEVEL=0")
        # The ssl module reads keys from files only; this one goes at once.
        path = self._folder / f"leaf-{len(self._contexts)}.pem"
        path.touch(mode=0o600)
        pems = (leaf.pem, *(signed.pem for signed in chain), leaf.key_pem)
        try:
            path.write_bytes(b"".join(pems))
            context.load_cert_chain(path)
        finally:
            path.unlink()
        return context
