"""What SMTP and IMAP sessions share: replies that faults may replace."""

from __future__ import annotations

import base64
from abc import ABC, abstractmethod
from typing import TYPE_CHECKING, Final

from mailprobe.lab.channel import Hangup, LineTooLong
from mailprobe.lab.faults import BadCertificate
from mailprobe.lab.sasl import RESPONSE_MAX, Login, SaslError, decode, exchange
from mailprobe.lab.switchboard import NOTHING

if TYPE_CHECKING:
    from mailprobe.lab.channel import Channel
    from mailprobe.lab.faults import Reply
    from mailprobe.lab.listener import Listener
    from mailprobe.lab.store import Account
    from mailprobe.lab.switchboard import Plan
    from mailprobe.lab.world import Lab

SURPRISES_MAX: Final = 1000
"""Surprises kept; a client that goes wrong in a loop must not fill the memory."""


def noise(data: bytes) -> bytes:
    """Turn bytes to noise; line ends stay, so that the client sees a line."""
    return bytes(byte if byte in b"\r\n" else byte ^ 0xA5 for byte in data)


class Conversation(ABC):
    """
    One client's session.

    Args:
        lab: The world it takes place in.
        listener: Where the client knocked.
        channel: The connection.
    """

    def __init__(self, lab: Lab, listener: Listener, channel: Channel) -> None:
        self.lab = lab
        self.site = listener.site
        self.channel = channel
        self.counters = lab.store.counters[self.site.service]
        self.account: Account | None = None
        self._bare = False

    @abstractmethod
    def render(self, reply: Reply) -> bytes:
        """Put the words of a `Reply` fault on the wire, untagged."""

    @abstractmethod
    async def converse(self) -> None:
        """Hold the conversation, from the greeting on."""

    async def serve(self) -> None:
        """Hold the whole session: TLS where it is due, then the conversation."""
        plan = self.plan("CONNECT")
        if plan != NOTHING:
            await self.answer(plan, self.render(plan.reply) if plan.reply else b"")
            if plan.reply:
                raise Hangup
        if self.site.security == "tls":
            await self.secure()
        await self.converse()

    # --- faults -----------------------------------------------------------------

    def plan(
        self, *moments: str, domains: tuple[str, ...] = (), mailbox: str = ""
    ) -> Plan:
        """Return what the active faults do at this moment."""
        if not mailbox and self.account is not None:
            mailbox = self.account.address
        return self.lab.faults.plan(
            self.site, *moments, domains=domains, mailbox=mailbox
        )

    async def answer(self, plan: Plan, data: bytes) -> None:
        """
        Send *data*, or what the active faults put in its place.

        Raises:
            Hangup: If the conversation is over.
        """
        channel = self.channel
        if plan.delay:
            await channel.idle(plan.delay)
        if plan.stall:
            await channel.deaf(plan.stall.seconds)
            raise Hangup
        if plan.drop:
            if plan.drop.reset:
                channel.reset()
            raise Hangup
        if plan.raw is not None:
            data = plan.raw
        if plan.garble:
            data = noise(data)
        if plan.interval is None:
            await channel.send(data)
            return
        for place in range(len(data)):
            if place:
                await channel.idle(plan.interval)
            await channel.send(data[place : place + 1])

    def surprise(self, text: str) -> None:
        """Note a protocol violation of the client."""
        if len(self.lab.surprises) < SURPRISES_MAX:
            self.lab.surprises.append(f"{self.site.service} {self.site.host}: {text}")

    def note_bare(self, line: bytes) -> None:
        """Note the first line that ends without CR."""
        if not self._bare and not line.endswith(b"\r\n"):
            self._bare = True
            self.surprise("a line ends with LF alone")

    # --- TLS and accounts -------------------------------------------------------

    async def secure(self) -> None:
        """Go through the TLS handshake, or what faults make of it."""
        plan = self.plan("TLS")
        if plan.hinders or plan.reply:
            self.channel.resume()
            clear = self.render(plan.reply) if plan.reply else bytes(range(64))
            await self.answer(plan, clear)
            raise Hangup
        if plan.delay:
            await self.channel.idle(plan.delay)
        bad = self.lab.faults.at(BadCertificate, self.site)
        context = self.lab.authority.context(bad[0].kind if bad else "")
        await self.channel.upgrade(context)
        self.counters.handshakes += 1

    def clear(self) -> bool:
        """Whether a password would be readable where it should not be."""
        return not self.channel.secure and self.site.security != "none"

    async def sasl(self, mechanism: str, initial: bytes, prompt: bytes) -> Login | None:
        """
        Hold a SASL exchange.

        Args:
            mechanism: One of the lab's mechanisms.
            initial: The initial response in base64; empty if there was none.
            prompt: What stands before a challenge: ``334`` or ``+``.

        Returns:
            How it ended; None if the client gave it up.

        Raises:
            SaslError: If a response cannot be read.
        """
        first = decode(initial) if initial else None
        steps = exchange(mechanism, first, self.find)
        try:
            challenge = next(steps)
            while True:
                coded = base64.b64encode(challenge)
                await self.channel.send(prompt + b" " + coded + b"\r\n")
                response = (await self.channel.line(RESPONSE_MAX)).rstrip(b"\r\n")
                if response == b"*":
                    return None
                challenge = steps.send(decode(response))
        except StopIteration as done:
            login: Login = done.value
            return login
        except LineTooLong:
            message = "response too long"
            raise SaslError(message) from None

    def find(self, name: str) -> Account | None:
        """Return the account with this login name, with or without its domain."""
        if "@" not in name and self.site.domains:
            name = f"{name}@{self.site.domains[0]}"
        account = self.lab.store.find(name)
        domain = name.rpartition("@")[2].lower()
        return account if domain in self.lab.served_at(self.site) else None

    def offered(self, names: tuple[str, ...]) -> tuple[str, ...]:
        """Leave out the capabilities that are withheld; "AUTH" withholds all of it."""
        withheld = self.lab.faults.withheld(self.site)
        return tuple(
            name
            for name in names
            if not withheld.intersection(_spellings(name.upper()))
        )


def _spellings(name: str) -> tuple[str, ...]:
    return (name, *name.replace("=", " ").split()[:1])
