"""What becomes of accepted mail: headers, the way to the MX, delivery, bounces."""

from __future__ import annotations

import asyncio
import datetime as dt
import secrets
from dataclasses import dataclass, field, replace
from email.utils import format_datetime
from typing import TYPE_CHECKING

from mailprobe.lab.faults import Bounce, Delay, Duplicate, Full, Junk, Lose

if TYPE_CHECKING:
    from mailprobe.lab.switchboard import Site
    from mailprobe.lab.world import Lab

MX_MOMENTS = ("CONNECT", "GREETING", "EHLO", "MAIL", "RCPT", "DATA", "ACCEPT")
PERMANENT = 500
FULL = "552 5.2.2 Mailbox is full"


def _domain(address: str) -> str:
    return address.rpartition("@")[2].lower()


def _queue_id() -> str:
    return secrets.token_hex(5).upper()


@dataclass(frozen=True, slots=True, kw_only=True)
class Mail:
    """
    A mail as one of the lab's servers accepted it.

    Attributes:
        sender: The envelope sender; empty for a bounce.
        recipients: The envelope recipients.
        text: Headers and body, as the client sent them.
        entered: The server that accepted it.
        client: The name the client gave in EHLO.
        protocol: How it came in (RFC 3848): "ESMTPS", "ESMTPSA" ...
        id: The queue id told to the client.
        at: When it was accepted.
    """

    sender: str
    recipients: tuple[str, ...]
    text: bytes
    entered: Site
    client: str
    protocol: str
    id: str = field(default_factory=_queue_id)
    at: dt.datetime = field(default_factory=lambda: dt.datetime.now(dt.UTC))


@dataclass(slots=True)
class _Held:
    """A mail that waits; *why* is the fault that holds it, None for the MX."""

    mail: Mail
    recipient: str
    why: Delay | None = None


class Post:
    """
    The mail transport between the lab's servers.

    A mail for another platform goes through that domain's MX: while faults keep
    the MX from taking it, it waits in a queue, and goes on when they are gone.
    """

    def __init__(self, lab: Lab) -> None:
        self._lab = lab
        self._waiting: list[_Held] = []
        self._timers: set[asyncio.TimerHandle] = set()
        lab.faults.changed.append(self._retry)

    @property
    def waiting(self) -> int:
        """How many deliveries wait: in a queue, or because of a `Delay`."""
        return len(self._waiting) + len(self._timers)

    def accept(self, mail: Mail) -> None:
        """Send a mail on its way to each of its recipients."""
        for recipient in mail.recipients:
            self._route(_Held(mail, recipient))

    def close(self) -> None:
        """Forget what waits."""
        self._waiting.clear()
        for timer in self._timers:
            timer.cancel()
        self._timers.clear()

    def _retry(self) -> None:
        waiting, self._waiting = self._waiting, []
        for held in waiting:
            if held.why is None:
                self._route(held)
            elif held.why in self._lab.faults.active:
                self._waiting.append(held)
            else:
                self._deliver(held.mail, held.recipient)

    # --- to the MX --------------------------------------------------------------

    def _route(self, held: _Held) -> None:
        mail, recipient = held.mail, held.recipient
        refusal = self._refusal(mail, recipient)
        if refusal is None:
            self._arrive(mail, recipient)
        elif refusal.startswith("5"):
            self._bounce(mail, recipient, refusal)
        elif expired := self._lab.faults.on_mail(Bounce, _domain(recipient)):
            self._bounce(mail, recipient, expired.text)
        else:
            self._waiting.append(held)

    def _refusal(self, mail: Mail, recipient: str) -> str | None:
        """Say why no MX takes this mail now; None if one does."""
        domain = _domain(recipient)
        faults = self._lab.faults
        if mail.entered.service == "mx" or domain in self._lab.served_at(mail.entered):
            return None
        if self._lab.store.find(recipient) is None:
            self._lab.meet_stranger(recipient)
            return f"550 5.1.1 <{recipient}>: Recipient address rejected: User unknown"
        answers = []
        for site in self._lab.mx_sites(domain):
            plan = faults.plan(site, *MX_MOMENTS, domains=(domain,))
            if faults.refused(site) or plan.hinders:
                answers.append("421 4.4.1 no answer from host")
            elif plan.reply:
                answers.append(f"{plan.reply.code} {plan.reply.text}")
            else:
                return None
        return next((a for a in answers if a.startswith("4")), answers[0])

    # --- to the mailbox ---------------------------------------------------------

    def _arrive(self, mail: Mail, recipient: str) -> None:
        """Do what faults say about accepted mail."""
        faults, domain = self._lab.faults, _domain(recipient)
        bounce = faults.on_mail(Bounce, domain)
        delay = faults.on_mail(Delay, domain)
        if faults.on_mail(Lose, domain):
            return
        if bounce:
            self._bounce(mail, recipient, bounce.text)
        elif faults.on_mail(Full, domain):
            self._bounce(mail, recipient, FULL)
        elif delay is None:
            self._deliver(mail, recipient)
        elif delay.seconds is None:
            self._waiting.append(_Held(mail, recipient, delay))
        else:
            self._deliver_after(delay.seconds, mail, recipient)

    def _deliver_after(self, seconds: float, mail: Mail, recipient: str) -> None:
        def deliver() -> None:
            self._timers.discard(timer)
            self._deliver(mail, recipient)

        timer = asyncio.get_running_loop().call_later(seconds, deliver)
        self._timers.add(timer)

    def _deliver(self, mail: Mail, recipient: str) -> None:
        faults, domain = self._lab.faults, _domain(recipient)
        twice = faults.on_mail(Duplicate, domain)
        folder = "Junk" if faults.on_mail(Junk, domain) else "INBOX"
        raw = self._headers(mail, recipient) + mail.text
        for _ in range(twice.copies if twice else 1):
            self._lab.store.deliver(recipient, raw, folder)

    def _headers(self, mail: Mail, recipient: str) -> bytes:
        """Return what the servers on the way wrote above the text."""
        domain = _domain(recipient)
        now = dt.datetime.now(dt.UTC)
        lines = [f"Return-Path: <{mail.sender}>"]
        first = _received(mail, recipient, mail.client, "unknown")
        if mail.entered.service == "mx":
            lines.append(_results(mail.entered.host, "none", mail.sender))
        else:
            mx, host = self._lab.mx_sites(domain)[0], mail.entered.host
            hop = replace(mail, entered=mx, protocol="ESMTPS", id=_queue_id(), at=now)
            lines.append(_results(mx.host, "pass", mail.sender))
            lines.append(_received(hop, recipient, host, host))
        return "\r\n".join([*lines, first, ""]).encode()

    def _bounce(self, mail: Mail, recipient: str, why: str) -> None:
        """Return a mail to its sender; a bounce itself is never returned."""
        if self._lab.store.find(mail.sender) is not None:
            raw = _bounce_text(mail, recipient, why)
            self._lab.store.deliver(mail.sender, raw)


def _received(mail: Mail, recipient: str, client: str, known: str) -> str:
    return (
        f"Received: from {client} ({known} [127.0.0.1])\r\n"
        f"\tby {mail.entered.host} (mailprobe lab)\r\n"
        f"\twith {mail.protocol} id {mail.id}\r\n"
        f"\tfor <{recipient}>; {format_datetime(mail.at)}"
    )


def _results(host: str, spf: str, sender: str) -> str:
    domain = sender.rpartition("@")[2] or "<>"
    return (
        f"Authentication-Results: {host};\r\n"
        f"\tspf={spf} smtp.mailfrom={domain};\r\n"
        f"\tdkim=none; dmarc={spf} header.from={domain}"
    )


def _bounce_text(mail: Mail, recipient: str, why: str) -> bytes:
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
Date: {format_datetime(dt.datetime.now(dt.UTC))}
Message-ID: <{_queue_id()}@{host}>
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
