"""SMTP on a connection of our own: aiosmtplib's protocol, one method per command."""

from __future__ import annotations

import asyncio
import base64
import binascii
import ssl
from typing import TYPE_CHECKING, Any, NoReturn, cast

from aiosmtplib.errors import SMTPServerDisconnected
from aiosmtplib.protocol import SMTPProtocol

from mailprobe.mail import sasl
from mailprobe.mail.ehlo import ehlo_offer
from mailprobe.mail.reply import ReplyError, ReplyReader
from mailprobe.mail.text import readable
from mailprobe.model.failure import Kind, Reply
from mailprobe.model.secret import MASK
from mailprobe.wire.trouble import TLS_IN_CLEAR, Trouble, no_tls, tls_record

if TYPE_CHECKING:
    from mailprobe.mail.ehlo import Offer
    from mailprobe.model.secret import Secret
    from mailprobe.wire.channel import Channel
    from mailprobe.wire.recorder import Recorder

CHALLENGES_MAX = 3  # LOGIN asks twice; a server that asks on and on is refused
CLOSING = 421  # RFC 5321 3.8: may come at any time, before the server closes
_LOST = "Connection lost"  # as the base says it
NOT_UNDERSTOOD = frozenset({500, 501, 502, 504})  # to EHLO: then HELO is tried


class SmtpProtocol(SMTPProtocol):
    """
    The library's protocol with a strict receive path that sees everything.

    Replies are read by `ReplyReader`; bytes that nobody asked for are kept,
    never taken for the next reply.
    """

    def __init__(self, recorder: Recorder) -> None:
        """Begin; to be made while an event loop is running."""
        super().__init__(loop=asyncio.get_running_loop())
        self.recorder = recorder
        self.surplus = b""
        self.wrote_at = 0.0
        self._reader = ReplyReader(recorder.limits.reply_bytes)

    def data_received(self, data: bytes) -> None:
        """Take bytes: they belong to the awaited reply, or to nothing."""
        self.recorder.received(data, self)
        waiter = cast("asyncio.Future[Any] | None", self._response_waiter)
        if waiter is None or waiter.done() or not self._response_pending:
            self.surplus = (self.surplus + data)[: self.recorder.limits.line_bytes]
            return
        try:
            replies = self._reader.feed(data)
        except ReplyError as error:
            if tls_record(data):
                self.fail(Trouble(Kind.SECURITY_MISMATCH, detail=TLS_IN_CLEAR))
            else:
                self.fail(Trouble(Kind.SMTP_PROTOCOL, detail=str(error)))
            return
        if replies:
            more = "".join(f"{reply}\r\n" for reply in replies[1:]).encode()
            self.surplus += more + self._reader.pending
            waiter.set_result(replies[0])

    async def ask(self, line: str) -> Any:  # noqa: ANN401 - as `read_response`
        """
        Send one line and wait for its reply.

        The base's `execute_command` does the same under a lock and a timeout of
        its own. Nobody else writes here, and the step bounds the wait.
        """
        if not line.isprintable():  # a line end in it would be a second command
            message = "a command with a prohibited control character"
            raise ValueError(message)
        self._response_pending = True
        self.write(line.encode() + b"\r\n")
        return await self.read_response()

    async def read_response(self, timeout: float | None = None) -> Any:  # noqa: ANN401, ARG002 - the base says SMTPResponse
        """Wait for a reply; *timeout* is not looked at: the step bounds the wait."""
        if self._response_waiter is None:
            raise SMTPServerDisconnected(_LOST)
        self._response_pending = True
        try:
            return await self._response_waiter
        finally:
            self._response_pending = False
            connected = self.transport is not None
            waiter = self._loop.create_future() if connected else None
            self._response_waiter = waiter

    def fail(self, trouble: Trouble) -> None:
        """End the wait for a reply."""
        waiter = cast("asyncio.Future[Any] | None", self._response_waiter)
        if waiter is not None and not waiter.done():
            self._set_response_exception(waiter, trouble)

    def connection_lost(self, exc: Exception | None) -> None:
        """Tell whoever waits; a lost farewell is never made up (the base does)."""
        self._quit_sent = False
        super().connection_lost(exc)

    def write(self, data: bytes) -> None:
        """Write, and note when."""
        # Noted first: the server may have read it before the call returns.
        self.wrote_at = self.recorder.elapsed()
        super().write(data)


class SmtpSession:
    """
    One SMTP conversation, command by command.

    Every method returns what the server said or raises `Trouble`; waiting is
    bounded by the step it happens in. After any failure the session is spent.
    """

    def __init__(self, protocol: SmtpProtocol) -> None:
        """Speak over a connected protocol."""
        self._protocol = protocol
        self._recorder = protocol.recorder
        self._owed = False  # a command was sent and its reply has not come

    async def greeting(self) -> Reply:
        """Wait for the banner; anything but 220 is trouble (RFC 5321 3.1)."""
        return _expect(await self._reply(self._protocol.read_response()), 220)

    async def ehlo(self, name: str) -> Offer:
        """Say EHLO, or HELO where that is not understood (RFC 5321 4.1.1.1)."""
        reply = await self.command(f"EHLO {name}")
        if reply.code in NOT_UNDERSTOOD:
            plain = _expect(await self.command(f"HELO {name}"), 250)
            return ehlo_offer(Reply(250, None, plain.text.split("\n")[0]))
        return ehlo_offer(_expect(reply, 250))

    async def starttls(self) -> Reply:
        """
        Ask for TLS; the handshake is a step of its own.

        Bytes behind the 220 were sent in clear, by whomever: they are reported
        and never read as part of the encrypted session (RFC 3207 4.2).
        """
        reply = _expect(await self.command("STARTTLS"), 220)
        if self._protocol.surplus:
            said = readable(self._protocol.surplus, 200)
            raise Trouble(Kind.STARTTLS_INJECTION, detail=f"in clear: {said!r}")
        return reply

    async def upgrade(self, context: ssl.SSLContext, server_name: str) -> ssl.SSLObject:
        """Do the handshake after STARTTLS."""
        channel = cast("Channel | None", self._protocol.transport)
        if channel is None or channel.is_closing():  # closed under our hands
            raise Trouble(Kind.PEER_CLOSED, detail="closed during the handshake")
        try:
            return await channel.secure(context, server_name)
        except ssl.SSLError as error:
            if not no_tls(error):
                raise
            detail = "text in clear in place of the handshake"
            raise Trouble(Kind.STARTTLS_INJECTION, detail=detail) from None

    @property
    def ssl_object(self) -> ssl.SSLObject | None:
        """The TLS connection, if there is one."""
        transport = self._protocol.transport
        return transport.get_extra_info("ssl_object") if transport else None

    @property
    def usable(self) -> bool:
        """Whether another command can be sent: not closed, no reply owed."""
        waiter = self._protocol._response_waiter  # noqa: SLF001 - our own subclass
        settled = waiter is not None and not waiter.done()
        quiet = not self._protocol.surplus  # else the next reply would be shifted
        return self._protocol.is_connected and settled and quiet and not self._owed

    async def auth(self, mechanism: str, user: str, secret: Secret) -> Reply:
        """Log in, by one mechanism and in one attempt (RFC 4954)."""
        value = secret.reveal()
        self._recorder.hide(value)
        first = sasl.initial(mechanism, user, value)
        answer = sasl.responder(mechanism, user, value)
        line, shown = f"AUTH {mechanism}", f"AUTH {mechanism}"
        if first is not None:
            line, shown = f"{line} {_coded(first)}", f"{shown} {MASK}"
        reply = await self.command(line, shown=shown)
        reason = ""
        for _ in range(CHALLENGES_MAX):
            if reply.code != 334:  # noqa: PLR2004 - RFC 4954 4: a challenge
                break
            challenge = _decoded(reply.text)
            if mechanism in sasl.TOKEN_MECHANISMS:
                reason = self._recorder.clean(readable(challenge, 300))
            said = _coded(answer(challenge))
            reply = await self.command(said, shown=MASK if said else "")
        if reply.code == 235:  # noqa: PLR2004 - RFC 4954 6: logged in
            return reply
        raise Trouble(_refusal(int(reply.code)), reply=reply, detail=reason)

    async def mail(self, sender: str) -> Reply:
        """Name the envelope sender."""
        return _expect(await self.command(f"MAIL FROM:<{sender}>"), 250)

    async def rcpt(self, recipient: str) -> Reply:
        """Name the recipient."""
        return _expect(await self.command(f"RCPT TO:<{recipient}>"), 250, 251, 252)

    async def data(self) -> Reply:
        """Ask to send the mail itself."""
        return _expect(await self.command("DATA"), 354)

    def send_message(self, message: bytes) -> float:
        """
        Write the mail and its final dot; return when that was done.

        Args:
            message: The mail with CRLF line ends.

        Returns:
            Seconds since the probe began.
        """
        stuffed = message.replace(b"\r\n.", b"\r\n..")
        if stuffed.startswith(b"."):
            stuffed = b"." + stuffed
        self._recorder.sent(f"({len(message)} bytes of mail)")
        self._protocol._response_pending = True  # noqa: SLF001 - as the base does
        self._write(stuffed + b".\r\n")
        return self._protocol.wrote_at

    async def accepted(self) -> Reply:
        """
        Wait for the reply to the mail.

        A connection that is lost here leaves the mail's fate open: the server
        may have taken it (RFC 5321 4.5.4.1 note, RFC 1047).
        """
        return _expect(await self._reply(self._protocol.read_response()), 250)

    async def quit(self) -> Reply:
        """Take leave."""
        return _expect(await self.command("QUIT"), 221)

    def fail(self, trouble: Trouble) -> None:
        """End the wait for a reply with what was found out otherwise."""
        self._protocol.fail(trouble)

    def abort(self) -> None:
        """Close at once; to be called in any case, any number of times."""
        transport = cast("asyncio.Transport | None", self._protocol.transport)
        if transport is not None:
            transport.abort()

    async def command(self, line: str, *, shown: str | None = None) -> Reply:
        """Send one line and return its reply, whatever its code."""
        protocol = self._protocol
        if protocol.surplus:
            self._out_of_turn(protocol.surplus)
        self._recorder.sent(line if shown is None else shown)
        reply = await self._reply(protocol.ask(line))
        if protocol.surplus and line != "STARTTLS":
            self._out_of_turn(protocol.surplus)
        return reply

    def _out_of_turn(self, surplus: bytes) -> NoReturn:
        """Take an unasked 421 for what it is; other words would shift every reply."""
        try:
            replies = ReplyReader(len(surplus)).feed(surplus)
        except ReplyError:
            replies = []
        if replies and replies[0].code == CLOSING:
            raise Trouble(Kind.SMTP_TEMPORARY, reply=self._clean(replies[0]))
        said = readable(surplus, 200)
        detail = f"the server spoke out of turn: {said!r}"
        raise Trouble(Kind.SMTP_PROTOCOL, detail=detail)

    async def _reply(self, waiting: Any) -> Reply:  # noqa: ANN401 - typed as the base's
        self._owed = True
        try:
            reply = cast("Reply", await waiting)
        except SMTPServerDisconnected as error:
            raise Trouble(Kind.PEER_CLOSED, detail=self._unfinished(error)) from None
        self._owed = False
        return self._clean(reply)

    def _unfinished(self, error: SMTPServerDisconnected) -> str:
        pending = self._protocol._reader.pending  # noqa: SLF001 - our own subclass
        if pending:
            return f"closed in the middle of a reply: {readable(pending, 200)!r}"
        cause = error.__cause__
        if isinstance(cause, OSError) and cause.strerror:
            return cause.strerror
        return "the server closed the connection"

    def _clean(self, reply: Reply) -> Reply:
        return self._recorder.clean_reply(reply)

    def _write(self, data: bytes) -> None:
        try:
            self._protocol.write(data)
        except SMTPServerDisconnected as error:
            raise Trouble(Kind.PEER_CLOSED, detail=self._unfinished(error)) from None


def _expect(reply: Reply, *codes: int) -> Reply:
    if reply.code in codes:
        return reply
    kinds = {"4": Kind.SMTP_TEMPORARY, "5": Kind.SMTP_PERMANENT}
    raise Trouble(kinds.get(str(reply.code)[0], Kind.SMTP_PROTOCOL), reply=reply)


def _refusal(code: int) -> Kind:
    """Name what an answer to AUTH means that is not 235 (RFC 4954 6)."""
    if code < 400:  # noqa: PLR2004 - a challenge too many, or another command's reply
        return Kind.SMTP_PROTOCOL
    temporary = code < 500 and code != 432  # noqa: PLR2004 - 432: change the password
    return Kind.AUTH_UNAVAILABLE if temporary else Kind.AUTH_REFUSED


def _coded(data: bytes) -> str:
    return base64.b64encode(data).decode()


def _decoded(text: str) -> bytes:
    try:
        return base64.b64decode(text.rpartition("\n")[2].strip())
    except (binascii.Error, ValueError):
        return b""
