"""The lab's IMAP servers (RFC 3501), in Dovecot's manners."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from mailprobe.lab.channel import Hangup, LineTooLong
from mailprobe.lab.imap_login import LoginCommands
from mailprobe.lab.imap_session import Done, bad
from mailprobe.lab.imap_syntax import LITERAL, ImapSyntaxError, Token, parse
from mailprobe.lab.sasl import Login
from mailprobe.lab.store import MESSAGE_MAX

if TYPE_CHECKING:
    from collections.abc import Callable, Coroutine
    from typing import Any

    from mailprobe.lab.switchboard import Plan

LINE_MAX: Final = 64 * 1024
"""Bytes of a command line, as Dovecot (imap_max_line_length)."""

LITERAL_MAX: Final = 8 * 1024
"""Bytes of a literal before login: names and passwords only."""

ERRORS_MAX: Final = 20
"""Commands that make no sense before the server says BYE, as Dovecot."""

# Verbs that may not make messages vanish (RFC 3501 7.4.1).
_NUMBERED: Final = frozenset({"FETCH", "STORE", "SEARCH"})
_NEEDS: Final = {
    "STARTTLS": "STARTTLS",
    "ID": "ID",
    "IDLE": "IDLE",
    "NAMESPACE": "NAMESPACE",
    "UNSELECT": "UNSELECT",
    "GETQUOTA": "QUOTA",
    "GETQUOTAROOT": "QUOTA",
    "UID EXPUNGE": "UIDPLUS",
}
_ANY, _STRANGER, _KNOWN, _SELECTED = range(4)
_STATES: Final = {
    _ANY: ("CAPABILITY", "NOOP", "LOGOUT", "ID"),
    _STRANGER: ("STARTTLS", "LOGIN", "AUTHENTICATE"),
    _KNOWN: (
        "SELECT",
        "EXAMINE",
        "LIST",
        "STATUS",
        "NAMESPACE",
        "GETQUOTA",
        "GETQUOTAROOT",
        "APPEND",
        "IDLE",
    ),
    _SELECTED: (
        "CHECK",
        "CLOSE",
        "UNSELECT",
        "EXPUNGE",
        "FETCH",
        "STORE",
        "SEARCH",
        "UID EXPUNGE",
        "UID FETCH",
        "UID STORE",
        "UID SEARCH",
    ),
}
_STATE_OF: Final = {verb: state for state, verbs in _STATES.items() for verb in verbs}


@dataclass(frozen=True, slots=True)
class _Command:
    """A command as it was read."""

    tag: str
    verb: str
    rest: bytes


class ImapSession(LoginCommands):
    """One IMAP session."""

    _errors = 0

    # --- the conversation -------------------------------------------------------

    async def converse(self) -> None:
        """Greet, then answer command after command."""
        plan = self.plan("GREETING")
        reply = plan.reply
        ready = f"* OK [CAPABILITY {self.capabilities()}] mailprobe lab ready.\r\n"
        await self.answer(plan, self.render(reply) if reply else ready.encode())
        if reply and reply.code != "OK":
            raise Hangup
        if self.channel.pending:
            self.surprise("the client spoke before the greeting")
        try:
            while True:
                command = await self._read()
                if command is not None:
                    await self._carry_out(command)
        finally:
            self.leave()

    async def _read(self) -> _Command | None:
        """Read a command with its literals; None if it was refused on the way."""
        line = await self._line()
        tag = line.split(b" ", 1)[0].strip().decode("ascii", "replace")
        room = MESSAGE_MAX if self.account else LITERAL_MAX
        data = b""
        while match := LITERAL.search(line):
            size = int(match[1])
            if size > room:
                await self.channel.send(f"{tag} NO [TOOBIG] too large\r\n".encode())
                if match[2]:
                    raise Hangup  # the literal is already on its way
                return None
            if not match[2]:
                await self.channel.send(b"+ OK\r\n")
            elif "LITERAL+" not in self.offered(("LITERAL+",)):
                self.surprise("a non-synchronizing literal though not offered")
            room -= size
            data += line + await self.channel.exactly(size)
            line = await self._line()
        head = (data + line.rstrip(b"\r\n")).split(b" ", 2)
        verb = head[1].decode("ascii", "replace").upper() if len(head) > 1 else ""
        rest = head[2] if len(head) > 2 else b""  # noqa: PLR2004 - tag, verb, rest
        if verb == "UID":
            second, _, rest = rest.partition(b" ")
            verb = f"UID {second.decode('ascii', 'replace').upper()}"
        return _Command(tag, verb, rest)

    async def _line(self) -> bytes:
        try:
            line = await self.channel.line(LINE_MAX)
        except LineTooLong:
            self.surprise("a command line is too long")
            await self.channel.send(b"* BAD Error: command line too long\r\n")
            raise Hangup from None
        self.note_bare(line)
        return line

    async def _carry_out(self, command: _Command) -> None:
        verb = command.verb
        self.counters.commands[verb] += 1
        refusal = self._objection(verb)
        if refusal is not None:
            self.surprise(f"{verb[:20]!r}: {refusal}")
            await self._finish(command, self.plan(), bad(refusal))
            self._errors += 1
            if self._errors >= ERRORS_MAX:
                await self.channel.send(b"* BYE Too many invalid IMAP commands.\r\n")
                raise Hangup
            return
        moments = (verb.removeprefix("UID "), *_aliases(verb))
        plan = self.plan(*moments)
        special = self._special().get(verb)
        if plan.reply is not None:
            await self._refuse(command, plan)
        elif special is not None:
            await special(command, plan)
        else:
            await self._finish(command, plan, self._perform(command))

    def _objection(self, verb: str) -> str | None:
        """Say why a command cannot be given now; None if it can."""
        state = _STATE_OF.get(verb)
        need = _NEEDS.get(verb)
        unknown = f"Error in IMAP command {verb[:20]}: Unknown command."
        if state is None or (need and need not in self.offered((need,))):
            return unknown
        if verb == "STARTTLS" and (self.channel.secure or not self.may_start_tls()):
            return "TLS is already active."
        logged_in, selected = self.account is not None, self.view is not None
        fits = {
            _ANY: True,
            _STRANGER: not logged_in,
            _KNOWN: logged_in,
            _SELECTED: selected,
        }
        if fits[state]:
            return None
        return f"Error in IMAP command {verb}: Command not allowed in this state."

    async def _refuse(self, command: _Command, plan: Plan) -> None:
        """Say what a `Reply` fault says, tagged where that is due."""
        reply = plan.reply
        assert reply is not None  # noqa: S101 - for the types
        if reply.code == "BYE":
            await self.answer(plan, self.render(reply))
            raise Hangup
        if command.verb in {"LOGIN", "AUTHENTICATE"}:
            self.counters.auth_attempts += 1
        if command.verb == "AUTHENTICATE":
            await self.hear_out(command.rest)
        await self._finish(command, plan, Done(str(reply.code), reply.text))

    def _perform(self, command: _Command) -> Done:
        """Carry out a command that needs no further words with the client."""
        self.out = []
        verb = command.verb
        by_uid = verb.startswith("UID ")
        name = verb.removeprefix("UID ")
        try:
            args = parse(command.rest)
            if name in {"FETCH", "STORE", "SEARCH", "EXPUNGE"}:
                numbered = {
                    "FETCH": self.fetch,
                    "STORE": self.store,
                    "SEARCH": self.search,
                    "EXPUNGE": self.expunge,
                }
                return numbered[name](args, by_uid=by_uid)
            return self._plain()[name](args)
        except ImapSyntaxError as error:
            self.out = []
            self.surprise(f"{verb} cannot be read: {error}")
            return bad(f"Error in IMAP command {verb}: {error}")

    async def _finish(self, command: _Command, plan: Plan, done: Done) -> None:
        """Send untagged lines, news, and the tagged end."""
        lines, self.out = self.out, []
        name = command.verb.removeprefix("UID ")
        if self.view is not None:
            lines += self.view.news(expunge=name not in _NUMBERED)
        end = f"{command.tag} {done.condition} {done.text}".rstrip() + "\r\n"
        await self.answer(plan, b"".join([*lines, end.encode("utf-8", "replace")]))

    def _plain(self) -> dict[str, Callable[[list[Token]], Done]]:
        return {
            "CAPABILITY": self.capability,
            "NOOP": lambda _: Done("OK", "NOOP completed."),
            "ID": self.identify,
            "LOGIN": self.login,
            "SELECT": self.select,
            "EXAMINE": self.examine,
            "LIST": self.list_folders,
            "STATUS": self.status,
            "NAMESPACE": self.namespace,
            "GETQUOTA": self.get_quota,
            "GETQUOTAROOT": self.get_quota_root,
            "APPEND": self.append,
            "CHECK": self.check,
            "CLOSE": self.close,
            "UNSELECT": self.unselect,
        }

    def _special(
        self,
    ) -> dict[str, Callable[[_Command, Plan], Coroutine[Any, Any, None]]]:
        """Commands that go on after their first line, or end the session."""
        return {
            "STARTTLS": self._starttls,
            "AUTHENTICATE": self._authenticate,
            "IDLE": self._idle,
            "LOGOUT": self._logout,
        }

    # --- commands that go on after their first line -------------------------

    async def _starttls(self, command: _Command, plan: Plan) -> None:
        if plan.stall is None:
            self.channel.hold()
        await self._finish(command, plan, Done("OK", "Begin TLS negotiation now."))
        if self.channel.discard():
            self.surprise("the client sent more behind STARTTLS")
        await self.secure()

    async def _logout(self, command: _Command, plan: Plan) -> None:
        self.tell("BYE Logging out")
        await self._finish(command, plan, Done("OK", "Logout completed."))
        raise Hangup

    async def _authenticate(self, command: _Command, plan: Plan) -> None:
        self.counters.auth_attempts += 1
        login = await self.hear_out(command.rest)
        if isinstance(login, Login):
            login = self.welcome(login)
        await self._finish(command, plan, login)

    # --- IDLE -------------------------------------------------------------------

    async def _idle(self, command: _Command, plan: Plan) -> None:
        """Push news until the client says DONE (RFC 2177)."""
        await self.answer(plan, b"+ idling\r\n")
        while True:
            await self._push()
            line = self.channel.take_line(LINE_MAX)
            if line is not None:
                break
            await self.channel.stirred()
        self.note_bare(line)
        if line.strip().upper() == b"DONE":
            done = Done("OK", "Idle completed.")
        else:
            self.surprise("something else than DONE ended IDLE")
            done = bad("Expected DONE.")
        await self._finish(command, self.plan(), done)

    async def _push(self) -> None:
        plan = self.plan("PUSH")
        if self.view is None or (plan.stall and plan.stall.seconds is None):
            return
        news = self.view.news(expunge=True)
        if not news:
            return
        if plan.reply is not None:
            await self.answer(plan, self.render(plan.reply))
            raise Hangup
        await self.answer(plan, b"".join(news))


def _aliases(verb: str) -> tuple[str, ...]:
    return ("AUTH",) if verb in {"LOGIN", "AUTHENTICATE"} else ()
