"""Plain DNS questions and answers, held against dnspython's."""

from __future__ import annotations

from typing import TYPE_CHECKING

import dns.edns
import dns.flags
import dns.message
import dns.rcode
import dns.rrset
import pytest
from hypothesis import given
from hypothesis import strategies as st

from mailprobe.mail import plain_dns
from mailprobe.wire.whole_dns import Question
from tests.answers import agreed

if TYPE_CHECKING:
    from collections.abc import Sequence

OWNERS = ("libero.test.", "LIBERO.test.", "mx.libero.test.", "a.test.", "test.", ".")
DATA = {
    "A": ("192.0.2.1", "192.0.2.2", "0.0.0.0"),  # noqa: S104 - a record, not a bind
    "AAAA": ("2001:db8::1", "::", "::1", "::ffff:192.0.2.1", "::192.0.2.1", "1::2:0:0"),
    "MX": ("10 mx.libero.test.", "10 MX.libero.test.", "0 .", "20 a.test."),
    "CNAME": ("a.test.", "mx.libero.test.", "Libero.test."),
    "NS": ("ns.test.",),
    "SOA": ("ns.test. hostmaster.test. 1 2 3 4 5",),
    "TXT": ('"v=spf1 -all"',),
    "SRV": ("1 2 993 a.test.",),
}
RECORDS = st.sampled_from(sorted(DATA)).flatmap(
    lambda kind: st.tuples(
        st.sampled_from(OWNERS),
        st.sampled_from((0, 60, 300, 2**31 - 1)),
        st.just(kind),
        st.sampled_from(DATA[kind]),
    )
)
SECTIONS = st.lists(RECORDS, max_size=4)
KINDS = st.sampled_from(sorted(plain_dns.TYPES))


def message(
    *records: tuple[str, int, str, str],
    kind: str = "MX",
    authority: Sequence[tuple[str, int, str, str]] = (),
    additional: Sequence[tuple[str, int, str, str]] = (),
    edns: bool = True,
    rcode: int = 0,
) -> dns.message.Message:
    """Answer a question about libero.test."""
    question = dns.message.make_query("libero.test.", kind, use_edns=0 if edns else -1)
    made = dns.message.make_response(question, recursion_available=True)
    made.set_rcode(dns.rcode.Rcode(rcode))
    for section, some in (
        (made.answer, records),
        (made.authority, authority),
        (made.additional, additional),
    ):
        for owner, ttl, of, data in some:
            section.append(dns.rrset.from_text(owner, ttl, "IN", of, data))
    return made


@given(
    kind=KINDS,
    answer=SECTIONS,
    authority=SECTIONS,
    additional=SECTIONS,
    edns=st.booleans(),
    rcode=st.sampled_from((0, 0, 0, 3, 2, 5)),
)
def test_what_is_read_is_what_dnspython_reads(
    kind: str,
    answer: list[tuple[str, int, str, str]],
    authority: list[tuple[str, int, str, str]],
    additional: list[tuple[str, int, str, str]],
    *,
    edns: bool,
    rcode: int,
) -> None:
    """Of any message the facts are the same, or it is declined."""
    made = message(
        *answer,
        kind=kind,
        authority=authority,
        additional=additional,
        edns=edns,
        rcode=rcode,
    )
    agreed(made.to_wire(), "libero.test", kind)


@given(
    kind=KINDS,
    answer=SECTIONS,
    changes=st.lists(
        st.tuples(st.integers(0, 300), st.integers(0, 255)), min_size=1, max_size=4
    ),
    cut=st.integers(0, 40),
    more=st.binary(max_size=3),
)
def test_damage_is_read_as_dnspython_reads_it(
    kind: str,
    answer: list[tuple[str, int, str, str]],
    changes: list[tuple[int, int]],
    cut: int,
    more: bytes,
) -> None:
    """Of a damaged message the facts are the same, or it is declined."""
    wire = bytearray(message(*answer, kind=kind).to_wire())
    for at, byte in changes:
        wire[at % len(wire)] = byte
    agreed(bytes(wire), "libero.test", kind)
    agreed(bytes(wire[: max(2, len(wire) - cut)]) + more, "libero.test", kind)


MX = ("libero.test.", 300, "MX", "10 mx.libero.test.")


@pytest.mark.parametrize(
    ("made", "expected"),
    [
        (message(MX), (True, ("10 mx.libero.test.",), 300, None)),
        (message(), (True, (), 0, None)),
        (message(rcode=3), (False, (), 0, None)),
        (message(edns=False), (True, (), 0, None)),
        (
            message(
                ("libero.test.", 60, "CNAME", "A.test."),
                ("a.test.", 300, "MX", "0 ."),
                authority=[("test.", 300, "NS", "ns.test.")],
                additional=[("ns.test.", 300, "A", "192.0.2.1")],
            ),
            (True, ("0 .",), 60, "a.test"),
        ),
    ],
)
def test_plain_answers_are_read(
    made: dns.message.Message, expected: tuple[object, ...]
) -> None:
    """The usual is not left to dnspython: that is what the reader is for."""
    answer = agreed(made.to_wire(), "libero.test", "MX")
    assert answer is not None
    read = (answer.exists, tuple(map(str, answer.records)))
    assert (*read, answer.ttl, answer.canonical) == expected


def _truncated() -> bytes:
    made = message(MX)
    made.flags |= dns.flags.TC
    return made.to_wire()


def _told() -> bytes:
    made = message(rcode=3)
    made.use_edns(0, options=[dns.edns.EDEOption(dns.edns.EDECode.BLOCKED, "blocked")])
    return made.to_wire()


def _looping() -> bytes:
    wire = bytearray(message(MX, edns=False).to_wire())
    wire[29:31] = b"\xc0\x1d"  # the owner is a pointer to itself
    return bytes(wire)


@pytest.mark.parametrize(
    "wire",
    [
        _truncated(),
        _told(),
        _looping(),
        message(MX).to_wire()[:-1],
        message(MX).to_wire() + b"\0",
        message(MX, ("libero.test.", 300, "TXT", '"x"')).to_wire(),
        message(rcode=2).to_wire(),
        message(*[("libero.test.", 1, "MX", f"{n} a.") for n in range(70)]).to_wire(),
        b"",
    ],
    ids=range(9),
)
def test_the_unusual_is_declined(wire: bytes) -> None:
    """Cut off, extended, looping, damaged, of other types or too many: not ours."""
    assert agreed(wire, "libero.test", "MX") is None


@pytest.mark.parametrize("spare", [1, 7])
@pytest.mark.parametrize("data", ["MX", "CNAME", "NS", "SOA"])
def test_spare_bytes_inside_a_record_are_declined(data: str, spare: int) -> None:
    """A record whose data goes on behind its name is not read by half."""
    whole = message(("libero.test.", 60, data, DATA[data][0]), edns=False).to_wire()
    number = int.from_bytes(whole[:2], "big")
    asked = plain_dns.question(number, "libero.test.", "MX", 1232)
    assert asked
    assert plain_dns.read(asked, whole) is not None
    # The only record is the last: TTL and length stand before its data.
    before = whole.rindex((60).to_bytes(4, "big")) + 4
    longer = len(whole) - before - 2 + spare
    padded = whole[:before] + longer.to_bytes(2, "big") + whole[before + 2 :]
    assert plain_dns.read(asked, padded + bytes(spare)) is None


@pytest.mark.parametrize("number", [0, 1, 0x8000])
def test_an_answer_to_another_question_is_declined(number: int) -> None:
    """The id, the name and the type must be those that were asked."""
    made = message(MX)
    made.id = 0x4000
    wire = made.to_wire()
    for one in (number, 0x4000):
        other = plain_dns.question(one, "other.test", "MX", 1232)
        assert other is not None
        assert plain_dns.read(other, wire) is None
    for kind in ("A", "AAAA"):
        other = plain_dns.question(0x4000, "libero.test", kind, 1232)
        assert other is not None
        assert plain_dns.read(other, wire) is None
    same = plain_dns.question(number, "libero.test", "MX", 1232)
    assert same is not None
    assert plain_dns.read(same, wire) is None


@given(
    number=st.integers(0, 0xFFFF),
    name=st.text("abzAZ09-_.\u00e9", max_size=80) | st.from_regex(r"(a{60}\.){3,5}"),
    kind=st.sampled_from(("A", "AAAA", "MX", "SRV", "TXT")),
)
def test_questions_are_those_of_dnspython(number: int, name: str, kind: str) -> None:
    """Byte for byte; what is not plain is declined."""
    wire = plain_dns.question(number, name, kind, 1232)
    if wire is not None:
        assert wire == Question(name, kind, number).wire
