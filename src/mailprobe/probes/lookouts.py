"""The watching connections of a run, one for each mailbox."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final

from mailprobe.probes.awaited import Awaited
from mailprobe.probes.lookout import Lookout

if TYPE_CHECKING:
    from mailprobe.mail.canary import Canary
    from mailprobe.model.failure import Failure
    from mailprobe.model.target import Mailbox
    from mailprobe.probes.vantage import Vantage
    from mailprobe.wire.recorder import Recorder

# Seconds for which an account is left alone after a refused login: lockouts of
# providers end within a few hours.
REST: Final = 6 * 3600.0
REFUSED_MAX: Final = 10_000  # accounts remembered; as many as a sweep may hold


@dataclass(frozen=True, slots=True, kw_only=True)
class Refused:
    """A login that was refused: when (monotonic), and how."""

    at: float
    failure: Failure


@dataclass(eq=False)
class Lookouts:
    """
    Shares watching connections between trips that go to one mailbox at a time.

    To be kept for as long as trips may meet (a sweep, or a program's life) and
    then closed. A mailbox whose login was refused is left alone for six hours;
    with another password it is another mailbox.
    """

    vantage: Vantage
    _at: dict[Mailbox, Lookout] = field(default_factory=dict)
    _ending: set[asyncio.Task[None]] = field(default_factory=set)
    _refused: dict[Mailbox, Refused] = field(default_factory=dict)

    def refused(self, mailbox: Mailbox) -> Refused | None:
        """Return how the mailbox's login was refused, if it is to be left alone."""
        found = self._refused.get(mailbox)
        if found and self.vantage.clock.monotonic() - found.at > REST:
            del self._refused[mailbox]
            return None
        return found

    async def enter(
        self, mailbox: Mailbox, canary: Canary, recorder: Recorder, nudge: asyncio.Event
    ) -> tuple[Awaited, bool]:
        """
        Take a share in the mailbox's connection, which need not be open yet.

        The caller waits for `Lookout.opened`, and gives it back with
        `Lookout.leave`. Returns the share, and whether its trip opens it.
        """
        # There is never a second connection, not even beside a farewell.
        while (found := self._at.get(mailbox)) is not None and found.leaving:
            await asyncio.wait({found.task})
        opens = found is None
        if found is None:
            found = self._at[mailbox] = Lookout(self.vantage, mailbox, recorder)
            self._ending.add(found.task)
            found.task.add_done_callback(lambda task: self._ended(mailbox, task))
        one = Awaited(canary, recorder, nudge, found)
        found.enter(one)
        return one, opens

    async def close(self) -> None:
        """Wait until all have logged out; a few seconds at most."""
        tasks = set(self._ending)
        budget = 2 * self.vantage.limits.farewell
        if tasks:
            try:
                await asyncio.wait(tasks, timeout=budget)
            finally:
                for task in tasks:
                    task.cancel()
            await asyncio.wait(tasks)

    def _ended(self, mailbox: Mailbox, task: asyncio.Task[None]) -> None:
        self._ending.discard(task)
        lookout = self._at.pop(mailbox)
        if lookout.refusal is not None:
            now = self.vantage.clock.monotonic()
            self._refused[mailbox] = Refused(at=now, failure=lookout.refusal)
            if len(self._refused) > REFUSED_MAX:
                del self._refused[next(iter(self._refused))]
