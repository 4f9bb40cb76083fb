"""One trip's share in a watching connection."""

from __future__ import annotations

import asyncio
from contextlib import suppress
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any, Final

from mailprobe.probes.jobs import again

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from datetime import datetime

    from mailprobe.mail.canary import Canary
    from mailprobe.model.failure import Failure
    from mailprobe.model.report import Quota
    from mailprobe.probes.lookout import Lookout
    from mailprobe.probes.newmail import Sighting
    from mailprobe.wire.recorder import Recorder

# Of the time that is left: three things are to be done one after the other, and
# all of them must be done within it.
PATIENCE: Final = 0.1


@dataclass(eq=False)
class Awaited:
    """
    The mail of one trip, among those that a `Lookout` watches for.

    Its times are seconds of the trip, except *since*.

    Attributes:
        canary: What is awaited.
        recorder: That of the trip.
        nudge: Set whenever something has changed for the trip.
        lookout: What watches.
        since: When the mail was submitted, seconds of the lookout; None if
            there is no hurry: not submitted yet, or seen.
        notified: When IDLE told of it, if it did so before a poll showed it.
        survived: The loss of the connection that the trip survived.
        error: What ended the watching for this trip.
    """

    canary: Canary
    recorder: Recorder
    nudge: asyncio.Event
    lookout: Lookout
    sightings: list[Sighting] = field(default_factory=list)
    foreign: int = 0
    polls: int = 0
    since: float | None = None
    notified: float | None = None
    survived: Failure | None = None
    error: Failure | None = None

    @property
    def told(self) -> str:
        """What its step shows of the watching."""
        again = f"; opened once more after: {self.survived}" if self.survived else ""
        return f"polls: {self.polls}{again}"

    @property
    def shift(self) -> float:
        """What turns the lookout's seconds into those of the trip."""
        return self.lookout.recorder.zero - self.recorder.zero

    def see(self, sighting: Sighting, notified: float | None) -> None:
        """Note a copy of the mail; or by which UID one is known from now on."""
        by, after = sighting.by + self.shift, sighting.after + self.shift
        if not self.sightings and notified is not None:
            self.notified = notified + self.shift
        for number, one in enumerate(self.sightings):
            if one.place is sighting.place and one.validity != sighting.validity:
                known = replace(sighting, by=one.by, after=one.after)
                self.sightings[number] = known
                return
        self.sightings.append(replace(sighting, by=by, after=after))
        self.since = None
        self.nudge.set()

    def meet(self, loss: Failure) -> None:
        """Meet a loss of the connection: the first is survived, the second ends it."""
        if self.survived is None:
            self.survived = loss
        else:
            self.error = loss
            self.nudge.set()

    async def until_seen(
        self, *, since: float, until: float, hopeless: Callable[[], bool]
    ) -> bool:
        """
        Wait until the canary is seen; return False when it is no use any more.

        Raises:
            Trouble: If the connection is lost for good.
        """
        self.since = since - self.shift
        self.lookout.stir()
        while not self.sightings:
            self.nudge.clear()
            self._check()
            if hopeless():
                return False
            left = until - self.recorder.elapsed()
            if left <= 0:
                self._check(lasting=False)
                return await self.look(thorough=True)
            with suppress(TimeoutError):
                async with asyncio.timeout(left):
                    await self.nudge.wait()
        return True

    async def headers(self, sighting: Sighting) -> tuple[bytes, datetime | None]:
        """Fetch the headers of our mail and the time the store gives it."""
        found: tuple[bytes, datetime | None]
        found = await self._done("headers", [sighting])
        return found

    async def look(self, *, thorough: bool = False) -> bool:
        """Have the lookout look once more; return whether our mail is there."""
        await self._done("look", thorough=thorough)
        return bool(self.sightings)

    async def remove(self) -> bool:
        """Delete every sighted copy; return whether all of them are gone."""
        gone = await self._done("remove", self.sightings)
        return bool(gone)

    async def quota(self) -> Quota | None:
        """Ask for the storage quota."""
        found: Quota | None = await self._done("quota")
        return found

    async def _done(
        self, what: str, sightings: Sequence[Sighting] = (), *, thorough: bool = False
    ) -> Any:  # noqa: ANN401 - by what it is
        share = 0.0 if thorough else PATIENCE
        return await self.lookout.do(
            what,
            sightings,
            patience=share * self.recorder.remaining(),
            thorough=thorough,
        )

    def _check(self, *, lasting: bool = True) -> None:
        """Raise what has ended the watching; or, at the end, what interrupts it."""
        failure = self.error or (None if lasting else self.lookout.lost)
        if failure is not None:
            raise again(failure)
        if self.lookout.error is not None:
            raise self.lookout.error
