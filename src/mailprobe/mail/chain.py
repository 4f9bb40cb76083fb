"""
A certificate chain, judged: DER, a name, trusted roots and a time in, complaints out.

TLS libraries stop at the first thing that is wrong. This reads a chain that was
refused and says all of it; no connection is ever trusted for what is said here.
"""

from __future__ import annotations

import warnings
from collections import defaultdict
from functools import lru_cache
from ipaddress import ip_address
from typing import TYPE_CHECKING, Final

from cryptography import x509
from cryptography.exceptions import InvalidSignature, UnsupportedAlgorithm
from cryptography.utils import CryptographyDeprecationWarning

from mailprobe.mail.domain import is_address
from mailprobe.model.failure import Kind

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from datetime import datetime

_UNTRUSTED: Final = Kind.TLS_UNTRUSTED
# Signatures remembered: a few hosts are looked at again and again. Certificates are
# of 100 KiB at most, as OpenSSL takes them; real ones have two.
KNOWN_MAX: Final = 32
LINKS_MAX: Final = 10  # certificates followed upwards; real chains have two to four
# What reading a certificate of anybody's making raises.
_UNREADABLE: Final = (
    ValueError,
    TypeError,
    x509.InvalidVersion,
    x509.DuplicateExtension,
    x509.UnsupportedGeneralNameType,
    UnsupportedAlgorithm,
)


class Roots:
    """Trusted certificates, found by their subject."""

    def __init__(self, certificates: Iterable[bytes]) -> None:
        """Read them (DER); what cannot be read is left out."""
        self._by_subject: dict[x509.Name, list[x509.Certificate]] = defaultdict(list)
        for one in _parsed(certificates):
            self._by_subject[one.subject].append(one)

    def called(self, subject: x509.Name) -> list[x509.Certificate]:
        """Return the roots of this name."""
        return self._by_subject.get(subject, [])


def complaints(
    chain: Sequence[bytes], name: str, roots: Roots, at: datetime
) -> tuple[Kind, ...]:
    """
    Say everything that is wrong with a chain (RFC 5280 6.1, RFC 9525 6).

    Args:
        chain: What the server sent, as DER, its own certificate first.
        name: The host name or address that was dialled.
        roots: Whom to trust.
        at: When.

    Returns:
        Kinds of TLS failures, each once: dates first, then the name, then
        trust; empty if nothing is wrong, or nothing could be read.
    """
    sent = _parsed(chain[:LINKS_MAX])
    try:
        return _judged(sent, name, roots, at) if sent else ()
    except _UNREADABLE:  # names and dates are only read when they are asked for
        return ()


def _judged(
    sent: list[x509.Certificate], name: str, roots: Roots, at: datetime
) -> tuple[Kind, ...]:
    links, trust = _climb(sent, roots)
    found = []
    if any(at > one.not_valid_after_utc for one in links):
        found.append(Kind.TLS_EXPIRED)
    if any(at < one.not_valid_before_utc for one in links):
        found.append(Kind.TLS_NOT_YET_VALID)
    if not _is_for(sent[0], name):
        found.append(Kind.TLS_WRONG_HOST)
    if trust is not None:
        found.append(trust)
    return tuple(found)


def _climb(
    sent: list[x509.Certificate], roots: Roots
) -> tuple[list[x509.Certificate], Kind | None]:
    """Follow the issuers; return the links passed, and why the top is not trusted."""
    links = [sent[0]]
    while len(links) <= LINKS_MAX:
        last = links[-1]
        if last in roots.called(last.subject):
            return links, None
        above = [root for root in roots.called(last.issuer) if _issued(last, root)]
        if above:
            return [*links, above[0]], None
        if last.issuer == last.subject and _signed(last, last):
            return links, Kind.TLS_SELF_SIGNED if len(links) == 1 else _UNTRUSTED
        fresh = (one for one in sent if one not in links)
        step = next((one for one in fresh if _issued(last, one)), None)
        if step is None:
            # The server's own certificate alone: whoever issued it was not sent.
            return links, Kind.TLS_INCOMPLETE if len(links) == 1 else _UNTRUSTED
        links.append(step)
    return links, _UNTRUSTED


def _issued(one: x509.Certificate, by: x509.Certificate) -> bool:
    """Whether an authority signed this, by name and by key."""
    try:
        basic = by.extensions.get_extension_for_class(x509.BasicConstraints).value
    except (*_UNREADABLE, x509.ExtensionNotFound):
        return False
    return basic.ca and _signed(one, by)


@lru_cache(maxsize=KNOWN_MAX)
def _signed(one: x509.Certificate, by: x509.Certificate) -> bool:
    try:
        one.verify_directly_issued_by(by)
    except (*_UNREADABLE, InvalidSignature):
        return False
    return True


def _is_for(leaf: x509.Certificate, name: str) -> bool:
    try:
        found = leaf.extensions.get_extension_for_class(x509.SubjectAlternativeName)
        names = found.value.get_values_for_type(x509.DNSName)
        addresses = found.value.get_values_for_type(x509.IPAddress)
    except (*_UNREADABLE, x509.ExtensionNotFound):
        return False
    if is_address(name):
        return ip_address(name) in addresses
    wanted = name.rstrip(".").lower()
    return any(_matches(pattern.lower(), wanted) for pattern in names)


def _matches(pattern: str, name: str) -> bool:
    """Compare with one DNS name; ``*`` is the whole first label (RFC 9525 6.3)."""
    if not pattern.startswith("*."):
        return pattern == name
    _, dot, rest = name.partition(".")
    return bool(dot) and "." in rest and rest == pattern[2:]


def _parsed(certificates: Iterable[bytes]) -> list[x509.Certificate]:
    found = []
    for der in certificates:
        try:
            with warnings.catch_warnings():
                warnings.simplefilter("ignore", CryptographyDeprecationWarning)
                found.append(x509.load_der_x509_certificate(der))
        except _UNREADABLE:
            continue
    return found
