"""SMTP replies, and the part of a session that carries a mail (RFC 5321 section 4)."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final

from mailprobe.lab.channel import Hangup, LineTooLong
from mailprobe.lab.conversation import Conversation
from mailprobe.lab.post import Mail
from mailprobe.lab.store import MESSAGE_MAX

if TYPE_CHECKING:
    from mailprobe.lab.faults import Reply
    from mailprobe.lab.switchboard import Plan

RECIPIENTS_MAX: Final = 100
"""Recipients of one mail: the least RFC 5321 (4.5.3.1.8) lets a server take."""

ERRORS_MAX: Final = 20
"""Refused commands before the server hangs up, as Postfix does."""

CLOSING: Final = 421
_PATH: Final = re.compile(rb"(?i)(FROM|TO):\s*<([^<>\r\n]*)>\s*(.*)$")


class SmtpConversation(Conversation):
    """How SMTP replies are made."""

    errors = 0

    # --- replies ----------------------------------------------------------------

    def render(self, reply: Reply) -> bytes:
        """Put a `Reply` fault on the wire; several lines make a multi-line reply."""
        lines = reply.text.splitlines() or [""]
        code = reply.code
        head = [f"{code}-{line}" for line in lines[:-1]]
        return "\r\n".join([*head, f"{code} {lines[-1]}".rstrip(), ""]).encode()

    async def reply(self, plan: Plan, code: int, *lines: str) -> bool:
        """
        Answer with this code, unless a `Reply` fault says otherwise.

        Returns:
            False if a fault refused, so that the command is not carried out.
        """
        fault = plan.reply
        if fault is not None:
            await self.answer(plan, self.render(fault))
            if fault.code == CLOSING:
                raise Hangup
            return False
        head = [f"{code}-{line}" for line in lines[:-1]]
        await self.answer(
            plan, "\r\n".join([*head, f"{code} {lines[-1]}", ""]).encode()
        )
        return True

    async def complain(self, verb: str, code: int, text: str, why: str) -> None:
        """Refuse a command the client should not have sent."""
        self.surprise(why)
        await self.refuse(verb, code, text)

    async def refuse(self, verb: str, code: int, text: str) -> None:
        """Refuse a command; too many of them end the session."""
        await self.reply(self.plan(verb), code, text)
        self.errors += 1
        if self.errors >= ERRORS_MAX:
            line = f"421 4.7.0 {self.site.host} Error: too many errors\r\n"
            await self.channel.send(line.encode())
            raise Hangup


class MailTransaction(SmtpConversation):
    """
    MAIL, RCPT, DATA and the text.

    Attributes:
        client: The name the client gave; empty before EHLO.
        esmtp: Whether it said EHLO.
        sender: The envelope sender; None outside a transaction.
        recipients: The recipients accepted so far.
    """

    client = ""
    esmtp = False
    sender: str | None = None
    recipients: tuple[str, ...] = ()

    async def mail_command(self, rest: bytes) -> None:
        """MAIL."""
        match = _PATH.match(rest)
        if not self.client or self.sender is not None:
            text = "5.5.1 Error: bad sequence of commands"
            await self.complain("MAIL", 503, text, "MAIL out of order")
        elif match is None or match[1].upper() != b"FROM":
            text = "5.5.4 Syntax: MAIL FROM:<address>"
            await self.complain("MAIL", 501, text, "MAIL cannot be read")
        elif self.must_log_in() and self.account is None:
            await self.refuse("MAIL", 530, "5.7.0 Authentication required")
        else:
            await self._mail_from(match[2].decode("utf-8", "replace"), match[3])

    def must_log_in(self) -> bool:
        """Whether mail is taken only from users; a server without TLS knows none."""
        return self.site.service == "submission" and self.site.security != "none"

    async def _mail_from(self, sender: str, parameters: bytes) -> None:
        size = re.search(rb"(?i)\bSIZE=(\d{1,20})\b", parameters)
        owner = self.account
        own = {"", owner.address} if owner else {""}
        if size and int(size[1]) > MESSAGE_MAX:
            text = "5.3.4 Message size exceeds fixed limit"
            await self.refuse("MAIL", 552, text)
        elif owner and not owner.any_sender and sender.lower() not in own:
            text = f"5.7.1 <{sender}>: Sender address rejected: not owned by user"
            await self.refuse("MAIL", 553, text)
        elif await self.reply(self.plan("MAIL"), 250, "2.1.0 Ok"):
            self.sender = sender
            self.counters.transactions += 1

    async def rcpt_command(self, rest: bytes) -> None:
        """RCPT."""
        match = _PATH.match(rest)
        if self.sender is None:
            text = "5.5.1 Error: need MAIL command"
            await self.complain("RCPT", 503, text, "RCPT out of order")
        elif match is None or match[1].upper() != b"TO":
            text = "5.5.4 Syntax: RCPT TO:<address>"
            await self.complain("RCPT", 501, text, "RCPT cannot be read")
        elif len(self.recipients) >= RECIPIENTS_MAX:
            await self.refuse("RCPT", 452, "4.5.3 Error: too many recipients")
        else:
            await self._rcpt_to(match[2].decode("utf-8", "replace"))

    async def _rcpt_to(self, recipient: str) -> None:
        domain = recipient.rpartition("@")[2].lower()
        at_mx = self.site.service == "mx"
        known = self.lab.served_at(self.site) if at_mx else self.lab.domains
        about = (domain,) if domain in self.lab.domains else ()
        plan = (
            self.plan("RCPT", domains=about, mailbox=recipient)
            if at_mx
            else self.plan("RCPT")
        )
        refusal = self._objection(recipient, local=domain in known)
        if plan.reply is None and refusal is not None:
            self.lab.meet_stranger(recipient)
            await self.reply(plan, *refusal)
            self.errors += 1
        elif await self.reply(plan, 250, "2.1.5 Ok"):
            self.recipients = (*self.recipients, recipient)

    def _objection(self, recipient: str, *, local: bool) -> tuple[int, str] | None:
        if not local and self.site.service == "mx":
            return 554, f"5.7.1 <{recipient}>: Relay access denied"
        if not local:
            why = "Recipient address rejected: Domain not found"
            return 550, f"5.1.2 <{recipient}>: {why}"
        # A submission host does not know the users of other platforms.
        here = recipient.rpartition("@")[2].lower() in self.lab.served_at(self.site)
        if here and self.lab.store.find(recipient) is None:
            why = "Recipient address rejected: User unknown in virtual mailbox table"
            return 550, f"5.1.1 <{recipient}>: {why}"
        return None

    async def data_command(self, _: bytes) -> None:
        """Take the mail: the text, and the answer to its final dot."""
        if not self.recipients:
            text = "5.5.1 Error: need RCPT command"
            if self.sender is None:
                self.surprise("DATA out of order")
            await self.refuse("DATA", 503, text)
            return
        if not await self.reply(
            self.plan("DATA"), 354, "End data with <CR><LF>.<CR><LF>"
        ):
            return
        text_bytes = await self._text()
        plan = self.plan("ACCEPT")
        if text_bytes is None:
            await self.reply(plan, 552, "5.3.4 Error: message file too big")
        elif plan.reply is not None:
            await self.reply(plan, 250, "")
        else:
            mail = self._accept(text_bytes)
            await self.reply(plan, 250, f"2.0.0 Ok: queued as {mail.id}")
        self.forget()

    async def _text(self) -> bytes | None:
        """Read up to the final dot; None if it is more than may be."""
        text = bytearray()
        too_big = False
        while True:
            try:
                line = await self.channel.line(MESSAGE_MAX)
            except LineTooLong:
                # The rest of such a line cannot be told from the next command.
                await self.channel.send(b"552 5.3.4 Error: message file too big\r\n")
                raise Hangup from None
            self.note_bare(line)
            if line in {b".\r\n", b".\n"}:
                return None if too_big else bytes(text)
            too_big = too_big or len(text) + len(line) > MESSAGE_MAX
            if not too_big:
                text += line[1:] if line.startswith(b".") else line

    def _accept(self, text: bytes) -> Mail:
        kind = "ESMTP" if self.esmtp else "SMTP"
        mail = Mail(
            sender=self.sender or "",
            recipients=self.recipients,
            text=text,
            entered=self.site,
            client=self.client,
            at=self.lab.now(),
            protocol=kind + "S" * self.channel.secure + "A" * bool(self.account),
        )
        self.counters.messages += 1
        self.lab.post.accept(mail)
        return mail

    def forget(self) -> None:
        """End the transaction."""
        self.sender = None
        self.recipients = ()
