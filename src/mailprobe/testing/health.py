"""What live tests are given: the checks themselves, and round trips for real."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from mailprobe.model.errors import UsageError
from mailprobe.testing.apart import run_apart

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Mapping

    from mailprobe.model.report import ProviderReport, TripReport
    from mailprobe.model.verdict import Check


@dataclass(frozen=True, slots=True, kw_only=True)
class MailHealth:
    """
    What was seen of the providers; the fixture ``mail_health``.

    ``mail_health["libero"]`` is the check of a provider or mailbox. One that the
    test's markers name is at hand; any other is looked at on the spot, once in a
    session, which takes as long as it takes.

    Attributes:
        checks: The checks of the test's own markers, by the names they use.
    """

    checks: Mapping[str, Check[ProviderReport]]
    _look: Callable[[str], Check[ProviderReport]] = field(repr=False)

    def __getitem__(self, name: str) -> Check[ProviderReport]:
        """
        Return the check of a provider or a mailbox.

        Raises:
            UsageError: If it is neither; the message names the nearest ones.
            ConfigError: If ``mailprobe.toml`` lacks what it takes.
        """
        __tracebackhide__ = True  # the mistake is in the caller's line
        return self.checks[name] if name in self.checks else self._look(name)


class MailRoundTrip:
    """
    Sends one canary mail for real and sees it arrive; ``mail_round_trip``.

    ``check = mail_round_trip("office")`` in synchronous code,
    ``check = await mail_round_trip.wait("office")`` on an asyncio loop.
    """

    def __init__(
        self, travel: Callable[[str, str, float | None], Awaitable[Check[TripReport]]]
    ) -> None:
        self._travel = travel

    def __call__(
        self, sender: str = "", recipient: str = "", *, timeout: float | None = None
    ) -> Check[TripReport]:
        """
        Make a round trip and return its check.

        Args:
            sender: A mailbox of ``mailprobe.toml``, by name or address; the one
                of the test's marker if empty.
            recipient: The other end; the sender if empty.
            timeout: Seconds for all of it; the file's, else 300, if None.

        Raises:
            UsageError: If no mailbox is meant, or an event loop runs here.
            ConfigError: If ``mailprobe.toml`` has no such mailbox.
        """
        __tracebackhide__ = True
        try:
            asyncio.get_running_loop()
        except RuntimeError:
            return run_apart(self.wait(sender, recipient, timeout=timeout))
        message = (
            "mail_round_trip(...) would hold up the event loop that runs here; "
            "write await mail_round_trip.wait(...)"
        )
        raise UsageError(message)

    async def wait(
        self, sender: str = "", recipient: str = "", *, timeout: float | None = None
    ) -> Check[TripReport]:
        """Make a round trip on the asyncio loop that runs here; else as a call does."""
        __tracebackhide__ = True
        try:
            asyncio.get_running_loop()
        except RuntimeError:
            message = (
                "await mail_round_trip.wait(...) needs an asyncio loop; with another "
                "one, call mail_round_trip(...) in a thread"
            )
            raise UsageError(message) from None
        return await self._travel(sender, recipient, timeout)


def chosen(names: tuple[str, ...], given: str) -> str:
    """
    Return the name of the mailbox that is meant.

    Args:
        names: The mailboxes of the test's markers.
        given: What the caller named, if anything.

    Raises:
        UsageError: If nothing was named and there is not one to take.
    """
    if given:
        return given
    if len(names) == 1:
        return names[0]
    what = "names no mailbox" if not names else f"names {', '.join(names)}"
    message = f'the needs_mail marker {what}; write mail_round_trip("NAME")'
    raise UsageError(message)
