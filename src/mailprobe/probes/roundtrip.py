"""Round trip: watch the mailbox, send a canary, see it arrive, take it away again."""

from __future__ import annotations

import asyncio
import os
from contextlib import AsyncExitStack, suppress
from dataclasses import dataclass, field
from datetime import timedelta
from typing import TYPE_CHECKING, Literal, cast

from mailprobe.mail import canary as mark
from mailprobe.mail.received import authentication_results, received_hops
from mailprobe.model.failure import Kind, Phase
from mailprobe.model.report import TripReport
from mailprobe.probes import imap, smtp
from mailprobe.probes.listener import Listener
from mailprobe.probes.sending import Letter, hand_over, hear
from mailprobe.probes.watch import Eye, Watch
from mailprobe.wire.trouble import Ended, Trouble

if TYPE_CHECKING:
    from collections.abc import Callable
    from datetime import datetime

    from mailprobe.model.report import Step
    from mailprobe.model.target import Mailbox, TripTarget
    from mailprobe.probes.newmail import Place
    from mailprobe.probes.vantage import Vantage
    from mailprobe.wire.recorder import Recorder

TIDYING = 3.0  # seconds kept for the last look and the farewells; a few round trips
TIDYING_SHARE = 0.2  # of a short deadline, so that most of it is still spent watching


@dataclass
class Trip(Letter):
    """What one trip has shown so far."""

    reading: imap.ImapNotes = field(default_factory=imap.ImapNotes)
    watch: Eye | None = None
    through: Literal["own", "opened", "joined"] | None = None
    listener: Listener | None = None
    nudge: asyncio.Event = field(default_factory=asyncio.Event)
    notified: float | None = None
    headers: bytes = b""
    internal_date: datetime | None = None
    deleted: bool | None = None
    gave_up: float | None = None


async def probe_round_trip(
    vantage: Vantage,
    target: TripTarget,
    timeout: float,
    on_step: Callable[[Step], None] | None = None,
) -> TripReport:
    """
    Send one canary and time its arrival.

    The mailbox is opened and its UIDNEXT noted before anything is sent, so
    that the clock has no gap; the mail is looked for by polls, while a second
    connection listens in IDLE, where that is offered.
    """
    recorder = vantage.recorder(timeout, on_step)
    trip = make_trip(vantage, target, recorder.started_at)
    async with AsyncExitStack() as stack:
        stack.callback(imap.close, trip.reading)
        stack.callback(smtp.close, trip.sending)
        with suppress(Ended):
            await open_mailbox(vantage, recorder, trip, target.recipient)
            await start_listener(vantage, recorder, trip, target.recipient, stack)
            await submit(vantage, recorder, trip, target.sender)
            await see_arrival(vantage, recorder, trip)
            await read_arrival(vantage, recorder, trip)
            await take_away(vantage, recorder, trip)
        await ask_quota(vantage, recorder, trip)
        await smtp.leave(vantage, recorder, trip.sending)
        await imap.leave(vantage, recorder, trip.reading)
    return report(vantage, recorder, target, trip)


def make_trip(vantage: Vantage, target: TripTarget, at: datetime) -> Trip:
    """Make the canary and its mail."""
    canary = mark.mint(
        vantage.canary_key,
        target.sender.address,
        target.recipient.address,
        at=at,
        nonce=os.urandom(mark.NONCE_BYTES),
    )
    return Trip(canary=canary, message=canary.message(at))


async def open_mailbox(
    vantage: Vantage, recorder: Recorder, trip: Trip, recipient: Mailbox
) -> None:
    """Log in to the recipient's mailbox and note what is there before we send."""
    notes = trip.reading
    assert recipient.imap  # noqa: S101 - the prober completes mailboxes
    await imap.open_imap(vantage, recorder, recipient.imap, notes)
    await imap.log_in(vantage, recorder, notes, recipient)
    await imap.list_folders(vantage, recorder, notes)
    assert notes.session  # noqa: S101 - for the type checker: it is open by now
    watch = Watch(
        session=notes.session,
        recorder=recorder,
        key=vantage.canary_key,
        canary=trip.canary,
        nudge=trip.nudge,
    )
    trip.watch, trip.through = watch, "own"
    with recorder.step(Phase.SELECT, notes.peer, vantage.limits.command) as step:
        await watch.note_beginning(junk_folders(notes))
        step.saw(beginnings(watch.places))


async def start_listener(
    vantage: Vantage,
    recorder: Recorder,
    trip: Trip,
    recipient: Mailbox,
    stack: AsyncExitStack,
) -> None:
    """
    Listen in IDLE on a second connection, where it is offered.

    A poll on the same connection would take the news away from IDLE: only
    apart can "visible" and "notified" both be told. Without it the trip goes on.
    """
    assert trip.reading.session  # noqa: S101 - for the type checker
    if not trip.reading.session.offers("IDLE"):
        return
    assert recipient.imap  # noqa: S101 - the prober completes mailboxes
    notes = imap.ImapNotes()
    stack.callback(imap.close, notes)
    aside = vantage.recorder(min(recorder.remaining(), vantage.limits.command))
    try:
        await imap.open_imap(vantage, aside, recipient.imap, notes)
        await imap.log_in(vantage, aside, notes, recipient)
        assert notes.session  # noqa: S101 - for the type checker
        with aside.step(Phase.SELECT, notes.peer, vantage.limits.command):
            await notes.session.select(b"INBOX", read_only=True)
            await notes.session.idle_start()
    except Ended as ended:
        recorder.remark(f"no second connection for IDLE: {ended.failure}")
        return
    # Both recorders count from their own beginning: shift to the trip's.
    shift = aside.zero - recorder.zero
    trip.listener = Listener(notes.session, trip.nudge, shift)
    task = asyncio.create_task(trip.listener.run())

    async def stop() -> None:
        task.cancel()
        with suppress(asyncio.CancelledError):
            await task

    stack.push_async_callback(stop)


async def submit(
    vantage: Vantage, recorder: Recorder, trip: Trip, sender: Mailbox
) -> None:
    """Send the mail as far as its final dot; the reply is awaited while watching."""
    notes = trip.sending
    assert sender.smtp  # noqa: S101 - the prober completes mailboxes
    await smtp.open_smtp(vantage, recorder, sender.smtp, notes)
    await smtp.log_in(vantage, recorder, notes, sender)
    await hand_over(vantage, recorder, trip)


async def accept(vantage: Vantage, recorder: Recorder, trip: Trip) -> None:
    """Wait for the reply to the mail, and wake whoever watches if it is bad."""
    try:
        await hear(vantage, recorder, trip)
    except Ended:
        trip.nudge.set()
        return
    await smtp.leave(vantage, recorder, trip.sending)


async def see_arrival(vantage: Vantage, recorder: Recorder, trip: Trip) -> None:
    """Watch until the mail is there, the time is up, or it was refused."""
    watch = trip.watch
    assert watch is not None  # noqa: S101 - noted before sending
    assert trip.submitted is not None  # noqa: S101 - for the type checker
    left = recorder.remaining()
    until = recorder.elapsed() + left - min(TIDYING, left * TIDYING_SHARE)
    reply = asyncio.create_task(accept(vantage, recorder, trip))
    try:
        # The step's own budget never ends it: the deadline or `until` does.
        with recorder.step(Phase.TRANSIT, trip.reading.peer, left + 1) as step:
            seen = await watch.until_seen(
                since=trip.submitted,
                until=until,
                hopeless=lambda: trip.refusal is not None,
            )
            step.saw(watch.told)
            if not seen and trip.refusal is None:
                trip.gave_up = recorder.elapsed() - trip.submitted
                detail = f"not seen within {trip.gave_up:.3g} s"
                raise Trouble(Kind.CANARY_MISSING, detail=detail)
        if seen:
            await asyncio.wait({reply}, timeout=vantage.limits.farewell)
    finally:
        reply.cancel()
        await asyncio.wait({reply})
    if trip.refusal is not None:
        raise Ended(trip.refusal)


async def read_arrival(vantage: Vantage, recorder: Recorder, trip: Trip) -> None:
    """Fetch the headers of our mail, wait for IDLE's word, look for copies."""
    watch = trip.watch
    assert watch is not None  # noqa: S101 - noted before sending
    first = watch.sightings[0]
    at, limits = trip.reading.peer, vantage.limits
    with recorder.step(Phase.FETCH, at, limits.command) as step:
        trip.headers, trip.internal_date = await watch.headers(first)
        step.saw(f"UID {first.uid} in {first.place.shown}")
    if trip.listener is not None and first.place.landed == "inbox":
        grace = min(limits.notify_grace, recorder.remaining())
        trip.notified = await trip.listener.told(first, grace)
    with recorder.step(Phase.SEARCH, at, limits.command) as step:
        await watch.look()
        step.saw(f"copies: {len(watch.sightings)}")


async def ask_quota(vantage: Vantage, recorder: Recorder, trip: Trip) -> None:
    """Ask whether there was room for a mail that did not come."""
    session = trip.reading.session
    if trip.gave_up is not None and session is not None and session.usable:
        with suppress(Ended):
            await imap.read_quota(vantage, recorder, trip.reading)


async def take_away(vantage: Vantage, recorder: Recorder, trip: Trip) -> None:
    """Remove our mail, and nothing else; failing that is no fault of the trip."""
    watch = trip.watch
    assert watch is not None  # noqa: S101 - noted before sending
    trip.deleted = False
    with (
        imap.tolerated(),
        recorder.step(
            Phase.STORE, trip.reading.peer, vantage.limits.command, optional=True
        ),
    ):
        trip.deleted = await watch.remove()


def report(
    vantage: Vantage, recorder: Recorder, target: TripTarget, trip: Trip
) -> TripReport:
    """Put together what was seen."""
    watch = trip.watch
    sightings = watch.sightings if watch else []
    first = sightings[0] if sightings else None
    begun = trip.submitted
    session = trip.reading.session
    visible = first.by - begun if first and begun is not None else None
    error = min(first.by - first.after, visible or 0.0) if first else None
    notified = trip.notified - begun if trip.notified and begun is not None else None
    seen_at = None
    if visible is not None and trip.submitted_at is not None:
        seen_at = trip.submitted_at + timedelta(seconds=visible)
    landed = cast("Literal['inbox', 'junk'] | None", first and first.place.landed)
    return TripReport(
        **vantage.common(recorder),
        target=target,
        canary=trip.canary.message_id,
        sender_authenticated=trip.sending.authenticated,
        recipient_authenticated=trip.reading.authenticated,
        submitted_at=trip.submitted_at,
        accepted=trip.accepted,
        unconfirmed=trip.unconfirmed,
        acceptance=trip.acceptance,
        visible=visible,
        visible_error=error,
        notified=notified,
        idle=session.offers("IDLE") if session and watch else None,
        landed=landed,
        folder=first.place.shown if first else None,
        internal_date=trip.internal_date,
        copies=len(sightings),
        foreign=watch.foreign if watch else 0,
        hops=received_hops(trip.headers, sent=trip.submitted_at, seen=seen_at),
        authentication_results=authentication_results(trip.headers),
        deleted=trip.deleted,
        sending_tls=trip.sending.tls,
        receiving_tls=trip.reading.tls,
        watched_through=trip.through,
        waited=visible if visible is not None else trip.gave_up,
        quota=trip.reading.quota,
        alerts=session.alerts if session else (),
    )


def junk_folders(notes: imap.ImapNotes) -> list[tuple[bytes, str]]:
    """Return the folders for unwanted mail: names as sent and as shown."""
    return [(raw, f.name) for raw, f in notes.folders if f.role == "junk"]


def beginnings(places: list[Place]) -> str:
    """Say from which UID on the mail of each folder is new."""
    return ", ".join(f"{place.shown} from {place.uidnext}" for place in places)
