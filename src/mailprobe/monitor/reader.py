"""Visits the mailboxes: what arrived, what was returned, who may still read."""

from __future__ import annotations

import asyncio
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
    from mailprobe.model.entry import Entry
    from mailprobe.model.incident import Incident
    from mailprobe.model.passage import Passage
    from mailprobe.model.sample import Sample
    from mailprobe.model.verdict import Check
    from mailprobe.model.visit import VisitReport
    from mailprobe.monitor.desk import Desk

LONG_AGO: Final = datetime.min.replace(tzinfo=UTC)
AGAIN: Final = (300.0, 900.0)
"""Seconds after a visit that left a fresh mail unseen: greylisting ends by then."""


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
        self._again: list[datetime] = []
        # What was last said of mails that are still waited for.
        self._told: dict[str, Outcome] = {}

    @property
    def _key(self) -> str:
        return f"bookmark {self._box.address}"

    async def serve(self) -> None:
        """Visit when something is due, until cancelled."""
        desk = self._desk
        await self.open()
        if self._bookmark is None and desk.may_log_in(self._name, desk.now()):
            await self.visit()  # what comes from now on is news, a bounce as well
        while True:
            await self._due()
            if self._desk.may_log_in(self._name, self._desk.now()):
                await self.visit()
            else:
                await self._judge(readable=False)

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
        """Wait for the next slot, the next second look, or a mail that was sent."""
        nudge = self._desk.nudge(self._name)
        slot = next_slot(self._desk.now(), self._interval, self._place)
        moment = min([slot, *self._again])
        waiting = asyncio.ensure_future(nudge.wait())
        try:
            left = (moment - self._desk.now()).total_seconds()
            await asyncio.wait({waiting}, timeout=max(left, 0.0))
        finally:
            waiting.cancel()
        nudge.clear()
        now = self._desk.now()
        self._again = [one for one in self._again if one > now]

    async def visit(self) -> None:
        """Look into the mailbox once, and write down what is there."""
        desk = self._desk
        fresh = desk.now() - timedelta(seconds=desk.plan.patience)
        expected = desk.books.waiting(self._box.address, fresh)
        patience = desk.plan.patience if expected else 0.0
        if self._bookmark is None:
            # An earlier run may have died before it had one: what it sent is there.
            expected = desk.books.waiting(self._box.address, LONG_AGO)
        noted = Noted(desk, self._box.address)
        async with desk.pace(self._party.platform):
            check = await desk.prober.visit(
                self._box,
                bookmark=self._bookmark,
                expected=expected,
                patience=patience,
                sentinels=self._sentry.due(desk.now()),
                lookup=desk.books.ends,
                remember=noted.write,
            )
        await self._note(check, noted)
        if expected and check.report.missing:
            now = desk.now()
            self._again = [now + timedelta(seconds=pause) for pause in AGAIN]

    async def _note(self, check: Check[VisitReport], noted: Noted) -> None:
        desk, at, report = self._desk, self._desk.now(), check.report
        found = samples(check, self._party)
        entries: list[Entry] = noted.news((*report.sightings, *report.returns))
        entries += [Sampled(at=at, sample=sample) for sample in found]
        entries += desk.logged_in(self._name, check, at)
        entries += self._sentry.note(report, at)
        bookmark = report.bookmark or self._bookmark
        keep = self._sentry.keep()
        if bookmark is not None:
            keep[self._key] = msgspec.json.encode(bookmark)
        changed = await desk.books.record(
            *entries, keep=keep, details=desk.detail(self._box.address, check)
        )
        self._bookmark = bookmark
        opened = report.access in ("complete", "partial")
        await self._judge(readable=opened, changed=(*noted.changed, *changed))

    async def _judge(
        self, *, readable: bool, changed: tuple[Passage, ...] = ()
    ) -> None:
        """Say of each mail to this mailbox whether it was delivered, once."""
        desk, now = self._desk, self._desk.now()
        pending = [
            one
            for one in desk.books.pending.values()
            if one.recipient == self._box.address
        ]
        made: list[Sample] = []
        for passage in (*changed, *pending):
            sample = delivery(passage, now, desk.party_of, readable=readable)
            if sample is None or self._told.get(passage.token) == sample.outcome:
                continue
            if self._told.get(passage.token) is Outcome.FAIL:
                continue  # that it came late was said when it was overdue
            self._told[passage.token] = sample.outcome
            made.append(sample)
        for token in self._told.keys() - desk.books.pending.keys():
            del self._told[token]
        if made:
            await desk.books.record(*(Sampled(at=now, sample=one) for one in made))
