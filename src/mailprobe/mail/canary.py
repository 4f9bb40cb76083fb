"""
The canary: a mail that can be recognised, and that nobody else can have made.

Pure: the clock, the nonce and the key are arguments.
"""

from __future__ import annotations

import hashlib
import hmac
import re
from dataclasses import dataclass
from email.errors import HeaderParseError
from email.header import decode_header
from email.utils import format_datetime
from enum import StrEnum
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from datetime import datetime

HEADER: Final = "X-Mailprobe-Canary"
NONCE_BYTES: Final = 16  # 128 bit: no two canaries of anybody ever collide
KEY_BYTES: Final = 32
_TOKEN: Final = re.compile(
    r"mp1-([0-9a-f]{8})-([0-9a-f]{8,10})-([0-9a-f]{32})-([0-9a-f]{32})", re.IGNORECASE
)
# An encoded subject of ours takes some 350 characters. Of longer lines the rest is
# not decoded: decode_header takes time by the square of what looks like words.
_ENCODED_MAX: Final = 1000
_FOLD: Final = re.compile(r"\r?\n[ \t]+")
_SENTENCES: Final = (
    "Nothing needs to be done about it; it is removed again by itself.",
    "It measures how long a mail takes from one mailbox to another.",
    "If you read this, the mail arrived, and that is all it was for.",
    "It was sent by a program that watches over a mail service.",
)


class Origin(StrEnum):
    """Where a token that was found in a mail comes from."""

    OURS = "ours"  # this very canary
    SIBLING = "sibling"  # made with our key: another run of ours
    STRANGER = "stranger"  # made with a key we do not have
    FORGED = "forged"  # names our key, but was not made with it


@dataclass(frozen=True, slots=True)
class Canary:
    """
    One mail to be sent and recognised.

    Attributes:
        token: ``mp1-<key id>-<time>-<nonce>-<mac>``, hexadecimal fields.
        sender: Envelope sender and From.
        recipient: Envelope recipient and To.
    """

    token: str
    sender: str
    recipient: str

    @property
    def message_id(self) -> str:
        """The Message-ID, with its angle brackets."""
        return f"<{self.token}@{self.sender.rpartition('@')[2]}>"

    def message(self, at: datetime) -> bytes:
        """Return the whole mail: RFC 5322, CRLF, seven bit."""
        first, second = (int(self.token[-2:], 16) + n for n in (0, 1))
        lines = (
            f"From: <{self.sender}>",
            f"To: <{self.recipient}>",
            f"Subject: mailprobe canary {self.token}",
            f"Date: {format_datetime(at)}",
            f"Message-ID: {self.message_id}",
            f"{HEADER}: {self.token}",
            "Auto-Submitted: auto-generated",
            "X-Auto-Response-Suppress: All",
            "MIME-Version: 1.0",
            "Content-Type: text/plain; charset=us-ascii",
            "Content-Transfer-Encoding: 7bit",
            "",
            "This is a test mail of mailprobe, a checker of mail services.",
            _SENTENCES[first % len(_SENTENCES)],
            _SENTENCES[second % len(_SENTENCES)],
            "",
            self.token,
            "",
        )
        return "\r\n".join(lines).encode("ascii")


def key_id(key: bytes) -> str:
    """Name a key without telling it."""
    return hashlib.sha256(b"mailprobe canary key" + key).hexdigest()[:8]


def mint(
    key: bytes, sender: str, recipient: str, *, at: datetime, nonce: bytes
) -> Canary:
    """Make a canary that only the holder of *key* can have made."""
    stem = f"mp1-{key_id(key)}-{int(at.timestamp()):08x}-{nonce.hex()}"
    return Canary(f"{stem}-{_mac(key, stem, sender, recipient)}", sender, recipient)


def tokens(headers: bytes) -> tuple[str, ...]:
    """
    Return the distinct tokens that stand in a block of headers, in lower case.

    Folded lines and encoded subjects are read as a mail program reads them.
    """
    text = _FOLD.sub(" ", headers.decode("latin-1"))
    found = {match[0].lower() for match in _TOKEN.finditer(text)}
    if not found and "=?" in text:
        found = {match[0].lower() for match in _TOKEN.finditer(_decoded(text))}
    return tuple(sorted(found))


def origin(token: str, canary: Canary, key: bytes) -> Origin:
    """Tell whether *token* is that of *canary*, and else whose it is."""
    if hmac.compare_digest(token.encode(), canary.token.encode()):
        return Origin.OURS
    stem, _, mac = token.rpartition("-")
    if token.split("-")[1] != key_id(key):
        return Origin.STRANGER
    # A sibling between the same two mailboxes can be told from a forgery; one
    # between others cannot, and is counted as forged: neither is an arrival.
    right = _mac(key, stem, canary.sender, canary.recipient)
    return Origin.SIBLING if hmac.compare_digest(mac, right) else Origin.FORGED


def authentic(token: str, sender: str, recipient: str, key: bytes) -> bool:
    """Return whether *token* was made with *key*, for a mail between these two."""
    if _TOKEN.fullmatch(token) is None:
        return False
    stem, _, mac = token.lower().rpartition("-")
    right = _mac(key, stem, sender, recipient)
    return stem.split("-")[1] == key_id(key) and hmac.compare_digest(mac, right)


def named_key(token: str) -> str:
    """Return which key a token says that it was made with; see `key_id`."""
    return token.split("-")[1] if token.count("-") > 1 else ""


def _mac(key: bytes, stem: str, sender: str, recipient: str) -> str:
    said = f"{stem}\n{sender.lower()}\n{recipient.lower()}".encode()
    return hmac.digest(key, said, "sha256")[:16].hex()


def _decoded(text: str) -> str:
    # Line by line: a header that cannot be decoded must not hide the others.
    return "\n".join(map(_decoded_line, text.splitlines()))


def _decoded_line(line: str) -> str:
    if "=?" not in line:
        return ""
    try:
        parts = decode_header(line[:_ENCODED_MAX])
    except (HeaderParseError, ValueError, LookupError):
        return ""
    return "".join(
        part if isinstance(part, str) else part.decode("latin-1") for part, _ in parts
    )
