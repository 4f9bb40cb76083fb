"""The ledger: durable entries by the second, and a status screen over ten million."""

from __future__ import annotations

import asyncio
import shutil
import sqlite3
import tempfile
import time
from collections.abc import Iterator
from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path
from typing import Final

from bench.ledger_bulk import fill
from bench.measure import Within
from mailprobe.model.entry import Accepted, Intended
from mailprobe.monitor.ledger import Ledger

ENTRIES: Final = 2000
TASKS: Final = 200
RUNS: Final = 5
MAILS: Final = 2_000_000
"""Each is three entries and two samples: ten million entries in all."""
CHECKED: Final = 500  # mails of a small ledger, filled in the same way and verified
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
    first, rest = [], []
    for _ in range(RUNS):
        async with Ledger.open(path) as ledger:
            first.append(await _screen(ledger))
            rest.append(await _screen(ledger))
    name = f"everything a status screen asks of {5 * MAILS:,} entries"
    return [
        Within(name=f"{name}, just opened", took=tuple(first), goal=0.2),
        Within(name=f"{name}, again", took=tuple(rest), goal=0.2),
    ]


async def _screen(ledger: Ledger) -> float:
    began = time.perf_counter()
    head = await ledger.head()
    await ledger.tally()
    everything = await ledger.balance()
    await ledger.balances(since=head.at.replace(hour=0, minute=0, second=0))
    for kind in ("sampled", "counted", "changed", "tripped", "ran", "alarmed"):
        await ledger.latest(kind)
    waiting = await ledger.passages(pending=True, limit=100)
    took = time.perf_counter() - began
    assert everything.submitted > CHECKED
    assert len(waiting) == 100  # noqa: PLR2004 - the limit
    return took


if __name__ == "__main__":
    for result in measure():
        print(result, flush=True)
