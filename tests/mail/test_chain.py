"""Chains, judged whole: every fault is said, whatever else is wrong."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import cache
from typing import TYPE_CHECKING

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding
from hypothesis import given
from hypothesis import strategies as st

from mailprobe.mail.chain import LINKS_MAX, Roots, complaints
from mailprobe.model.failure import Kind

if TYPE_CHECKING:
    from collections.abc import Sequence

AT = datetime(2026, 6, 1, tzinfo=UTC)
DAY = timedelta(days=1)
YEAR = timedelta(days=365)
HOST = "mx.libero.test"


@dataclass(frozen=True)
class Signed:
    """A certificate and its key."""

    certificate: x509.Certificate
    key: ec.EllipticCurvePrivateKey

    @property
    def der(self) -> bytes:
        """Its bytes."""
        return self.certificate.public_bytes(Encoding.DER)


def mint(
    name: str,
    by: Signed | None = None,
    *,
    hosts: Sequence[str] = (),
    begins: datetime = AT - YEAR,
    ends: datetime = AT + YEAR,
    ca: bool | None = True,
) -> Signed:
    """Return a certificate; it signs itself unless somebody else does."""
    key = ec.generate_private_key(ec.SECP256R1())
    subject = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, name)])
    builder = (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(by.certificate.subject if by else subject)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(begins)
        .not_valid_after(ends)
    )
    if ca is not None:
        basic = x509.BasicConstraints(ca=ca, path_length=None)
        builder = builder.add_extension(basic, critical=True)
    if hosts:
        names = x509.SubjectAlternativeName([x509.DNSName(h) for h in hosts])
        builder = builder.add_extension(names, critical=False)
    return Signed(builder.sign(by.key if by else key, hashes.SHA256()), key)


@cache
def root() -> Signed:
    """Return the trusted root."""
    return mint("Root")


@cache
def issuing() -> Signed:
    """Return the authority below it."""
    return mint("Issuing", root())


def leaf(
    by: Signed | None = None, *hosts: str, begins: int = -9, ends: int = 9
) -> Signed:
    """Return a server's certificate that is valid for some days around now."""
    return mint(
        "leaf",
        by or issuing(),
        hosts=hosts or (HOST,),
        begins=AT + begins * DAY,
        ends=AT + ends * DAY,
        ca=False,
    )


def said(*chain: Signed, name: str = HOST, roots: Sequence[Signed] = ()) -> list[Kind]:
    """Return the complaints about a chain, by the trusted root if no other."""
    trusted = Roots(one.der for one in roots or (root(),))
    return list(complaints([one.der for one in chain], name, trusted, AT))


def test_a_whole_chain_is_good() -> None:
    """With its intermediate, in any order, with or without its root."""
    own = leaf()
    assert said(own, issuing()) == []
    assert said(own, issuing(), root()) == []
    assert said(own, root(), issuing()) == []


@pytest.mark.parametrize(
    ("chain", "kinds"),
    [
        (lambda: (leaf(ends=-1), issuing()), [Kind.TLS_EXPIRED]),
        (lambda: (leaf(begins=1), issuing()), [Kind.TLS_NOT_YET_VALID]),
        (lambda: (leaf(None, "other.test"), issuing()), [Kind.TLS_WRONG_HOST]),
        (lambda: (leaf(),), [Kind.TLS_INCOMPLETE]),
        (lambda: (mint("x", hosts=[HOST], ca=None),), [Kind.TLS_SELF_SIGNED]),
        (lambda: (leaf(o := mint("Other")), o), [Kind.TLS_UNTRUSTED]),
        (
            lambda: (leaf(i := mint("Issuing", mint("Other"))), i),
            [Kind.TLS_UNTRUSTED],
        ),
        (
            lambda: (leaf(None, "other.test", begins=-9, ends=-1),),
            [Kind.TLS_EXPIRED, Kind.TLS_WRONG_HOST, Kind.TLS_INCOMPLETE],
        ),
        (
            lambda: (leaf(i := mint("Old", root(), ends=AT - DAY)), i),
            [Kind.TLS_EXPIRED],
        ),
    ],
    ids=[
        "expired",
        "not yet valid",
        "another name",
        "its intermediate is missing",
        "nobody vouches for it",
        "an unknown root",
        "an unknown root that is not sent",
        "three faults at once",
        "an expired intermediate",
    ],
)
def test_each_fault_is_said(chain: object, kinds: list[Kind]) -> None:
    """One fault gives one complaint, and several give all of them."""
    assert callable(chain)
    assert said(*chain()) == kinds


def test_a_certificate_that_is_no_authority_vouches_for_nobody() -> None:
    """A leaf that signs another one is not believed."""
    middle = mint("middle", issuing(), ca=False)
    assert said(leaf(middle), middle, issuing()) == [Kind.TLS_INCOMPLETE]


def test_a_namesake_of_a_root_is_not_believed() -> None:
    """The name of a root is nothing without its key."""
    namesake = mint("Root")
    assert said(leaf(namesake), namesake) == [Kind.TLS_UNTRUSTED]


@pytest.mark.parametrize(
    ("pattern", "name", "good"),
    [
        ("mx.libero.test", "MX.Libero.TEST", True),
        ("mx.libero.test", "mx.libero.test.", True),
        ("*.libero.test", "mx.libero.test", True),
        ("*.libero.test", "a.mx.libero.test", False),
        ("*.libero.test", "libero.test", False),
        ("*.test", "libero.test", False),
        ("mx*.libero.test", "mx1.libero.test", False),
        ("mx.libero.test", "notmx.libero.test", False),
        ("mx.libero.test", "mx.libero.test.evil.test", False),
    ],
)
def test_names_are_compared_as_rfc_9525_says(
    pattern: str, name: str, *, good: bool
) -> None:
    """A star is the whole first label, and no name is matched by its ending."""
    wrong = Kind.TLS_WRONG_HOST in said(leaf(None, pattern), issuing(), name=name)
    assert wrong is not good


def test_an_endless_chain_is_cut() -> None:
    """No more links are followed than any real chain has."""
    links = [mint("0")]
    for number in range(1, 3 * LINKS_MAX):
        links.insert(0, mint(str(number), links[0]))
    own = leaf(links[0])
    assert said(own, *links) == [Kind.TLS_UNTRUSTED]


def test_a_circle_of_issuers_ends() -> None:
    """Two authorities that signed each other lead nowhere, and soon."""
    one = mint("One")
    two = mint("Two", one)
    again = mint("One", two)
    assert said(leaf(again), again, two, again) == [Kind.TLS_UNTRUSTED]


@given(st.lists(st.binary(max_size=200), max_size=5), st.text(max_size=40))
def test_any_bytes_are_survived(chain: list[bytes], name: str) -> None:
    """What is no certificate gives no complaint and no exception."""
    assert complaints(chain, name, Roots(chain), AT) == ()


@given(st.integers(0, 2000), st.integers(1, 255))
def test_a_changed_byte_is_survived(place: int, change: int) -> None:
    """A certificate with one byte changed is judged or passed over."""
    good = bytearray(_good())
    good[place % len(good)] ^= change
    chain = [bytes(good), issuing().der]
    found = complaints(chain, HOST, Roots([root().der]), AT)
    assert set(found) <= set(Kind)


@cache
def _good() -> bytes:
    return leaf().der
