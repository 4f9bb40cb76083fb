"""A fleet of 10,000: CPU by how many are in flight, memory, and what is left after."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Final

from bench.held import held
from bench.load import RUNS, Load, Memory, turns
from bench.scene import Scene
from bench.worker import allow_many_files, worker
from tests.real.world import RealWorld

TARGETS: Final = 10_000
FEW, MANY = 100, 1000
FIRST: Final = 10  # held once before: what is loaded once is loaded then
HELD_PORT: Final = 9930
GROWTH: Final = 1.2  # at most, of CPU and of memory


def measure() -> Iterator[Load | Memory]:
    """Sweep over 10,000 targets with few and with many in flight."""
    allow_many_files()
    with RealWorld() as world:
        scene = Scene.of(world, "imap", "tls")
        yield from _memory(scene, str(world.trust.chain))
        with ExitStack() as stack:
            few = stack.enter_context(worker("bench.sweeps:imap", scene))
            many = stack.enter_context(worker("bench.sweeps:imap", scene))
            less, more = turns(
                [partial(few.batch, TARGETS, FEW), partial(many.batch, TARGETS, MANY)]
            )
            left = many.told["tasks"], many.told["files"]
        yield Load(
            name=f"{TARGETS:,} IMAPS targets, {MANY:,} in flight "
            f"(left after: {left[0]} tasks, {left[1]} descriptors)",
            against=f"{FEW} in flight",
            ours=more,
            theirs=less,
            cpu_at_most=GROWTH,
        )


def _memory(scene: Scene, chain: str) -> Iterator[Memory]:
    at = replace(scene, port=HELD_PORT)
    for uvloop in (False, True):
        pairs = [
            (
                _held_by("bench.sweeps:imap", at, chain, uvloop=uvloop),
                _held_by("bench.floor:imap", at, chain, uvloop=uvloop),
            )
            for _ in range(RUNS)
        ]
        ours, theirs = zip(*pairs, strict=True)
        loop = "uvloop" if uvloop else "asyncio"
        yield Memory(
            name=f"a TLS probe in flight ({MANY:,} held), on {loop}",
            against=f"a bare TLS connection of {loop}",
            ours=ours,
            theirs=theirs,
            goal=GROWTH,
        )


def _held_by(client: str, scene: Scene, chain: str, *, uvloop: bool) -> float:
    """Return the resident bytes of one connection, of a thousand that are held."""
    with (
        held(chain, scene.address, scene.port) as server,
        worker(client, scene, uvloop=uvloop) as one,
    ):
        counts = []
        for number in (FIRST, MANY):
            one.begin(number, number)
            server.gather(number)
            counts.append(_resident(one.pid))
            server.release()
            one.end(number)
    return (counts[1] - counts[0]) / (MANY - FIRST)


def _resident(pid: int) -> int:
    for line in Path(f"/proc/{pid}/status").read_text("ascii").splitlines():
        if line.startswith("VmRSS:"):
            return int(line.split()[1]) * 1024
    raise AssertionError


if __name__ == "__main__":
    for result in measure():
        print(result, flush=True)
