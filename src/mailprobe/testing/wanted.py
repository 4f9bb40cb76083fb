"""Which mail a test waits for, and what is different about one that came instead."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from email.utils import getaddresses
from typing import TYPE_CHECKING, TypeAlias

from mailprobe.model.errors import UsageError

if TYPE_CHECKING:
    from email.message import EmailMessage

Text: TypeAlias = str | re.Pattern[str]
Matching: TypeAlias = Callable[["EmailMessage"], object]

SENDERS = ("from", "sender", "return-path")
RECIPIENTS = ("to", "cc", "bcc")


@dataclass(frozen=True, slots=True, kw_only=True)
class Wanted:
    """
    What a mail must be like; what is left out does not matter.

    Attributes:
        subject: A part of the subject, in any case, or a pattern found in it.
        sender: The address it is from, or a pattern found in the From header.
        to: One of the addresses it is to, or a pattern found in To or Cc.
        matching: Says for itself whether a mail fits.

    Raises:
        UsageError: If one of them cannot be meant.
    """

    subject: Text | None = None
    sender: Text | None = None
    to: Text | None = None
    matching: Matching | None = None

    def __post_init__(self) -> None:
        for name in ("subject", "sender", "to"):
            value = getattr(self, name)
            if value is not None and not isinstance(value, str | re.Pattern):
                message = (
                    f"{name}={value!r} cannot be compared with a mail; "
                    "write a string or a compiled pattern"
                )
                raise UsageError(message)
            if name != "subject" and isinstance(value, str) and "@" not in value:
                message = (
                    f"{name}={value!r} is no mail address; "
                    "write name@domain, or a compiled pattern"
                )
                raise UsageError(message)
        if self.matching is not None and not callable(self.matching):
            message = f"matching={self.matching!r} cannot be called with a mail"
            raise UsageError(message)

    def misses(self, message: EmailMessage) -> tuple[str, ...]:
        """Return in what a mail differs from what is wanted; nothing if it fits."""
        told = {
            "subject": self.subject is None or _says(message, self.subject),
            "sender": self.sender is None or _names(message, SENDERS, self.sender),
            "to": self.to is None or _names(message, RECIPIENTS, self.to),
            "matching": self.matching is None or bool(self.matching(message)),
        }
        return tuple(name for name, fits in told.items() if not fits)

    def __str__(self) -> str:
        given = (
            ("subject", self.subject),
            ("sender", self.sender),
            ("to", self.to),
        )
        parts = [
            f"{name} {getattr(value, 'pattern', value)!r}"
            for name, value in given
            if value is not None
        ]
        if self.matching is not None:
            parts.append(f"{getattr(self.matching, '__name__', 'matching')}() true")
        return f"mail with {' and '.join(parts)}" if parts else "mail"


def _says(message: EmailMessage, wanted: Text) -> bool:
    subject = str(message["subject"] or "")
    if isinstance(wanted, str):
        return wanted.casefold() in subject.casefold()
    return wanted.search(subject) is not None


def _names(message: EmailMessage, headers: tuple[str, ...], wanted: Text) -> bool:
    values = [str(v) for name in headers for v in message.get_all(name, [])]
    if isinstance(wanted, str):
        there = {address.casefold() for _, address in getaddresses(values)}
        return wanted.casefold() in there
    return any(wanted.search(value) for value in values)
