"""Tells changes of incidents to people: through Apprise, and as JSON to a webhook."""

from __future__ import annotations

import asyncio
import urllib.request
from typing import TYPE_CHECKING, Final

import msgspec

from mailprobe.model.errors import ConfigError

if TYPE_CHECKING:
    from mailprobe.model.incident import Event
    from mailprobe.monitor.plan import Plan

TIMEOUT: Final = 15.0  # seconds for one message; it is tried again
TRIES: Final = 3
PAUSE: Final = 30.0  # seconds between tries; a network that blinked is back by then
QUEUE_MAX: Final = 100  # changes of incidents; more at once tell nothing more


class Teller:
    """Sends each change once, in order; a channel that fails keeps nobody waiting."""

    def __init__(self, plan: Plan) -> None:
        self._plan = plan
        self._queue: asyncio.Queue[Event] = asyncio.Queue(QUEUE_MAX)
        self.lost = 0
        self.trouble = ""

    @property
    def wanted(self) -> bool:
        """Whether there is anybody to tell."""
        return bool(self._plan.notify or self._plan.webhook)

    def tell(self, event: Event) -> None:
        """Have an event told soon."""
        if not self.wanted:
            return
        try:
            self._queue.put_nowait(event)
        except asyncio.QueueFull:
            self.lost += 1

    async def serve(self) -> None:
        """Tell what comes, until cancelled."""
        while True:
            event = await self._queue.get()
            for attempt in range(TRIES):
                try:
                    await asyncio.to_thread(self._send, event)
                    self.trouble = ""
                    break
                except Exception as error:  # noqa: BLE001 - a channel's, not ours
                    self.trouble = f"a notification was not taken: {error}"
                    await asyncio.sleep(PAUSE * (attempt + 1))
            else:
                self.lost += 1

    def _send(self, event: Event) -> None:
        if self._plan.webhook is not None:
            post(self._plan.webhook.resolve().reveal(), msgspec.json.encode(event))
        if self._plan.notify:
            urls = [one.resolve().reveal() for one in self._plan.notify]
            apprise(urls, title(event), event.incident.why)


def title(event: Event) -> str:
    """Return the subject of a message."""
    return f"mailprobe: {event.incident.culprit}: {event.change}"


def post(url: str, body: bytes) -> None:
    """
    Post JSON.

    Raises:
        OSError: If nobody takes it.
    """
    if not url.startswith(("http://", "https://")):
        message = "a webhook is an http:// or https:// URL"
        raise ConfigError(message)
    request = urllib.request.Request(  # noqa: S310 - checked above
        url, data=body, headers={"Content-Type": "application/json"}
    )
    with urllib.request.urlopen(request, timeout=TIMEOUT):  # noqa: S310 - checked above
        pass


def apprise(urls: list[str], title: str, text: str) -> None:
    """
    Tell through Apprise.

    Raises:
        ConfigError: If it is not installed, or knows none of the URLs.
        OSError: If a channel does not take it.
    """
    try:
        from apprise import Apprise  # noqa: PLC0415 - an extra
    except ModuleNotFoundError:
        message = "notify needs Apprise: pip install 'mailprobe[notify]'"
        raise ConfigError(message) from None
    channel = Apprise()
    known = [channel.add(url) for url in urls]
    if not all(known):
        message = "notify has a URL that Apprise does not know"
        raise ConfigError(message)
    if not channel.notify(title=title, body=text):
        message = "Apprise could not deliver it"
        raise OSError(message)
