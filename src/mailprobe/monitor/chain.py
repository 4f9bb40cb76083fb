"""
The chain of the ledger: each link holds the hash of the one before; pure.

Whoever alters, removes, moves or slips in an entry has to make every later digest
anew; and then the newest digest is no longer the one that was signed (`seal.py`).
"""

from __future__ import annotations

import hashlib
import struct
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Final

EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)
_MICROSECOND: Final = timedelta(microseconds=1)
_HEAD: Final = struct.Struct(">32sQqIII")
"""Previous digest, sequence number, microseconds since 1970, lengths of the texts."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Link:
    """
    One entry as the chain sees it.

    Attributes:
        seq: Its sequence number; the first entry is 1.
        at: Its time, microseconds since 1970, UTC.
        kind: What kind of entry it is.
        subject: What it is about: a token, an account, an incident.
        body: The entry as JSON, exactly as it is stored.
    """

    seq: int
    at: int
    kind: str
    subject: str
    body: str

    def digest(self, previous: bytes) -> bytes:
        """Return its SHA-256, given the digest of the entry before it."""
        texts = [text.encode() for text in (self.kind, self.subject, self.body)]
        # The lengths go first, so that no text can pass for a part of another.
        head = _HEAD.pack(previous, self.seq, self.at, *map(len, texts))
        return hashlib.sha256(head + b"".join(texts)).digest()


@dataclass(frozen=True, slots=True, kw_only=True)
class Head:
    """
    The end of the chain at some time; it vouches for everything before it.

    Attributes:
        ledger: The ledger's own name, made at random when it was created.
        seq: The sequence number of the last entry; 0 if there was none.
        at: The time of that entry, UTC; 1970 if there was none.
        digest: Its SHA-256, hexadecimal.
    """

    ledger: str
    seq: int
    at: datetime
    digest: str


def genesis(ledger: str) -> bytes:
    """Return what the first entry is chained to."""
    return hashlib.sha256(b"mailprobe ledger\n" + ledger.encode()).digest()


def micros(at: datetime) -> int:
    """Return microseconds since 1970; *at* must know its offset from UTC."""
    return (at - EPOCH) // _MICROSECOND


def moment(at: int) -> datetime:
    """Return the time, UTC."""
    return EPOCH + at * _MICROSECOND


def day_of(at: int) -> int:
    """Return the day, UTC, of microseconds since 1970: days since 1970."""
    return at // 86_400_000_000
