"""One monitor at a time on a ledger; readers never wait for it."""

from __future__ import annotations

import asyncio
import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from mailprobe.model.errors import LedgerError
from mailprobe.monitor.ledger import Ledger
from mailprobe.monitor.place import connect, find
from tests.monitor.stories import Place, told

pytestmark = pytest.mark.asyncio

ROOT = Path(__file__).parents[2]
_CLAIM = """
import asyncio, os, signal, sys
from tests.monitor.stories import Place

async def main(path):
    async with Place(path).open(durable=True) as ledger:
        await ledger.claim()
        os.write(1, b"claimed\\n")
        signal.pause()

asyncio.run(main(*sys.argv[1:]))
"""


async def refusal(ledger: Ledger) -> str:
    """Claim a ledger, which must not work; return the one sentence."""
    with pytest.raises(LedgerError) as caught:
        await ledger.claim()
    said = str(caught.value)
    assert "\n" not in said
    return said


async def test_the_second_is_told_who_is_first(place: Place) -> None:
    """The sentence names process, host and time; the first goes on, and may ask."""
    async with place.open() as first, place.open() as second:
        await first.claim()
        said = await refusal(second)
        assert f"process {os.getpid()} on {os.uname().nodename}" in said
        assert "since 2023-01-23 12:00:00 UTC" in said
        assert "end that one, or give this one a ledger of its own" in said
        await first.claim()
    async with place.open() as third:
        await third.claim()


async def test_whoever_reads_is_not_refused(place: Place) -> None:
    """A monitor that runs keeps nobody from its ledger, nor from writing notes."""
    async with place.open() as first, place.open() as other:
        await first.claim()
        await told(other)
        assert (await other.verify()).sound
        async with place.open(write=False) as reader:
            assert (await reader.balance()).submitted == 5


async def test_a_killed_one_holds_nothing(place: Place) -> None:
    """Whatever a monitor dies of, the next one need not wait."""
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-c", _CLAIM, place.where),
        cwd=ROOT,
        env={**os.environ, "PYTHONPATH": os.pathsep.join([*sys.path[1:], "."])},
        stdout=subprocess.PIPE,
    )
    assert process.stdout
    assert await process.stdout.readline() == b"claimed\n"
    async with place.open() as ledger:
        assert f"process {process.pid} " in await refusal(ledger)
        process.send_signal(signal.SIGKILL)
        await process.communicate()
        while True:  # a server takes a moment to see that its client is gone
            try:
                await ledger.claim()
            except LedgerError:
                await asyncio.sleep(0.01)
            else:
                break


async def test_one_ledger_by_two_names(sqlite: Place) -> None:
    """A link to a ledger is that ledger."""
    link = Path(sqlite.where).with_name("link.db")
    async with sqlite.open() as first:
        await first.claim()
        link.symlink_to(sqlite.where)
        async with Place(str(link)).open() as second:
            await refusal(second)


@pytest.mark.real
async def test_a_session_that_the_server_ended(postgresql: Place) -> None:
    """It is claimed anew, unless another one was faster."""
    async with postgresql.open() as first, postgresql.open() as second:
        await first.claim()
        _end_sessions(postgresql)
        await first.claim()
        await refusal(second)
        _end_sessions(postgresql)
        await second.claim()
        await refusal(first)


def _end_sessions(place: Place) -> None:
    engine = connect(find(place.where), "write", durable=False, patience=5)
    with engine.begin() as connection:
        connection.exec_driver_sql(
            "SELECT pg_terminate_backend(pid, 10000) FROM pg_locks JOIN pg_database "
            "ON oid = database WHERE datname = current_database() "
            "AND locktype = 'advisory' AND pid <> pg_backend_pid()"
        )
    engine.dispose()
