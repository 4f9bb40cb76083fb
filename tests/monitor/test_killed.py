"""A monitor that is killed at any moment of sending and reading, again and again."""

from __future__ import annotations

import asyncio
import os
import random
import sys
from collections import Counter
from contextlib import asynccontextmanager
from pathlib import Path
from typing import TYPE_CHECKING

import msgspec
import pytest

from mailprobe.lab import Lab
from mailprobe.lab.faults import Slow
from mailprobe.model.entry import Accepted, Intended, Rejected, Unconfirmed
from mailprobe.model.passage import Fate
from mailprobe.monitor import resuming
from mailprobe.monitor.books import Books
from mailprobe.monitor.desk import Desk
from mailprobe.monitor.ledger import Ledger
from mailprobe.monitor.reader import Reader
from tests.monitor.nursery import World

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Awaitable, Callable

    from mailprobe.monitor.chain import Head

ROOT = Path(__file__).parents[2]
LIVES = 20  # in one round; ten rounds make the 200 of the once-per-change run
LONGEST = 0.5  # seconds: opening the ledger takes a tenth, a mail there and back two
ROUNDS = [0, *(pytest.param(n, marks=pytest.mark.real) for n in range(1, 10))]


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


def handed_over(lab: Lab) -> Counter[str]:
    """Return how often the lab took each token."""
    return Counter(one.message_id.partition("@")[0] for one in lab.post.journeys)


@pytest.mark.asyncio
@pytest.mark.parametrize("round_", ROUNDS)
async def test_killed_while_it_works(tmp_path: Path, round_: int) -> None:
    """No kill unbalances the books, loses a mail or an entry, or sends one twice."""
    chance = random.Random(round_)  # noqa: S311 - only to choose moments
    moments = [chance.uniform(0.0, LONGEST) for _ in range(LIVES)]
    async with Lab() as lab:
        # A little time in each part of a conversation, so that kills land in it.
        for moment in ("MAIL", "DATA", "ACCEPT", "FETCH", "STORE", "EXPUNGE"):
            lab.inject(Slow(moment, seconds=0.01))
        world = World.of(lab, tmp_path, str(tmp_path / "ledger.sqlite"))
        heads: list[Head] = []
        async with nursery(world) as life:
            for seconds in moments:
                assert await life(seconds) == "killed"
                await holds(world, heads)
        lab.reset()
        await lab.settle()
        async with Ledger.open(world.ledger) as ledger:
            await last_look(world, ledger)
            await accounts_for_all(lab, ledger)
            print(await summary(lab, ledger))  # noqa: T201 - what the kills hit


async def holds(world: World, heads: list[Head]) -> None:
    """What must be true of the ledger whenever a monitor has died."""
    async with Ledger.open(world.ledger) as ledger:
        verification = await ledger.verify(heads)
        assert verification.faults == ()
        assert (await ledger.balance()).imbalance == 0
        assert acknowledged(world) <= await written(ledger)
        heads.append(await ledger.head())


async def accounts_for_all(lab: Lab, ledger: Ledger) -> None:
    """What the lab took and what the ledger says of it are the same."""
    took = handed_over(lab)
    assert set(took.values()) <= {1}
    passages = {one.token: one for one in await ledger.passages(limit=100_000)}
    assert took.keys() <= passages.keys()
    arrived = {Fate.DELIVERED, Fate.LATE}
    for token, one in passages.items():
        assert (one.fate in arrived) == (token in took), one
        assert not one.duplicates
    kinds = Counter([entry.kind async for _, entry in ledger.entries()])
    assert kinds["alarmed"] == 0


async def summary(lab: Lab, ledger: Ledger) -> str:
    """Say where the kills landed: mails that were cut off at each stage."""
    open_ends: dict[str, bool] = {}
    async for _, entry in ledger.entries():
        if isinstance(entry, Intended):
            open_ends[entry.token] = True
        elif isinstance(entry, Accepted | Rejected | Unconfirmed):
            open_ends[entry.token] = False
    took = handed_over(lab)
    cut = [token for token, is_open in open_ends.items() if is_open]
    there = sum(token in took for token in cut)
    return (
        f"{len(open_ends)} mails, {len(cut)} cut off while being sent: "
        f"{there} had been taken, {len(cut) - there} had not"
    )
