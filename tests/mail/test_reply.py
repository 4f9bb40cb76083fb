"""SMTP replies out of bytes, however they come."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mailprobe.mail.reply import TEXT_MAX, ReplyError, ReplyReader, smtp_reply
from mailprobe.model.failure import Reply
from tests.mail.cuts import bytewise, cut_points, pieces

if TYPE_CHECKING:
    from collections.abc import Iterable

LIMIT = 300

line = st.one_of(
    st.sampled_from(
        [
            b"220 mx.libero.test ESMTP",
            b"250-first",
            b"250 5.7.1 last",
            b"250",
            b"250-",
            b"550-5.7.1 no",
            b"550 5.7.1 go away",
            b"2200 hi",
            b"x",
            b"",
            b"\xff\xfe",
        ]
    ),
    st.binary(max_size=40),
)
conversation = st.lists(
    st.tuples(line, st.sampled_from([b"\r\n", b"\n", b"\r\r\n", b"\r", b""])),
    max_size=12,
).map(lambda parts: b"".join(text + end for text, end in parts))


def read(parts: Iterable[bytes], limit: int = LIMIT) -> tuple[list[Reply], str | None]:
    """Return all replies, and the fault that ended the reading."""
    reader = ReplyReader(limit)
    replies: list[Reply] = []
    try:
        for part in parts:
            replies += reader.feed(part)
        replies += reader.feed(b"")  # a fault behind a good reply shows here
    except ReplyError as error:
        return replies, str(error)
    return replies, None


@pytest.mark.parametrize(
    ("data", "expected"),
    [
        (b"220 mx ESMTP\r\n", [Reply(220, None, "mx ESMTP")]),
        (b"220 bare LF\n", [Reply(220, None, "bare LF")]),
        (b"250\r\n", [Reply(250, None, "")]),
        (b"250-a\r\n250-b\r\n250 c\r\n", [Reply(250, None, "a\nb\nc")]),
        (b"250-a\r\n250\r\n", [Reply(250, None, "a\n")]),
        (b"250 a\r\n421 b\r\n", [Reply(250, None, "a"), Reply(421, None, "b")]),
        (b"550 5.7.1 no\r\n", [Reply(550, "5.7.1", "no")]),
        (b"550 5.7.1\r\n", [Reply(550, "5.7.1", "")]),
        (b"550-5.7.1 a\r\n550 5.7.1 b\r\n", [Reply(550, "5.7.1", "a\nb")]),
        (b"550-5.7.1 a\r\n550 5.7.10 b\r\n", [Reply(550, "5.7.1", "a\n5.7.10 b")]),
        (b"550-5.7.1 a\r\n550 b\r\n", [Reply(550, "5.7.1", "a\nb")]),
        (b"250 5.7.1 class\r\n", [Reply(250, None, "5.7.1 class")]),
        (b"550 2.0.0 class\r\n", [Reply(550, None, "2.0.0 class")]),
        (b"550 5.7 short\r\n", [Reply(550, None, "5.7 short")]),
        (b"550 5.7.1234 long\r\n", [Reply(550, None, "5.7.1234 long")]),
        (b"550 15.7.1 no code\r\n", [Reply(550, None, "15.7.1 no code")]),
        (
            "550 5.\u0667.\u0661 no code\r\n".encode(),
            [Reply(550, None, "5.\u0667.\u0661 no code")],
        ),
        (b"220 \xff\x00\r\n", [Reply(220, None, "\\xff\\x00")]),
        ("220 città\r\n".encode(), [Reply(220, None, "città")]),
    ],
)
def test_a_reply_is_read_as_it_stands(data: bytes, expected: list[Reply]) -> None:
    """Codes, enhanced codes of the same class and text come out, line by line."""
    assert read([data]) == (expected, None)
    assert read(bytewise(data)) == (expected, None)


@pytest.mark.parametrize(
    "data",
    [
        b"2200 hi\r\n",
        b"+22 hi\r\n",
        b"2_0 hi\r\n",
        b"22 hi\r\n",
        b"120 hi\r\n",
        b"620 hi\r\n",
        b"250\thi\r\n",
        b"\r\n",
        b" 250 hi\r\n",
        b"HTTP/1.1 400 Bad Request\r\n",
        b"SSH-2.0-OpenSSH_9.6\r\n",
        b"* OK IMAP4rev1\r\n",
        b"220-hi\r\n554 no\r\n",
        b"250-a\r\nhello\r\n",
        "\u0662\u0662\u0660 hi\r\n".encode(),
    ],
)
def test_what_is_no_reply_is_refused_and_quoted(data: bytes) -> None:
    """Wrong codes, mixed codes and other protocols are a fault, never a guess."""
    for parts in ([data], bytewise(data)):
        replies, fault = read(parts)
        assert replies == []
        assert fault is not None
        assert fault.endswith("'")


def test_one_reply_with_two_codes_is_named_so() -> None:
    """The message tells both codes."""
    _, fault = read([b"220-hi\r\n554 no\r\n"])
    assert fault == "one reply with two codes, 220 and 554: '554 no'"


def test_replies_before_a_fault_are_not_lost() -> None:
    """A good reply counts, whatever stands behind it in the same segment."""
    reader = ReplyReader(LIMIT)
    assert reader.feed(b"250 queued\r\nrubbish\r\n") == [Reply(250, None, "queued")]
    assert b"rubbish" in reader.pending
    with pytest.raises(ReplyError, match="rubbish"):
        reader.feed(b"250 ok\r\n")
    with pytest.raises(ReplyError, match="rubbish"):
        reader.feed(b"")


@pytest.mark.parametrize(
    "unit",
    [b"x", b"250-\r\n", b"250-more\r\n", b"250 x" + b"x" * LIMIT + b"\r\n", b"\r"],
)
def test_nothing_endless_is_kept(unit: bytes) -> None:
    """A line or a reply without end is a fault as soon as it passes the limit."""
    reader = ReplyReader(LIMIT)
    with pytest.raises(ReplyError):  # noqa: PT012 - some time within this
        for _ in range(LIMIT + 1):
            reader.feed(unit)
    assert len(reader.pending) <= LIMIT
    for _ in range(3):
        with pytest.raises(ReplyError):
            reader.feed(b"x" * LIMIT)
    assert len(reader.pending) <= LIMIT


def test_the_limit_is_for_one_reply_not_for_all() -> None:
    """Many replies in one feed may be longer than the limit together."""
    data = b"250 ok\r\n" * (2 * LIMIT)
    replies, fault = read([data])
    assert (len(replies), fault) == (2 * LIMIT, None)


def test_a_reply_as_long_as_the_limit_is_taken() -> None:
    """The bound is exact, and the same however the bytes are cut."""
    fits = b"250 " + b"x" * (LIMIT - 5) + b"\r\n"
    over = b"250 " + b"x" * (LIMIT - 4) + b"\r\n"
    for cut in (lambda data: [data], bytewise):
        assert read(cut(fits))[1] is None
        assert read(cut(over))[1] == f"a reply of more than {LIMIT} bytes"


@given(conversation, cut_points)
def test_cutting_the_bytes_changes_nothing(data: bytes, points: list[int]) -> None:
    """Whole, byte by byte or cut anywhere: same replies, same fault."""
    whole = read([data])
    assert read(bytewise(data)) == whole
    assert read(pieces(data, points)) == whole


@given(st.binary(max_size=400), st.integers(min_value=0, max_value=80))
def test_any_bytes_give_replies_or_a_reply_error(data: bytes, limit: int) -> None:
    """No input raises anything else, and what comes out is bounded and clean."""
    replies, fault = read([data], limit)
    for reply in replies:
        assert 200 <= int(reply.code) <= 599
        assert len(reply.text) <= TEXT_MAX
        assert reply.text.encode().decode() == reply.text
    if fault is not None:
        assert len(fault) < 1200
        assert fault.isprintable()


@given(st.lists(st.binary(max_size=30).filter(lambda b: b"\n" not in b), min_size=1))
def test_a_written_reply_is_read_again(lines: list[bytes]) -> None:
    """Any lines of text, written as RFC 5321 says, are one reply of as many lines."""
    marks = [b"-"] * (len(lines) - 1) + [b" "]
    parts = zip(lines, marks, strict=True)
    data = b"".join(b"250%s%s\r\n" % (mark, text) for text, mark in parts)
    replies, fault = read([data], 10_000)
    assert fault is None
    assert len(replies) == 1
    assert replies[0].text.count("\n") == len(lines) - 1


def test_a_long_reply_is_kept_in_part() -> None:
    """The text of a reply is bounded, and says that it was cut."""
    reply = smtp_reply(250, [b"x" * 3000, b"y" * 3000])
    assert len(reply.text) == TEXT_MAX
    assert reply.text.endswith(" ...")


def test_a_reply_of_no_lines_has_no_text() -> None:
    """The absence of text is no fault."""
    assert smtp_reply(250, []) == Reply(250, None, "")
