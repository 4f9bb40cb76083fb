"""One IMAP connection that watches a mailbox for all trips that go there."""

from __future__ import annotations

import asyncio
import math
from contextlib import suppress
from dataclasses import InitVar, dataclass, field, replace
from functools import partial
from typing import TYPE_CHECKING, Any, Final

from mailprobe.model.failure import Kind, Phase
from mailprobe.probes import imap
from mailprobe.probes.crowd import Crowd
from mailprobe.probes.idling import idle
from mailprobe.probes.jobs import (
    Job,
    Jobs,
    again,
    fetch,
    named,
    read_quota,
    remove,
    settle,
)
from mailprobe.probes.opening import Opening
from mailprobe.probes.roundtrip import beginnings, junk_folders
from mailprobe.probes.watch import TRUSTING
from mailprobe.wire.recorder import Recorder
from mailprobe.wire.trouble import Ended, Trouble, failure_of

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Iterable

    from mailprobe.model.failure import Failure
    from mailprobe.model.target import Mailbox
    from mailprobe.probes.awaited import Awaited
    from mailprobe.probes.newmail import Sighting
    from mailprobe.probes.vantage import Vantage
    from mailprobe.wire.imap import ImapSession

# Seconds; IDLE and its DONE are two exchanges: for less, a poll is as cheap.
IDLE_FROM: Final = 0.1
# A pause is at least so many times as long as the look before it took, so that a
# busy server, or a busy program of ours, is not kept busy by looking.
PAUSES: Final = 4
# Seconds; servers end a silent session after 30 minutes, address translators
# after some 10 (RFC 9051 5.4, RFC 5382 5).
KEEP_ALIVE: Final = 540.0
# Seconds for which work that has time is gathered while other mails are on their
# way: one exchange then serves many, and seldom holds a sight up. As long as a
# single trip may wait for the word of IDLE.
GATHER: Final = 1.0
FAREWELLS: Final = 2  # budgets: for the answer that is still owed, and for LOGOUT


@dataclass(eq=False)
class Lookout:
    """
    Watches a mailbox until the last trip that needs it has left.

    It is a task of its own: no trip that ends or is cancelled takes the
    connection away from another. Between looks it waits in IDLE where that is
    offered and the pause is worth it; it looks as soon as it is told of mail,
    and at growing intervals beside that. If the connection is lost, it is
    opened once more, for all; a trip survives one such loss.

    Attributes:
        vantage: What the probes share.
        mailbox: Whose mailbox.
        first: The recorder of the trip that opens it.
        notes: What the connection has shown.
        opened: Set while the mailbox is open; and when it could not be opened.
        leaving: Nobody needs it any more; it may not be joined.
        refusal: The login was refused.
        error: What ended the watching.
        failure: The same as a failure, if it was the server's.
        lost: The loss after which it is being opened again.
        jobs: What trips want done.
    """

    vantage: Vantage
    mailbox: Mailbox
    first: InitVar[Recorder]
    notes: imap.ImapNotes = field(default_factory=imap.ImapNotes)
    opened: asyncio.Event = field(default_factory=asyncio.Event)
    leaving: bool = False
    refusal: Failure | None = None
    error: Exception | None = None
    failure: Failure | None = None
    lost: Failure | None = None
    jobs: Jobs = field(default_factory=Jobs)

    def __post_init__(self, first: Recorder) -> None:
        self.recorder = self._new_recorder()
        self.recorder.first = first
        self.awaited: dict[str, Awaited] = {}
        self.crowd: Crowd | None = None
        self._idles = True
        self._stirred = asyncio.Event()
        self._looked = self._took = 0.0
        self.task = asyncio.create_task(self._run())

    # --- for trips --------------------------------------------------------------

    def enter(self, one: Awaited) -> None:
        """Give what carries this token to this trip, from now on."""
        self.awaited[one.canary.token] = one

    def leave(self, one: Awaited) -> bool:
        """
        Do without a trip; the last one ends the connection. Return if it was that.

        What is said still, LOGOUT above all, is said within two farewells.
        """
        del self.awaited[one.canary.token]
        if self.recorder.first is one.recorder:
            self.recorder.first = None
        if self.awaited:
            return False
        self.leaving = True
        self._stirred.set()
        if not self.opened.is_set():
            self.task.cancel()
        elif not self.task.done():
            budget = FAREWELLS * self.vantage.limits.farewell
            timer = asyncio.get_running_loop().call_later(budget, self.task.cancel)
            self.task.add_done_callback(lambda _: timer.cancel())
        return True

    def stir(self) -> None:
        """Reconsider when to look next."""
        self._stirred.set()

    async def do(
        self,
        what: str,
        sightings: Iterable[Sighting] = (),
        *,
        patience: float = 0.0,
        thorough: bool = False,
    ) -> Any:  # noqa: ANN401 - by what it is
        """
        Have something done between two looks; with the like of it for others.

        Args:
            what: See `Job`.
            sightings: The mails it is about.
            patience: Seconds it has time, while others wait for their mail.
            thorough: Of a look: also if the server tells of no change.

        Raises:
            Trouble: If it is refused, or the connection is lost for good.
        """
        if self.error is not None:
            raise self.error
        done = asyncio.get_running_loop().create_future()
        due = self.recorder.elapsed() + min(patience, GATHER)
        self.jobs.add(Job(what, tuple(sightings), done, due, thorough))
        self._stirred.set()
        result = await done
        if isinstance(result, Exception):
            raise result
        return result

    # --- the connection -----------------------------------------------------------

    async def _run(self) -> None:
        try:
            await self._open()
            await self._stay()
            await imap.leave(self.vantage, self.recorder, self.notes)
        except Ended as ended:
            self.failure = found = ended.failure
            self._end(again(found))
        except Exception as fault:  # noqa: BLE001 - each trip reports a fault of ours
            self._end(fault)
        finally:
            imap.close(self.notes)
            self._end(RuntimeError("the watching ended under a trip"))

    def _end(self, error: Exception) -> None:
        """Tell everybody, once."""
        self.error = self.error or error
        self.leaving = True
        self.opened.set()
        self.jobs.end(self.error)
        for one in self.awaited.values():
            one.nudge.set()

    async def _open(self) -> None:
        vantage, recorder, box = self.vantage, self.recorder, self.mailbox
        notes = self.notes = imap.ImapNotes()
        assert box.imap  # noqa: S101 - the prober completes mailboxes
        await imap.open_imap(vantage, recorder, box.imap, notes)
        try:
            await imap.log_in(vantage, recorder, notes, box)
        except Ended as ended:
            refused = ended.failure.kind is Kind.AUTH_REFUSED
            self.refusal = ended.failure if refused else None
            raise
        await imap.list_folders(vantage, recorder, notes)
        session = self._session()
        with recorder.step(Phase.SELECT, notes.peer, vantage.limits.command) as step:
            if self.crowd is None:
                key = vantage.canary_key
                crowd = Crowd(session=session, recorder=recorder, key=key)
                await crowd.note_beginning(junk_folders(notes))
                crowd.awaited, self.crowd = self.awaited, crowd
            else:
                self.crowd.session, self.crowd.recorder = session, recorder
                await self.crowd.resume()
            step.saw(beginnings(self.crowd.places))
        self._idles = session.offers("IDLE")
        self.opened.set()

    async def _stay(self) -> None:
        while self.awaited:
            try:
                await self._watch()
            except Trouble as trouble:
                failure = failure_of(trouble, Phase.TRANSIT)
                assert failure is not None  # noqa: S101 - a Trouble is one
                await self._open_again(failure)

    async def _open_again(self, failure: Failure) -> None:
        """After a loss, log in once more, for all; or end with the loss."""
        self.lost = failure
        self.opened.clear()  # who comes now waits, and the last one to go ends it
        for one in tuple(self.awaited.values()):
            one.meet(failure)
        if all(one.error is not None for one in self.awaited.values()):
            raise Ended(failure)
        await imap.leave(self.vantage, self.recorder, self.notes)
        imap.close(self.notes)
        await asyncio.sleep(self.vantage.limits.again_after)
        zero, self.recorder = self.recorder.zero, self._new_recorder()
        self.recorder.zero = zero  # one clock for all that is seen
        try:
            await self._open()
        except Ended as ended:
            detail = f"{failure.detail}; once more: {ended.failure}"
            raise Ended(replace(failure, detail=detail)) from None
        self.lost, self._looked = None, 0.0  # the first look is due at once

    # --- watching -----------------------------------------------------------------

    async def _watch(self) -> None:
        while self.awaited:
            self._stirred.clear()
            if self._session().take_change():
                await self._read_inbox()
            elif self._work_due() <= self.recorder.elapsed():
                await self._work()
            elif self._due() <= self.recorder.elapsed():
                await self._look()
            else:
                await self._rest()

    def _work_due(self) -> float:
        """When work for trips is to be done: at once if no mail is on its way."""
        due = self.jobs.due()
        hurry = any(one.since is not None for one in self.awaited.values())
        return due if hurry or due == math.inf else 0.0

    def _due(self) -> float:
        """When the next look is to be made, by the youngest mail on its way."""
        waits = [one.since for one in self.awaited.values() if one.since is not None]
        if not waits:
            return self._looked + KEEP_ALIVE
        return self._looked + max(self._pause(max(waits)), PAUSES * self._took)

    def _pause(self, since: float) -> float:
        limits = self.vantage.limits
        share = limits.poll_share * max(self._looked - since, 0.0)
        return min(max(limits.poll_first, share), limits.poll_longest)

    async def _look(self) -> None:
        crowd, jobs = self._crowd(), self.jobs.wanted("look")
        began = self.recorder.elapsed()
        thorough = any(job.thorough for job in jobs) or began - self._looked >= TRUSTING
        async with named(self.vantage.limits.command):
            await crowd.look(thorough=thorough)
        self._looked = self.recorder.elapsed()
        self._took = self._looked - began
        for one in self.awaited.values():
            one.polls += 1
        settle(jobs, None)

    async def _read_inbox(self) -> None:
        """Read what the server told of, in IDLE or beside another reply."""
        crowd = self._crowd()
        async with named(self.vantage.limits.command):
            await crowd.read_inbox()
        crowd.pushes.clear()

    async def _rest(self) -> None:
        """Wait for the next look, in IDLE if that is worth it."""
        seconds = min(self._due(), self._work_due()) - self.recorder.elapsed()
        if self._idles and seconds >= IDLE_FROM:
            budget = self.vantage.limits.command
            news = await idle(self._session(), self._stirred, seconds, budget)
            self._idles = news is not None
            self._crowd().hear(news or [])
            return
        with suppress(TimeoutError):
            async with asyncio.timeout(seconds):
                await self._stirred.wait()

    # --- work for trips -------------------------------------------------------------

    async def _work(self) -> None:
        """Do what trips want, the like of it together."""
        crowd = self._crowd()
        kinds: dict[str, Callable[[list[Job]], Awaitable[None]]] = {
            "headers": partial(fetch, crowd),
            "remove": partial(remove, crowd),
            "quota": partial(read_quota, self.vantage, self.recorder, self.notes),
        }
        for what, do in kinds.items():
            if not (jobs := self.jobs.wanted(what)):
                continue
            try:
                async with named(self.vantage.limits.command):
                    await do(jobs)
            except Trouble as trouble:
                if trouble.kind not in imap.REFUSALS:
                    raise
                settle(jobs, trouble)
        if self.jobs.wanted("look"):
            await self._look()

    def _new_recorder(self) -> Opening:
        # No deadline: each phase has its budget, and it ends with the last trip.
        vantage = self.vantage
        keep = vantage.transcript
        return Opening(vantage.clock, vantage.limits, math.inf, transcript=keep)

    def _session(self) -> ImapSession:
        assert self.notes.session  # noqa: S101 - for the type checker: it is open
        return self.notes.session

    def _crowd(self) -> Crowd:
        assert self.crowd  # noqa: S101 - for the type checker: it is open
        return self.crowd
