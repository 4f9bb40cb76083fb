"""Many targets, paced: their checks come as they finish, in any order."""

from __future__ import annotations

import asyncio
import hashlib
from collections import deque
from collections.abc import AsyncIterable, Callable
from dataclasses import fields, replace
from functools import partial
from typing import TYPE_CHECKING, Any, Final, TypeAlias

from mailprobe.judge.strain import NETWORK
from mailprobe.model.errors import MailprobeError
from mailprobe.model.failure import Failure, Kind, Phase
from mailprobe.model.report import MxReport, ProberFacts, ProviderReport, Report
from mailprobe.model.target import (
    DispatchTarget,
    ImapTarget,
    MxTarget,
    ProviderTarget,
    SmtpTarget,
    Target,
    TlsTarget,
    TripTarget,
    VisitTarget,
)
from mailprobe.model.verdict import Check
from mailprobe.probes import imap, mx, provider, roundtrip, smtp, tls  # noqa: F401
from mailprobe.probes.control import any_control
from mailprobe.probes.guard import fruitless
from mailprobe.waiting import Ticket, WaitingRoom
from mailprobe.wire.heartbeat import Heartbeat

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Iterable
    from types import TracebackType
    from typing import Self

    from mailprobe.model.pace import Pace
    from mailprobe.model.provider import Catalogue
    from mailprobe.prober import Prober
    from mailprobe.probes.lookouts import Lookouts

Targets: TypeAlias = "Iterable[Target] | AsyncIterable[Target]"
Timeout: TypeAlias = Callable[[Target], float | None] | float | None

CONTROL_EVERY: Final = 2.0  # seconds; many failures at once ask the control once
# Of the slots: so many distinct ones that two targets hardly ever share one.
_SLOT_BYTES: Final = 8


class Sweep:
    """
    Checks of many targets, to be entered with ``async with`` and iterated.

    Targets are taken from their source as there is room for them; it may be
    endless. A check that nobody has taken yet keeps its place, so that memory
    is bounded by `Pace`. Leaving the block ends what is still going on.
    """

    def __init__(
        self,
        prober: Prober,
        targets: Targets,
        pace: Pace,
        timeout: Timeout,
        lookouts: Lookouts,
    ) -> None:
        """See `Prober.sweep`."""
        self._prober = prober
        self._source = targets
        self._pace = pace
        self._timeout = timeout
        self._lookouts = lookouts
        limits = {"host": pace.per_host, "platform": pace.per_platform}
        self._room: WaitingRoom[Target] = WaitingRoom(limits)
        self._running: set[asyncio.Task[None]] = set()
        self._done: deque[tuple[Target, Check[Report]]] = deque()
        self._woken = asyncio.Event()
        self._space = asyncio.Event()
        self._feeder: asyncio.Task[None] | None = None
        self._timer: asyncio.TimerHandle | None = None
        self._control: tuple[float, asyncio.Task[bool | None]] | None = None
        self._platforms: dict[str, str] = {}
        self._error: BaseException | None = None
        self._left = False

    async def __aenter__(self) -> Self:
        # What is loaded once is loaded now: later it would keep others waiting.
        _ = self._prober.catalogue, self._prober.vantage.trust.verifying
        self._loop = asyncio.get_running_loop()
        self._heart = Heartbeat()
        self._began = self._loop.time()
        self._feeder = asyncio.ensure_future(self._feed())
        self._feeder.add_done_callback(lambda _: self._woken.set())
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._left = True
        self._heart.stop()
        if self._timer is not None:
            self._timer.cancel()
        left: list[asyncio.Future[Any]] = [*self._running]
        left += [self._feeder] if self._feeder else []
        left += [self._control[1]] if self._control else []
        for task in left:
            task.cancel()
        await asyncio.gather(*left, return_exceptions=True)
        await self._lookouts.close()
        await self._prober.vantage.close()

    def __aiter__(self) -> AsyncIterator[Check[Report]]:
        return self

    async def __anext__(self) -> Check[Report]:
        """
        Return the next check that is finished.

        Raises:
            StopAsyncIteration: When all are.
        """
        found = await self._next()
        if found is None:
            raise StopAsyncIteration
        return found[1]

    async def pairs(self) -> AsyncIterator[tuple[Target, Check[Report]]]:
        """
        Yield each check with its target: the very object that the source gave.

        The target in the report may say more, such as the host of a mailbox that
        was found in DNS.
        """
        while (found := await self._next()) is not None:
            yield found

    async def _next(self) -> tuple[Target, Check[Report]] | None:
        while not self._done:
            if self._over():
                return None
            self._woken.clear()
            await self._woken.wait()
        found = self._done.popleft()
        self._start()
        return found

    def _over(self) -> bool:
        assert self._feeder is not None  # noqa: S101 - it was entered
        if self._error is not None:  # a fault of the sweep itself, not of a probe
            raise self._error
        if not self._feeder.done() or self._running or self._room.size:
            return False
        self._feeder.result()  # what the source raised is the caller's to see
        return True

    # --- in ---------------------------------------------------------------------

    async def _feed(self) -> None:
        """Take targets from the source while there is room."""
        async for target in _each(self._source):
            while self._room.size >= self._pace.room:
                self._space.clear()
                await self._space.wait()
            keys = self._keys(target)
            slot = self._began + self._pace.spread * share(target)
            self._room.enter(Ticket(target, slot, keys))
            self._start()
        self._woken.set()

    def _keys(self, target: Target) -> tuple[str, ...]:
        name = host_of(target)
        platform = self._platform(name)
        return (f"host {name}", *([f"platform {platform}"] if platform else []))

    def _platform(self, name: str) -> str:
        if name not in self._platforms:
            if len(self._platforms) > self._pace.room:  # an endless source
                self._platforms.clear()
            self._platforms[name] = platform_of(self._prober.catalogue, name)
        return self._platforms[name]

    # --- going on ---------------------------------------------------------------

    def _start(self) -> None:
        """Let as many start as may; none once the block was left."""
        if self._left:
            return
        while len(self._running) + len(self._done) < self._pace.at_once:
            ticket = self._room.call(self._loop.time())
            if ticket is None:
                break
            task = asyncio.ensure_future(self._look(ticket.item))
            self._running.add(task)
            task.add_done_callback(partial(self._ended, ticket))
        self._space.set()
        slot = self._room.next_slot()
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
        if slot is not None and slot > self._loop.time():
            self._timer = self._loop.call_at(slot, self._start)

    def _ended(self, ticket: Ticket[Target], task: asyncio.Task[None]) -> None:
        self._running.discard(task)
        self._room.leave(ticket)
        if not task.cancelled() and (error := task.exception()) is not None:
            self._error = self._error or error
        self._woken.set()
        self._start()

    async def _look(self, target: Target) -> None:
        began = self._loop.time()
        report = await self._report(target)
        reached = await self._reached() if _of_network(report) else None
        lag = self._heart.since(began)
        check = self._prober.judged(strained(report, lag, reached))
        self._done.append((target, check))

    async def _report(self, target: Target) -> Report:
        """Look at one target; what the caller got wrong is in its report, too."""
        try:
            limit = self._timeout(target) if callable(self._timeout) else self._timeout
            return await self._prober.report(target, timeout=limit)
        except MailprobeError as error:
            kind, detail = Kind.TARGET_UNUSABLE, str(error)
            failure = Failure(kind=kind, phase=Phase.TRANSIT, detail=detail)
            return fruitless(self._prober.vantage, target, failure)

    async def _reached(self) -> bool | None:
        """Ask the controls, unless somebody just did."""
        now = self._loop.time()
        if self._control is None or now - self._control[0] > CONTROL_EVERY:
            asking = asyncio.ensure_future(any_control(self._prober.vantage))
            self._control = (now, asking)
        return await asyncio.shield(self._control[1])


def _of_network(report: Report) -> bool:
    """Whether it failed in a way that a lost network of ours can cause."""
    failures = [report.failure]
    if isinstance(report, MxReport):
        entries = [entry for host in report.hosts for entry in host.addresses]
        if not any(entry.answered for entry in entries):
            failures += [entry.failure for entry in entries]
    if isinstance(report, ProviderReport):
        return any(_of_network(check.report) for check in report.checks)
    return any(failure.kind in NETWORK for failure in failures if failure)


def strained(report: Report, lag: float, control: bool | None) -> Report:  # noqa: FBT001 - a fact, no switch
    """Return the report, and every report inside it, with what our state was."""
    facts: ProberFacts = replace(report.prober, lag=lag, control=control)
    if not isinstance(report, ProviderReport):  # the one that holds others
        return replace(report, prober=facts)
    changed: dict[str, Any] = {"prober": facts}
    for field in fields(report):
        value = getattr(report, field.name)
        if isinstance(value, Check):
            inner = strained(value.report, lag, control)
            changed[field.name] = replace(value, report=inner)
        elif isinstance(value, tuple) and value and isinstance(value[0], Check):
            changed[field.name] = tuple(
                replace(one, report=strained(one.report, lag, control)) for one in value
            )
    return replace(report, **changed)


def host_of(target: Target) -> str:
    """Return the host or mail domain that a target is about."""
    name = ""
    match target:
        case MxTarget(domain=name) | ProviderTarget(name=name):
            pass
        case SmtpTarget(host=name) | TlsTarget(host=name):
            pass
        case TripTarget(recipient=box) | VisitTarget(mailbox=box):
            name = box.domain
        case DispatchTarget(sender=sender, recipient=recipient, mailbox=box):
            name = (sender if box else recipient).rpartition("@")[2]
        case ImapTarget(mailbox=box, host=name):
            if not name and box is not None:
                name = box.imap.host if box.imap else box.domain
    return name.lower().rstrip(".")


def platform_of(catalogue: Catalogue, name: str) -> str:
    """Return the platform that serves a host or domain; empty if none is known."""
    preset = catalogue.serving(name)
    return preset.platform if preset else ""


def share(target: Target) -> float:
    """Return a target's place in every sweep: from 0 to 1, and always the same."""
    port = getattr(target, "port", "")
    name = f"{type(target).__name__} {host_of(target)} {port} {_account(target)}"
    digest = hashlib.blake2b(name.encode(), digest_size=_SLOT_BYTES).digest()
    return int.from_bytes(digest) / 256**_SLOT_BYTES


def _account(target: Target) -> str:
    box = getattr(target, "mailbox", None) or getattr(target, "sender", None)
    return getattr(box, "address", "")


async def _each(source: Targets) -> AsyncIterator[Target]:
    if isinstance(source, AsyncIterable):
        async for target in source:
            yield target
        return
    for number, target in enumerate(source):
        if number % 100 == 0:  # a long list must not keep the loop to itself
            await asyncio.sleep(0)
        yield target
