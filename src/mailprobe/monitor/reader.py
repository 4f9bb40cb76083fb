"""Visits the mailboxes: what arrived, what was returned, who may still read."""

from __future__ import annotations

import asyncio
from datetime import timedelta
from typing import TYPE_CHECKING, Final

import msgspec

from mailprobe.judge.deliveries import delivery
from mailprobe.judge.sampling import samples
from mailprobe.model.bookmark import Bookmark
from mailprobe.model.entry import Bounced, Held, Sampled, Seen
from mailprobe.model.passage import Copy
from mailprobe.model.sample import Outcome
from mailprobe.monitor.schedule import next_slot

if TYPE_CHECKING:
    from datetime import datetime

    from mailprobe.model.entry import Entry
    from mailprobe.model.passage import Passage
    from mailprobe.model.sample import Sample
    from mailprobe.model.verdict import Check
    from mailprobe.model.visit import Return, Sighting, VisitReport
    from mailprobe.monitor.desk import Desk

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
        self._again: list[datetime] = []
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
                await self._judge(readable=False)

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
        async with desk.pace(self._party.platform):
            check = await desk.prober.visit(
                self._box,
                bookmark=self._bookmark,
                expected=expected,
                patience=desk.plan.patience if expected else 0.0,
                lookup=desk.books.ends,
            )
        await self._note(check)
        if expected and check.report.missing:
            now = desk.now()
            self._again = [now + timedelta(seconds=pause) for pause in AGAIN]

    async def _note(self, check: Check[VisitReport]) -> None:
        desk, at, report = self._desk, self._desk.now(), check.report
        found = samples(check, self._party)
        entries: list[Entry] = [seen(self._box.address, s) for s in report.sightings]
        entries += [one for back in report.returns if (one := self._returned(back))]
        entries += [Sampled(at=at, sample=sample) for sample in found]
        entries += desk.logged_in(self._name, check, at)
        bookmark = report.bookmark or self._bookmark
        keep = {self._key: msgspec.json.encode(bookmark)} if bookmark else {}
        changed = await desk.books.record(
            *entries, keep=keep, details=desk.detail(self._box.address, check)
        )
        self._bookmark = bookmark
        opened = report.access in ("complete", "partial")
        await self._judge(readable=opened, changed=changed)

    def _returned(self, back: Return) -> Entry | None:
        """Return the entry of a bounce; None if it says nothing of our mail."""
        ends = self._desk.books.ends(back.token)
        recipient = back.recipient.lower()
        if ends is None or ends[0].lower() != self._box.address.lower():
            return None  # only its sender's mailbox is where a bounce belongs
        if recipient and recipient != ends[1].lower():
            return None
        said = str(back.said or "")
        if back.action == "failed":
            status = back.status or ""
            return Bounced(at=back.seen_at, token=back.token, status=status, said=said)
        if back.action == "delayed":
            return Held(at=back.seen_at, token=back.token, said=said)
        return None

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
