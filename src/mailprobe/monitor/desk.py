"""What all parts of a monitor share, and the few rules between them."""

from __future__ import annotations

import asyncio
from collections import defaultdict
from contextlib import suppress
from typing import TYPE_CHECKING, Final

import msgspec

from mailprobe.judge.sampling import party_of
from mailprobe.model.entry import Tripped
from mailprobe.model.failure import Kind
from mailprobe.monitor.detail import Detail
from mailprobe.monitor.schedule import Breaker, Budget, next_slot
from mailprobe.render import json

if TYPE_CHECKING:
    from collections.abc import Collection, Sequence
    from datetime import datetime

    from mailprobe.model.entry import Entry
    from mailprobe.model.report import Report
    from mailprobe.model.sample import Party
    from mailprobe.model.verdict import Check
    from mailprobe.monitor.books import Books
    from mailprobe.monitor.plan import Plan
    from mailprobe.prober import Prober
    from mailprobe.wire.clock import Clock

PER_PLATFORM: Final = 2  # conversations at a time: one that sends, one that reads
NAP: Final = 300.0
"""Seconds after which a clock that was set, or a machine that slept, shows."""

JUMP: Final = 5.0  # seconds; clocks that are kept by NTP are slewed, never set by that
DETAIL_MAX: Final = 1_000_000  # bytes of one report, transcripts included


class Desk:
    """
    Plan, prober, books and clock in one place, for the parts of one monitor.

    Attributes:
        plan: What is to be done.
        prober: With what.
        books: Where it is written.
        breaker: Accounts that are left alone.
    """

    def __init__(self, plan: Plan, prober: Prober, books: Books) -> None:
        self.plan, self.prober, self.books = plan, prober, books
        self.breaker = Breaker(plan.hold)
        self._clock: Clock = prober.vantage.clock
        self._budgets: dict[str, Budget] = defaultdict(lambda: Budget(plan.budget))
        self._paces: dict[str, asyncio.Semaphore] = defaultdict(
            lambda: asyncio.Semaphore(PER_PLATFORM)
        )
        self._parties = {
            box.address.lower(): plan.party(name)
            for name, box in plan.mailboxes.items()
        }
        self._nudges: dict[str, asyncio.Event] = defaultdict(asyncio.Event)
        self._skipped = asyncio.Event()

    @property
    def key(self) -> bytes:
        """What canaries are signed with."""
        return self.prober.vantage.canary_key

    def now(self) -> datetime:
        """Return the time, UTC."""
        return self._clock.now()

    def elapsed(self) -> float:
        """Return seconds that pass whatever the clock is set to."""
        return self._clock.monotonic()

    async def slot(self, interval: float, place: float) -> None:
        """
        Sleep until the next slot, see `next_slot`.

        If the clock is set meanwhile, or the machine sleeps, that is the next slot by
        the new time: nothing waits for the old time to come again, and not everything
        is due at once because it was passed over.
        """
        while not await self.until(next_slot(self.now(), interval, place)):
            pass

    async def until(self, moment: datetime) -> bool:
        """Sleep until a time of day; return False at once if `skip` was called."""
        skipped = self._skipped
        left = (moment - self.now()).total_seconds()
        while left > 0:
            with suppress(TimeoutError):
                async with asyncio.timeout(left):
                    await skipped.wait()
                    return False
            left = (moment - self.now()).total_seconds()
            if left > NAP:  # set back by more than it is late to wait once more
                break
        return True

    def skip(self) -> None:
        """Wake whoever sleeps until a time of day: that is another moment now."""
        self._skipped.set()
        self._skipped = asyncio.Event()

    async def nap(self, seconds: float) -> float:
        """Sleep; return by how many seconds the clock was set, 0 if it was not."""
        began, at = self._clock.monotonic(), self.now()
        await asyncio.sleep(seconds)
        passed = self._clock.monotonic() - began
        jump = (self.now() - at).total_seconds() - passed
        return jump if abs(jump) > JUMP else 0.0

    def party_of(self, address: str) -> Party:
        """Return whose service an address is: by the plan, else its own domain."""
        return self._parties.get(address.lower()) or party_of(address)

    def pace(self, platform: str) -> asyncio.Semaphore:
        """Return what limits the conversations with one platform."""
        return self._paces[platform]

    def budget(self, account: str) -> Budget:
        """Return what an account may still send."""
        return self._budgets[account]

    @property
    def budgets(self) -> Collection[Budget]:
        """The budgets of all accounts that have sent."""
        return self._budgets.values()

    def expect(self, mailbox: str) -> None:
        """Have a mailbox looked into: a mail to it is on its way."""
        self._nudges[mailbox].set()

    def nudge(self, mailbox: str) -> asyncio.Event:
        """Return what is set when a mailbox is to be looked into."""
        return self._nudges[mailbox]

    def may_log_in(self, mailbox: str, at: datetime) -> bool:
        """Whether an account may be used."""
        return self.breaker.closed(mailbox, at)

    def logged_in(
        self, mailbox: str, check: Check[Report], at: datetime
    ) -> list[Entry]:
        """Note how a login ended: after a refusal the account is left alone."""
        if mailbox not in self.plan.mailboxes:
            return []
        siblings = self.siblings(mailbox)
        failure = check.report.failure
        if failure is not None and failure.kind is Kind.AUTH_REFUSED:
            until = self.breaker.trip(mailbox, at, siblings)
            said = str(failure.reply or failure)
            return [Tripped(at=at, account=mailbox, until=until, said=said)]
        if getattr(check.report, "authenticated", None):
            self.breaker.passed(mailbox, siblings)
        return []

    def siblings(self, mailbox: str) -> tuple[str, ...]:
        """Return all mailboxes of the brand of one, in a fixed order."""
        name = self.plan.party(mailbox).name
        held = (c.mailboxes for c in self.plan.cohorts if c.party.name == name)
        return tuple(sorted({one for names in held for one in names}))

    def detail(self, about: str, check: Check[Report]) -> Sequence[Detail]:
        """Return the report of a check to be kept with its entries."""
        report = msgspec.json.encode(json.document(check))
        if len(report) > DETAIL_MAX:
            return ()
        return (Detail(about=about, report=report, failed=check.status != "ok"),)
