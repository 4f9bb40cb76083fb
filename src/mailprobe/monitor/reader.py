"""Visits the mailboxes: what arrived, what was returned, who may still read."""

from __future__ import annotations

import asyncio
from datetime import timedelta
from typing import TYPE_CHECKING, Final

import msgspec

from mailprobe.judge.deliveries import delivery
from mailprobe.judge.returns import entry_of
from mailprobe.judge.sampling import samples
from mailprobe.model.bookmark import Bookmark
from mailprobe.model.entry import Sampled, Seen
from mailprobe.model.passage import Copy
from mailprobe.model.sample import Outcome
from mailprobe.monitor.schedule import next_slot

if TYPE_CHECKING:
    from datetime import datetime

    from mailprobe.model.entry import Entry
    from mailprobe.model.passage import Passage
    from mailprobe.model.verdict import Check
    from mailprobe.model.visit import Sighting, VisitReport
    from mailprobe.monitor.desk import Desk

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
        self._again: list[datetime] = []
        self._turned_at: datetime | None = None
        # What was last said of mails that are still waited for.
        self._told: dict[str, Outcome] = {}

    @property
    def _key(self) -> str:
        return f"bookmark {self._box.address}"

    async def serve(self) -> None:
        """Visit when something is due, until cancelled."""
        kept = await self._desk.books.ledger.kept(self._key)
        if kept is not None:
            self._bookmark = msgspec.json.decode(kept, type=Bookmark)
        elif self._desk.may_log_in(self._name, self._desk.now()):
            await self.visit()  # what comes from now on is news, a bounce as well
        while True:
            await self._due()
            if self._desk.may_log_in(self._name, self._desk.now()):
                await self.visit()
            else:
                await self._desk.books.record(*self._judge(readable=False))

    async def _due(self) -> None:
        """Wait for the next slot, the next second look, or a mail that was sent."""
        nudge, moment = self._desk.nudge(self._name), self._next()
        while (left := (moment - self._desk.now()).total_seconds()) > 0:
            waiting = asyncio.ensure_future(nudge.wait())
            try:
                await asyncio.wait({waiting}, timeout=left)
            finally:
                waiting.cancel()
            if nudge.is_set():
                nudge.clear()
                grace = timedelta(seconds=self._desk.plan.grace)
                self._again.append(self._desk.now() + grace)
                moment = self._next()
        now = self._turned_at = self._desk.now()
        self._again = [one for one in self._again if one > now]

    def _next(self) -> datetime:
        return min([self._slot(), *self._again])

    def _slot(self) -> datetime:
        """Return when it is time for a visit though no mail was sent."""
        if self._turned_at is None:
            return next_slot(self._desk.now(), self._interval, self._place)
        return self._turned_at + timedelta(seconds=self._interval + SLACK)

    async def visit(self) -> None:
        """Look into the mailbox once, and write down what is there."""
        desk = self._desk
        waiting = desk.books.waiting(self._box.address, desk.now() - LATELY)
        fresh = [one for one in waiting if one.intended_at >= desk.now() - FRESH]
        # Where mail is late anyway, a connection that waits for it helps nobody.
        expected = () if len(fresh) < len(waiting) else [one.token for one in fresh]
        async with desk.pace(self._party.platform):
            check = await desk.prober.visit(
                self._box,
                bookmark=self._bookmark,
                expected=expected,
                patience=desk.plan.patience if expected else 0.0,
                lookup=desk.books.ends,
            )
        await self._note(check)
        report, now = check.report, desk.now()
        if expected and report.missing and report.access == "complete":
            self._again += [now + timedelta(seconds=pause) for pause in AGAIN]

    async def _note(self, check: Check[VisitReport]) -> None:
        desk, at, report = self._desk, self._desk.now(), check.report
        found = samples(check, self._party)
        entries: list[Entry] = [seen(self._box.address, s) for s in report.sightings]
        for back in report.returns:
            # Of any mail: one that was given up may be returned at last.
            passage = await desk.books.passage(back.token)
            made = passage and entry_of(back, passage, self._box.address)
            entries += [made] if made else []
        entries += [Sampled(at=at, sample=sample) for sample in found]
        entries += desk.logged_in(self._name, check, at)
        bookmark = report.bookmark or self._bookmark
        keep = {self._key: msgspec.json.encode(bookmark)} if bookmark else {}
        readable = report.access in ("complete", "partial")
        await desk.books.record(
            *entries,
            keep=keep,
            details=desk.detail(self._box.address, check),
            also=lambda changed: self._judge(changed, readable=readable),
        )
        self._bookmark = bookmark

    def _judge(
        self, changed: tuple[Passage, ...] = (), *, readable: bool
    ) -> list[Sampled]:
        """Say of each mail to this mailbox whether it was delivered, once."""
        desk, now = self._desk, self._desk.now()
        news = {one.token: one for one in changed}
        waiting = {
            token: one
            for token, one in desk.books.pending.items()
            if token not in news and one.recipient == self._box.address
        }
        for token in self._told.keys() - waiting.keys() - news.keys():
            del self._told[token]
        made: list[Sampled] = []
        for token, passage in (news | waiting).items():
            sample = delivery(passage, now, desk.party_of, readable=readable)
            if sample is None or self._told.get(token) == sample.outcome:
                continue
            if self._told.get(token) is Outcome.FAIL:
                continue  # that it came late was said when it was overdue
            self._told[token] = sample.outcome
            made.append(Sampled(at=now, sample=sample))
        return made


def seen(mailbox: str, sighting: Sighting) -> Seen:
    """Return the entry of one copy."""
    return Seen(
        at=sighting.seen_at,
        token=sighting.token,
        copy=Copy(
            mailbox=mailbox,
            folder=sighting.folder,
            landed=sighting.landed,
            uid=sighting.uid,
            uidvalidity=sighting.uidvalidity,
            seen_at=sighting.seen_at,
            unseen_at=sighting.unseen_at,
            stored_at=sighting.internal_date,
        ),
    )
