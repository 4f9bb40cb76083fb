"""Between Postfix and Dovecot's LMTP: passes mail on at once, later, or to junk."""

from __future__ import annotations

import asyncio
import re
from contextlib import contextmanager
from typing import TYPE_CHECKING, Final

from tests.real.plan import DOVECOT, LMTP_PORT, RELAY

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.real.background import Background
    from tests.real.plan import Plan

_CHUNK: Final = 64 * 1024
_RECIPIENT: Final = re.compile(rb"^(RCPT TO:<[^@>\r\n]+)(@)", re.IGNORECASE)
_PREVENTED: Final = b"421 4.3.2 The mail store is closed\r\n"


class LmtpRelay:
    """
    What Postfix delivers to.

    Postfix opens a connection for each mail, so holding back the greeting holds
    back exactly that mail; the rest of the conversation takes milliseconds.
    """

    def __init__(self, plan: Plan) -> None:
        self._plan = plan
        self._hold = 0.0
        self._junk = False
        self._closed = False

    def start(self, background: Background) -> None:
        """Listen; connections are served by *background* from now on."""
        background.serve(self._talk, self._plan.at(RELAY), LMTP_PORT)

    @contextmanager
    def hold(self, seconds: float) -> Iterator[None]:
        """Deliver what comes now *seconds* after it was accepted."""
        self._hold = seconds
        try:
            yield
        finally:
            self._hold = 0.0

    @contextmanager
    def junk(self) -> Iterator[None]:
        """Deliver what comes now to the folder Junk."""
        self._junk = True
        try:
            yield
        finally:
            self._junk = False

    @contextmanager
    def closed(self) -> Iterator[None]:
        """Keep the store closed for mail: it waits in the queue until afterwards."""
        self._closed = True
        try:
            yield
        finally:
            self._closed = False

    async def _talk(
        self, postfix: asyncio.StreamReader, answer: asyncio.StreamWriter
    ) -> None:
        if self._closed:
            answer.write(_PREVENTED)
            await answer.drain()
            return
        junk = self._junk
        await asyncio.sleep(self._hold)
        store, forward = await asyncio.open_connection(
            self._plan.at(DOVECOT), LMTP_PORT
        )
        try:
            async with asyncio.TaskGroup() as both:
                both.create_task(_pass_on(store, answer))
                both.create_task(_envelope(postfix, forward, junk=junk))
        finally:
            forward.close()


async def _envelope(
    source: asyncio.StreamReader, sink: asyncio.StreamWriter, *, junk: bool
) -> None:
    """Pass the commands on line by line up to DATA, then the rest as it comes."""
    while line := await source.readline():
        sink.write(_RECIPIENT.sub(rb"\1+Junk\2", line) if junk else line)
        await sink.drain()
        if line.upper().startswith(b"DATA"):
            break
    await _pass_on(source, sink)


async def _pass_on(source: asyncio.StreamReader, sink: asyncio.StreamWriter) -> None:
    while chunk := await source.read(_CHUNK):
        sink.write(chunk)
        await sink.drain()
    if sink.can_write_eof():
        sink.write_eof()
