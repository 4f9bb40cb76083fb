"""What servers write: the headers above a mail, and the bounce of one."""

from __future__ import annotations

import datetime as dt
import secrets
from email.utils import format_datetime
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from mailprobe.lab.post import Mail


def queue_id() -> str:
    """Return a fresh queue id."""
    return secrets.token_hex(5).upper()


def received(mail: Mail, recipient: str, client: str, known: str) -> str:
    """Write a Received header (RFC 5321 4.4)."""
    return (
        f"Received: from {client} ({known} [127.0.0.1])\r\n"
        f"\tby {mail.entered.host} (mailprobe lab)\r\n"
        f"\twith {mail.protocol} id {mail.id}\r\n"
        f"\tfor <{recipient}>; {format_datetime(mail.at)}"
    )


def results(host: str, spf: str, sender: str) -> str:
    """Write an Authentication-Results header (RFC 8601)."""
    domain = sender.rpartition("@")[2] or "<>"
    return (
        f"Authentication-Results: {host};\r\n"
        f"\tspf={spf} smtp.mailfrom={domain};\r\n"
        f"\tdkim=none; dmarc={spf} header.from={domain}"
    )


def bounce(mail: Mail, recipient: str, why: str, at: dt.datetime) -> bytes:
    """Write a delivery status notification (RFC 3464)."""
    host, boundary = mail.entered.host, f"bounce-{mail.id}"
    code, _, rest = why.partition(" ")
    status = rest.partition(" ")[0]
    if status.count(".") != 2:  # noqa: PLR2004 - RFC 3463: class.subject.detail
        status = f"{code[:1]}.0.0"
    head = f"""\
Return-Path: <>
From: Mail Delivery System <MAILER-DAEMON@{host}>
To: {mail.sender}
Subject: Undelivered Mail Returned to Sender
Date: {format_datetime(at)}
Message-ID: <{queue_id()}@{host}>
Auto-Submitted: auto-replied
MIME-Version: 1.0
Content-Type: multipart/report; report-type=delivery-status;
\tboundary="{boundary}"

--{boundary}
Content-Type: text/plain; charset=utf-8

This is the mail system at host {host}.

Your message could not be delivered to one recipient.

<{recipient}>: {why}

--{boundary}
Content-Type: message/delivery-status

Reporting-MTA: dns; {host}
X-Queue-ID: {mail.id}
Arrival-Date: {format_datetime(mail.at)}

Final-Recipient: rfc822; {recipient}
Action: failed
Status: {status}
Diagnostic-Code: smtp; {why}

--{boundary}
Content-Type: message/rfc822

"""
    tail = f"\r\n--{boundary}--\r\n"
    return head.replace("\n", "\r\n").encode() + mail.text + tail.encode()
