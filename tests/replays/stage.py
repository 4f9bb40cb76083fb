"""
Plays a scenario: the lab, real sockets, a simulated clock, and any program beside it.

    played = play(load("libero-2023-01"), program)

The program is an async function of the `Stage`. It ends by itself, when the scenario
ends or later; what it returns is in `played.result`.
"""

from __future__ import annotations

import asyncio
import gc
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Any, Final, Generic, TypeVar

from mailprobe.lab import Lab, simulated
from mailprobe.model.secret import Secret
from tests.replays.scenario import Scenario, Span, WrongPassword
from tests.worlds import prober_options_for

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from mailprobe.lab import Journey
    from mailprobe.lab.simulated import SimulatedClock
    from mailprobe.model.target import Mailbox

T = TypeVar("T")

KEY: Final = b"the key of the replays' canaries"
CONTROL_DOMAIN: Final = "certificata.test"


@dataclass(frozen=True, slots=True, kw_only=True)
class Stage:
    """
    What a program needs to watch a scenario.

    Attributes:
        scenario: What is played.
        lab: Where.
        clock: The time of day, and of the loop.
        mailboxes: The canaries by address, with the passwords they began with.
        prober_options: Keyword arguments for a `mailprobe.Prober`, with the clock,
            the canary key and the controls (the MX hosts of the certified mail).
    """

    scenario: Scenario
    lab: Lab
    clock: SimulatedClock
    mailboxes: dict[str, Mailbox]
    prober_options: dict[str, Any]

    def left(self, moment: datetime) -> float:
        """Return how many seconds are left until a time of day, at least 0."""
        return max((moment - self.clock.now()).total_seconds(), 0.0)

    async def until(self, moment: datetime) -> None:
        """Return at a time of day."""
        await asyncio.sleep(self.left(moment))


@dataclass(frozen=True, slots=True, kw_only=True)
class Played(Generic[T]):
    """
    What a run has left.

    Attributes:
        result: What the program returned.
        journeys: What the lab did with each mail it took, in that order.
        surprises: Protocol violations of the program, as the servers saw them.
        strangers: Recipients that nobody answers to.
        jumps: How often time jumped.
        ended_at: When the program ended.
    """

    result: T
    journeys: tuple[Journey, ...]
    surprises: tuple[str, ...]
    strangers: tuple[str, ...]
    jumps: int
    ended_at: datetime


def play(scenario: Scenario, program: Callable[[Stage], Awaitable[T]]) -> Played[T]:
    """Play a scenario to the end of a program; blocks, in an event loop of its own."""

    async def main() -> Played[T]:
        return await _play(scenario, program)

    gc.freeze()  # what was loaded before is not looked through again and again
    try:
        return simulated.run(main, begins=scenario.begins)
    finally:
        gc.unfreeze()


async def _play(
    scenario: Scenario, program: Callable[[Stage], Awaitable[T]]
) -> Played[T]:
    clock = simulated.running_clock()
    loop = asyncio.get_running_loop()
    assert isinstance(loop, simulated.SimulatedLoop)
    domains = [brand.domain for brand in scenario.brands]
    shared = [b.domain for b in scenario.brands if _shares(scenario, b.platform)]
    async with Lab(
        domains,
        brands=shared,
        users=(),
        now=clock.now,
        queue=scenario.queue,
        seed=scenario.seed,
        plain_tls=True,
    ) as lab:
        addresses = [a for brand in scenario.brands for a in brand.addresses]
        stage = Stage(
            scenario=scenario,
            lab=lab,
            clock=clock,
            mailboxes={address: lab.mailbox(address) for address in addresses},
            prober_options={
                **prober_options_for(lab),
                "clock": clock,
                "canary_key": KEY,
                "control": [f"mx1.{CONTROL_DOMAIN}:{lab.mx_port}"],
            },
        )
        prompter = asyncio.create_task(_prompt(stage))
        try:
            result = await program(stage)
        finally:
            prompter.cancel()
            await asyncio.wait({prompter})
        if not prompter.cancelled():
            prompter.result()
        return Played(
            result=result,
            journeys=tuple(lab.post.journeys),
            surprises=tuple(lab.surprises),
            strangers=tuple(lab.strangers),
            jumps=loop.jumps,
            ended_at=clock.now(),
        )


def _shares(scenario: Scenario, platform: str) -> bool:
    return sum(brand.platform == platform for brand in scenario.brands) > 1


@dataclass(frozen=True, slots=True, kw_only=True, order=True)
class _Cue:
    """Something that is to happen; at one time, what begins comes before what ends."""

    at: datetime
    ends: bool
    number: int


async def _prompt(stage: Stage) -> None:
    """Let happen what is to happen, each at its time."""
    spans: list[Span | WrongPassword] = [
        *(span for row in stage.scenario.rows for span in row.spans),
        *stage.scenario.passwords,
    ]
    cues = sorted(
        _Cue(at=max(at, stage.scenario.begins), ends=ends, number=number)
        for number, span in enumerate(spans)
        for at, ends in ((span.begins, False), (span.ends, True))
        if span.ends > stage.scenario.begins
    )
    for cue in cues:
        if stage.left(cue.at):
            await stage.until(cue.at)
        span = spans[cue.number]
        if isinstance(span, WrongPassword):
            _change_password(stage, span.mailbox, right=cue.ends)
        elif cue.ends:
            stage.lab.withdraw(span.fault)
        else:
            stage.lab.inject(span.fault)


def _change_password(stage: Stage, address: str, *, right: bool) -> None:
    known = stage.mailboxes[address].password
    assert isinstance(known, Secret)
    account = stage.lab.store.account(address)
    account.password = known.reveal() if right else "somebody changed it"
