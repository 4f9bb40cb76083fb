"""What trips want of a connection they share: done together, failing by name."""

from __future__ import annotations

import asyncio
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from mailprobe.mail.imap_stream import StreamError
from mailprobe.model.failure import Kind
from mailprobe.probes import imap
from mailprobe.wire.trouble import Ended, Trouble

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Sequence

    from mailprobe.mail.imap_stream import Response
    from mailprobe.probes.crowd import Crowd
    from mailprobe.probes.newmail import Sighting
    from mailprobe.probes.vantage import Vantage
    from mailprobe.wire.imap import ImapSession
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
    with suppress(Ended):
        await imap.read_quota(vantage, recorder, notes)
    settle(jobs, notes.quota)


async def pushed(
    session: ImapSession, stirred: asyncio.Event, seconds: float
) -> list[tuple[float, Response]]:
    """
    Wait in IDLE until the server tells something, the time is up, or *stirred*.

    Raises:
        Trouble: If the session ends instead.
    """
    push = asyncio.ensure_future(session.idle_push())
    push.add_done_callback(lambda _: stirred.set())
    try:
        with suppress(TimeoutError):
            async with asyncio.timeout(seconds):
                await stirred.wait()
    finally:
        push.cancel()
        await asyncio.wait({push})
    return [] if push.cancelled() else push.result()


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
