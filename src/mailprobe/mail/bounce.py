"""Bounces: what came back in place of a mail, and what it says (RFC 3464)."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Final

from mailprobe.mail.canary import tokens
from mailprobe.mail.delivery_status import (
    KINDS,
    RECIPIENTS_MAX,
    DeliveryStatus,
    read_delivery_status,
)
from mailprobe.mail.mime import MESSAGES, Part, parts
from mailprobe.mail.notice import parted, read_notice
from mailprobe.mail.received import header_values
from mailprobe.mail.returned import LINE_MAX, Action, Returned, address
from mailprobe.mail.text import readable

__all__ = ["TOKENS_MAX", "Action", "Bounce", "Returned", "read_bounce"]

TOKENS_MAX: Final = 16  # a bounce returns one canary; a digest of bounces, a few

_HEADERS: Final = ("text/rfc822-headers", "message/global-headers")
_ID: Final = re.compile(r"<[^<>\s]{1,990}>")
_QUOTED_ID: Final = re.compile(
    rb"^[ \t>]*message-id:\s*(<[^<>\s]{1,990}>)", re.IGNORECASE | re.MULTILINE
)
_SUBJECT: Final = re.compile(
    r"undeliver|not delivered|non-?delivery|deliver[a-z]* (?:failure|failed|problem)|"
    r"failure notice|mail failure|returned mail|returned to sender|"
    r"delivery status notification \(failure\)",
    re.IGNORECASE,
)
_TAG: Final = re.compile(rb"<[^<>]*>")
_DAEMON: Final = re.compile(
    r"(?<![\w.+-])(?:mailer-?daemon|mail-?daemon|m-?daemon|postmaster|"
    r"mail delivery (?:sub)?system)(?![\w.+-])",
    re.IGNORECASE,
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Bounce:
    """
    A mail that says what became of another one.

    Attributes:
        original_id: The Message-ID of the mail it is about, in angle brackets;
            None if it cannot be told.
        canary_tokens: The canary tokens that stand anywhere in it, those of
            the returned mail first. Anybody may write one: `canary.origin`
            tells whose they are.
        recipients: What became of the mail for each of its recipients; empty
            if it is a report from which that cannot be read.
        reporting_mta: The server that gave up, or still tries.
        arrived: When that server took the mail, by its clock; UTC.
        auto_submitted: The keyword of RFC 3834, such as ``auto-replied``.
    """

    original_id: str | None
    canary_tokens: tuple[str, ...]
    recipients: tuple[Returned, ...]
    reporting_mta: str | None = None
    arrived: datetime | None = None
    auto_submitted: str | None = None


def read_bounce(raw: bytes) -> Bounce | None:
    """
    Read a bounce; None if the mail is none.

    Reports are read by RFC 3464 (and 6533), others by the words that servers
    are known to use. A warning that mail is late is a bounce, whose action is
    ``delayed``; an answer in somebody's absence is none. Nothing is raised for
    any input, and no more than `mime.BYTES_MAX` bytes of it are looked at.
    """
    cut = parts(raw)
    own = [part for part in cut if not part.within]
    status, copy = _status(part.content() for part in own if part.kind in KINDS), b""
    if not status.recipients:
        told, copy = _told(cut, own)
        if told is None and not _declared(own):
            return None
        status = told or status
    elif any(returned.diagnostic is None for returned in status.recipients):
        status = _explained(status, own)
    returned = _returned_parts(cut, copy)
    auto = next(iter(header_values(own[0].head, "Auto-Submitted")), "")
    return Bounce(
        original_id=_original_id(own, status, returned),
        canary_tokens=_tokens(returned, cut),
        recipients=status.recipients,
        reporting_mta=status.reporting_mta,
        arrived=status.arrived,
        auto_submitted=re.split(r"[\s;(]", auto.strip(), maxsplit=1)[0].lower() or None,
    )


def _status(contents: Iterable[bytes]) -> DeliveryStatus:
    return read_delivery_status(b"\n\n".join(contents))


def _explained(status: DeliveryStatus, own: list[Part]) -> DeliveryStatus:
    """Add what servers said, where a report has it in its words alone."""
    words = next(iter(_texts(own)), b"")
    entries, _ = read_notice(parted(words)[0])
    said = {entry.recipient.lower(): entry.diagnostic for entry in entries}
    recipients = tuple(
        replace(
            returned,
            diagnostic=returned.diagnostic or said.get(returned.recipient.lower()),
        )
        for returned in status.recipients
    )
    return replace(status, recipients=recipients)


def _declared(own: list[Part]) -> bool:
    report_type = own[0].parameters.get("report-type", "").lower()
    return (
        own[0].kind == "multipart/report" and report_type == "delivery-status"
    ) or any(part.kind in KINDS for part in own)


def _told(
    cut: tuple[Part, ...], own: list[Part]
) -> tuple[DeliveryStatus | None, bytes]:
    """Return what a mail server says in words, and the copy of the mail below."""
    head = own[0].head
    listed = ",".join(header_values(head, "X-Failed-Recipients")).split(",")
    named = tuple(filter(None, map(address, listed[:RECIPIENTS_MAX])))
    daemon = any(_DAEMON.search(value) for value in header_values(head, "From"))
    if not (named or daemon or _from_nobody(head) or _declared(own)):
        return None, b""
    attached = any(part.within or part.kind in _HEADERS for part in cut)
    subject = any(_SUBJECT.search(value) for value in header_values(head, "Subject"))
    for content in _texts(own) or [b""]:
        text, copy = parted(content)
        status = _status([text])  # a gateway may have made one text of a report
        if status.recipients:
            return status, copy
        # A server's words may be in any language. That it returns a mail, under
        # such a subject, is as plain.
        surely = daemon and subject and (attached or bool(copy))
        recipients, writer = read_notice(text, named, surely=surely)
        if recipients:
            writer = status.reporting_mta or writer
            return replace(status, recipients=recipients, reporting_mta=writer), copy
    return None, b""


def _from_nobody(head: bytes) -> bool:
    """Whether no answer is wanted (RFC 5321 4.5.5), or Exchange calls it an NDR."""
    paths = header_values(head, "Return-Path")
    marks = header_values(head, "X-MS-Exchange-Message-Is-Ndr")
    return bool(marks) or any(path.strip() == "<>" for path in paths)


def _texts(own: list[Part]) -> list[bytes]:
    """Return what is written for people, HTML last: it only says the same again."""
    plain = [part.content() for part in own if part.body and part.kind != "text/html"]
    html = [part.content() for part in own if part.body and part.kind == "text/html"]
    return plain + [_TAG.sub(b"", content) for content in html]


def _returned_parts(cut: tuple[Part, ...], copy: bytes) -> tuple[Part, ...]:
    """Return the parts of the mail that came back, or its headers as one."""
    within = tuple(part for part in cut if part.within)
    if within:
        return within
    for part in cut:
        if part.kind in _HEADERS or part.kind in MESSAGES:
            return parts(part.content().lstrip(b"\r\n"))
    copy = copy.lstrip()
    return parts(copy) if copy else ()


def _original_id(
    own: list[Part], status: DeliveryStatus, returned: tuple[Part, ...]
) -> str | None:
    """Return the id of the mail that came back, from where it is surest."""
    said = header_values(returned[0].head, "Message-ID") if returned else []
    said += [status.original_id or ""]
    for part in own:
        found = _QUOTED_ID.search(part.content())
        if found:
            said.append(readable(found[1], LINE_MAX))
    # Gmail and Exchange answer the mail that they could not deliver.
    said += header_values(own[0].head, "In-Reply-To")
    said += header_values(own[0].head, "References")
    ids = (_ID.findall(value) for value in said)
    return next((found[-1] for found in ids if found), None)


def _tokens(returned: tuple[Part, ...], cut: tuple[Part, ...]) -> tuple[str, ...]:
    found: dict[str, None] = {}
    for part in (*returned, *cut):
        for text in (part.head, part.content()):
            found.update(dict.fromkeys(tokens(text)))
    return tuple(found)[:TOKENS_MAX]
