"""Domain names as people write them."""

from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mailprobe.mail.domain import (
    LABEL_MAX,
    NAME_MAX,
    ascii_domain,
    ascii_host,
    is_address,
)
from mailprobe.model.errors import UsageError

LONG_LABEL = "a" * LABEL_MAX
LONGEST = ".".join([LONG_LABEL] * 3 + ["a" * 61])


@pytest.mark.parametrize(
    ("written", "name"),
    [
        ("libero.it", "libero.it"),
        ("Libero.IT.", "libero.it"),
        ("  libero.it\n", "libero.it"),
        ("localhost", "localhost"),
        ("_imaps._tcp.libero.it", "_imaps._tcp.libero.it"),
        ("a_b.libero.it", "a_b.libero.it"),
        ("x--y.it", "x--y.it"),
        ("1.2.it", "1.2.it"),
        ("straße.de", "xn--strae-oqa.de"),
        ("bücher.example", "xn--bcher-kva.example"),
        ("BÜCHER.Example.", "xn--bcher-kva.example"),
        ("bücher。example。", "xn--bcher-kva.example"),
        ("citta\u0300.it", "xn--citt-3na.it"),
        ("xn--bcher-kva.example", "xn--bcher-kva.example"),
        (LONG_LABEL + ".it", LONG_LABEL + ".it"),
        (LONGEST, LONGEST),
        (LONGEST + ".", LONGEST),
    ],
)
def test_a_name_becomes_plain_ascii(written: str, name: str) -> None:
    """Lower case, ASCII, no final dot; international names by IDNA 2008."""
    assert ascii_domain(written) == name


@pytest.mark.parametrize(
    ("written", "why"),
    [
        ("", "is empty"),
        ("   ", "is empty"),
        (".", "is empty"),
        ("..", "empty label"),
        ("libero..it", "empty label"),
        (".libero.it", "empty label"),
        ("libero.it..", "empty label"),
        (LONG_LABEL + "a.it", "a label longer than 63"),
        (LONGEST + "a", "longer than 253"),
        ("a." * 5000 + "it", "longer than 253"),
        ("ü" * 100_000, "longer than 253"),
        ("-libero.it", "no host name: '-libero'"),
        ("libero-.it", "no host name: 'libero-'"),
        ("lib ero.it", "no host name: 'lib ero'"),
        ("ada@libero.it", "no host name: 'ada@libero'"),
        ("libero.it/x", "no host name: 'it/x'"),
        ("[::1]", "no host name"),
        ("ü.-.it", "not a valid international name"),
        ("☃.it", "not a valid international name"),
        ("ü\udc80.it", "not a valid international name"),
        ("ü\n.it", "not a valid international name"),
        ("ü" * 60 + ".it", "not a valid international name"),
    ],
)
def test_an_impossible_name_is_refused_with_the_reason(written: str, why: str) -> None:
    """The message says what is wrong, and never repeats an endless name."""
    with pytest.raises(UsageError, match=re.escape(why)) as caught:
        ascii_domain(written)
    assert len(str(caught.value)) < 600


@given(st.text(max_size=80))
def test_any_text_is_a_name_or_a_usage_error(text: str) -> None:
    """A name that is taken can stand in DNS, and is taken again unchanged."""
    try:
        name = ascii_domain(text)
    except UsageError:
        return
    assert name.isascii()
    assert len(name) <= NAME_MAX
    assert all(0 < len(label) <= LABEL_MAX for label in name.split("."))
    assert ascii_domain(name) == name


@given(st.text(st.sampled_from("abcüß。.-_ıſⅷ١\u200d\u0301"), max_size=20))
def test_letters_of_all_scripts_are_a_name_or_a_usage_error(text: str) -> None:
    """Dots and joiners of other scripts get no name through that DNS cannot hold."""
    try:
        name = ascii_domain(text)
    except UsageError:
        return
    assert ascii_domain(name) == name


@pytest.mark.parametrize(
    ("written", "host"),
    [
        ("IMAP.libero.it.", "imap.libero.it"),
        ("192.0.2.1", "192.0.2.1"),
        ("2001:DB8:0::1", "2001:db8::1"),
        ("[2001:db8::1]", "2001:db8::1"),
        ("192.0.2.256", "192.0.2.256"),
        ("bücher.example", "xn--bcher-kva.example"),
    ],
)
def test_a_host_is_a_name_or_an_address(written: str, host: str) -> None:
    """Addresses come out as they are canonically written."""
    assert ascii_host(written) == host


@pytest.mark.parametrize(
    ("host", "address"),
    [
        ("192.0.2.1", True),
        ("::1", True),
        ("[::1]", False),
        ("192.0.2.256", False),
        ("libero.it", False),
        ("", False),
    ],
)
def test_an_address_is_told_from_a_name(host: str, *, address: bool) -> None:
    """Only what a socket can dial without DNS is an address."""
    assert is_address(host) is address
