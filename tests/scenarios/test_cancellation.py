"""Every probe, cancelled at every step: nothing is left open, running or warned of."""

from __future__ import annotations

import asyncio
import gc
import socket
import threading
import weakref
from dataclasses import replace
from typing import TYPE_CHECKING, Any, Final

import pytest

from mailprobe import Limits, Prober
from mailprobe.lab import Drop, Stall
from tests.scenarios.scenario import GENEROUS, PATIENT, Run
from tests.scenarios.table_imap import LOGIN as IMAP
from tests.scenarios.table_imap import UPGRADE as IMAP_UPGRADE
from tests.scenarios.table_monitor import dispatch, outside, visit
from tests.scenarios.table_mx import greet
from tests.scenarios.table_provider import whole
from tests.scenarios.table_roundtrip import trip
from tests.scenarios.table_smtp import LOGIN as SMTP
from tests.scenarios.table_smtp import UPGRADE as SMTP_UPGRADE
from tests.scenarios.table_tls import UPGRADE as TLS_UPGRADE
from tests.worlds import prober_options_for

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Iterator

    from mailprobe import Step
    from mailprobe.lab import Fault, ThreadedLab
    from tests.scenarios.scenario import How

# Each probe, and the steps that it takes in a healthy world.
PROBES: Final[dict[str, tuple[How, int]]] = {
    "mx": (greet, 11),
    "smtp": (SMTP, 7),
    "smtp-starttls": (SMTP_UPGRADE, 9),
    "imap": (IMAP, 10),
    "imap-starttls": (IMAP_UPGRADE, 12),
    "tls": (TLS_UPGRADE, 8),
    "trip": (trip, 23),
    "dispatch": (dispatch, 11),
    "dispatch-outside": (outside, 13),
    "visit": (visit, 9),
    "provider": (whole, 66),
}
PLACES: Final = [
    (name, place) for name, (_, count) in PROBES.items() for place in range(count)
]
SETTLING: Final = 20  # turns of the loop that closing a TLS connection may take


@pytest.fixture
def opened(monkeypatch: pytest.MonkeyPatch) -> Iterator[weakref.WeakSet[socket.socket]]:
    """Collect the sockets that this thread makes; the lab has a thread of its own."""
    made: weakref.WeakSet[socket.socket] = weakref.WeakSet()
    here = threading.get_ident()

    class Noted(socket.socket):
        __slots__ = ()

        def __init__(self, *args: Any, **kwargs: Any) -> None:  # noqa: ANN401
            super().__init__(*args, **kwargs)
            # A loop's own pipe to itself is a pair of Unix sockets.
            if threading.get_ident() == here and self.family != socket.AF_UNIX:
                made.add(self)

    monkeypatch.setattr(socket, "socket", Noted)
    # What was there before is not looked through: thousands of collected tests.
    gc.freeze()
    yield made
    # A socket or a task that was merely dropped warns when it is collected.
    gc.collect()
    gc.unfreeze()


async def _cancelled(
    lab: ThreadedLab, how: How, place: int, cancel: Callable[[asyncio.Task[Any]], None]
) -> bool:
    """Run a probe and cancel it when its step *place* ends; return whether it was."""
    steps = 0

    def count(_: str, __: Step) -> None:
        nonlocal steps
        if steps == place:
            cancel(task)
        steps += 1

    options = prober_options_for(lab) | {"limits": PATIENT, "on_step": count}
    async with Prober(**options) as prober:

        async def probe() -> None:
            await how(Run(lab, prober, GENEROUS))

        task = asyncio.create_task(probe())
        await asyncio.wait({task})
        return task.cancelled()


def _at_once(task: asyncio.Task[Any]) -> None:
    task.cancel()


def _in_the_next_step(task: asyncio.Task[Any]) -> None:
    asyncio.get_running_loop().call_soon(task.cancel)


@pytest.mark.asyncio
@pytest.mark.parametrize("cancel", [_at_once, _in_the_next_step])
@pytest.mark.parametrize(("name", "place"), PLACES)
async def test_cancelled(
    lab_world: ThreadedLab,
    opened: weakref.WeakSet[socket.socket],
    caplog: pytest.LogCaptureFixture,
    name: str,
    place: int,
    cancel: Callable[[asyncio.Task[Any]], None],
) -> None:
    """A cancelled probe ends at once and leaves no socket, task, log or warning."""
    how, count = PROBES[name]
    cancelled = await _cancelled(lab_world, how, place, cancel)
    # What is cancelled as its last step ends may have nothing more to wait for.
    assert cancelled or place == count - 1
    for _ in range(SETTLING):
        await asyncio.sleep(0)
    assert [sock for sock in opened if sock.fileno() >= 0] == []
    assert asyncio.all_tasks() == {asyncio.current_task()}
    assert not [record for record in caplog.records if record.name == "asyncio"]
    lab_world.store.clear()


async def knock_on_tls(run: Run) -> object:
    """Wait in clear for a greeting, with a hand on the TLS that stalls there."""
    at = run.lab.endpoint("libero.test", "imap", "starttls")
    return await run.prober.imap(at.host, at.port, security="starttls")


async def second_attempt(run: Run) -> object:
    """Meet a server that closes at once, and pause before the second attempt."""
    return await run.prober.imap(run.box())


async def second_address(run: Run) -> object:
    """The same for every address of an MX."""
    return await run.prober.mx("libero.test", connect=True)


@pytest.mark.asyncio
@pytest.mark.parametrize(
    ("how", "fault", "limits", "sockets"),
    [
        (knock_on_tls, Stall("GREETING"), replace(PATIENT, greeting_usual=0.0), 2),
        (second_attempt, Drop("GREETING"), replace(PATIENT, again_after=GENEROUS), 1),
        (second_address, Drop("GREETING"), replace(PATIENT, again_after=GENEROUS), 2),
    ],
    ids=["knocking", "before a second attempt", "before a second greeting"],
)
async def test_cancelled_in_between(
    lab_world: ThreadedLab,
    opened: weakref.WeakSet[socket.socket],
    how: Callable[[Run], Awaitable[object]],
    fault: Fault,
    limits: Limits,
    sockets: int,
) -> None:
    """What is cancelled beside or between conversations leaves nothing either."""
    made: set[int] = set()
    options = prober_options_for(lab_world) | {"limits": limits}
    with lab_world.fault(fault):
        async with Prober(**options) as prober:

            async def probe() -> None:
                await how(Run(lab_world, prober, GENEROUS))

            task = asyncio.create_task(probe())
            async with asyncio.timeout(GENEROUS):
                while len(made) < sockets:
                    await asyncio.sleep(0)
                    streams = (s for s in opened if s.type is socket.SOCK_STREAM)
                    made |= set(map(id, streams))
            task.cancel()
            await asyncio.wait({task})
    assert task.cancelled()
    for _ in range(SETTLING):
        await asyncio.sleep(0)
    assert [sock for sock in opened if sock.fileno() >= 0] == []
    assert asyncio.all_tasks() == {asyncio.current_task()}


@pytest.mark.asyncio
@pytest.mark.parametrize("name", PROBES)
async def test_the_steps_are_all_there(lab_world: ThreadedLab, name: str) -> None:
    """The table of steps holds: no step is left out of the test above."""
    how, count = PROBES[name]
    steps: list[Step] = []
    options = prober_options_for(lab_world) | {
        "limits": PATIENT,
        "on_step": lambda _, step: steps.append(step),
    }
    async with Prober(**options) as prober:
        check = await how(Run(lab_world, prober, GENEROUS))
    assert check.status == "ok"
    assert len(steps) == count, [step.phase.value for step in steps]
    lab_world.store.clear()
