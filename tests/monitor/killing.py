"""Monitors that are killed: how they are started, and what must hold after it."""

from __future__ import annotations

import asyncio
import os
import sys
from collections import Counter
from contextlib import asynccontextmanager
from pathlib import Path
from typing import TYPE_CHECKING

import msgspec

from mailprobe.monitor import resuming
from mailprobe.monitor.books import Books
from mailprobe.monitor.desk import Desk
from mailprobe.monitor.ledger import Ledger
from mailprobe.monitor.reader import Reader

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Awaitable, Callable

    from mailprobe.monitor.chain import Head
    from tests.monitor.nursery import World

ROOT = Path(__file__).parents[2]


@asynccontextmanager
async def nursery(world: World) -> AsyncIterator[Callable[[float], Awaitable[str]]]:
    """Start the process that forks monitors; yield what has one live and die."""
    process = await asyncio.create_subprocess_exec(
        sys.executable,
        *("-m", "tests.monitor.nursery", msgspec.json.encode(world).decode()),
        cwd=ROOT,
        env={**os.environ, "PYTHONPATH": os.pathsep.join([*sys.path[1:], "."])},
        stdin=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.PIPE,
    )
    assert process.stdin
    assert process.stdout
    stdin, stdout = process.stdin, process.stdout

    async def life(seconds: float) -> str:
        stdin.write(f"{seconds}\n".encode())
        return (await stdout.readline()).decode().strip()

    try:
        yield life
    finally:
        stdin.close()
        await process.wait()


def acknowledged(world: World) -> Counter[str]:
    """Return what the monitors were told is on disk; a torn line is none."""
    path = Path(world.acknowledged)
    text = path.read_text() if path.exists() else ""
    return Counter(text.rpartition("\n")[0].splitlines())


async def written(ledger: Ledger) -> Counter[str]:
    """Return what stands in the ledger, counted as it was acknowledged."""
    return Counter(
        [f"{e.kind} {getattr(e, 'token', '-')}" async for _, e in ledger.entries()]
    )


async def last_look(world: World, ledger: Ledger) -> None:
    """Visit every mailbox once, in peace, as the next run would."""
    plan = world.plan()
    async with world.prober() as prober:
        books = Books(ledger, lambda _: None, lambda _: None)
        await books.open()
        desk = Desk(plan, prober, books)
        await resuming.resume(desk)
        for name in plan.mailboxes:
            reader = Reader(desk, name, 1800.0, 0.0)
            await reader.open()
            await reader.visit()


async def holds(world: World, heads: list[Head]) -> None:
    """What must be true of the ledger whenever a monitor has died."""
    async with Ledger.open(world.ledger) as ledger:
        verification = await ledger.verify(heads)
        assert verification.faults == ()
        assert (await ledger.balance()).imbalance == 0
        assert acknowledged(world) <= await written(ledger)
        heads.append(await ledger.head())
