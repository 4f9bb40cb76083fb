"""What a new mail in a mailbox is to us, by its headers: ours, a bounce, a forgery."""

from __future__ import annotations

import re
from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING, Final

from mailprobe.mail.canary import HEADER, authentic, key_id, named_key, tokens
from mailprobe.mail.received import header_values
from mailprobe.mail.returned import address

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from mailprobe.mail.bounce import Bounce
    from mailprobe.model.target import Lookup

BEARING: Final = ("Message-ID", "Subject", HEADER)
ANSWERING: Final = ("In-Reply-To", "References")
FIELDS: Final = (
    *BEARING, *ANSWERING, "From", "To", "Return-Path", "Content-Type",
    "Auto-Submitted", "X-Failed-Recipients", "X-MS-Exchange-Message-Is-Ndr",
)  # fmt: skip
"""The headers that are needed to tell."""

PARTIES_MAX: Final = 8  # addresses of one kind that are tried; a bounce names a few
_DAEMON: Final = re.compile(r"daemon|postmaster|mail delivery", re.IGNORECASE)


class Nature(StrEnum):
    """What a mail is to whoever looks for canaries."""

    OURS = "ours"  # a canary of ours, to this mailbox
    FOREIGN = "foreign"  # it bears a token, and is no arrival here
    FORGED = "forged"  # its token names our key, and nothing proves it
    PLAIN = "plain"  # it bears none


@dataclass(frozen=True, slots=True, kw_only=True)
class Ours:
    """
    How ours is told from others.

    Attributes:
        key: What our canaries are signed with.
        address: Whose mailbox is looked at.
        expected: Tokens that are ours here whatever address they were sent to.
        lookup: Tells sender and recipient of a token.
    """

    key: bytes
    address: str
    expected: frozenset[str] = frozenset()
    lookup: Lookup | None = None

    def nature(self, headers: bytes) -> tuple[Nature, str]:
        """Tell what a mail is, and which token it bears; empty if it bears none."""
        found = tokens(_joined(headers, BEARING))
        answered = set(tokens(_joined(headers, ANSWERING)))
        if not found and not answered:
            return Nature.PLAIN, ""
        natures = {t: self._nature(t, headers) for t in found if t not in answered}
        for token, nature in natures.items():
            if nature is Nature.OURS:
                return nature, token
        forged = (t for t, nature in natures.items() if nature is Nature.FORGED)
        token = next(forged, "")
        return (Nature.FORGED, token) if token else (Nature.FOREIGN, "")

    def returned(self, bounce: Bounce, headers: bytes) -> str:
        """Return the token of ours that a bounce is about; empty if there is none."""
        named = (name for r in bounce.recipients for name in (r.original, r.recipient))
        recipients = [*filter(None, named), *_addresses(headers, "To")]
        for token in bounce.canary_tokens:
            known = self.lookup(token) if self.lookup else None
            pairs = [known] if known else _pairs([self.address], recipients)
            if any(authentic(token, one, two, self.key) for one, two in pairs):
                return token
        return ""

    def _nature(self, token: str, headers: bytes) -> Nature:
        if named_key(token) != key_id(self.key):
            return Nature.FOREIGN
        known = self.lookup(token) if self.lookup else None
        pairs = (
            [known]
            if known
            else _pairs(_addresses(headers, "From"), _addresses(headers, "To"))
        )
        for sender, recipient in pairs:
            if authentic(token, sender, recipient, self.key):
                here = recipient.lower() == self.address.lower()
                return Nature.OURS if here or token in self.expected else Nature.FOREIGN
        return Nature.FORGED


def may_be_bounce(headers: bytes) -> bool:
    """Whether a mail is worth reading as a bounce: nobody, or a daemon, wrote it."""
    kind = " ".join(header_values(headers, "Content-Type")).lower()
    sender = " ".join(header_values(headers, "From"))
    paths = header_values(headers, "Return-Path")
    return (
        "multipart/report" in kind
        or any(path.strip() == "<>" for path in paths)
        or bool(_DAEMON.search(sender))
        or bool(header_values(headers, "X-Failed-Recipients"))
        or bool(header_values(headers, "X-MS-Exchange-Message-Is-Ndr"))
    )


def _joined(headers: bytes, names: Iterable[str]) -> bytes:
    values = (value for name in names for value in header_values(headers, name))
    return "\n".join(values).encode("utf-8", "replace")


def _addresses(headers: bytes, name: str) -> list[str]:
    parts = (p for value in header_values(headers, name) for p in value.split(","))
    return [found for part in parts if (found := address(part))][:PARTIES_MAX]


def _pairs(senders: list[str], recipients: list[str]) -> Iterator[tuple[str, str]]:
    for sender in senders[:PARTIES_MAX]:
        for recipient in recipients[:PARTIES_MAX]:
            yield sender, recipient
