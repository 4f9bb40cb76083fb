"""What trips want of a connection they share: done together, failing by name."""

from __future__ import annotations

import asyncio
import math
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from mailprobe.mail.imap_stream import StreamError
from mailprobe.model.failure import Kind
from mailprobe.probes import imap
from mailprobe.wire.trouble import Ended, Trouble

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Sequence

    from mailprobe.model.failure import Failure
    from mailprobe.probes.crowd import Crowd
    from mailprobe.probes.newmail import Sighting
    from mailprobe.probes.vantage import Vantage
    from mailprobe.wire.recorder import Recorder


@dataclass(eq=False, slots=True)
class Job:
    """
    Something a trip wants done on the connection; see `Lookout.do`.

    Attributes:
        what: "look", "headers", "remove" or "quota".
        sightings: The mails it is about.
        due: Until when it may be gathered with others.
        done: Its result; or the `Trouble` it met, which is raised to the trip.
    """

    what: str
    sightings: tuple[Sighting, ...]
    done: asyncio.Future[Any]
    due: float
    thorough: bool = False


@dataclass(eq=False, slots=True)
class Jobs:
    """What trips want done and is not done yet."""

    _all: list[Job] = field(default_factory=list)

    def add(self, job: Job) -> None:
        """Note one more."""
        self._all.append(job)

    def wanted(self, what: str) -> list[Job]:
        """Return those of one kind."""
        return [job for job in self._all if job.what == what and not job.done.done()]

    def due(self) -> float:
        """Return when the first is due; infinity if there is none."""
        # What was done is forgotten, and what a cancelled trip had wanted.
        self._all = [job for job in self._all if not job.done.done()]
        return min((job.due for job in self._all), default=math.inf)

    def end(self, error: Exception) -> None:
        """Raise this to whoever still waits."""
        settle(self._all, error)
        self._all.clear()


def settle(jobs: Sequence[Job], result: object) -> None:
    """Give a result to whoever still waits for it."""
    for job in jobs:
        if not job.done.done():
            job.done.set_result(result)


async def fetch(crowd: Crowd, jobs: Sequence[Job]) -> None:
    """Fetch the headers of many mails, a command for each folder."""
    for place in crowd.places:
        these = [job for job in jobs if job.sightings[0].place is place]
        if these:
            found = await crowd.headers_of(place, [job.sightings[0] for job in these])
            for job, headers in zip(these, found, strict=True):
                settle([job], headers)


async def remove(crowd: Crowd, jobs: Sequence[Job]) -> None:
    """Delete many mails; a refusal is that of all of them."""
    try:
        gone = await crowd.delete(one for job in jobs for one in job.sightings)
    except Trouble as trouble:
        if trouble.kind not in imap.REFUSALS:
            raise
        settle(jobs, trouble)
    else:
        settle(jobs, gone)
    await crowd.return_to_inbox()


async def read_quota(
    vantage: Vantage, recorder: Recorder, notes: imap.ImapNotes, jobs: Sequence[Job]
) -> None:
    """Ask for the storage quota, once for all."""
    try:
        await imap.read_quota(vantage, recorder, notes)
    except Ended as ended:
        raise again(ended.failure) from None
    finally:
        settle(jobs, notes.quota)  # whatever it met, it is not tried again


def again(failure: Failure) -> Trouble:
    """Return what was recorded elsewhere, to be raised once more."""
    return Trouble(failure.kind, reply=failure.reply, detail=failure.detail)


@asynccontextmanager
async def named(seconds: float) -> AsyncIterator[None]:
    """
    Bound what is no step of any trip, and name what goes wrong.

    Raises:
        Trouble: If the time is up, or an answer cannot be read.
    """
    try:
        async with asyncio.timeout(seconds):
            yield
    except TimeoutError:
        detail = f"nothing within the {seconds:.3g} s allowed for it"
        raise Trouble(Kind.REPLY_TIMEOUT, detail=detail) from None
    except StreamError as error:
        raise Trouble(Kind.IMAP_PROTOCOL, detail=str(error)) from None
