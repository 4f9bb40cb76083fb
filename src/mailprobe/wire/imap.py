"""IMAP, one method per command, over the protocol of a connected server."""

from __future__ import annotations

import asyncio
import base64
import binascii
import ssl
from typing import TYPE_CHECKING, Final, cast

from mailprobe.mail import sasl
from mailprobe.mail.imap import capabilities, code_number
from mailprobe.mail.text import readable
from mailprobe.model.failure import Kind, Reply
from mailprobe.model.secret import MASK
from mailprobe.wire.imap_protocol import AUTH, LOGOUT, SELECTED, Command, refuse
from mailprobe.wire.trouble import Trouble, no_tls

if TYPE_CHECKING:
    from collections.abc import Callable

    from mailprobe.mail.imap_stream import Response
    from mailprobe.model.secret import Secret
    from mailprobe.wire.channel import Channel
    from mailprobe.wire.imap_protocol import ImapProtocol

CHALLENGES_MAX: Final = 4  # LOGIN asks twice, OAUTHBEARER once
# RFC 5530: the server cannot check the password now; it says nothing about it.
UNAVAILABLE: Final = frozenset({"UNAVAILABLE", "SERVERBUG", "INUSE", "LIMIT"})


class ImapSession:
    """
    One IMAP conversation, command by command.

    Every method returns what the server said or raises `Trouble`; waiting is
    bounded by the step it happens in. After any failure but a tagged NO the
    session is spent.

    Attributes:
        capabilities: What the server said that it can do.
        writable: The folder that is open for changes, and its UIDVALIDITY.
    """

    def __init__(self, protocol: ImapProtocol) -> None:
        """Speak over a connected protocol."""
        self._protocol = protocol
        self._recorder = protocol.recorder
        self.capabilities: tuple[str, ...] = ()
        self.writable: tuple[bytes, int | None] | None = None
        self._idle: Command | None = None

    @property
    def alerts(self) -> tuple[str, ...]:
        """The ALERT texts so far."""
        return tuple(self._protocol.alerts)

    @property
    def preauth(self) -> bool:
        """Whether the server takes us for logged in already."""
        return bool(self._protocol.state == AUTH)

    @property
    def usable(self) -> bool:
        """Whether another command can be sent: not closed, no reply owed."""
        protocol = self._protocol
        free = protocol.current is None and protocol.greeting.done.done()
        return free and protocol.lost is None and protocol.transport is not None

    @property
    def ssl_object(self) -> ssl.SSLObject | None:
        """The TLS connection, if there is one."""
        transport = self._protocol.transport
        found = transport.get_extra_info("ssl_object") if transport else None
        return cast("ssl.SSLObject | None", found)

    def offers(self, capability: str) -> bool:
        """Whether the server announced it."""
        return capability in self.capabilities

    def take_change(self) -> bool:
        """Tell whether the open folder has changed since this was asked last."""
        changed, self._protocol.changed = self._protocol.changed, False
        return changed

    async def greeting(self) -> Reply:
        """Wait for the greeting; BYE and anything that is none are trouble."""
        reply = await asyncio.shield(self._protocol.greeting.done)
        self._learn(self._protocol.greeting.responses)
        return reply

    async def command(
        self,
        name: str,
        rest: bytes = b"",
        *,
        shown: str | None = None,
        answer: Callable[[bytes], bytes | None] | None = None,
    ) -> list[Response]:
        """
        Send a command and return its responses, the tagged one last.

        Args:
            name: The command.
            rest: What follows it on the line.
            shown: What the transcript keeps of *rest*.
            answer: Called for each continuation request; returns what to send.
        """
        protocol = self._protocol
        if protocol.lost is not None:
            raise protocol.lost
        if not protocol.legal(name.partition(" ")[0]):
            message = f"{name} is not legal in state {protocol.state}"
            raise RuntimeError(message)
        tag = str(protocol.new_tag()).encode()
        command = Command(tag, answer or refuse)
        protocol.current, protocol.surplus = command, b""
        line = name.encode() + (b" " + rest if rest else b"")
        self._recorder.sent(
            f"{tag.decode()} {name} "
            + (readable(rest, 500) if shown is None else shown)
        )
        protocol.write(tag + b" " + line + b"\r\n")
        reply = await command.done
        if reply.code == "OK":
            return command.responses
        kind = Kind.IMAP_NO if reply.code == "NO" else Kind.IMAP_BAD
        raise Trouble(kind, reply=reply)

    async def capability(self) -> tuple[str, ...]:
        """Ask what it can do."""
        self._learn(await self.command("CAPABILITY"))
        return self.capabilities

    async def starttls(self) -> None:
        """Ask for TLS; the handshake is a step of its own (RFC 9051 6.2.1)."""
        await self.command("STARTTLS")
        self._nothing_in_clear()

    async def upgrade(self, context: ssl.SSLContext, server_name: str) -> ssl.SSLObject:
        """Do the handshake after STARTTLS; what was announced before is forgotten."""
        protocol = self._protocol
        self._nothing_in_clear()
        channel = cast("Channel", protocol.transport)
        if channel.is_closing():  # under our hands
            protocol.end(
                Trouble(Kind.PEER_CLOSED, detail="closed during the handshake")
            )
            raise cast("Trouble", protocol.lost)
        try:
            tls = await channel.secure(context, server_name)
        except BaseException as error:
            # Known at once: else a LOGOUT would be said in clear, and its answer
            # awaited in vain.
            protocol.end(Trouble(Kind.PEER_CLOSED, detail="the handshake failed"))
            if isinstance(error, ssl.SSLError) and no_tls(error):
                detail = "text in clear in place of the handshake"
                raise Trouble(Kind.STARTTLS_INJECTION, detail=detail) from None
            raise
        self.capabilities = ()
        return tls

    def _nothing_in_clear(self) -> None:
        """Refuse what came behind the OK to STARTTLS: anybody may have sent it."""
        protocol = self._protocol
        said = protocol.surplus + protocol._reader.pending  # noqa: SLF001
        if said:
            detail = f"in clear: {readable(said, 200)!r}"
            raise Trouble(Kind.STARTTLS_INJECTION, detail=detail)
        if protocol.lost is not None:
            raise protocol.lost

    async def login(self, mechanism: str, user: str, secret: Secret) -> None:
        """
        Log in, in one attempt.

        Args:
            mechanism: A SASL mechanism; "LOGIN" is the command of that name
                unless the server forbids it.
            user: The login name.
            secret: The password or token.
        """
        value = secret.reveal()
        self._recorder.hide(value)
        try:
            if mechanism == "LOGIN" and not self.offers("LOGINDISABLED"):
                done = await self._login_command(user, value)
            else:
                done = await self._authenticate(mechanism, user, value)
        except Trouble as trouble:
            raise _login_trouble(trouble) from None
        self._protocol.state = AUTH
        self._learn(done)

    async def select(self, folder: bytes, *, read_only: bool) -> list[Response]:
        """Open a folder by its name as LIST gave it; EXAMINE changes nothing."""
        verb = "EXAMINE" if read_only else "SELECT"
        self.writable = None
        done = await self.command(verb, quoted(folder))
        self._protocol.state = SELECTED
        if not read_only:
            self.writable = folder, code_number(done, "UIDVALIDITY")
        return done

    async def idle_start(self) -> None:
        """Ask for news as it comes; returns when the server has agreed."""
        protocol = self._protocol
        agreed = asyncio.get_running_loop().create_future()

        def answer(_: bytes) -> bytes:
            if not agreed.done():
                agreed.set_result(None)
            return b""

        command = Command(str(protocol.new_tag()).encode(), answer, pushed=True)
        self._idle = protocol.current = command
        protocol.pushed.clear()
        protocol.pushes.clear()
        self._recorder.sent(f"{command.tag.decode()} IDLE")
        protocol.write(command.tag + b" IDLE\r\n")
        await asyncio.wait((agreed, command.done), return_when=asyncio.FIRST_COMPLETED)
        if not agreed.done():  # else what ended it since is told by `idle_push`
            raise _idle_ended(await command.done)

    async def idle_push(self) -> list[tuple[float, Response]]:
        """
        Wait for news; return it with the time it came, in seconds of the probe.

        Raises:
            Trouble: If the session ends instead.
        """
        protocol = self._protocol
        while not protocol.pushes:
            if protocol.lost is not None:
                raise protocol.lost
            if self._idle is None or self._idle.done.done():
                raise _idle_ended(await self._idle.done if self._idle else None)
            protocol.pushed.clear()
            await protocol.pushed.wait()
        return self._take_news()

    async def idle_done(self) -> list[tuple[float, Response]]:
        """Stop asking for news; return what came since `idle_push` returned some."""
        command, self._idle = self._idle, None
        # If the server ended it before, DONE would be no command of ours.
        if command is not None and not command.done.done():
            self._recorder.sent("DONE")
            self._protocol.write(b"DONE\r\n")
            await command.done
        return self._take_news()

    def _take_news(self) -> list[tuple[float, Response]]:
        news, self._protocol.pushes = self._protocol.pushes, []
        return news

    async def logout(self) -> None:
        """Take leave."""
        self._protocol.state = LOGOUT
        await self.command("LOGOUT")

    def fail(self, trouble: Trouble) -> None:
        """End the session with what was found out otherwise."""
        self._protocol.end(trouble)

    def abort(self) -> None:
        """Close at once; to be called in any case, any number of times."""
        if self._protocol.transport is not None:
            self._protocol.transport.abort()

    async def _login_command(self, user: str, password: str) -> list[Response]:
        parts = [*_astring(user.encode()), b" ", *_astring(password.encode())]
        line, *literals = _around_literals(parts)
        rest = iter(literals)
        return await self.command(
            "LOGIN",
            line,
            shown=f'"{user}" {MASK}',
            answer=lambda _: next(rest, None),
        )

    async def _authenticate(
        self, mechanism: str, user: str, secret: str
    ) -> list[Response]:
        first = sasl.initial(mechanism, user, secret)
        respond = sasl.responder(mechanism, user, secret)
        queue = [first] if first is not None else []
        line = mechanism.encode()
        if queue and self.offers("SASL-IR"):
            line += b" " + base64.b64encode(queue.pop())
        left = CHALLENGES_MAX

        def answer(challenge: bytes) -> bytes | None:
            nonlocal left
            left -= 1
            if left < 0:
                return None
            said = queue.pop() if queue else respond(_decoded(challenge))
            return base64.b64encode(said) + b"\r\n"

        shown = f"{mechanism} {MASK}"
        return await self.command("AUTHENTICATE", line, shown=shown, answer=answer)

    def _learn(self, responses: list[Response]) -> None:
        found = capabilities(responses)
        if found is not None:
            self.capabilities = tuple(map(self._recorder.clean, found))


def quoted(text: bytes) -> bytes:
    """Return a quoted string; names that came from LIST need no more than that."""
    return b'"' + text.replace(b"\\", b"\\\\").replace(b'"', b'\\"') + b'"'


def _astring(text: bytes) -> list[bytes]:
    plain = text.isascii() and not any(c in text for c in b"\r\n\0")
    if plain:
        return [quoted(text)]
    # Only a literal carries eight bits (RFC 3501 4.3); it ends the line so far.
    return [b"{%d}" % len(text), b"", text]


def _around_literals(parts: list[bytes]) -> list[bytes]:
    """Join parts; an empty part stands for the line end before a literal."""
    lines = [b""]
    for part in parts:
        if part:
            lines[-1] += part
        else:
            lines.append(b"")
    # The first line gets its CRLF from `command`, the later ones here.
    return [lines[0], *(line + b"\r\n" for line in lines[1:])]


def _idle_ended(reply: Reply | None) -> Trouble:
    """Name an IDLE that ended though nobody said DONE (RFC 9051 6.3.13)."""
    kinds = {"NO": Kind.IMAP_NO, "BAD": Kind.IMAP_BAD}
    kind = kinds.get(str(reply.code) if reply else "", Kind.IMAP_PROTOCOL)
    return Trouble(kind, reply=reply, detail="IDLE ended by itself")


def _login_trouble(trouble: Trouble) -> Trouble:
    reply = trouble.reply
    if trouble.kind is not Kind.IMAP_NO or reply is None:
        return trouble
    busy = reply.enhanced in UNAVAILABLE
    kind = Kind.AUTH_UNAVAILABLE if busy else Kind.AUTH_REFUSED
    return Trouble(kind, reply=reply, detail=trouble.detail)


def _decoded(text: bytes) -> bytes:
    try:
        return base64.b64decode(text.strip())
    except (binascii.Error, ValueError):
        return b""
