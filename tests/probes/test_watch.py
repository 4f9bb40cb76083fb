"""Looking for one mail: no word of the server's is missed, wherever it stands."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

import pytest

from mailprobe.mail import canary
from mailprobe.mail.imap_stream import Response, ResponseReader
from mailprobe.model.limits import Limits
from mailprobe.probes.newmail import INBOX, Place
from mailprobe.probes.watch import Watch
from mailprobe.wire.clock import SystemClock
from mailprobe.wire.imap import ImapSession
from mailprobe.wire.imap_protocol import ImapProtocol
from mailprobe.wire.recorder import Recorder

if TYPE_CHECKING:
    from datetime import datetime

KEY = b"k" * 32


class Scripted(ImapSession):
    """A session whose server tells of new mail only beside the reply to STATUS."""

    def __init__(self, protocol: ImapProtocol, header: bytes) -> None:
        super().__init__(protocol)
        self._header = header
        self.sent: list[str] = []

    async def command(
        self, name: str, rest: bytes = b"", **_: object
    ) -> list[Response]:
        """Answer as the script says."""
        del rest
        self.sent.append(name)
        said = {
            "NOOP": b"A1 OK\r\n",
            "STATUS": b'* 1 EXISTS\r\n* STATUS "Junk" (UIDNEXT 1)\r\nA2 OK\r\n',
            "UID FETCH": b"* 1 FETCH (UID 1 BODY[HEADER] {%d}\r\n%s)\r\nA3 OK\r\n"
            % (len(self._header), self._header),
        }[name]
        reader = ResponseReader(line_bytes=9999, literal_bytes=9999)
        responses = reader.feed(said)
        for response in responses:
            if response.tag == b"*":
                self._protocol._untagged(response, None)
        return responses


@pytest.mark.asyncio
async def test_news_beside_the_reply_to_status_is_not_missed() -> None:
    """EXISTS is told once, and it may stand beside any reply."""
    clock = SystemClock()
    recorder = Recorder(clock, Limits(), 5)
    mine = _canary(clock.now())
    session = Scripted(
        ImapProtocol(recorder), f"Message-ID: {mine.message_id}\r\n\r\n".encode()
    )
    watch = Watch(
        session=session,
        recorder=recorder,
        canary=mine,
        key=KEY,
        nudge=asyncio.Event(),
    )
    watch.places = [
        Place(INBOX, "INBOX", "inbox", 1),
        Place(b"Junk", "Junk", "junk", 1),
    ]
    assert await watch.look()
    assert session.sent == ["NOOP", "STATUS", "UID FETCH"]
    assert watch.sightings[0].uid == 1


def _canary(at: datetime) -> canary.Canary:
    return canary.mint(KEY, "a@x.test", "b@y.test", at=at, nonce=b"n" * 16)
