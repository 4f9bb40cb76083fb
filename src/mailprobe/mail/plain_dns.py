"""
The plain case of DNS: a question, and an answer in which nothing is unusual.

Most answers are of this kind, and dnspython takes several times as long to read
one. Whatever is not understood to its last byte is declined, and left to dnspython:
strictness costs nothing but time.
"""

from __future__ import annotations

import re
from ipaddress import IPv6Address
from typing import Final, NamedTuple

TYPES: Final = {"A": 1, "MX": 15, "AAAA": 28}
"""The record types that can be asked for here, by number (RFC 1035 3.2.2)."""

PLAIN_MAX: Final = 64  # records of one answer: what fits into a datagram and is usual
CHAIN_MAX: Final = 8  # aliases followed; more than two are rare
NAME_MAX: Final = 255  # bytes, with lengths and the root (RFC 1035 2.3.4)
LABEL_MAX: Final = 63  # the same; greater values are pointers (4.1.4)

_HEAD: Final = 12  # bytes before the question (RFC 1035 4.1.1)
_FIXED: Final = 10  # bytes of a record between its name and its data (4.1.3)
_NS: Final = 2
_CNAME: Final = 5
_SOA: Final = 6
_OPT: Final = 41
_TAIL: Final = 20  # bytes of numbers at the end of an SOA (3.3.13)
_IN: Final = b"\0\1"
_TTL_SIGN: Final = 0x80  # a TTL this large counts as zero (RFC 2181 8)
_LETTERS: Final = b"-_0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"
_ASKABLE: Final = re.compile(r"(?:[A-Za-z0-9_-]{1,63}\.)+", re.ASCII)


class Exchange(NamedTuple):
    """One MX record (RFC 1035 3.3.9); its host ends with a dot."""

    preference: int
    exchange: str

    def __str__(self) -> str:
        return f"{self.preference} {self.exchange}"


class Answer(NamedTuple):
    """
    What a plain answer says.

    Attributes:
        exists: Whether there is such a name.
        records: Addresses as text, or exchanges; empty if there are none.
        ttl: Seconds it may be kept, the smallest along its path.
        canonical: The name at the end of the aliases, if there was one.
    """

    exists: bool
    records: tuple[str | Exchange, ...] = ()
    ttl: int = 0
    canonical: str | None = None


# Owner in small letters, type, TTL, data.
_Record = tuple[str, int, int, str | Exchange]


class _DeclinedError(Exception):
    """Something is not plain."""


def question(number: int, name: str, kind: str, payload: int) -> bytes | None:
    """
    Write a question with EDNS (RFC 6891) and a wish for recursion.

    Args:
        number: The id of the message.
        name: The name asked about, with or without its last dot.
        kind: One of `TYPES`.
        payload: The largest datagram that is taken, bytes.

    Returns:
        The message; None if name or type are not plain.
    """
    dotted = name if name.endswith(".") else f"{name}."
    if kind not in TYPES or len(dotted) >= NAME_MAX or not _ASKABLE.fullmatch(dotted):
        return None
    labels = dotted.encode("ascii").split(b".")
    written = b"".join(bytes([len(label)]) + label for label in labels)
    return b"".join(
        (
            number.to_bytes(2, "big"),
            b"\1\0\0\1\0\0\0\0\0\1",  # recursion desired; one question, one OPT
            written,
            TYPES[kind].to_bytes(2, "big") + _IN,
            b"\0\0" + bytes([_OPT]) + payload.to_bytes(2, "big") + bytes(6),
        )
    )


def read(asked: bytes, wire: bytes) -> Answer | None:
    """
    Read an answer to a question that `question` wrote.

    Returns:
        What it says; None if it is no answer to this question, or not plain:
        cut off, refused, failed, with options, classes or types not known here,
        or with a byte too many or too few.
    """
    try:
        return _answer(asked, wire)
    except (_DeclinedError, IndexError):
        return None


def _answer(asked: bytes, wire: bytes) -> Answer:
    end = len(asked) - 11  # of the question; the OPT record follows
    counts = [int.from_bytes(wire[at : at + 2], "big") for at in (6, 8, 10)]
    if (
        len(wire) < end
        or wire[:2] != asked[:2]
        or wire[2] & 0xFA != 0x80  # noqa: PLR2004 - an answer to a query, not cut off
        or wire[3] & 0x0F not in {0, 3}
        or wire[4:6] != b"\0\1"
        or sum(counts) > PLAIN_MAX
        # The same name, type and class; lower() spares the lengths (at most 63).
        or wire[_HEAD:end].lower() != asked[_HEAD:end].lower()
    ):
        raise _DeclinedError
    found: list[_Record] = []
    at, edns = end, 0
    for section, count in enumerate(counts):
        for _ in range(count):
            record, at = _record(wire, at)
            if record is None:
                edns += 1
                if section != 2 or edns > 1:  # noqa: PLR2004 - the additional one
                    raise _DeclinedError
            elif section == 0:
                found.append(record)
    if at != len(wire):
        raise _DeclinedError
    if wire[3] & 0x0F:
        return Answer(exists=False)
    name, _ = _name(asked, _HEAD)
    return _followed(
        name.lower(), int.from_bytes(asked[end - 4 : end - 2], "big"), found
    )


def _followed(name: str, kind: int, found: list[_Record]) -> Answer:
    """Follow the aliases from the name that was asked about."""
    ttls: list[int] = []
    for _ in range(CHAIN_MAX):
        here = [(of, ttl, said) for owner, of, ttl, said in found if owner == name]
        aliases = [(ttl, said) for of, ttl, said in here if of == _CNAME]
        data = [said for of, _, said in here if of == kind]
        if len(aliases) > 1:
            raise _DeclinedError
        if not data and aliases:
            ttls.append(aliases[0][0])
            name = str(aliases[0][1]).lower()
            continue
        if len({str(one).lower() for one in data}) < len(data):
            raise _DeclinedError
        canonical = name.rstrip(".") or "." if ttls else None
        if not data:
            return Answer(exists=True, canonical=canonical)
        ttl = min(ttls + [ttl for of, ttl, _ in here if of == kind])
        return Answer(exists=True, records=tuple(data), ttl=ttl, canonical=canonical)
    raise _DeclinedError


def _record(wire: bytes, at: int) -> tuple[_Record | None, int]:
    """Read one record and say where it ends; None is an OPT record without news."""
    owner, at = _name(wire, at)
    head = wire[at : at + _FIXED]
    if len(head) < _FIXED:
        raise _DeclinedError
    kind, at = head[0] << 8 | head[1], at + _FIXED
    end = at + (head[8] << 8 | head[9])
    if kind == _OPT:
        # No extended code or error, no version, no option (RFC 6891 6.1.3).
        if owner != "." or head[4:6] != b"\0\0" or end != at:
            raise _DeclinedError
        return None, end
    if head[2:4] != _IN or head[4] & _TTL_SIGN or end > len(wire):
        raise _DeclinedError
    data = _data(wire, kind, at, end)
    return (owner.lower(), kind, int.from_bytes(head[4:8], "big"), data), end


def _data(wire: bytes, kind: int, at: int, end: int) -> str | Exchange:
    """Read what one record says, and hold it to its length."""
    if (kind, end - at) == (TYPES["A"], 4):
        return ".".join(map(str, wire[at:end]))
    # What stands for an IPv4 address is written in more than one way.
    if (kind, end - at) == (TYPES["AAAA"], 16) and any(wire[at : at + 10]):
        return str(IPv6Address(wire[at:end]))
    if kind in {_NS, _CNAME}:
        name, read_to = _name(wire, at)
    elif kind == TYPES["MX"]:
        name, read_to = _name(wire, at + 2)
    elif kind == _SOA:
        name, read_to = _name(wire, _name(wire, at)[1])
        read_to += _TAIL
    else:
        raise _DeclinedError
    if read_to != end:
        raise _DeclinedError
    if kind == TYPES["MX"]:
        return Exchange(wire[at] << 8 | wire[at + 1], name)
    return name


def _name(wire: bytes, at: int) -> tuple[str, int]:
    """
    Read a name and say where it ends.

    Each pointer must lead before everything read of the name so far (RFC 1035
    4.1.4 says "prior"), so that the reading ends.
    """
    labels: list[bytes] = []
    length, lowest, end = 1, at, 0
    while size := wire[at]:
        if size > LABEL_MAX:
            target = (size & LABEL_MAX) << 8 | wire[at + 1]
            if size < 0xC0 or target >= lowest:  # noqa: PLR2004 - both high bits
                raise _DeclinedError
            end = end or at + 2
            at = lowest = target
            continue
        label = wire[at + 1 : at + 1 + size]
        length += 1 + size
        if len(label) < size or length > NAME_MAX or label.translate(None, _LETTERS):
            raise _DeclinedError
        labels.append(label)
        at += 1 + size
    return b".".join((*labels, b"")).decode("ascii") or ".", end or at + 1
