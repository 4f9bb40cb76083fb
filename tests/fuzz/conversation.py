"""A probe's conversation with a server whose every byte is chosen by a fuzzer."""

from __future__ import annotations

import asyncio
from contextlib import suppress
from datetime import UTC, datetime
from functools import cache
from typing import TYPE_CHECKING, Any, Final, Protocol, cast

from mailprobe.model.limits import Limits
from mailprobe.model.secret import Secret
from mailprobe.model.target import Endpoint, Mailbox
from mailprobe.probes.vantage import Vantage
from mailprobe.wire.trouble import Ended

if TYPE_CHECKING:
    from collections.abc import Awaitable

    from mailprobe.wire.imap_protocol import ImapProtocol
    from mailprobe.wire.recorder import Recorder
    from mailprobe.wire.smtp import SmtpProtocol

SECRET: Final = "Zq7-hush-and-never-tell"
ADA: Final = Mailbox(
    "ada@libero.test",
    password=Secret(SECRET),
    imap=Endpoint("imap.libero.test", 993),
    smtp=Endpoint("smtp.libero.test", 465),
)
# Small, so that a fuzzer's few kilobytes reach every bound.
LIMITS: Final = Limits(
    reply_bytes=2048,
    line_bytes=512,
    literal_bytes=1024,
    response_bytes=4096,
    transcript_lines=40,
)

TURN: Final = b"\x1e"  # what follows is sent after the client's next line
CUT: Final = b"\x1f"  # what follows comes in a segment of its own
TAG: Final = b"\x1d"  # stands for the tag of the running IMAP command
# Steps of the event loop in which a client that has something to say says it.
PATIENCE: Final = 30


class Session(Protocol):
    """What SMTP and IMAP sessions have in common."""

    def abort(self) -> None:
        """Close at once."""


class StillClock:
    """A clock that stands still: time is no part of what is fuzzed."""

    def monotonic(self) -> float:
        """Return the same second each time."""
        return 1000.0

    def now(self) -> datetime:
        """Return the same moment each time."""
        return datetime(2023, 1, 23, 16, tzinfo=UTC)


class Wire(asyncio.Transport):
    """A connection without a socket; counts what the client writes."""

    def __init__(self) -> None:
        """Begin open."""
        super().__init__()
        self.written = 0
        self.closed = False

    def write(self, data: bytes | bytearray | memoryview) -> None:
        """Take bytes of the client."""
        assert data
        assert not self.closed
        self.written += 1

    def abort(self) -> None:
        """Close."""
        self.closed = True

    def close(self) -> None:
        """Close."""
        self.closed = True

    def is_closing(self) -> bool:
        """Whether it was closed."""
        return self.closed


@cache
def vantage() -> Vantage:
    """Return a vantage that never dials, so that it needs no trust store."""
    return Vantage(
        clock=StillClock(),
        limits=LIMITS,
        trust=cast("Any", None),
        nameservers=("192.0.2.1",),
        ehlo_name="probe.test",
        mx_port=25,
        loopback=False,
        controls=(),
        attempts=1,
        canary_key=b"k" * 32,
        transcript=True,
    )


async def converse(
    protocol: SmtpProtocol | ImapProtocol,
    recorder: Recorder,
    talk: Awaitable[None],
    script: bytes,
) -> None:
    """
    Let a client talk to a server that says *script* and then hangs up.

    Whatever is not `Ended` passes through. A client that still waits when the
    connection is gone is a fault.
    """
    recorder.hide(SECRET)
    wire = Wire()
    protocol.connection_made(wire)
    client = asyncio.ensure_future(talk)
    for turn in script.split(TURN):
        await _idle(client, wire)
        for segment in turn.split(CUT):
            tag = getattr(getattr(protocol, "current", None), "tag", b"*")
            if segment and not wire.closed:
                protocol.data_received(segment.replace(TAG, tag))
    await _idle(client, wire)
    wire.closed = True
    protocol.connection_lost(None)
    for _ in range(PATIENCE):
        await asyncio.sleep(0)
    try:
        assert client.done(), "the client still waits on a lost connection"
    finally:
        client.cancel()
        with suppress(asyncio.CancelledError, Ended):
            await client


async def _idle(client: asyncio.Future[None], wire: Wire) -> None:
    """Wait until the client has said something or has nothing to say."""
    before = wire.written
    for _ in range(PATIENCE):
        await asyncio.sleep(0)
        if client.done():
            return
        if wire.written != before:
            await asyncio.sleep(0)
            return
