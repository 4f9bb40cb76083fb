"""Where a mail has been: Received and Authentication-Results, read with care."""

from __future__ import annotations

import re
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from itertools import pairwise
from typing import Final

from mailprobe.mail.text import readable
from mailprobe.model.report import Hop

HOPS_MAX: Final = 50  # RFC 5321 6.3 lets servers stop at a hundred; real mail has ten
SECOND: Final = 1.0  # RFC 5322 3.3: times in headers are cut to whole seconds
_FOLD: Final = re.compile(rb"\r?\n[ \t]+")
_COMMENT: Final = re.compile(r"\([^()]*\)")
_RESULT: Final = re.compile(r"([a-z0-9-]+)(?:/\d+)?\s*=\s*([a-z]+)", re.IGNORECASE)


def header_values(headers: bytes, name: str) -> list[str]:
    """Return the unfolded values of every header called *name*, topmost first."""
    wanted = name.lower().encode()
    if wanted not in headers.lower():
        return []  # most that are asked for are in no mail
    values = []
    for line in re.split(rb"\r?\n", _FOLD.sub(b" ", headers)):
        key, colon, value = line.partition(b":")
        if colon and key.strip().lower() == wanted:
            values.append(readable(value.strip(), 2000))
    return values


def received_hops(
    headers: bytes,
    *,
    sent: datetime | None = None,
    seen: datetime | None = None,
) -> tuple[Hop, ...]:
    """
    Read the Received headers, the first hop first (RFC 5321 4.4).

    Every host writes by its own clock. Delays are what two headers say: they
    may be negative, and they are never mended.

    Args:
        headers: The mail's header block.
        sent: When the mail was sent, by our clock; None if unknown.
        seen: When it was seen to have arrived, by our clock; None if unknown.
    """
    hops: list[Hop] = []
    before: datetime | None = None
    for value in reversed(header_values(headers, "Received")[:HOPS_MAX]):
        # Comments first: a semicolon in one is not the one before the date.
        clauses, _, date = _plain(value).rpartition(";")
        at = written_date(date)
        words = _clauses(clauses or date)
        delay = (at - before).total_seconds() if at and before else None
        hops.append(
            Hop(
                by=words.get("by", ""),
                sender=words.get("from", ""),
                protocol=words.get("with", ""),
                at=at,
                delay=delay,
                delay_error=None if delay is None else SECOND,
                clock_off=_clock_off(at, sent, seen),
            )
        )
        before = at or before
    return tuple(hops)


def _clock_off(
    at: datetime | None, sent: datetime | None, seen: datetime | None
) -> float | None:
    """Return by how much a clock must be wrong, if its time cannot be true."""
    if at is None or sent is None or seen is None:
        return None
    # The written second may have been nearly over: it ends where the next begins.
    behind = (at - sent).total_seconds() + SECOND
    ahead = (at - seen).total_seconds()
    return min(behind, 0.0) or max(ahead, 0.0)


def authentication_results(headers: bytes) -> tuple[tuple[str, str], ...]:
    """
    Return the receiver's verdicts on SPF, DKIM, DMARC (RFC 8601).

    Only the topmost header and those right behind it by the same host count:
    anything further down may have been written by the sender.
    """
    found: list[tuple[str, str]] = []
    author: str | None = None
    for value in header_values(headers, "Authentication-Results"):
        host, _, rest = _plain(value).partition(";")
        if "=" in host:  # Exchange Online leaves out who says so
            host, rest = "", f"{host};{rest}"
        name = host.split(" ", 1)[0].lower()
        author = name if author is None else author
        if name != author:
            break
        for result in rest.split(";"):
            match = _RESULT.match(result.strip())
            if match:
                found.append((match[1].lower(), match[2].lower()))
    return tuple(found)


def _plain(text: str) -> str:
    for _ in range(5):  # comments nest; deeper than five is not worth reading
        text, count = _COMMENT.subn(" ", text)
        if not count:
            break
    return " ".join(text.split())


def _clauses(text: str) -> dict[str, str]:
    words = text.split(" ")
    found: dict[str, str] = {}
    for key, value in pairwise(words):
        if key.lower() in {"by", "from", "with"}:
            found.setdefault(key.lower(), value)
    return found


def written_date(text: str) -> datetime | None:
    """Return a time as headers write it (RFC 5322 3.3), UTC; None if it is none."""
    try:
        at = parsedate_to_datetime(text.strip())
        return (at if at.tzinfo else at.replace(tzinfo=UTC)).astimezone(UTC)
    except (ValueError, TypeError, OverflowError, IndexError):
        return None
