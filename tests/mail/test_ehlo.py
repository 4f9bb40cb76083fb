"""What a server offers in its EHLO reply."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mailprobe.mail.ehlo import Offer, ehlo_offer
from mailprobe.model.failure import Reply


def offer(*lines: str) -> Offer:
    """Read an EHLO reply of these lines, behind the server's name."""
    return ehlo_offer(Reply(250, None, "\n".join(["mx.libero.test hello", *lines])))


def test_the_name_is_the_first_word() -> None:
    """Only the first word is the server's name; the rest is courtesy."""
    assert offer().name == "mx.libero.test"
    assert ehlo_offer(Reply(250, None, "")).name is None
    assert ehlo_offer(Reply(250, None, " \nSIZE 5")).name is None


def test_equal_offers_compare_equal() -> None:
    """Order, case of keywords, spaces and repetitions make no difference."""
    one = offer("SIZE 1000", "starttls", "AUTH  PLAIN   LOGIN")
    two = offer("auth PLAIN LOGIN", "STARTTLS", "STARTTLS ", "Size\t1000")
    assert one == two
    assert one.keywords == ("AUTH PLAIN LOGIN", "SIZE 1000", "STARTTLS")


@pytest.mark.parametrize(
    ("lines", "mechanisms"),
    [
        (["AUTH PLAIN LOGIN"], ("LOGIN", "PLAIN")),
        (["AUTH plain Cram-MD5"], ("CRAM-MD5", "PLAIN")),
        (["AUTH=PLAIN LOGIN"], ("LOGIN", "PLAIN")),
        (["AUTH= PLAIN"], ("PLAIN",)),
        (["auth=LOGIN", "AUTH PLAIN"], ("LOGIN", "PLAIN")),
        (["AUTH"], ()),
        (["AUTH="], ()),
        (["AUTHENTICATE PLAIN"], ()),
        ([], ()),
    ],
)
def test_both_forms_of_auth_count(
    lines: list[str], mechanisms: tuple[str, ...]
) -> None:
    """``AUTH`` and the old ``AUTH=`` together name the mechanisms, in capitals."""
    assert offer(*lines).auth == mechanisms


@pytest.mark.parametrize(
    ("line", "size"),
    [
        ("SIZE 35882577", 35882577),
        ("SIZE 0", 0),
        ("SIZE   42", 42),
        ("SIZE", None),
        ("SIZE -1", None),
        ("SIZE 1e6", None),
        ("SIZE 1 2", None),
        ("SIZE ٤٢", None),
        ("SIZE ²", None),
        ("SIZE " + "9" * 20, 10**20 - 1),
        ("SIZE " + "9" * 21, None),
        ("SIZE " + "9" * 9000, None),
        ("SIZE=42", None),
    ],
)
def test_an_odd_size_is_no_size(line: str, size: int | None) -> None:
    """RFC 1870 allows up to twenty digits; all else says nothing."""
    assert offer(line).size_limit == size


def test_a_keyword_is_a_whole_word() -> None:
    """A keyword is not found at the beginning of another."""
    told = offer("STARTTLSX", "PIPELINING", "8bitmime")
    assert not told.has("STARTTLS")
    assert told.has("PIPELINING")
    assert told.has("8BITMIME")


@given(st.text(max_size=300))
def test_any_reply_is_an_offer(text: str) -> None:
    """No text of a server can make reading its offer fail."""
    told = ehlo_offer(Reply(250, None, text))
    assert list(told.keywords) == sorted(set(told.keywords))
    assert list(told.auth) == sorted(set(told.auth))
