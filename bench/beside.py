"""The same conversation by us, by the exporter, and by the floor, many at once."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import ExitStack
from functools import partial
from typing import TYPE_CHECKING, Final

from bench import blackbox
from bench.load import Batch, Load, turns
from bench.worker import worker

if TYPE_CHECKING:
    from bench.scene import Scene

PROBES: Final = 1000
AT_ONCE: Final = 200
FLOOR: Final = 1.5  # at most so many times the CPU of a script that understands nothing


def beside(work: str, name: str, scene: Scene) -> Iterator[Load]:
    """
    Compare the clients called *name*, ours on asyncio and on uvloop.

    How many conversations the servers can hold is seen where the floor stands.
    """
    with ExitStack() as stack:
        ours = stack.enter_context(worker(f"bench.sweeps:{name}", scene)).batch
        floor = stack.enter_context(worker(f"bench.floor:{name}", scene)).batch
        clients: list[Callable[[int, int], Batch]] = [ours, floor]
        if blackbox.installed():
            clients.append(stack.enter_context(blackbox.exporter(name, scene)))
        fast = worker(f"bench.sweeps:{name}", scene, uvloop=True)
        clients.append(stack.enter_context(fast).batch)
        mine, bare, *others, quick = turns(
            [partial(client, PROBES, AT_ONCE) for client in clients]
        )
    many = f"{work}, {AT_ONCE} at once"
    for other in others:
        yield Load(
            name=many,
            against="blackbox_exporter",
            ours=mine,
            theirs=other,
            cpu_at_most=1.0,
            rate_at_least=1.0,
        )
    yield Load(
        name=many,
        against="bare asyncio, the servers' ceiling",
        ours=mine,
        theirs=bare,
        cpu_at_most=FLOOR,
    )
    yield Load(name=f"{many}, on uvloop", against="on asyncio", ours=quick, theirs=mine)
