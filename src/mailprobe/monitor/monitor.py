"""The monitor: sends, reads, looks, counts and judges, for as long as it runs."""

from __future__ import annotations

import asyncio
from collections import deque
from typing import TYPE_CHECKING, Final

from mailprobe.config import Config
from mailprobe.model.entry import Ran
from mailprobe.model.errors import LedgerError
from mailprobe.model.incident import Change
from mailprobe.model.snapshot import Notice, Snapshot
from mailprobe.monitor import (
    courier,
    heartbeat,
    lookout,
    notices,
    resuming,
    snapshot,
)
from mailprobe.monitor.auditor import Auditor
from mailprobe.monitor.books import Books
from mailprobe.monitor.desk import Desk
from mailprobe.monitor.ledger import Ledger
from mailprobe.monitor.reader import Reader
from mailprobe.monitor.schedule import place_of
from mailprobe.monitor.settings import read_plan
from mailprobe.monitor.telling import Teller
from mailprobe.prober import Prober

if TYPE_CHECKING:
    from collections.abc import Callable, Coroutine
    from types import TracebackType
    from typing import Any, Self

    from mailprobe.model.entry import Entry
    from mailprobe.model.incident import Event
    from mailprobe.model.passage import Passage
    from mailprobe.monitor.plan import Plan

ENDING: Final = (Change.RECOVERING, Change.CLOSED)
"""When it shows whether old mail survived."""

EVENTS_MAX: Final = 200  # kept for whoever asks; all of them stand in the ledger


class Monitor:
    """
    Watches mail services as its plan says; to be entered with ``async with``.

    While it is entered, it works in the background. Leaving it ends what is going on
    within seconds and loses nothing: what was intended is written down.

    Attributes:
        plan: What it does.
        events: The last changes of incidents, oldest first.
    """

    def __init__(
        self,
        plan: Plan | Config,
        prober: Prober | None = None,
        *,
        ledger: Ledger | None = None,
        on_event: Callable[[Event], None] | None = None,
        on_notice: Callable[[Notice], None] | None = None,
    ) -> None:
        """
        Set up; nothing is opened or sent yet.

        Args:
            plan: What to do, or the configuration that says it.
            prober: With what; as the configuration says if None. Its canary key
                is to outlive it: mails signed with another are not recognised.
            ledger: Where to write, not yet entered; as the plan says if None.
            on_event: Called with each change of an incident, once.
            on_notice: Called with what is worth a line in a log beside them.

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
        self._on_event, self._on_notice = on_event, on_notice
        self._teller = Teller(plan, self._ledger, on_trouble=self._troubled)
        self.books = Books(self._ledger, self._happened, self._changed)
        self.desk = Desk(plan, self._prober, self.books)
        self.auditor = Auditor(self.desk)
        self.books.on_entry = self._written
        self._beat = ""
        self._readers: list[Reader] = []
        self._since = self.desk.now()
        self._tasks: set[asyncio.Task[None]] = set()
        self._failed: asyncio.Future[None] | None = None

    async def __aenter__(self) -> Self:
        await self._ledger.__aenter__()
        try:
            await self._ledger.claim()
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
        try:  # whoever is cancelled here, too, lets go of the ledger nevertheless
            await asyncio.gather(*self._tasks, return_exceptions=True)
            failure = self._failure()
            await self._sign_off(error or failure)
        finally:
            await self._ledger.__aexit__(None, None, None)
        if error is None and failure is not None:
            raise failure  # whoever did not await `run` has to know it, too

    async def _sign_off(self, why: BaseException | None) -> None:
        """Note that it ends in order."""
        try:
            await self.books.record(Ran(at=self.desk.now(), running=False))
        except LedgerError:
            if not isinstance(why, LedgerError):
                raise  # else it is said already

    def _failure(self) -> BaseException | None:
        """Return what ended a part, if one was ended."""
        failed = self._failed
        if failed is None or failed.cancel() or failed.cancelled():
            return None
        return failed.exception()

    async def run(self) -> None:
        """
        Go on until cancelled.

        Raises:
            LedgerError: If nothing can be written any more, or another monitor has
                taken the ledger: then nothing is sent.
        """
        assert self._failed is not None  # noqa: S101 - it was entered
        await asyncio.shield(self._failed)

    def snapshot(self) -> Snapshot:
        """Return how things stand, as far as this process knows; it asks nobody."""
        desk, now = self.desk, self.desk.now()
        held = desk.breaker.until.items()
        beat = (self._beat,) if self._beat else ()
        return Snapshot(
            at=now,
            since=self._since,
            ledger=self._ledger.place,
            parties=snapshot.parties(desk),
            incidents=self.books.watchbook.open,
            in_flight=len(self.books.pending),
            overdue=snapshot.overdue(desk),
            sent=snapshot.sent(desk),
            held=tuple((name, until) for name, until in held if until > now),
            events=tuple(self.events),
            trouble=(*beat, *self._teller.trouble),
            slots=snapshot.slots(desk),
        )

    async def _resume(self) -> None:
        """Come back to where the last run stopped."""
        now = self._since = self.desk.now()
        # First: what the books find now is told as it is found, not from disk again.
        await self._teller.open(now)
        await self.books.open()
        await self.auditor.open()
        await resuming.resume(self.desk)
        await snapshot.recall(self.desk)
        for window in self.plan.maintenance:
            await self.books.tick(window)
        facts = self._prober.vantage.facts
        await self.books.record(Ran(at=now, running=True, version=facts.version))

    def _parts(self) -> list[Coroutine[Any, Any, None]]:
        """Return everything that goes on beside each other."""
        plan, desk = self.plan, self.desk
        parts = [courier.serve(desk, route) for route in plan.routes]
        for name, box in plan.mailboxes.items():
            mine = [r.interval for r in plan.routes if name in (r.sender, r.recipient)]
            if mine and box.imap is not None:
                reader = Reader(desk, name, min(mine), place_of(f"reader {name}"))
                self._readers.append(reader)
                parts.append(reader.serve())
        parts += [self._go_round(), lookout.watch_clock(desk)]
        parts += [channel.serve() for channel in self._teller.channels]
        return parts

    async def _go_round(self) -> None:
        """Look at what needs no mail, and count, again and again."""
        desk, every = self.desk, self.plan.look_every
        where = place_of("round of " + " ".join(sorted(self.plan.mailboxes)))
        while True:
            await desk.slot(every, where)
            await self._ledger.claim()
            await self.auditor.audit(*await lookout.look_around(desk))
            beat = await heartbeat.beat(self.plan.heartbeat)
            if beat != self._beat:
                self._troubled(beat or "the heartbeat: over")
            self._beat = beat

    def _happened(self, event: Event) -> None:
        self.events.append(event)
        if event.change in ENDING:
            for reader in self._readers:
                reader.after(event.incident)
        self._teller.tell(event)
        if self._on_event is not None:
            self._on_event(event)

    def _written(self, entry: Entry) -> None:
        said = notices.of(entry, self.plan)
        if said is not None and self._on_notice is not None:
            self._on_notice(said)

    def _troubled(self, text: str) -> None:
        if self._on_notice is not None:
            self._on_notice(Notice(at=self.desk.now(), word="trouble", text=text))

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
