"""Several processes on one ledger, and processes that die at any moment."""

from __future__ import annotations

import asyncio
import os
import random
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from mailprobe.model.entry import Ran
from tests.monitor.stories import NOON, Place

pytestmark = pytest.mark.asyncio

ROOT = Path(__file__).parents[2]

_APPEND = """
import asyncio, os, sys
from tests.monitor.stories import Place, accepted, intended, sampled, seen

async def mail(ledger, token):
    await ledger.append(intended(token))
    os.write(1, f"{token}\\n".encode())  # acknowledged: it is there from now on
    await ledger.append(accepted(token), sampled(1), keep={token: b"1"})
    await ledger.append(seen(token))

async def main(path, name, number):
    async with Place(path).open(durable=True, patience=60) as ledger:
        for start in range(0, int(number), 10):
            await asyncio.gather(
                *(mail(ledger, f"{name}-{n}") for n in range(start, start + 10))
            )

asyncio.run(main(*sys.argv[1:]))
"""


def start(place: Place, name: str, number: int) -> subprocess.Popen[bytes]:
    """Start a process that appends the stories of so many mails."""
    return subprocess.Popen(  # noqa: S603 - our own interpreter
        [sys.executable, "-c", _APPEND, place.where, name, str(number)],
        cwd=ROOT,
        env={**os.environ, "PYTHONPATH": os.pathsep.join([*sys.path[1:], "."])},
        stdout=subprocess.PIPE,
    )


def output(process: subprocess.Popen[bytes]) -> list[str]:
    """Wait for its end; return the tokens it acknowledged, without a torn line."""
    said, _ = process.communicate()
    return said.decode().rpartition("\n")[0].splitlines()


async def test_processes_share_a_ledger(place: Place) -> None:
    """Three that start at once make one ledger, and nothing of any is missing."""
    processes = [start(place, name, 100) for name in ("a", "b", "c")]
    told = await asyncio.gather(*(asyncio.to_thread(output, p) for p in processes))
    assert [process.returncode for process in processes] == [0, 0, 0]
    async with place.open() as ledger:
        verification = await ledger.verify()
        balance = await ledger.balance()
    assert [len(tokens) for tokens in told] == [100, 100, 100]
    assert (verification.sound, verification.entries) == (True, 1200)
    assert (balance.submitted, balance.arrived, balance.imbalance) == (300, 300, 0)


@pytest.mark.parametrize("round_", range(4))
async def test_killed_at_any_moment(place: Place, round_: int) -> None:
    """After each kill the chain is whole, and what was acknowledged is there."""
    acknowledged: set[str] = set()
    chance = random.Random(round_)  # noqa: S311 - only to choose moments
    async with place.open() as ledger:  # made before, so that kills hit the writing
        await ledger.append(Ran(at=NOON, running=True))
    for number in range(5):
        process = start(place, f"p{number}", 10_000)
        assert process.stdout is not None
        for _ in range(chance.randrange(1, 300)):
            line = await asyncio.to_thread(process.stdout.readline)
            acknowledged.add(line.decode().strip())
        process.send_signal(signal.SIGKILL)
        acknowledged.update(await asyncio.to_thread(output, process))
        async with place.open() as ledger:
            verification = await ledger.verify()
            tokens = {one.token for one in await ledger.passages(limit=100_000)}
            assert (await ledger.balance()).imbalance == 0
        assert verification.faults == ()
        assert acknowledged <= tokens
