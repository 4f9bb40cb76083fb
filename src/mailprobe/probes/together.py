"""A round trip that shares its watching connection with others to the mailbox."""

from __future__ import annotations

import asyncio
import math
from contextlib import suppress
from dataclasses import replace
from typing import TYPE_CHECKING

from mailprobe.model.failure import Phase
from mailprobe.model.report import Step
from mailprobe.probes import smtp
from mailprobe.probes.jobs import again
from mailprobe.probes.reach import peer
from mailprobe.probes.roundtrip import (
    beginnings,
    make_trip,
    read_arrival,
    report,
    see_arrival,
    submit,
    take_away,
)
from mailprobe.wire.trouble import Ended

if TYPE_CHECKING:
    from collections.abc import Callable

    from mailprobe.model.report import TripReport
    from mailprobe.model.target import Mailbox, TripTarget
    from mailprobe.probes.awaited import Awaited
    from mailprobe.probes.lookouts import Lookouts
    from mailprobe.probes.roundtrip import Trip
    from mailprobe.probes.vantage import Vantage
    from mailprobe.wire.recorder import Recorder


async def probe_trip_together(
    vantage: Vantage,
    lookouts: Lookouts,
    target: TripTarget,
    timeout: float,
    on_step: Callable[[Step], None] | None = None,
) -> TripReport:
    """
    Send one canary and time its arrival, as `probe_round_trip` does.

    The mailbox is watched by one connection for all trips that go there at the
    same time; the mail is submitted on a connection of this trip's own.
    """
    recorder = vantage.recorder(timeout, on_step)
    trip = make_trip(vantage, target, recorder.started_at)
    share: Awaited | None = None
    try:
        with suppress(Ended):
            share = await join(vantage, lookouts, recorder, trip, target.recipient)
            await wait_open(recorder, trip, share)
            await submit(vantage, recorder, trip, target.sender)
            await see_arrival(vantage, recorder, trip)
            trip.notified = share.notified
            await read_arrival(vantage, recorder, trip)
            await take_away(vantage, recorder, trip)
        await ask_quota(vantage, recorder, trip, share)
        await smtp.leave(vantage, recorder, trip.sending)
    finally:
        smtp.close(trip.sending)
        last = share is not None and share.lookout.leave(share)
    if share is not None and last:
        # The last one out says LOGOUT, and has that step.
        share.lookout.recorder.first = recorder
        budget = min(2 * vantage.limits.farewell, recorder.remaining())
        await asyncio.wait({share.lookout.task}, timeout=budget)
        share.lookout.recorder.first = None
    made = report(vantage, recorder, target, trip)
    if share is None or trip.through != "opened" or not made.transcript:
        return made
    said = share.lookout.recorder.transcript
    lines = (*made.transcript, "-- the connection that watches", *said)
    return replace(made, transcript=lines[: vantage.limits.transcript_lines])


async def join(
    vantage: Vantage,
    lookouts: Lookouts,
    recorder: Recorder,
    trip: Trip,
    recipient: Mailbox,
) -> Awaited:
    """
    Take a share in the connection; not to an account whose login was refused.

    Raises:
        Ended: If it was refused, or the time is up before a farewell is over.
    """
    refused = lookouts.refused(recipient)
    at = peer_of(recipient)
    if refused is not None:
        trip.through, trip.reading.authenticated = "joined", False
        ago = vantage.clock.monotonic() - refused.at
        with recorder.step(refused.failure.phase, at, math.inf) as step:
            step.saw(f"not tried: refused to another trip {ago:.3g} s ago")
            raise again(refused.failure)
    try:
        async with asyncio.timeout(recorder.remaining()):
            share, opens = await lookouts.enter(
                recipient, trip.canary, recorder, trip.nudge
            )
    except TimeoutError:
        raise timed_out(recorder, Phase.SELECT, at, 0.0) from None
    trip.through = "opened" if opens else "joined"
    return share


async def wait_open(recorder: Recorder, trip: Trip, share: Awaited) -> None:
    """
    Wait until the mailbox is open and its UIDNEXT noted.

    The steps of opening it are those of the trip that opens it; one that joins
    has a single step, in which it waits for that.

    Raises:
        Ended: If it could not be opened.
    """
    lookout = share.lookout
    try:
        if trip.through == "opened":
            await _opening(recorder, share)
        else:
            at = peer_of(lookout.mailbox)
            with recorder.step(Phase.SELECT, at, math.inf) as step:
                await lookout.opened.wait()
                if lookout.failure is not None:
                    step.phase = lookout.failure.phase
                    step.saw("found by another trip to this mailbox")
                    raise again(lookout.failure)
                if lookout.crowd is not None:
                    step.saw(f"joined; {beginnings(lookout.crowd.places)}")
    finally:
        # A copy: what is noted for this trip alone is not that of the others.
        trip.reading = replace(lookout.notes)
    if lookout.error is not None:  # a fault of ours
        raise RuntimeError(str(lookout.error)) from lookout.error
    trip.watch = share


async def _opening(recorder: Recorder, share: Awaited) -> None:
    lookout = share.lookout
    try:
        async with asyncio.timeout(recorder.remaining()):
            await lookout.opened.wait()
    except TimeoutError:
        going = lookout.recorder
        began = going.began + share.shift
        raise timed_out(recorder, going.phase, going.peer, began) from None
    lookout.recorder.first = None
    if lookout.failure is not None:
        raise Ended(lookout.failure)  # its step was told by the lookout


async def ask_quota(
    vantage: Vantage, recorder: Recorder, trip: Trip, share: Awaited | None
) -> None:
    """Ask whether there was room for a mail that did not come."""
    if trip.gave_up is None or share is None or share.lookout.error is not None:
        return
    session = trip.reading.session
    if session is None or not any(c.startswith("QUOTA") for c in session.capabilities):
        return
    with (
        suppress(Ended),
        recorder.step(
            Phase.QUOTA, trip.reading.peer, vantage.limits.command, optional=True
        ),
    ):
        trip.reading.quota = await share.quota()


def peer_of(mailbox: Mailbox) -> str:
    """Write where a mailbox is read as reports do."""
    assert mailbox.imap  # noqa: S101 - the prober completes mailboxes
    return peer(mailbox.imap.host, mailbox.imap.port)


def timed_out(recorder: Recorder, phase: Phase, at: str, began: float) -> Ended:
    """Record that the time of the call was up in the middle of a phase."""
    took = recorder.elapsed() - began
    failure = recorder.timed_out(phase, took, math.inf)
    step = Step(phase=phase, peer=at, began=began, took=took, failure=failure)
    recorder.add(step)
    return Ended(failure)
