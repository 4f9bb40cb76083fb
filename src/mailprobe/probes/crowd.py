"""New mail, given to the trips whose tokens it carries."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from mailprobe.mail import canary as mark
from mailprobe.mail.imap import count
from mailprobe.probes.newmail import NewMail, Sighting

if TYPE_CHECKING:
    from collections.abc import Sequence

    from mailprobe.mail.imap_stream import Response
    from mailprobe.probes.awaited import Awaited


@dataclass(slots=True, kw_only=True)
class Crowd(NewMail):
    """
    Looks at what is new in a mailbox for many trips at a time.

    Attributes:
        awaited: The trips, by the token of each.
        pushes: What IDLE told since the last look, as ``(when, EXISTS)``.
    """

    awaited: dict[str, Awaited] = field(default_factory=dict)
    pushes: list[tuple[float, int]] = field(default_factory=list)

    def seen(self) -> bool:
        """Whether the looking is over: never, there may be more to come."""
        return False

    def recognise(self, sighting: Sighting, headers: bytes) -> None:
        """Give a mail to the trip whose token it carries; leave all others alone."""
        found = mark.tokens(headers)
        for token in found:
            one = self.awaited.get(token)
            ours = one and mark.origin(token, one.canary, self.key)
            if one is not None and ours is mark.Origin.OURS:
                one.see(sighting, self._notified(sighting))
                return
        if found:
            for one in self.awaited.values():
                one.foreign += 1

    async def read_inbox(self) -> None:
        """Read what is new in INBOX, of which the server has just told."""
        self.session.take_change()
        await self._read_news(self.places[0], by=self.recorder.elapsed())

    def hear(self, news: Sequence[tuple[float, Response]]) -> None:
        """Note what IDLE told."""
        if any(count(response, "EXPUNGE") is not None for _, response in news):
            return  # numbers have shifted: whose news it was cannot be told
        told = ((at, count(response, "EXISTS")) for at, response in news)
        self.pushes = [(at, exists) for at, exists in told if exists is not None]

    def _notified(self, sighting: Sighting) -> float | None:
        if sighting.place is not self.places[0]:
            return None
        told = (at for at, exists in self.pushes if exists >= sighting.number)
        return next(told, None)
