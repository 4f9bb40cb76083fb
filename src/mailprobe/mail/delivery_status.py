"""The machine's half of a bounce: message/delivery-status (RFC 3464, RFC 6533)."""

from __future__ import annotations

import re
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from mailprobe.mail.received import written_date
from mailprobe.mail.returned import (
    LINE_MAX,
    Action,
    Returned,
    address,
    enhanced_code,
    host,
    reply_in,
)
from mailprobe.mail.text import readable

RECIPIENTS_MAX: Final = 100  # what every server takes at once (RFC 5321 4.5.3.1.8)
LINES_MAX: Final = 2000  # a hundred recipients have some ten fields each
NAME_MAX: Final = 80  # characters; the longest that is known here has twenty-two
FIELD_MAX: Final = 8000  # characters; the longest diagnostics fill twenty lines

KINDS: Final = ("message/delivery-status", "message/global-delivery-status")

_TYPED: Final = re.compile(r"\s*([A-Za-z][\w-]{0,60})\s*;\s*")
_ESCAPED: Final = re.compile(r"\\x\{([0-9A-Fa-f]{1,6})\}")
_IDS: Final = ("original-message-id", "x-original-message-id")
_RECIPIENT: Final = ("original-recipient", "final-recipient")
# What is written in place of an action; the rest is told from the status.
_ACTIONS: Final = {
    **{action.value: action for action in Action},
    "failure": Action.FAILED,
    "expired": Action.FAILED,
    "delay": Action.DELAYED,
    "deliverable": Action.DELIVERED,
}
_CLASSES: Final = {"5": Action.FAILED, "4": Action.DELAYED, "2": Action.DELIVERED}


@dataclass(frozen=True, slots=True, kw_only=True)
class DeliveryStatus:
    """
    What a report says about the mail, and about each recipient.

    Attributes:
        recipients: In the order of the report.
        reporting_mta: The server that wrote it, as it calls itself.
        arrived: When that server took the mail, by its clock; UTC.
        original_id: The Message-ID of the mail, where a server adds it.
    """

    recipients: tuple[Returned, ...] = ()
    reporting_mta: str | None = None
    arrived: datetime | None = None
    original_id: str | None = None


def read_delivery_status(content: bytes) -> DeliveryStatus:
    """
    Read a delivery status; what cannot be read is left out.

    Fields count wherever they stand: servers forget the empty line between two
    groups, or put one where none belongs.
    """
    about: dict[str, str] = {}
    group: dict[str, str] = {}
    found: list[Returned] = []
    for name, value in _fields(content):
        if not name or (name in _RECIPIENT and name in group):
            _add(found, group)
            group = {}
        if name:
            about.setdefault(name, value)
            group.setdefault(name, value)
    _add(found, group)
    at = about.get("arrival-date")
    return DeliveryStatus(
        recipients=tuple(found),
        reporting_mta=host(_untyped(about.get("reporting-mta", ""))),
        arrived=written_date(at[:LINE_MAX]) if at else None,
        original_id=next((about[name] for name in _IDS if name in about), None),
    )


def _fields(content: bytes) -> Iterator[tuple[str, str]]:
    """Yield names, in lower case, and unfolded values; an empty pair ends a group."""
    name, value = "", [b""]
    for line in [*map(bytes.rstrip, content.split(b"\n", LINES_MAX)[:LINES_MAX]), b""]:
        if name and line[:1] in (b" ", b"\t"):
            value.append(line.strip())
            continue
        if name:
            yield name, readable(b" ".join(value).strip(), FIELD_MAX)
        key, colon, rest = line.partition(b":")
        name = readable(key.strip().lower(), NAME_MAX) if colon else ""
        value = [rest]
        if not line:
            yield "", ""


def _add(found: list[Returned], group: dict[str, str]) -> None:
    final, original = group.get("final-recipient"), group.get("original-recipient")
    said = group.get("diagnostic-code", "")
    diagnostic = reply_in([_untyped(said)])
    status = enhanced_code(group.get("status", "")) or (
        diagnostic.enhanced if diagnostic else None
    )
    action = _action(group.get("action", ""), status)
    if action is None or len(found) >= RECIPIENTS_MAX:
        return
    if final is None and original is None and "action" not in group:
        return
    found.append(
        Returned(
            recipient=_recipient(final or original or ""),
            original=_recipient(original) or None if original else None,
            action=action,
            status=status,
            diagnostic=diagnostic,
            remote_mta=host(_untyped(group.get("remote-mta", ""))),
        )
    )


def _action(said: str, status: str | None) -> Action | None:
    word = said.lower().partition("(")[0].strip()
    return _ACTIONS.get(word) or (_CLASSES[status[0]] if status else None)


def _untyped(value: str) -> str:
    """Return a value without the type in front of it (``dns;``, ``smtp;``)."""
    found = _TYPED.match(value)
    return value[found.end() :] if found else value


def _recipient(value: str) -> str:
    text = _untyped(value)
    if value.lstrip()[:5].lower() == "utf-8":  # RFC 6533 3: other characters in ASCII
        text = _ESCAPED.sub(_unescaped, text[:LINE_MAX])
    return address(text)


def _unescaped(match: re.Match[str]) -> str:
    number = int(match[1], 16)
    char = chr(number) if number <= sys.maxunicode else ""
    return char if char and char.isprintable() else match[0]
