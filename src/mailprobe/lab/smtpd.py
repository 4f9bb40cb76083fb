"""The lab's SMTP servers: MX hosts and submission hosts (RFC 5321, 6409, 8314)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from mailprobe.lab.channel import Hangup, LineTooLong
from mailprobe.lab.sasl import MECHANISMS, RESPONSE_MAX, SaslError
from mailprobe.lab.smtp_mail import MailTransaction
from mailprobe.lab.store import MESSAGE_MAX

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable


LINE_MAX: Final = RESPONSE_MAX + 2
"""Bytes of a command line: AUTH needs the most (RFC 4954 section 4)."""


class SmtpSession(MailTransaction):
    """One SMTP session; the service of its site says which kind."""

    # --- the conversation -------------------------------------------------------

    async def converse(self) -> None:
        """Greet, then answer command after command."""
        plan = self.plan("GREETING")
        greeted = await self.reply(plan, 220, f"{self.site.host} ESMTP mailprobe lab")
        if self.channel.pending:
            self.surprise("the client spoke before the greeting")
        while True:
            try:
                line = await self.channel.line(LINE_MAX)
            except LineTooLong:
                self.surprise("a command line is too long")
                await self.channel.send(b"500 5.5.6 Error: line too long\r\n")
                raise Hangup from None
            self.note_bare(line)
            await self._command(line.rstrip(b"\r\n"), greeted=greeted)

    async def _command(self, line: bytes, *, greeted: bool) -> None:
        word, _, rest = line.partition(b" ")
        verb = word.decode("ascii", "replace").upper()
        self.counters.commands[verb] += 1
        command = self._commands().get(verb)
        if command is None:
            self.surprise(f"unknown command {verb[:20]!r}")
            await self._bad_command()
        elif not greeted and verb != "QUIT":
            await self.refuse(verb, 503, "5.5.1 Error: no service here")
        else:
            await command(rest.strip())

    async def _bad_command(self) -> None:
        await self.refuse("NOOP", 500, "5.5.2 Error: command not recognized")

    def _commands(self) -> dict[str, Callable[[bytes], Awaitable[None]]]:
        return {
            "EHLO": self._ehlo,
            "HELO": self._helo,
            "STARTTLS": self._starttls,
            "AUTH": self._auth,
            "MAIL": self.mail_command,
            "RCPT": self.rcpt_command,
            "DATA": self.data_command,
            "RSET": self._rset,
            "NOOP": self._noop,
            "VRFY": self._vrfy,
            "QUIT": self._quit,
        }

    async def _ehlo(self, rest: bytes) -> None:
        if not rest:
            await self.complain(
                "EHLO", 501, "5.5.4 Syntax: EHLO name", "EHLO names no one"
            )
            return
        lines = (self.site.host, *self.offered(self._extensions()))
        if await self.reply(self.plan("EHLO"), 250, *lines):
            self.client, self.esmtp = rest.decode("utf-8", "replace"), True
            self.forget()

    async def _helo(self, rest: bytes) -> None:
        if await self.reply(self.plan("HELO"), 250, self.site.host):
            self.client, self.esmtp = rest.decode("utf-8", "replace"), False
            self.forget()

    def _extensions(self) -> tuple[str, ...]:
        lines = ["PIPELINING", f"SIZE {MESSAGE_MAX}"]
        if self._may_start_tls():
            lines.append("STARTTLS")
        if self._mechanisms():
            lines.append(f"AUTH {' '.join(self._mechanisms())}")
        return (*lines, "ENHANCEDSTATUSCODES", "8BITMIME")

    def _may_start_tls(self) -> bool:
        return self.site.security == "starttls" and not self.channel.secure

    def _mechanisms(self) -> tuple[str, ...]:
        """Return what can be used to log in, here and now."""
        if self.site.service != "submission" or self.clear():
            return ()
        withheld = self.lab.faults.withheld(self.site)
        return tuple(
            name for name in MECHANISMS if not withheld & {"AUTH", name, f"AUTH={name}"}
        )

    async def _starttls(self, rest: bytes) -> None:
        if not self._may_start_tls() or "STARTTLS" not in self.offered(("STARTTLS",)):
            why = "STARTTLS though it was not offered"
            await self.complain("STARTTLS", 502, "5.5.1 Error: not implemented", why)
            return
        if rest:
            text = "5.5.4 Syntax: STARTTLS"
            await self.complain("STARTTLS", 501, text, "STARTTLS with an argument")
            return
        plan = self.plan("STARTTLS")
        if plan.reply is None and plan.stall is None:
            self.channel.hold()
        if await self.reply(plan, 220, "2.0.0 Ready to start TLS"):
            if self.channel.discard():
                self.surprise("the client sent more behind STARTTLS")
            await self.secure()
            self.client = ""
            self.forget()

    # --- logging in -------------------------------------------------------------

    async def _auth(self, rest: bytes) -> None:
        word, _, initial = rest.partition(b" ")
        mechanism = word.decode("ascii", "replace").upper()
        if self.account is not None or self.sender is not None or not self.client:
            text = "5.5.1 Error: bad sequence of commands"
            await self.complain("AUTH", 503, text, "AUTH out of order")
        elif not self._mechanisms():
            clear = self.clear() and self.site.service == "submission"
            self.surprise(
                "AUTH in clear" if clear else "AUTH though it was not offered"
            )
            code, text = (
                (538, "5.7.11 Encryption required for requested mechanism")
                if clear
                else (503, "5.5.1 Error: authentication not enabled")
            )
            await self.refuse("AUTH", code, text)
        elif mechanism not in self._mechanisms():
            text = "5.5.4 Unrecognized authentication type"
            await self.complain("AUTH", 504, text, f"AUTH {mechanism} was not offered")
        else:
            await self._authenticate(mechanism, initial.strip())

    async def _authenticate(self, mechanism: str, initial: bytes) -> None:
        self.counters.auth_attempts += 1
        try:
            login = await self.sasl(mechanism, initial, b"334")
        except SaslError as error:
            text = f"5.5.2 Error: {error}"
            await self.complain("AUTH", 501, text, f"AUTH {mechanism}: {error}")
            return
        if login is None:
            await self.refuse("AUTH", 501, "5.7.0 Authentication aborted")
        elif login.account is None:
            text = "5.7.8 Error: authentication failed: (reason unavailable)"
            await self.refuse("AUTH", 535, text)
        elif await self.reply(
            self.plan("AUTH", mailbox=login.account.address),
            235,
            "2.7.0 Authentication successful",
        ):
            self.account = login.account
            self.counters.logins += 1

    # --- the rest ---------------------------------------------------------------

    async def _rset(self, _: bytes) -> None:
        if await self.reply(self.plan("RSET"), 250, "2.0.0 Ok"):
            self.forget()

    async def _noop(self, _: bytes) -> None:
        await self.reply(self.plan("NOOP"), 250, "2.0.0 Ok")

    async def _vrfy(self, _: bytes) -> None:
        await self.reply(self.plan("VRFY"), 252, "2.0.0 Try RCPT")

    async def _quit(self, _: bytes) -> None:
        if await self.reply(self.plan("QUIT"), 221, "2.0.0 Bye"):
            raise Hangup
