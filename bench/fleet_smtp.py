"""SMTP with STARTTLS at Postfix: many at once, beside the exporter and the floor."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack
from functools import partial
from typing import Final

from bench.blackbox import exporter
from bench.load import Batch, Load, turns
from bench.scene import Scene
from bench.worker import allow_many_files, worker
from tests.real.world import RealWorld

PROBES: Final = 1000
AT_ONCE: Final = 200
WORK: Final = "SMTP with STARTTLS"
PROCESSES: Final = "500"  # of Postfix for each port, so that nobody is kept waiting


def measure() -> Iterator[Load]:
    """Compare CPU and rate, with many at once and with one at a time."""
    allow_many_files()
    with RealWorld() as world, world.postfix.changed(default_process_limit=PROCESSES):
        scene = Scene.of(world, "mx")
        with ExitStack() as stack:
            ours = stack.enter_context(worker("bench.sweeps:smtp", scene)).batch
            floor = stack.enter_context(worker("bench.floor:smtp", scene)).batch
            other = stack.enter_context(exporter("smtp", scene))
            many = [
                partial(one, PROBES, AT_ONCE) for one in (ours, other, floor)
            ]
            yield from compared(f"{WORK}, {AT_ONCE} at once", *turns(many))


def compared(
    name: str,
    ours: tuple[Batch, ...],
    theirs: tuple[Batch, ...],
    floor: tuple[Batch, ...],
) -> Iterator[Load]:
    """Say what our batches cost beside the exporter's and the floor's."""
    yield Load(
        name=name,
        against="blackbox_exporter",
        ours=ours,
        theirs=theirs,
        cpu_at_most=1.0,
        rate_at_least=1.0,
    )
    yield Load(
        name=name,
        against="bare asyncio (the servers' ceiling)",
        ours=ours,
        theirs=floor,
        cpu_at_most=1.5,
    )


if __name__ == "__main__":
    for load in measure():
        print(load)
