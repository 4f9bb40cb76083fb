"""IMAP's grammar alone: arguments, sequence sets, strings."""

from __future__ import annotations

import contextlib
from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mailprobe.lab.imap_fetch import fields, split
from mailprobe.lab.imap_syntax import ImapSyntaxError, choose, parse, quote, text

if TYPE_CHECKING:
    from mailprobe.lab.imap_syntax import Token


@pytest.mark.parametrize(
    ("data", "tokens"),
    [
        (b"", []),
        (b"INBOX", [b"INBOX"]),
        (b'"a \\"b\\" \\\\" x', [b'a "b" \\', b"x"]),
        (b"(A (B C) ) D", [[b"A", [b"B", b"C"]], b"D"]),
        (b"{3}\r\n)(\n x", [b")(\n", b"x"]),
        (b"{0+}\r\n", [b""]),
        (
            b"BODY.PEEK[HEADER.FIELDS (A B)]<0.9>",
            [b"BODY.PEEK[HEADER.FIELDS (A B)]<0.9>"],
        ),
        (b"+FLAGS (\\Seen)", [b"+FLAGS", [b"\\Seen"]]),
    ],
)
def test_parse(data: bytes, tokens: list[Token]) -> None:
    """Atoms, strings, literals and lists are told apart."""
    assert parse(data) == tokens


@pytest.mark.parametrize("data", [b"(", b")", b'"open', b"[", b"(" * 50, b"a]"])
def test_parse_refuses(data: bytes) -> None:
    """What is no IMAP is an error, never a guess."""
    with pytest.raises(ImapSyntaxError):
        parse(data)


@given(st.binary(max_size=60))
def test_parse_never_fails_otherwise(data: bytes) -> None:
    """Whatever a client sends is read or refused."""
    with contextlib.suppress(ImapSyntaxError):
        parse(data)


@given(st.text(st.characters(codec="ascii", exclude_characters="\r\n"), max_size=40))
def test_quote_round_trip(value: str) -> None:
    """A string that is quoted is read back as it was."""
    assert text(parse(quote(value).encode())[0]) == value


@pytest.mark.parametrize(
    ("sequence", "places"),
    [
        ("1", []),
        ("5", [0]),
        ("5:7", [0, 1]),
        ("*", [2]),
        ("20:*", [2]),
        ("*:6", [1, 2]),
        ("9,5", [0, 2]),
    ],
)
def test_choose(sequence: str, places: list[int]) -> None:
    """A sequence set names what there is, in order, ``*`` being the last."""
    assert choose(sequence, [5, 7, 9]) == places


@pytest.mark.parametrize("sequence", ["", "0", "a", "1:", "-1", "1,,2"])
def test_choose_refuses(sequence: str) -> None:
    """What is no sequence set is an error."""
    with pytest.raises(ImapSyntaxError):
        choose(sequence, [1])


@given(st.binary(max_size=200))
def test_split_loses_nothing(raw: bytes) -> None:
    """Header and body together are the message."""
    header, body = split(raw)
    assert header + body == raw


def test_fields_of_a_broken_header() -> None:
    """Lines that are no fields are passed over."""
    raw = b"garbage here\nA: 1\n two\n: x\nB:2"
    assert fields(raw) == [("a", b"A: 1\n two\n"), ("b", b"B:2")]
