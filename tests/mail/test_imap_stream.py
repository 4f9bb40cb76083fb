"""IMAP responses cut out of a stream."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mailprobe.mail.imap_stream import Response, ResponseReader, StreamError
from tests.mail.cuts import bytewise, cut_points, pieces

if TYPE_CHECKING:
    from collections.abc import Iterable

LINE, LITERAL = 80, 60

segment = st.one_of(
    st.sampled_from(
        [
            b"* OK ready\r\n",
            b"* 3 EXISTS\r\n",
            b"* 1 FETCH (BODY[] {5}\r\n",
            b"* LIST () {3+}\r\n",
            b"{0}\r\n",
            b"hello",
            b")\r\n",
            b"* OK see {12}\r\n",
            b"+ {3}\r\n",
            b"A1 no {2}\r\n",
            b"{99}\r\n",
            b"\r\n",
            b"\n",
        ]
    ),
    st.binary(max_size=20),
)
stream = st.lists(segment, max_size=14).map(b"".join)


def reader() -> ResponseReader:
    """Return a reader with small bounds."""
    return ResponseReader(line_bytes=LINE, literal_bytes=LITERAL)


def read(parts: Iterable[bytes]) -> tuple[list[Response], str | None]:
    """Return all responses, and the fault that ended the reading."""
    at = reader()
    responses: list[Response] = []
    try:
        for part in parts:
            responses += at.feed(part)
        responses += at.feed(b"")
    except StreamError as error:
        return responses, str(error)
    return responses, None


@pytest.mark.parametrize(
    ("data", "expected"),
    [
        (b"* OK hi\r\n", [Response(b"* OK hi")]),
        (b"* OK bare\nA1 OK x\n", [Response(b"* OK bare"), Response(b"A1 OK x")]),
        (b"\r\n", [Response(b"")]),
        (
            b"* 1 FETCH (BODY[] {5}\r\na\r\nb\n UID 7)\r\n",
            [Response(b"* 1 FETCH (BODY[] {5} UID 7)", (b"a\r\nb\n",))],
        ),
        (b"* LIST () {0}\r\n\r\n", [Response(b"* LIST () {0}", (b"",))]),
        (
            b"* X {0}\r\n {1+}\r\na {2}\r\nbc\r\n",
            [Response(b"* X {0} {1+} {2}", (b"", b"a", b"bc"))],
        ),
        (b"* X {3}\r\n{9}\r\n", [Response(b"* X {3}", (b"{9}",))]),
        (b"* OK see {12}\r\n", [Response(b"* OK see {12}")]),
        (b"* no {12}\r\n", [Response(b"* no {12}")]),
        (b"A1 BAD what is {12}\r\n", [Response(b"A1 BAD what is {12}")]),
        (b"+ send {12}\r\n", [Response(b"+ send {12}")]),
        (b"* BYE\r\n", [Response(b"* BYE")]),
        (b"* X {12} \r\n", [Response(b"* X {12} ")]),
        (b"* X {-1}\r\n* X {a}\r\n", [Response(b"* X {-1}"), Response(b"* X {a}")]),
    ],
)
def test_lines_and_literals_are_put_together(
    data: bytes, expected: list[Response]
) -> None:
    """A literal belongs to its line; free text never begins one."""
    assert read([data]) == (expected, None)
    assert read(bytewise(data)) == (expected, None)


def test_the_tag_is_the_first_word() -> None:
    """Tag and rest are split at the first space."""
    response = Response(b"A1 OK done")
    assert (response.tag, response.rest) == (b"A1", b"OK done")
    assert (Response(b"").tag, Response(b"+").rest) == (b"", b"")


@pytest.mark.parametrize(
    ("data", "why"),
    [
        (b"* 1 FETCH (BODY[] {999999999}\r\n", "a literal of 999999999 bytes"),
        (b"* X {61}\r\n", "a literal of 61 bytes announced; 60 are taken"),
        (b"* X {40}\r\n" + b"x" * 40 + b" {21}\r\n", "a literal of 21 bytes"),
        (b"* " + b"x" * LINE, "a line of more than 80 bytes"),
        (b"* " + b"x" * LINE + b"\r\n", "a line of more than 80 bytes"),
        (b"* X {0}\r\n" * 40, "a line of more than 80 bytes"),
        (b"\x16\x03\x01" * LINE, "a line of more than 80 bytes"),
    ],
)
def test_what_is_too_much_is_refused_when_it_is_announced(
    data: bytes, why: str
) -> None:
    """Lines and literals are bounded, and the message says by what."""
    for parts in ([data], bytewise(data)):
        responses, fault = read(parts)
        assert responses == []
        assert fault is not None
        assert why in fault
        assert fault.isprintable()


def test_nothing_endless_is_kept() -> None:
    """After a fault no byte more is stored, and every call says so again."""
    at = reader()
    with pytest.raises(StreamError):
        at.feed(b"x" * 10_000)
    before = at.pending
    for _ in range(3):
        with pytest.raises(StreamError):
            at.feed(b"y" * 10_000)
    assert at.pending == before


def test_a_fault_quotes_the_line_that_is_too_long() -> None:
    """Not the good lines before it, however the bytes are cut."""
    data = b"* OK ready\r\n" + b"y" * 90
    for parts in ([data], bytewise(data)):
        _, fault = read(parts)
        assert fault is not None
        assert "'yyy" in fault


def test_responses_before_a_fault_are_not_lost() -> None:
    """What was complete counts, whatever stands behind it in the same segment."""
    at = reader()
    assert at.feed(b"* BYE down\r\n" + b"x" * 100) == [Response(b"* BYE down")]
    assert at.broken is not None
    with pytest.raises(StreamError):
        at.feed(b"")


def test_what_is_not_whole_is_pending() -> None:
    """An unfinished line can be shown when the connection is lost."""
    at = reader()
    at.feed(b"* 1 FETCH (BODY[] {5}\r\nab")
    assert at.pending == b"* 1 FETCH (BODY[] {5}ab"


class CountingReader(ResponseReader):
    """Counts how often it looked at a line's bytes."""

    looked = 0

    def _check_line(self, start: int, end: int) -> None:
        self.looked += end - start
        super()._check_line(start, end)


def test_many_lines_in_one_feed_are_linear_work() -> None:
    """Fifty thousand lines cost their bytes once each, and no recursion."""
    data = b"* 1 EXISTS\r\n" * 50_000
    at = CountingReader(line_bytes=LINE, literal_bytes=LITERAL)
    assert len(at.feed(data)) == 50_000
    assert at.looked <= len(data)
    assert at.pending == b""


def test_many_literals_in_one_feed_are_linear_work() -> None:
    """Fifty thousand responses with literals come out whole."""
    data = b"* 1 FETCH (X {3}\r\nabc)\r\n" * 50_000
    responses, fault = read([data])
    assert fault is None
    assert responses == [Response(b"* 1 FETCH (X {3})", (b"abc",))] * 50_000


@given(stream, cut_points)
def test_cutting_the_bytes_changes_nothing(data: bytes, points: list[int]) -> None:
    """Whole, byte by byte or cut anywhere: same responses, same fault."""
    whole = read([data])
    assert read(bytewise(data)) == whole
    assert read(pieces(data, points)) == whole


@given(st.binary(max_size=400))
def test_any_bytes_give_responses_or_a_stream_error(data: bytes) -> None:
    """No input raises anything else; every response keeps to the bounds."""
    responses, _ = read([data])
    for response in responses:
        assert len(response.line) <= LINE
        assert sum(map(len, response.literals)) <= LITERAL
