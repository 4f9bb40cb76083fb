"""Sends canaries over the routes, each at its slot, whether they can be read or not."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

from mailprobe.judge.sampling import samples
from mailprobe.mail.canary import NONCE_BYTES, mint
from mailprobe.model.dispatch import DispatchReport, HandOver
from mailprobe.model.entry import (
    Accepted,
    Intended,
    Rejected,
    Sampled,
    Unconfirmed,
)
from mailprobe.monitor.plan import OUTSIDE

if TYPE_CHECKING:
    from datetime import datetime

    from mailprobe.model.entry import Entry
    from mailprobe.model.sample import Party
    from mailprobe.model.verdict import Check
    from mailprobe.monitor.desk import Desk
    from mailprobe.monitor.plan import Route


async def serve(desk: Desk, route: Route) -> None:
    """Send one mail at each slot of a route, until cancelled."""
    while True:
        await desk.slot(route.interval, route.place)
        await send(desk, route)


async def send(desk: Desk, route: Route) -> None:
    """
    Send one mail, unless its account is to be left alone or has sent enough.

    The intent is on disk before anything touches the wire. Whatever interrupts what
    follows, the mail is unconfirmed then, and is never sent again.
    """
    outside = route.sender == OUTSIDE
    mailbox = None if outside else desk.plan.mailboxes[route.sender]
    async with desk.pace(served(desk, route).platform):
        # All of it in turn: whoever waited for long may be refused meanwhile, and what
        # was intended has to be as good as sent.
        at = desk.now()
        if mailbox and not desk.may_log_in(route.sender, at):
            return
        if not desk.budget(route.sender).take(at):
            return
        sender = desk.plan.sender_address(route)
        recipient = desk.plan.mailboxes[route.recipient].address
        nonce = os.urandom(NONCE_BYTES)
        canary = mint(desk.key, sender, recipient, at=at, nonce=nonce)
        intent = Intended(
            at=at,
            token=canary.token,
            route=route.name,
            sender=sender,
            recipient=recipient,
            late_after=route.late_after,
        )
        await desk.books.record(intent)
        check = await desk.prober.dispatch(canary, mailbox)
    await note(desk, route, canary.token, check)


def served(desk: Desk, route: Route) -> Party:
    """Return whose servers a route hands its mail to."""
    outside = route.sender == OUTSIDE
    return desk.plan.party(route.recipient if outside else route.sender)


async def note(
    desk: Desk, route: Route, token: str, check: Check[DispatchReport]
) -> None:
    """Write down how handing over ended, and have the mailbox looked into."""
    at, report = desk.now(), check.report
    found = samples(check, served(desk, route), route=route.name)
    entries: list[Entry] = [ended(token, at, report)]
    entries += [Sampled(at=at, sample=sample) for sample in found]
    entries += desk.logged_in(route.sender, check, at)
    await desk.books.record(*entries, details=desk.detail(token, check))
    # Also if the mail was refused: whether the mailbox opens is to be known as often.
    desk.expect(route.recipient)


def ended(token: str, at: datetime, report: DispatchReport) -> Entry:
    """Return the entry that says how handing over ended."""
    reply = report.accepted or (report.failure.reply if report.failure else None)
    said = str(reply) if reply else str(report.failure or "")
    if report.outcome is HandOver.ACCEPTED:
        when = report.submitted_at or at
        return Accepted(at=at, token=token, submitted_at=when, said=said)
    if report.outcome is HandOver.UNCONFIRMED:
        when = report.submitted_at or at
        return Unconfirmed(at=at, token=token, submitted_at=when, said=said)
    kind = str(report.failure.kind) if report.failure else "unknown"
    return Rejected(at=at, token=token, failure=kind, said=said)
