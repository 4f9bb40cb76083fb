"""The ledger: durable entries by the second, and a status screen over ten million."""

from __future__ import annotations

import asyncio
import shutil
import sqlite3
import tempfile
import time
from collections.abc import Iterator
from contextlib import closing
from datetime import UTC, datetime, timedelta
from itertools import product
from pathlib import Path
from typing import Final

from bench.ledger_bulk import fill
from bench.measure import Within
from mailprobe.model.entry import Accepted, Counted, Intended, Ran, Sampled
from mailprobe.model.failure import Kind
from mailprobe.model.incident import Tick
from mailprobe.model.sample import Backlog, Function, Outcome, Party, Sample
from mailprobe.model.verdict import Blame, Status
from mailprobe.monitor import status
from mailprobe.monitor.books import Books
from mailprobe.monitor.ledger import Ledger

ENTRIES: Final = 2000
TASKS: Final = 200
RUNS: Final = 5
MAILS: Final = 2_000_000
"""Each is three entries and two samples: ten million entries in all."""
CHECKED: Final = 500  # mails of a small ledger, filled in the same way and verified
PARTIES: Final = 8
BOXES: Final = 25  # of each
ROOM: Final = 16 * 1024**3  # bytes; what the ten million take, and their indexes


def measure() -> Iterator[Within]:
    """Append, then ask."""
    with tempfile.TemporaryDirectory(prefix="mailprobe-bench-") as folder:
        alone = tuple(_appended(Path(folder, f"{n}.db"), TASKS) for n in range(RUNS))
        yield Within(
            name=f"{ENTRIES:,} durable entries, {TASKS} tasks, each waits for its own",
            took=alone,
            goal=1.0,
        )
        asyncio.run(_check_filling(Path(folder, "small.db")))
        if shutil.disk_usage(folder).free < ROOM:
            print("left out (no room for ten million entries): the status screen")
            return
        yield from asyncio.run(_status(Path(folder, "large.db")))


def _appended(path: Path, tasks: int) -> float:
    async def mails(ledger: Ledger, task: int) -> None:
        for number in range(ENTRIES // tasks // 2):
            at, token = datetime.now(UTC), f"mp1-{task}-{number}"
            await ledger.append(
                Intended(
                    at=at,
                    token=token,
                    route="ada to bob",
                    sender="ada@example.org",
                    recipient="bob@example.org",
                    late_after=300.0,
                )
            )
            await ledger.append(Accepted(at=at, token=token, submitted_at=at))

    async def all_of_them() -> float:
        async with Ledger.open(path) as ledger:
            began = time.perf_counter()
            await asyncio.gather(*(mails(ledger, task) for task in range(tasks)))
            took = time.perf_counter() - began
            assert (await ledger.head()).seq == ENTRIES
            return took

    return asyncio.run(all_of_them())


async def _check_filling(path: Path) -> None:
    """See that what is filled in bulk is a ledger like any other."""
    await _filled(path, CHECKED)
    async with Ledger.open(path) as ledger:
        found = await ledger.verify()
        assert found.sound, found.faults


async def _filled(path: Path, mails: int) -> None:
    async with Ledger.open(path) as ledger:
        name = (await ledger.head()).ledger
    with closing(sqlite3.connect(path, isolation_level=None)) as connection:
        fill(connection, name, mails)


async def _status(path: Path) -> list[Within]:
    await _filled(path, MAILS)
    async with Ledger.open(path) as ledger:
        await _watched(ledger)
    first, rest = [], []
    for _ in range(RUNS):
        async with Ledger.open(path, write=False) as ledger:
            first.append(await _screen(ledger))
            rest.append(await _screen(ledger))
    name = f"`status` of {PARTIES * BOXES} mailboxes over {5 * MAILS:,} entries"
    return [
        Within(name=f"{name}, just opened", took=tuple(first), goal=0.2),
        Within(name=f"{name}, again", took=tuple(rest), goal=0.2),
    ]


async def _watched(ledger: Ledger) -> None:
    """Let the last hour be one of an outage that a monitor saw and wrote down."""
    at = (await ledger.head()).at
    books = Books(ledger, lambda _: None, lambda _: None)
    await books.record(Ran(at=at, running=True, version="1"))
    for turn in range(2):
        for place, (party, box) in enumerate(product(range(PARTIES), range(BOXES))):
            then = at + timedelta(minutes=30 * turn, seconds=place)
            await books.record(*_looks(party, f"canary{box}@p{party}.test", then))
    at += timedelta(hours=1)
    await books.tick(Tick(at=at))
    backlog = Backlog(at=at, platform="p0", waiting=0)
    await books.record(Counted(at=at, backlog=backlog))


def _looks(party: int, account: str, at: datetime) -> Iterator[Sampled]:
    """Yield a look at each function; at the first party nobody can read."""
    for function in Function:
        bad = party == 0 and function is Function.READ
        sample = Sample(
            at=at,
            known_at=at,
            function=function,
            outcome=Outcome.FAIL if bad else Outcome.PASS,
            party=Party(name=f"p{party}", platform=f"p{party}"),
            account=account,
            blame=Blame.PROVIDER if bad else None,
            kind=Kind.AUTH_UNAVAILABLE if bad else None,
            why="The server says that it cannot check passwords." if bad else "",
        )
        yield Sampled(at=at, sample=sample)


async def _screen(ledger: Ledger) -> float:
    at = (await ledger.head()).at
    began = time.perf_counter()
    told = await status(ledger, at=at)
    took = time.perf_counter() - began
    assert told.status is Status.DOWN
    assert len(told.availabilities) == PARTIES * len(Function)
    assert [one.of for one in told.availabilities] == [BOXES] * PARTIES * len(Function)
    assert told.balance.submitted > CHECKED
    assert len(told.incidents) == 1
    return took


if __name__ == "__main__":
    for result in measure():
        print(result, flush=True)
