"""Listening in IDLE for what a server tells, beside the connection that polls."""

from __future__ import annotations

import asyncio
from contextlib import suppress
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from mailprobe.mail import imap as read
from mailprobe.probes.newmail import NEWS_MAX
from mailprobe.wire.trouble import Trouble

if TYPE_CHECKING:
    from mailprobe.probes.newmail import Sighting
    from mailprobe.wire.imap import ImapSession


@dataclass(slots=True)
class Listener:
    """
    Notes what IDLE tells, on a connection of its own: ``(when, EXISTS)`` pairs.

    Attributes:
        session: A session in IDLE.
        nudge: Set at every push, so that a look follows at once.
        shift: What turns the session's seconds into those of the trip.
        pushes: What was told.
        renumbered: Mail was removed meanwhile, so that numbers have shifted.
        heard: Set at every push.
    """

    session: ImapSession
    nudge: asyncio.Event
    shift: float
    pushes: list[tuple[float, int]] = field(default_factory=list)
    renumbered: bool = False
    heard: asyncio.Event = field(default_factory=asyncio.Event)

    async def run(self) -> None:
        """Listen until cancelled, or until the connection ends: then it is deaf."""
        with suppress(Trouble):
            while True:
                for at, response in await self.session.idle_push():
                    number = read.count(response, "EXISTS")
                    gone = read.count(response, "EXPUNGE") is not None
                    self.renumbered = self.renumbered or gone
                    if number is not None and len(self.pushes) < NEWS_MAX:
                        self.pushes.append((at + self.shift, number))
                        self.nudge.set()
                        self.heard.set()

    async def told(self, sighting: Sighting, grace: float) -> float | None:
        """
        Return when the server told of a mail; None if not in time.

        A push counts from the number that the mail has; where numbers have
        shifted, from the last look that did not show it.

        Args:
            sighting: The mail, as a poll saw it in INBOX.
            grace: Seconds to go on waiting for it.
        """
        with suppress(TimeoutError):
            async with asyncio.timeout(grace):
                while True:
                    self.heard.clear()
                    for at, exists in self.pushes:
                        late = self.renumbered and at >= sighting.after
                        if late or exists >= sighting.number:
                            return at
                    await self.heard.wait()
        return None
