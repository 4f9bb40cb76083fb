"""The monitor: sends, reads, looks, counts and judges, for as long as it runs."""

from __future__ import annotations

import asyncio
import hashlib
from collections import deque
from datetime import timedelta
from typing import TYPE_CHECKING, Final

from mailprobe.config import Config
from mailprobe.mail.canary import key_id, named_key
from mailprobe.model.entry import Alarmed, Ran, Tripped
from mailprobe.monitor import courier, heartbeat, lookout
from mailprobe.monitor.auditor import Auditor
from mailprobe.monitor.books import Books
from mailprobe.monitor.desk import Desk
from mailprobe.monitor.ledger import Ledger
from mailprobe.monitor.plan import OUTSIDE
from mailprobe.monitor.reader import Reader
from mailprobe.monitor.schedule import DAY, next_slot
from mailprobe.monitor.settings import read_plan
from mailprobe.monitor.telling import Teller
from mailprobe.prober import Prober

if TYPE_CHECKING:
    from collections.abc import Callable, Coroutine
    from datetime import datetime
    from types import TracebackType
    from typing import Any, Self

    from mailprobe.model.incident import Event
    from mailprobe.model.passage import Passage
    from mailprobe.monitor.plan import Plan

EVENTS_MAX: Final = 200  # kept for whoever asks; all of them stand in the ledger
SENT_MAX: Final = 100_000  # mails of one day, from which budgets are counted anew


class Monitor:
    """
    Watches mail services as its plan says; to be entered with ``async with``.

    While it is entered, it works in the background. Leaving it ends what is going on
    within seconds and loses nothing: what was intended is written down.

    Attributes:
        plan: What it does.
        events: The last changes of incidents, oldest first.
        trouble: What is wrong with the heartbeat; empty if nothing.
    """

    def __init__(
        self,
        plan: Plan | Config,
        prober: Prober | None = None,
        *,
        ledger: Ledger | None = None,
        on_event: Callable[[Event], None] | None = None,
    ) -> None:
        """
        Set up; nothing is opened or sent yet.

        Args:
            plan: What to do, or the configuration that says it.
            prober: With what; as the configuration says if None. Its canary key
                is to outlive it: mails signed with another are not recognised.
            ledger: Where to write, not yet entered; as the plan says if None.
            on_event: Called with each change of an incident, once.

        Raises:
            ConfigError: If the configuration has no ``[monitor]`` that can be meant.
        """
        if isinstance(plan, Config):
            prober = prober or _prober(plan)
            plan = read_plan(plan)
        self.plan = plan
        self.events: deque[Event] = deque(maxlen=EVENTS_MAX)
        self._prober = prober or Prober()
        clock = self._prober.vantage.clock
        self._ledger = ledger or Ledger.open(plan.ledger, clock=clock)
        self._on_event = on_event
        self._teller = Teller(plan)
        self.books = Books(self._ledger, self._happened, self._changed)
        self.desk = Desk(plan, self._prober, self.books)
        self.auditor = Auditor(self.desk)
        self.trouble = ""
        self._tasks: set[asyncio.Task[None]] = set()
        self._failed: asyncio.Future[None] | None = None

    async def __aenter__(self) -> Self:
        await self._ledger.__aenter__()
        try:
            await self._resume()
        except BaseException:
            await self._ledger.__aexit__(None, None, None)
            raise
        self._failed = asyncio.get_running_loop().create_future()
        for work in self._parts():
            task = asyncio.ensure_future(work)
            self._tasks.add(task)
            task.add_done_callback(self._ended)
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        if self._failed is not None and not self._failed.done():
            self._failed.cancel()
        try:
            await self.books.record(Ran(at=self.desk.now(), running=False))
        finally:
            await self._ledger.__aexit__(None, None, None)

    async def run(self) -> None:
        """
        Go on until cancelled.

        Raises:
            LedgerError: If nothing can be written any more: then nothing is sent.
        """
        assert self._failed is not None  # noqa: S101 - it was entered
        await asyncio.shield(self._failed)

    async def _resume(self) -> None:
        """Come back to where the last run stopped."""
        await self.books.open()
        now = self.desk.now()
        async for _, entry in self._ledger.entries(
            kinds=(Tripped.kind,), since=now - timedelta(seconds=self.plan.hold)
        ):
            if isinstance(entry, Tripped) and entry.until > now:
                self.desk.breaker.until[entry.account] = entry.until
        sent = await self._ledger.passages(since=now - DAY, limit=SENT_MAX)
        names = {box.address: name for name, box in self.plan.mailboxes.items()}
        for passage in sent:
            account = names.get(passage.sender, OUTSIDE)
            self.desk.budget(account).sent.append(passage.intended_at)
        await self._same_key(now)
        for window in self.plan.maintenance:
            await self.books.tick(window)
        facts = self._prober.vantage.facts
        await self.books.record(Ran(at=now, running=True, version=facts.version))

    async def _same_key(self, now: datetime) -> None:
        """Say so if mail is waited for that cannot be known as ours any more."""
        ours = key_id(self.desk.key)
        others = sum(named_key(token) != ours for token in self.books.pending)
        if others:
            what = (
                f"The canary key was changed: {others} mails that were signed with "
                "another one are waited for and will not be recognised."
            )
            await self.books.record(Alarmed(at=now, what=what))

    def _parts(self) -> list[Coroutine[Any, Any, None]]:
        """Return everything that goes on beside each other."""
        plan, desk = self.plan, self.desk
        parts = [courier.serve(desk, route) for route in plan.routes]
        for name, box in plan.mailboxes.items():
            mine = [r.interval for r in plan.routes if name in (r.sender, r.recipient)]
            if mine and box.imap is not None:
                reader = Reader(desk, name, min(mine), place(f"reader {name}"))
                parts.append(reader.serve())
        domains = {
            plan.mailboxes[name].domain: cohort.party
            for cohort in plan.cohorts
            for name in cohort.mailboxes
        }
        parts += [
            lookout.serve(desk, domain, party, place(f"mx {domain}"))
            for domain, party in domains.items()
        ]
        parts += [lookout.watch_controls(desk, place("controls")), self._audit()]
        if self._teller.wanted:
            parts.append(self._teller.serve())
        return parts

    async def _audit(self) -> None:
        desk = self.desk
        while True:
            await desk.until(next_slot(desk.now(), self.plan.look_every, 0.0))
            await self.auditor.audit()
            self.trouble = await heartbeat.beat(self.plan.heartbeat)

    def _happened(self, event: Event) -> None:
        self.events.append(event)
        self._teller.tell(event)
        if self._on_event is not None:
            self._on_event(event)

    def _changed(self, passages: tuple[Passage, ...]) -> None:
        self.auditor.arrived(passages)

    def _ended(self, task: asyncio.Task[None]) -> None:
        """End the whole if a part ends by an error: half a monitor is none."""
        self._tasks.discard(task)
        if task.cancelled() or self._failed is None or self._failed.done():
            return
        if (error := task.exception()) is not None:
            self._failed.set_exception(error)


def _prober(config: Config) -> Prober:
    return Prober(**config.prober_options(), catalogue=config.catalogue)


def place(name: str) -> float:
    """Return the place of something in every interval, from 0 to 1."""
    digest = hashlib.blake2b(name.encode(), digest_size=8).digest()
    return int.from_bytes(digest) / 2**64
