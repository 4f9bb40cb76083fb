"""The parts of a mail: cut in one pass, whatever it is made of."""

from __future__ import annotations

from email import message_from_bytes
from typing import TYPE_CHECKING, cast

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mailprobe.mail.mime import BYTES_MAX, DEPTH_MAX, PARTS_MAX, Part, parts
from tests.mail.samples import BOUNCES
from tests.mail.steps import steps

if TYPE_CHECKING:
    from collections.abc import Iterator
    from email.message import Message


def shape(raw: bytes) -> list[tuple[str, int, bytes]]:
    """Return kind, depth and content of every part."""
    return [(part.kind, part.within, part.content()) for part in parts(raw)]


def one(head: bytes, body: bytes) -> Part:
    """Return the only part of a mail."""
    (part,) = parts(head + b"\r\n\r\n" + body)
    return part


@pytest.mark.parametrize(
    ("raw", "shaped"),
    [
        (b"", [("text/plain", 0, b"")]),
        (b"Subject: x", [("text/plain", 0, b"")]),
        (b"Subject: x\n\nhi\n", [("text/plain", 0, b"hi\n")]),
        (b"\nhi", [("text/plain", 0, b"hi")]),
        (
            (
                b'Content-Type: MULTIPART/Mixed; x=y;\r\n\tBoundary="a \\"b"\r\n\r\n'
                b'preamble\r\n--a "b\r\n\r\none\r\n\r\n--a "b \t\r\n'
                b'Content-Type: text/html\r\n\r\ntwo\r\n--a "b--\r\n'
                b'epilogue\r\n--a "b\r\n'
            ),
            [
                ("multipart/mixed", 0, b""),
                ("text/plain", 0, b"one\r\n"),
                ("text/html", 0, b"two"),
            ],
        ),
        (  # a delimiter of the outer one ends the inner ones
            (
                b"Content-Type: multipart/mixed; boundary=a\n\n--a\n"
                b"Content-Type: multipart/mixed; boundary=b\n\n--b\n\none\n--a\n\ntwo\n"
            ),
            [
                ("multipart/mixed", 0, b""),
                ("multipart/mixed", 0, b""),
                ("text/plain", 0, b"one"),
                ("text/plain", 0, b"two\n"),
            ],
        ),
        (  # one that both have is the outer one's
            (
                b"Content-Type: multipart/mixed; boundary=a\n\n--a\n"
                b"Content-Type: message/rfc822\n\n"
                b"Content-Type: multipart/mixed; boundary=a\n\n--a\n\none\n--a--\n"
            ),
            [
                ("multipart/mixed", 0, b""),
                ("message/rfc822", 0, b""),
                ("multipart/mixed", 1, b""),
                ("text/plain", 0, b"one"),
            ],
        ),
        (  # a message within, and what comes behind it
            (
                b"Content-Type: multipart/mixed; boundary=a\n\n--a\n"
                b"Content-Type: message/rfc822\n\nSubject: x\n\nin\n--a\n\nout\n--a--\n"
            ),
            [
                ("multipart/mixed", 0, b""),
                ("message/rfc822", 0, b""),
                ("text/plain", 1, b"in"),
                ("text/plain", 0, b"out"),
            ],
        ),
        (  # headers that end without an empty line
            (
                b"Content-Type: multipart/mixed; boundary=a\n\n--a\n"
                b"Content-Type: message/rfc822\n\nSubject: x\n--a--\n"
            ),
            [
                ("multipart/mixed", 0, b""),
                ("message/rfc822", 0, b""),
                ("text/plain", 1, b""),
            ],
        ),
        (  # a delimiter that never comes
            b"Content-Type: multipart/mixed; boundary=a\n\n--b\n\none\n",
            [("multipart/mixed", 0, b"\n--b\n\none\n")],
        ),
        (b"Content-Type: multipart/mixed\n\none", [("multipart/mixed", 0, b"one")]),
        (b"Content-Type: text\n\none", [("text/plain", 0, b"one")]),
        (
            b"Content-Type: message/rfc822\nContent-Transfer-Encoding: base64\n\nQQ==",
            [("message/rfc822", 0, b"A")],
        ),
    ],
    ids=[
        "empty",
        "head",
        "plain",
        "headless",
        "multipart",
        "left-open",
        "same-boundary",
        "message",
        "head-only",
        "no-delimiter",
        "no-boundary",
        "no-type",
        "encoded-message",
    ],
)
def test_a_mail_is_cut_as_it_is_meant(
    raw: bytes, shaped: list[tuple[str, int, bytes]]
) -> None:
    """Kinds, contents, and how many messages each part lies within."""
    assert shape(raw) == shaped


@pytest.mark.parametrize(
    ("encoding", "body", "content"),
    [
        (b"7BIT", b"a=41", b"a=41"),
        (b"Quoted-Printable", b"a=41=\r\nb=", b"aAb"),
        (b"base64", b"QUJD\r\nREVG", b"ABCDEF"),
        (b"base64", b"Q\xffU=J D", b"ABC"),
        (b"base64", b"QUJDR", b"ABC"),
        (b"base64", b"=", b""),
        (b"x-rot13", b"a", b"a"),
    ],
)
def test_what_can_be_decoded_is(encoding: bytes, body: bytes, content: bytes) -> None:
    """Broken and cut encodings give what they have."""
    part = one(b"Content-Transfer-Encoding: " + encoding, body)
    assert part.content() == content


# The standard library takes the letters of an encoded message for its headers.
@pytest.mark.parametrize("name", sorted(set(BOUNCES) - {"exchange-report"}))
def test_the_standard_library_sees_the_same_texts(name: str) -> None:
    """A second opinion on well-formed mail: kinds and contents agree."""
    ours = [(part.kind, part.content()) for part in parts(BOUNCES[name])]
    theirs = list(texts(message_from_bytes(BOUNCES[name])))
    assert [text for text in ours if text[0].startswith("text/") and text[1]] == theirs


def texts(mail: Message) -> Iterator[tuple[str, bytes]]:
    """Yield the texts of a mail, but not the groups of a report."""
    if mail.get_content_type().endswith("delivery-status"):
        return
    content = mail.get_payload(decode=True)
    if mail.is_multipart():
        for part in cast("list[Message]", mail.get_payload()):
            yield from texts(part)
    elif content:
        yield mail.get_content_type(), cast("bytes", content)


# --- bounds -------------------------------------------------------------------------


def nested(depth: int) -> bytes:
    """Return multiparts within each other."""
    return b"".join(
        b"Content-Type: multipart/mixed; boundary=%d\n\n--%d\n" % (n, n)
        for n in range(depth)
    )


def disjoint(raw: bytes) -> tuple[Part, ...]:
    """Cut a mail; check that no byte is kept twice, and that all bounds hold."""
    cut = parts(raw)
    assert 1 <= len(cut) <= PARTS_MAX
    assert sum(len(p.head) + len(p.body) for p in cut) <= min(len(raw), BYTES_MAX)
    assert all(p.within <= DEPTH_MAX for p in cut)
    return cut


@pytest.mark.parametrize("depth", [DEPTH_MAX + 1, 100, 5000])
def test_multiparts_are_opened_to_a_depth(depth: int) -> None:
    """What lies deeper is the content of the last one that was opened."""
    cut = disjoint(nested(depth))
    assert len(cut) == DEPTH_MAX + 1
    assert [part.body != b"" for part in cut] == [False] * DEPTH_MAX + [True]


@pytest.mark.parametrize("depth", [DEPTH_MAX + 1, 100, 8000])
def test_messages_are_opened_to_a_depth(depth: int) -> None:
    """A mail that returns a mail that returns a mail ends somewhere."""
    cut = disjoint(b"Content-Type: message/rfc822\n\n" * depth)
    assert [part.within for part in cut] == list(range(DEPTH_MAX + 1))


@pytest.mark.parametrize("count", [PARTS_MAX, 1000, 40_000])
def test_parts_are_counted(count: int) -> None:
    """Of a mail of very many parts the first are read."""
    head = b"Content-Type: multipart/mixed; boundary=a\n\n"
    cut = disjoint(head + b"--a\n\nx\n" * count)
    assert len(cut) == PARTS_MAX
    assert {part.content() for part in cut[1:]} <= {b"x", b"x\n"}


@pytest.mark.parametrize("line", [b"--a\n", b"--\n", b"\n", b"-" * 300 + b"\n", b"x"])
def test_every_line_is_looked_at_once(line: bytes) -> None:
    """Four times the lines are four times the steps at most."""
    head = b"Content-Type: multipart/mixed; boundary=b\n\n--b\n"
    small, large = (head + line * (size // len(line)) for size in (15_000, 60_000))
    assert steps(parts, large) <= 4.1 * steps(parts, small)
    disjoint(large)


def test_no_more_than_the_bound_is_read() -> None:
    """Bytes behind it do not count."""
    raw = b"Subject: x\n\n" + b"y" * BYTES_MAX
    assert disjoint(raw + b"z" * 1000) == parts(raw[:BYTES_MAX])


pieces = st.sampled_from(
    [
        *(
            b"\n",
            b"\r\n",
            b"\r",
            b" ",
            b"--",
            b"--a",
            b"--a--",
            b"--b\n",
            b"x",
            b"\xff",
        ),
        b"Content-Type: multipart/mixed; boundary=a\n",
        b'Content-Type: multipart/mixed; boundary="b"\r\n',
        b"Content-Type: message/rfc822\n",
        b"Content-Transfer-Encoding: base64\n",
        b"Content-Transfer-Encoding: quoted-printable\n",
    ]
)


@given(st.one_of(st.binary(max_size=300), st.lists(pieces, max_size=60).map(b"".join)))
def test_any_bytes_are_cut_without_a_fault(raw: bytes) -> None:
    """No byte counts twice, and every part can be decoded."""
    for part in disjoint(raw):
        part.content()
