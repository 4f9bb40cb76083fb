"""What becomes of accepted mail: headers, the way to the MX, delivery, bounces."""

from __future__ import annotations

import asyncio
import datetime as dt
from dataclasses import dataclass, field, replace
from functools import partial
from typing import TYPE_CHECKING

from mailprobe.lab.faults import Bounce, Delay, Duplicate, Full, Hold, Junk, Lose
from mailprobe.lab.headers import bounce, queue_id, received, results
from mailprobe.lab.journeys import Journey, Journeys, message_id

if TYPE_CHECKING:
    from collections.abc import Callable

    from mailprobe.lab.switchboard import Site
    from mailprobe.lab.world import Lab

MX_MOMENTS = ("CONNECT", "GREETING", "EHLO", "MAIL", "RCPT", "DATA", "ACCEPT")
PERMANENT = 500
FULL = "552 5.2.2 Mailbox is full"
EXPIRED = "550 5.4.7 Delivery time expired: no MX took it"


def _domain(address: str) -> str:
    return address.rpartition("@")[2].lower()


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
        at: When it was accepted.
        id: The queue id told to the client.
    """

    sender: str
    recipients: tuple[str, ...]
    text: bytes
    entered: Site
    client: str
    protocol: str
    at: dt.datetime
    id: str = field(default_factory=queue_id)


@dataclass(frozen=True, slots=True, kw_only=True)
class Queue:
    """
    How patient the lab's servers are with an MX that does not take their mail.

    Attributes:
        retry: Seconds to the second try; every further pause is twice as long.
            None: they try again whenever a fault was injected or withdrawn.
        longest: The longest pause, as Postfix (maximal_backoff_time).
        life: Seconds after which a mail is returned; None: never.
    """

    retry: float | None = None
    longest: float = 4000.0
    life: float | None = None


@dataclass(slots=True, eq=False)
class _Held:
    """A mail for one recipient; *why* is the fault that holds it, None for the MX."""

    mail: Mail
    recipient: str
    journey: Journey
    why: Delay | None = None


class Post:
    """
    The mail transport between the lab's servers.

    A mail for another platform goes through that domain's MX: while faults keep
    the MX from taking it, it waits in a queue, and goes on when they are gone.

    Attributes:
        queue: How patient that queue is.
        journeys: What became of every mail.
    """

    def __init__(self, lab: Lab, queue: Queue) -> None:
        self._lab = lab
        self.queue = queue
        self.journeys = Journeys()
        self._waiting: list[_Held] = []
        self._timers: set[asyncio.TimerHandle] = set()
        lab.faults.changed.append(self._retry)

    @property
    def waiting(self) -> int:
        """How many deliveries wait: in a queue, or because of a fault."""
        return len(self._waiting) + len(self._timers)

    def accept(self, mail: Mail) -> None:
        """Send a mail on its way to each of its recipients."""
        known_as = message_id(mail.text) or mail.id
        for recipient in mail.recipients:
            journey = Journey(
                known_as, mail.sender, recipient, mail.at, mail.entered.service
            )
            self.journeys.begin(journey)
            self._route(_Held(mail, recipient, journey))

    def close(self) -> None:
        """Forget what waits, and what became of the rest."""
        self._waiting.clear()
        for timer in self._timers:
            timer.cancel()
        self._timers.clear()
        self.journeys.clear()

    def _retry(self) -> None:
        waiting, self._waiting = self._waiting, []
        for held in waiting:
            if held.why is None:
                self._route(held)
            elif held.why in self._lab.faults.active:
                self._waiting.append(held)
            else:
                self._deliver(held)

    def _after(self, seconds: float, what: Callable[[], None]) -> None:
        def go() -> None:
            self._timers.discard(timer)
            what()

        timer = asyncio.get_running_loop().call_later(max(seconds, 0.0), go)
        self._timers.add(timer)

    # --- to the MX --------------------------------------------------------------

    def _route(self, held: _Held) -> None:
        refusal = self._refusal(held.mail, held.recipient)
        if refusal is None:
            self._arrive(held)
        elif refusal.startswith("5"):
            self._bounce(held, refusal)
        elif expired := self._lab.faults.on_mail(Bounce, held.recipient):
            self._bounce(held, expired.text)
        else:
            self._wait_for_mx(held)

    def _wait_for_mx(self, held: _Held) -> None:
        queue, waited = self.queue, self._lab.now() - held.mail.at
        held.journey.tries += 1
        if queue.life is not None and waited.total_seconds() >= queue.life:
            self._bounce(held, EXPIRED)
        elif queue.retry is None:
            self._waiting.append(held)
        else:
            # Beyond this power the pause is the longest anyhow.
            doubled = queue.retry * 2.0 ** min(held.journey.tries - 1, 30)
            self._after(min(doubled, queue.longest), partial(self._route, held))

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
            plan = faults.plan(site, *MX_MOMENTS, domains=(domain,), mailbox=recipient)
            if faults.refused(site) or plan.hinders:
                answers.append("421 4.4.1 no answer from host")
            elif plan.reply:
                answers.append(f"{plan.reply.code} {plan.reply.text}")
            else:
                return None
        return next((a for a in answers if a.startswith("4")), answers[0])

    # --- to the mailbox ---------------------------------------------------------

    def _arrive(self, held: _Held) -> None:
        """Do what faults say about accepted mail."""
        faults, recipient = self._lab.faults, held.recipient
        returned = faults.on_mail(Bounce, recipient)
        hold = faults.on_mail(Hold, recipient)
        delay = faults.on_mail(Delay, recipient)
        if faults.on_mail(Lose, recipient):
            held.journey.lost_at = self._lab.now()
        elif returned and returned.after:
            self._after(returned.after, partial(self._bounce, held, returned.text))
        elif returned:
            self._bounce(held, returned.text)
        elif faults.on_mail(Full, recipient):
            self._bounce(held, FULL)
        elif hold is not None:
            now = self._lab.now()
            left = hold.release(now) - now
            self._after(left.total_seconds(), partial(self._deliver, held))
        elif delay is None:
            self._deliver(held)
        elif delay.seconds is None:
            held.why = delay
            self._waiting.append(held)
        else:
            self._after(delay.seconds, partial(self._deliver, held))

    def _deliver(self, held: _Held) -> None:
        faults, recipient = self._lab.faults, held.recipient
        twice = faults.on_mail(Duplicate, recipient)
        folder = "Junk" if faults.on_mail(Junk, recipient) else "INBOX"
        raw = self._headers(held.mail, recipient) + held.mail.text
        for _ in range(twice.copies if twice else 1):
            stored = self._lab.store.deliver(recipient, raw, folder)
            held.journey.stored.append((stored.arrived, folder))

    def _headers(self, mail: Mail, recipient: str) -> bytes:
        """Return what the servers on the way wrote above the text."""
        domain = _domain(recipient)
        now = self._lab.now()
        lines = [f"Return-Path: <{mail.sender}>"]
        first = received(mail, recipient, mail.client, "unknown")
        if mail.entered.service == "mx":
            lines.append(results(mail.entered.host, "none", mail.sender))
        else:
            mx, host = self._lab.mx_sites(domain)[0], mail.entered.host
            hop = replace(mail, entered=mx, protocol="ESMTPS", id=queue_id(), at=now)
            lines.append(results(mx.host, "pass", mail.sender))
            lines.append(received(hop, recipient, host, host))
        return "\r\n".join([*lines, first, ""]).encode()

    def _bounce(self, held: _Held, why: str) -> None:
        """Return a mail to its sender; a bounce itself is never returned."""
        mail, now = held.mail, self._lab.now()
        held.journey.returned_at, held.journey.said = now, why
        if self._lab.store.find(mail.sender) is not None:
            raw = bounce(mail, held.recipient, why, now)
            self._lab.store.deliver(mail.sender, raw)
