"""
A small stand-in for a monitor: it sends canaries, visits mailboxes, and remembers.

It proves the stage. It judges nothing over time.
"""

from __future__ import annotations

import asyncio
import hashlib
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any, Final

from mailprobe import Prober
from mailprobe.judge import fates
from mailprobe.mail.canary import mint
from mailprobe.model.dispatch import HandOver
from mailprobe.model.entry import (
    Accepted,
    Bounced,
    Expired,
    Held,
    Intended,
    MailEntry,
    Rejected,
    Seen,
    Unconfirmed,
)
from mailprobe.model.passage import Copy, Passage
from tests.replays.stage import KEY

if TYPE_CHECKING:
    from mailprobe.model.bookmark import Bookmark
    from mailprobe.model.dispatch import DispatchReport
    from mailprobe.model.visit import VisitReport
    from tests.replays.scenario import Route
    from tests.replays.stage import Stage

LAST: Final = timedelta(hours=1)
"""Before the end nothing is sent any more, so that what is healthy has arrived."""

SOON: Final = 60.0
"""Seconds from sending to the visit that shall find the mail."""


@dataclass
class Watched:
    """
    What was seen.

    Attributes:
        passages: Every canary by token.
        verdicts: Each check: when, what, its status and its blame.
    """

    passages: dict[str, Passage] = field(default_factory=dict)
    verdicts: list[tuple[datetime, str, str, str]] = field(default_factory=list)


@dataclass
class _Watcher:
    stage: Stage
    prober: Prober
    seen: Watched = field(default_factory=Watched)
    bookmarks: dict[str, Bookmark | None] = field(default_factory=dict)

    # --- sending ----------------------------------------------------------------

    async def follow(self, route: Route, offset: float) -> None:
        """Send a canary over a route again and again, and visit its recipient."""
        stage = self.stage
        last, turn = stage.scenario.ends - LAST, 0
        while True:
            due = stage.scenario.begins + timedelta(seconds=offset + turn * route.every)
            if due >= last:
                return
            await stage.until(due)
            await self.send(route, turn)
            await stage.until(due + timedelta(seconds=SOON))
            await self.visit(route.recipient)
            turn += 1

    async def send(self, route: Route, turn: int) -> None:
        """Hand one canary over; its intent is noted before."""
        now = self.stage.clock.now()
        nonce = hashlib.sha256(f"{route.name} {turn}".encode()).digest()[:16]
        canary = mint(KEY, route.sender, route.recipient, at=now, nonce=nonce)
        intent = Intended(
            at=now,
            token=canary.token,
            route=route.name,
            sender=route.sender,
            recipient=route.recipient,
            late_after=self.stage.scenario.late_after,
        )
        self.seen.passages[canary.token] = fates.begin(intent)
        sender = None if route.outside else self.stage.mailboxes[route.sender]
        check = await self.prober.dispatch(canary, sender)
        self._note(f"dispatch {route.name}", check)
        self._learn(_handed_over(check.report, self.stage.clock.now()))

    # --- reading ----------------------------------------------------------------

    async def visit(self, address: str) -> None:
        """Look at what is new in a mailbox."""
        check = await self.prober.visit(
            self.stage.mailboxes[address],
            bookmark=self.bookmarks.get(address),
            lookup=self._lookup,
        )
        self.bookmarks[address] = check.report.bookmark
        self._note(f"visit {address}", check)
        for entry in _found(check.report, address, self.stage.clock.now()):
            self._learn(entry)

    async def give_up(self) -> None:
        """Give up what is overdue, every hour."""
        while True:
            await asyncio.sleep(3600)
            now = self.stage.clock.now()
            for passage in list(self.seen.passages.values()):
                if fates.overdue(passage, now):
                    self._learn(Expired(at=now, token=passage.token))

    def _lookup(self, token: str) -> tuple[str, str] | None:
        known = self.seen.passages.get(token)
        return (known.sender, known.recipient) if known else None

    def _learn(self, entry: MailEntry) -> None:
        passages = self.seen.passages
        passages[entry.token] = fates.fold(passages[entry.token], entry)

    def _note(self, what: str, check: Any) -> None:  # noqa: ANN401
        blame = str(check.verdict.blame or "")
        now = self.stage.clock.now()
        self.seen.verdicts.append((now, what, str(check.status), blame))


def _handed_over(report: DispatchReport, now: datetime) -> MailEntry:
    token, at = report.target.token, report.submitted_at
    if report.outcome is HandOver.ACCEPTED:
        return Accepted(at=now, token=token, submitted_at=at or now)
    if report.outcome is HandOver.UNCONFIRMED:
        return Unconfirmed(at=now, token=token, submitted_at=at)
    failure = report.failure
    return Rejected(at=now, token=token, failure=str(failure and failure.kind))


def _found(report: VisitReport, address: str, now: datetime) -> list[MailEntry]:
    entries: list[MailEntry] = [
        Seen(
            at=now,
            token=one.token,
            copy=Copy(
                mailbox=address,
                folder=one.folder,
                landed=one.landed,
                uid=one.uid,
                uidvalidity=one.uidvalidity,
                seen_at=one.seen_at,
                unseen_at=one.unseen_at,
                stored_at=one.internal_date,
            ),
        )
        for one in report.sightings
    ]
    for one in report.returns:
        kind = {"failed": Bounced, "delayed": Held}.get(one.action)
        if kind is not None:
            entries.append(kind(at=now, token=one.token))
    return entries


async def watch(stage: Stage) -> Watched:
    """Watch a scenario to its end: every route in its turn, every mailbox at last."""
    async with Prober(**stage.prober_options) as prober:
        watcher = _Watcher(stage, prober)
        for address in stage.mailboxes:
            await watcher.visit(address)
        giving_up = asyncio.create_task(watcher.give_up())
        async with asyncio.TaskGroup() as group:
            routes = stage.scenario.routes
            for place, route in enumerate(routes):
                offset = SOON + place * route.every / len(routes)
                group.create_task(watcher.follow(route, offset))
            for address in stage.mailboxes:
                group.create_task(_now_and_then(watcher, address))
        giving_up.cancel()
        with suppress(asyncio.CancelledError):
            await giving_up
        await stage.until(stage.scenario.ends)
        for address in stage.mailboxes:
            await watcher.visit(address)
    return watcher.seen


async def _now_and_then(watcher: _Watcher, address: str) -> None:
    """Visit the mailboxes that get bounces alone, four times a day."""
    ends = watcher.stage.scenario.ends
    while watcher.stage.left(ends) > 6 * 3600:
        await asyncio.sleep(6 * 3600)
        await watcher.visit(address)
