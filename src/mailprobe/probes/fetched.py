"""What FETCH and STATUS answered, line by line: one that is odd hides no other."""

from __future__ import annotations

from contextlib import suppress
from datetime import UTC
from email.utils import parsedate_to_datetime
from typing import TYPE_CHECKING

from mailprobe.mail import imap as read
from mailprobe.mail.imap_stream import StreamError
from mailprobe.wire.imap import quoted

if TYPE_CHECKING:
    from datetime import datetime

    from mailprobe.mail.imap_stream import Response


def attributes(response: Response) -> dict[str, read.Item] | None:
    """Return the attributes of a FETCH response; None if it cannot be read."""
    with suppress(StreamError):  # one unreadable line must not hide the others
        return read.fetched(response)
    return None


def number(value: object) -> int:
    """Return a number as FETCH gives it; 0 if it is none."""
    return int(value) if isinstance(value, bytes) and value.isdigit() else 0


def internal_date(value: object) -> datetime | None:
    """Return an INTERNALDATE in UTC; None if it cannot be read."""
    if not isinstance(value, bytes):
        return None
    try:
        # The form differs from a mail's Date only by its hyphens (RFC 9051 9).
        text = value.decode("ascii").strip().replace("-", " ", 2)
        return parsedate_to_datetime(text).astimezone(UTC)
    except (ValueError, TypeError, IndexError, OverflowError):
        return None


def status_of(folder: bytes) -> bytes:
    """Return what to ask STATUS for the numbering of a folder, and its size."""
    return quoted(folder) + b" (MESSAGES UIDNEXT UIDVALIDITY)"


def status(responses: list[Response]) -> dict[str, int]:
    """Return the numbers that STATUS gave, by their names."""
    numbers: dict[str, int] = {}
    for response in responses:
        with suppress(StreamError):
            numbers |= read.status_numbers(response) or {}
    return numbers
