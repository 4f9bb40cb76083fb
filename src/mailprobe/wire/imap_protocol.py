"""aioimaplib's protocol on a connection of our own, its receive path replaced."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Final

from aioimaplib.aioimaplib import (
    AUTH,
    LOGOUT,
    NONAUTH,
    SELECTED,
    Commands,
    IMAP4ClientProtocol,
)

from mailprobe.mail.imap import count, status_reply
from mailprobe.mail.imap_stream import Response, ResponseReader, StreamError
from mailprobe.mail.text import readable
from mailprobe.model.failure import Kind, Reply
from mailprobe.wire.trouble import TLS_IN_CLEAR, Trouble, tls_record

if TYPE_CHECKING:
    from collections.abc import Callable

    from mailprobe.wire.recorder import Recorder

__all__ = ["AUTH", "LOGOUT", "SELECTED", "Command", "ImapProtocol", "refuse"]

PUSHES_MAX: Final = 100  # only the latest matter; an EXISTS storm is bounded
SURPLUS_MAX: Final = 1000  # bytes quoted of what came out of turn
ALERTS_MAX: Final = 20  # kept of one session; a server that means it sends one


class Command:
    """A command on its way: its responses so far, and who waits for its end."""

    def __init__(
        self,
        tag: bytes,
        answer: Callable[[bytes], bytes | None],
        *,
        pushed: bool = False,
    ) -> None:
        self.tag = tag
        self.answer = answer
        self.pushed = pushed  # its responses are news, and kept nowhere else
        self.responses: list[Response] = []
        self.size = 0
        self.done: asyncio.Future[Reply] = asyncio.get_running_loop().create_future()

    def fail(self, trouble: Trouble) -> None:
        """End it without a tagged response."""
        if not self.done.done():
            self.done.set_exception(trouble)
            self.done.exception()  # retrieved: nobody may be waiting any more


class ImapProtocol(IMAP4ClientProtocol):  # type: ignore[misc]  # the base is untyped
    """
    The library's protocol, fed by our own reader.

    Of the base, connection, tags and the table of legal states are used; its
    receive path recurses, buffers without bound and logs what it receives.
    """

    def __init__(self, recorder: Recorder) -> None:
        """Begin; to be made while an event loop is running."""
        super().__init__(asyncio.get_running_loop())
        self.recorder = recorder
        limits = recorder.limits
        self.greeting = Command(b"*", refuse)
        self.current: Command | None = None
        self.bye: Reply | None = None
        self.lost: Trouble | None = None
        self.alerts: list[str] = []
        self.changed = False
        self.pushed = asyncio.Event()
        self.pushes: list[tuple[float, Response]] = []
        self.surplus = b""  # what came since the last tagged response
        self._reader = ResponseReader(
            line_bytes=limits.line_bytes, literal_bytes=limits.literal_bytes
        )

    def data_received(self, data: bytes) -> None:
        """Cut the bytes into responses and hand each to whom it is for."""
        self.recorder.received(data, self)
        try:
            responses = self._reader.feed(data)
        except StreamError as error:
            self.end(Trouble(Kind.IMAP_PROTOCOL, detail=str(error)))
            return
        if not self.greeting.done.done() and tls_record(data):
            self.end(Trouble(Kind.SECURITY_MISMATCH, detail=TLS_IN_CLEAR))
            return
        for response in responses:
            if self.lost is not None:
                return
            self._take(response)
        if self._reader.broken is not None:
            self.end(Trouble(Kind.IMAP_PROTOCOL, detail=str(self._reader.broken)))

    def connection_lost(self, exc: Exception | None) -> None:
        """Tell whoever waits, at once."""
        if self.bye is not None:
            self.end(Trouble(Kind.IMAP_BYE, reply=self.bye))
            return
        pending = self._reader.pending
        detail = "the server closed the connection"
        if pending:
            detail = f"closed in the middle of a line: {readable(pending, 200)!r}"
        elif isinstance(exc, OSError) and exc.strerror:
            detail = exc.strerror
        self.end(Trouble(Kind.PEER_CLOSED, detail=detail))

    def end(self, trouble: Trouble) -> None:
        """End the session: nothing that waits may go on waiting."""
        self.lost = self.lost or trouble
        self.greeting.fail(self.lost)
        if self.current is not None:
            self.current.fail(self.lost)
        self.pushed.set()
        if self.transport is not None:
            self.transport.abort()

    def legal(self, verb: str) -> bool:
        """Whether a command may be sent in the state the session is in."""
        return verb not in Commands or self.state in Commands[verb].valid_states

    def write(self, data: bytes) -> None:
        """Write; a session that has ended takes no more."""
        if self.lost is not None:
            raise self.lost
        self.transport.write(data)

    def _take(self, response: Response) -> None:
        reply = status_reply(response.rest)
        if reply is not None:
            reply = self.recorder.clean_reply(reply)
            if reply.enhanced == "ALERT" and len(self.alerts) < ALERTS_MAX:
                self.alerts.append(reply.text)
        tag, current = response.tag, self.current
        if not self.greeting.done.done():
            self._greet(response, reply)
        elif tag == b"*":
            self._untagged(response, reply)
        elif tag == b"+" and current is not None:
            self._continue(current, response)
        elif current is not None and tag == current.tag and reply is not None:
            current.responses.append(response)
            self.current = None
            self.pushed.set()
            if not current.done.done():
                current.done.set_result(reply)
        else:
            self._keep_surplus(response)
            said = readable(response.line, 200)
            detail = f"a response nobody asked for: {said!r}"
            self.end(Trouble(Kind.IMAP_PROTOCOL, detail=detail))

    def _greet(self, response: Response, reply: Reply | None) -> None:
        if response.tag != b"*" or reply is None or reply.code in {"NO", "BAD"}:
            said = readable(response.line, 200)
            detail = f"not an IMAP greeting: {said!r}"
            self.end(Trouble(Kind.IMAP_PROTOCOL, detail=detail))
        elif reply.code == "BYE":
            self.bye = reply
            self.end(Trouble(Kind.IMAP_BYE, reply=reply))
        else:
            self.state = AUTH if reply.code == "PREAUTH" else NONAUTH
            self.greeting.responses.append(response)
            self.greeting.done.set_result(reply)

    def _untagged(self, response: Response, reply: Reply | None) -> None:
        if reply is not None and reply.code == "BYE":
            self.bye = reply
            if self.state != LOGOUT:
                self.end(Trouble(Kind.IMAP_BYE, reply=reply))
                return
        # A server tells of a change once, beside the reply to whatever command.
        if not self.changed:
            self.changed = count(response, "EXISTS", "EXPUNGE") is not None
        current = self.current
        if current is None:
            # News between commands: the next poll asks for the state itself.
            self._keep_surplus(response)
            return
        if current.pushed:
            self.pushes.append((self.recorder.elapsed(), response))
            del self.pushes[:-PUSHES_MAX]
            self.pushed.set()
            return
        current.size += len(response.line) + sum(map(len, response.literals))
        if current.size > self.recorder.limits.response_bytes:
            most = self.recorder.limits.response_bytes
            detail = f"more than {most} bytes in answer to one command"
            self.end(Trouble(Kind.IMAP_PROTOCOL, detail=detail))
            return
        current.responses.append(response)

    def _keep_surplus(self, response: Response) -> None:
        self.surplus = (self.surplus + response.line + b"\n")[:SURPLUS_MAX]

    def _continue(self, current: Command, response: Response) -> None:
        said = current.answer(response.rest)
        if said is None:
            detail = (
                f"a continuation nobody asked for: {readable(response.line, 200)!r}"
            )
            self.end(Trouble(Kind.IMAP_PROTOCOL, detail=detail))
        elif said:
            self.write(said)


def refuse(_: bytes) -> bytes | None:
    """Answer no continuation: none was expected."""
    return None
