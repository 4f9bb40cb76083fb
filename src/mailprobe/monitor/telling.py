"""Tells changes of incidents to people: once each, in order, whatever is in the way."""

from __future__ import annotations

import asyncio
import hashlib
from datetime import UTC, datetime, timedelta
from functools import partial
from typing import TYPE_CHECKING, Final

from mailprobe.model.entry import Changed
from mailprobe.monitor import channels
from mailprobe.monitor.aside import aside

if TYPE_CHECKING:
    from collections.abc import Callable

    from mailprobe.credentials import Reference
    from mailprobe.model.incident import Event
    from mailprobe.monitor.ledger import Ledger
    from mailprobe.monitor.plan import Plan

PAUSE: Final = 30.0  # seconds before a second try; a network that blinked is back
PAUSE_MAX: Final = 900.0  # it doubles; whoever was away for long is found in 15 min
PATIENCE: Final = timedelta(days=1)  # what is older is no news any more
ANSWER_MAX: Final = 60.0  # seconds; Apprise asks several services for one URL
QUEUE_MAX: Final = 100  # changes of incidents; more at once tell nothing more


class Teller:
    """Sends each change over each channel; one that hangs holds up itself alone."""

    def __init__(
        self,
        plan: Plan,
        ledger: Ledger,
        *,
        on_trouble: Callable[[str], None] = lambda _: None,
        pause: float = PAUSE,
    ) -> None:
        """
        Set up; nothing is looked up or sent yet.

        Args:
            plan: Says where changes are told.
            ledger: Where it is kept what was told; open by the time it is needed.
            on_trouble: Called with what is wrong when that changes.
            pause: Seconds before a second try.
        """
        make = partial(Channel, ledger=ledger, on_trouble=on_trouble, pause=pause)
        self.channels = [
            make(f"notify {number}", one, channels.apprise)
            for number, one in enumerate(plan.notify, 1)
        ]
        if plan.webhook is not None:
            self.channels.append(make("webhook", plan.webhook, channels.post))

    @property
    def trouble(self) -> tuple[str, ...]:
        """What is wrong with the channels, a sentence each."""
        return tuple(one.trouble for one in self.channels if one.trouble)

    async def open(self, now: datetime) -> None:
        """
        Look whether all can be meant, and take up what the last run did not tell.

        Raises:
            ConfigError: If a secret is missing, or Apprise, or it knows no such URL.
        """
        for one in self.channels:
            await one.open(now)

    def tell(self, event: Event) -> None:
        """Have an event told soon."""
        for one in self.channels:
            one.tell(event)


class Channel:
    """
    One way to tell people.

    Attributes:
        name: What it is called in messages; its URL is a secret.
        trouble: What is wrong with it; empty if nothing.
        lost: How many changes were given up.
    """

    def __init__(  # noqa: PLR0913 - what it shares with others is given by name
        self,
        name: str,
        where: Reference,
        send: Callable[[str, Event | None], None],
        *,
        ledger: Ledger,
        on_trouble: Callable[[str], None],
        pause: float,
    ) -> None:
        self.name, self.trouble, self.lost = name, "", 0
        self._on_trouble = on_trouble
        self._where, self._send = where, send
        self._ledger, self._pause = ledger, pause
        self._queue: asyncio.Queue[Event] = asyncio.Queue(QUEUE_MAX)
        named = hashlib.blake2b(f"{where.kind}:{where.value}".encode(), digest_size=8)
        self._key = f"told {named.hexdigest()}"

    async def open(self, now: datetime) -> None:
        """Look whether it can be meant, and take up what was not told."""
        await asyncio.to_thread(self._deliver, None)
        kept = await self._ledger.kept(self._key)
        if kept is None:  # a channel that is new: what was before is not its news
            await self._told(now)
            return
        told = datetime.fromisoformat(kept.decode())
        since = max(told, now - PATIENCE)
        async for _, entry in self._ledger.entries(kinds=(Changed.kind,), since=since):
            if isinstance(entry, Changed) and entry.at > told:
                self.tell(entry.event)

    def tell(self, event: Event) -> None:
        """Have an event told soon; what does not fit is counted, and said."""
        try:
            self._queue.put_nowait(event)
        except asyncio.QueueFull:
            self._give_up("too many changes wait to be told")

    async def serve(self) -> None:
        """Tell what comes, until cancelled."""
        while True:
            event = await self._queue.get()
            await self._persist(event)
            if self._queue.empty():
                # Several changes may bear one time; all of them were told by now.
                await self._told(event.at)

    async def _persist(self, event: Event) -> None:
        pause, waited = self._pause, 0.0
        while True:
            try:
                async with asyncio.timeout(ANSWER_MAX):
                    await aside(partial(self._deliver, event), f"mailprobe {self.name}")
            except Exception as error:  # noqa: BLE001 - a channel's, not ours
                self._say(f"{self.name}: {channels.said(error)}")
            else:
                self._say("")
                return
            if waited >= PATIENCE.total_seconds():
                self._give_up("nobody took it for a day")
                return
            await asyncio.sleep(pause)
            waited += pause
            pause = min(2 * pause, PAUSE_MAX)

    def _deliver(self, event: Event | None) -> None:
        """Send an event; without one, only look whether it could be meant."""
        self._send(self._where.resolve().reveal(), event)

    def _give_up(self, why: str) -> None:
        self.lost += 1
        self._say(f"{self.name}: {why}; {self.lost} changes were not told")

    def _say(self, trouble: str) -> None:
        if trouble == self.trouble:
            return
        self.trouble = trouble
        self._on_trouble(trouble or f"{self.name}: over")

    async def _told(self, at: datetime) -> None:
        text = at.astimezone(UTC).isoformat()
        await self._ledger.keep(self._key, text.encode())
