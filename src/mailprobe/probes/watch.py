"""Watching a mailbox for one canary, by polls."""

from __future__ import annotations

import asyncio
from contextlib import suppress
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final, Protocol

from mailprobe.mail import canary as mark
from mailprobe.probes.newmail import NewMail, Sighting

if TYPE_CHECKING:
    from collections.abc import Callable
    from datetime import datetime

    from mailprobe.mail.canary import Canary

# Seconds between polls from which on a server's silence is not relied upon:
# by then the extra question costs less than a mail that is overlooked.
TRUSTING: Final = 1.0


class Eye(Protocol):
    """What a trip watches with: a connection of its own, or a share in one."""

    sightings: list[Sighting]
    foreign: int

    @property
    def told(self) -> str:
        """What its step shows of the watching."""

    async def until_seen(
        self, *, since: float, until: float, hopeless: Callable[[], bool]
    ) -> bool:
        """Watch until the mail is seen; see `Watch.until_seen`."""

    async def headers(self, sighting: Sighting) -> tuple[bytes, datetime | None]:
        """Fetch the headers of our mail and the time the store gives it."""

    async def look(self) -> bool:
        """Look once; return whether our mail is there."""

    async def remove(self) -> bool:
        """Delete every sighted copy; return whether all of them are gone."""


@dataclass(slots=True, kw_only=True)
class Watch(NewMail):
    """
    Looks for one canary through an IMAP connection of its own.

    Attributes:
        canary: What is sought.
        nudge: Set when a look is due at once.
        sightings: Where it was seen.
        foreign: Mails with a token that is not ours.
    """

    canary: Canary
    nudge: asyncio.Event
    sightings: list[Sighting] = field(default_factory=list)
    foreign: int = 0

    @property
    def told(self) -> str:
        """What its step shows of the watching."""
        return f"polls: {self.polls}"

    async def until_seen(
        self, *, since: float, until: float, hopeless: Callable[[], bool]
    ) -> bool:
        """
        Poll until the canary is seen; return False when it is no use any more.

        The pause between polls grows with the time waited, so that the error of
        the sight stays a small share of the transit time.

        Args:
            since: When the mail was submitted, seconds of the probe.
            until: When to give up.
            hopeless: Whether the mail can no longer be expected.
        """
        elapsed, limits = self.recorder.elapsed, self.recorder.limits
        # A look that began before the mail was written shows nothing about it.
        self.last_look = max(self.last_look, since)
        pause = 0.0
        while True:
            self.nudge.clear()
            left = until - elapsed()
            async with asyncio.timeout(limits.command):
                if await self.look(thorough=pause >= TRUSTING or left <= 0):
                    return True
            left = until - elapsed()
            if left <= 0 or hopeless():
                return False
            share = limits.poll_share * (elapsed() - since)
            pause = min(max(limits.poll_first, share), limits.poll_longest, left)
            with suppress(TimeoutError):
                async with asyncio.timeout(pause):
                    await self.nudge.wait()

    async def headers(self, sighting: Sighting) -> tuple[bytes, datetime | None]:
        """Fetch the headers of our mail and the time the store gives it."""
        (found,) = await self.headers_of(sighting.place, [sighting])
        return found

    async def remove(self) -> bool:
        """Delete every sighted copy; return whether all of them are gone."""
        return await self.delete(self.sightings)

    def seen(self) -> bool:
        """Whether the canary was seen."""
        return bool(self.sightings)

    def recognise(self, sighting: Sighting, headers: bytes) -> None:
        """Take a mail for ours if it carries our very token."""
        found = mark.tokens(headers)
        origins = {mark.origin(token, self.canary, self.key) for token in found}
        if mark.Origin.OURS in origins:
            self.sightings.append(sighting)
        else:
            self.foreign += bool(origins)
