"""Visits the mailboxes: what arrived, what was returned, who may still read."""

from __future__ import annotations

import asyncio
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Final

import msgspec

from mailprobe.judge.deliveries import delivery
from mailprobe.judge.sampling import samples
from mailprobe.model.bookmark import Bookmark
from mailprobe.model.entry import Sampled
from mailprobe.model.sample import Outcome
from mailprobe.monitor.noted import Noted
from mailprobe.monitor.schedule import next_slot
from mailprobe.monitor.sentinels import Sentry

if TYPE_CHECKING:
    from collections.abc import Mapping

    from mailprobe.model.incident import Incident
    from mailprobe.model.passage import Passage
    from mailprobe.model.verdict import Check
    from mailprobe.model.visit import VisitReport
    from mailprobe.monitor.desk import Desk

LONG_AGO: Final = datetime.min.replace(tzinfo=UTC)
FRESH: Final = timedelta(minutes=1)
"""The age up to which a mail is waited for, and looked for again if it is not there."""

LATELY: Final = timedelta(hours=1)
"""A mail of the last hour that is still missing says that mail is late at present."""

AGAIN: Final = (60.0, 300.0, 900.0)
"""Seconds after a visit that left a fresh mail unseen: greylisting ends by then."""

SLACK: Final = 120.0
"""
Seconds over an interval without a visit until there is one: a mailbox that gets mail
at each interval is visited with its mail, and not once more just before.
"""


class Reader:
    """Visits one mailbox: after each mail to it, and at least once an interval."""

    def __init__(self, desk: Desk, name: str, interval: float, place: float) -> None:
        self._desk, self._name = desk, name
        self._interval, self._place = interval, place
        self._box = desk.plan.mailboxes[name]
        self._party = desk.plan.party(name)
        self._bookmark: Bookmark | None = None
        self._sentry = Sentry(
            desk.books.ledger, self._box.address, wanted=desk.plan.sentinels
        )
        # Seconds of the monotonic clock.
        self._again: list[float] = []
        self._turned_at: float | None = None
        # What was last said of mails that are still waited for.
        self._told: dict[str, Outcome] = {}

    @property
    def _key(self) -> str:
        return f"bookmark {self._box.address}"

    async def serve(self) -> None:
        """Visit when something is due, until cancelled."""
        await self.open()
        if self._bookmark is None:
            await self.visit()  # what comes from now on is news, a bounce as well
        while True:
            await self._due()
            await self.visit()

    async def open(self) -> None:
        """Come back to where the last run had read."""
        kept = await self._desk.books.ledger.kept(self._key)
        if kept is not None:
            self._bookmark = msgspec.json.decode(kept, type=Bookmark)
        await self._sentry.open()

    def after(self, incident: Incident) -> None:
        """Look whether an outage of this mailbox's brand did harm to old mail."""
        party = self._party
        if party.name in incident.parties or party.platform == incident.culprit:
            self._sentry.ask()
            self._desk.expect(self._name)

    async def _due(self) -> None:
        """
        Wait for the next slot, the next second look, or a mail that was sent.

        By the monotonic clock: one that is set puts no visit off.
        """
        desk, nudge, moment = self._desk, self._desk.nudge(self._name), self._next()
        while (left := moment - desk.elapsed()) > 0:
            with suppress(TimeoutError):
                async with asyncio.timeout(left):
                    await nudge.wait()
            if nudge.is_set():
                nudge.clear()
                self._again.append(desk.elapsed() + desk.plan.grace)
                moment = self._next()
        now = self._turned_at = desk.elapsed()
        self._again = [one for one in self._again if one > now]

    def _next(self) -> float:
        return min([self._slot(), *self._again])

    def _slot(self) -> float:
        """Return when it is time for a visit though no mail was sent."""
        if self._turned_at is None:
            now = self._desk.now()
            left = next_slot(now, self._interval, self._place) - now
            return self._desk.elapsed() + left.total_seconds()
        return self._turned_at + self._interval + SLACK

    def _expected(self) -> tuple[str, ...]:
        """Return the tokens of the mails that a visit waits for."""
        now = self._desk.now()
        waiting = self._desk.books.waiting(self._box.address, now - LATELY)
        fresh = [one for one in waiting if one.intended_at >= now - FRESH]
        # Where mail is late anyway, a connection that waits for it helps nobody.
        return () if len(fresh) < len(waiting) else tuple(one.token for one in fresh)

    async def visit(self) -> None:
        """Look into the mailbox once, if it may be, and write down what is there."""
        desk = self._desk
        noted = Noted(desk, self._box.address, self._arrived)
        async with desk.pace(self._party.platform):
            # Asked when it is its turn: while it waited it may have been refused.
            check = None
            if desk.may_log_in(self._name, desk.now()):
                check = await self._look(noted)
        if check is None:
            await desk.books.record(*self._judge(readable=False))
            return
        await self._note(check, noted)
        report = check.report
        if report.target.expected and report.missing and report.access == "complete":
            self._again += [desk.elapsed() + pause for pause in AGAIN]

    async def _look(self, noted: Noted) -> Check[VisitReport]:
        desk, expected = self._desk, self._expected()
        patience = desk.plan.patience if expected else 0.0
        if self._bookmark is None:
            # An earlier run may have died before it had one: what it sent is there.
            waiting = desk.books.waiting(self._box.address, LONG_AGO)
            expected = tuple(one.token for one in waiting)
        return await desk.prober.visit(
            self._box,
            bookmark=self._bookmark,
            expected=expected,
            patience=patience,
            sentinels=self._sentry.due(desk.now()),
            lookup=desk.books.ends,
            remember=noted.write,
        )

    async def _note(self, check: Check[VisitReport], noted: Noted) -> None:
        desk, at, report = self._desk, self._desk.now(), check.report
        entries = desk.logged_in(self._name, check, at)  # before another's turn
        found = samples(check, self._party)
        entries += await noted.news((*report.sightings, *report.returns))
        entries += [Sampled(at=at, sample=sample) for sample in found]
        entries += self._sentry.note(report, at)
        bookmark = report.bookmark or self._bookmark
        keep = self._sentry.keep()
        if bookmark is not None:
            keep[self._key] = msgspec.json.encode(bookmark)
        readable = report.access in ("complete", "partial")
        await desk.books.record(
            *entries,
            keep=keep,
            details=desk.detail(self._box.address, check),
            also=lambda changed: self._judge(changed, readable=readable),
        )
        self._bookmark = bookmark

    def _arrived(self, changed: tuple[Passage, ...]) -> list[Sampled]:
        """Say of the mails that are about to be removed that they were delivered."""
        return self._samples({one.token: one for one in changed}, readable=True)

    def _judge(
        self, changed: tuple[Passage, ...] = (), *, readable: bool
    ) -> list[Sampled]:
        """Say of each mail to this mailbox whether it was delivered, once."""
        news = {one.token: one for one in changed}
        waiting = {
            token: one
            for token, one in self._desk.books.pending.items()
            if token not in news and one.recipient == self._box.address
        }
        for token in self._told.keys() - waiting.keys() - news.keys():
            del self._told[token]
        return self._samples(news | waiting, readable=readable)

    def _samples(
        self, passages: Mapping[str, Passage], *, readable: bool
    ) -> list[Sampled]:
        made: list[Sampled] = []
        now = self._desk.now()
        for token, passage in passages.items():
            sample = delivery(passage, now, self._desk.party_of, readable=readable)
            if sample is None or self._told.get(token) == sample.outcome:
                continue
            if self._told.get(token) is Outcome.FAIL:
                continue  # that it came late was said when it was overdue
            self._told[token] = sample.outcome
            made.append(Sampled(at=now, sample=sample))
        return made
