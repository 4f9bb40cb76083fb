"""When the ledger cannot be used: one clear sentence, and nothing is lost."""

from __future__ import annotations

import asyncio
import json
import os
import sqlite3
import stat
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa

from mailprobe.model.errors import LedgerError, UsageError
from mailprobe.monitor.ledger import Ledger
from mailprobe.monitor.opening import create_file
from mailprobe.monitor.place import connect, find
from mailprobe.monitor.store import Store
from tests.monitor.stories import Place, intended, sampled
from tests.real.postgresql import PostgresqlServer

pytestmark = pytest.mark.asyncio


async def refused(ledger: Ledger) -> str:
    """Open it, which must not work; return the one sentence."""
    with pytest.raises(LedgerError) as caught:
        async with ledger:
            pass
    said = str(caught.value)
    assert "\n" not in said
    return said


async def test_a_file_that_is_no_database(tmp_path: Path) -> None:
    """It is left as it is, and the sentence says so."""
    path = tmp_path / "notes.txt"
    path.write_text("dear diary\n" * 200)
    said = await refused(Ledger.open(path))
    assert "notes.txt" in said
    assert "is no database; give another path" in said
    assert path.read_text() == "dear diary\n" * 200


async def test_a_database_of_somebody_else(tmp_path: Path) -> None:
    """Another program's SQLite file is told from a ledger, and left as it is."""
    path = tmp_path / "places.sqlite"
    with closing(sqlite3.connect(path)) as other:
        other.execute("CREATE TABLE ledger_entry (seq)")
    before = path.read_bytes()
    for write in (True, False):
        said = await refused(Ledger.open(path, write=write))
        assert "is a database of another program, no ledger" in said
    assert path.read_bytes() == before


@pytest.mark.real
async def test_a_server_database_of_somebody_else(postgresql: Place) -> None:
    """Tables of our names that we did not make are left alone."""
    postgresql.tamper("CREATE TABLE ledger_entry (seq int)")
    assert "another program, no ledger" in await refused(postgresql.open())


async def test_nothing_there(tmp_path: Path) -> None:
    """Whoever only reads makes no file, and a missing folder is named."""
    said = await refused(Ledger.open(tmp_path / "none.db", write=False))
    assert "there is no ledger at" in said
    assert not (await asyncio.to_thread(os.listdir, tmp_path))
    said = await refused(Ledger.open(tmp_path / "no" / "ledger.db"))
    assert "cannot be created: No such file or directory; check" in said
    said = await refused(Ledger.open(tmp_path))
    assert "cannot be opened" in said


async def test_an_empty_file_is_not_read(tmp_path: Path) -> None:
    """An empty file becomes a ledger, but only for who writes."""
    path = tmp_path / "ledger.db"
    path.touch()
    assert "is empty" in await refused(Ledger.open(path, write=False))
    async with Ledger.open(path) as ledger:
        assert (await ledger.verify()).sound


async def test_other_databases_are_refused() -> None:
    """A URL of another kind is an error of usage that shows no password."""
    for where in ("mysql://root:hunter2@host/db", "sqlite://", "://"):
        with pytest.raises(UsageError) as caught:
            async with Ledger.open(where):
                pass
        assert "hunter2" not in str(caught.value)


async def test_a_server_that_is_not_there(tmp_path: Path) -> None:
    """The sentence names the database, and shows no password."""
    where = f"postgresql://ada:hunter2@/ledger?host={tmp_path}"
    said = await refused(Ledger.open(where, patience=2))
    assert "postgresql+psycopg://ada:***@/ledger" in said
    assert "hunter2" not in said


_WITHOUT = """
import asyncio, sys
sys.modules["sqlalchemy"] = None
from mailprobe.model.errors import LedgerError
from mailprobe.monitor.ledger import Ledger

async def main(path):
    try:
        async with Ledger.open(path):
            pass
    except LedgerError as error:
        print(error)

asyncio.run(main(sys.argv[1]))
"""


async def test_the_extra_is_named(tmp_path: Path) -> None:
    """Without the extra, the sentence says what to install."""
    said = await asyncio.to_thread(_run, _WITHOUT, str(tmp_path / "ledger.db"))
    assert "pip install 'mailprobe[monitor]' (sqlalchemy is missing)" in said


async def test_only_its_owner_reads_it(sqlite: Place) -> None:
    """A ledger tells of people's mailboxes: nobody else gets to see the files."""
    async with sqlite.open() as ledger:
        await ledger.append(sampled(1))
        folder = Path(sqlite.where).parent
        modes = {stat.S_IMODE(one.stat().st_mode) for one in folder.iterdir()}
    assert modes == {0o600}


async def test_reading_only(place: Place) -> None:
    """A ledger opened for reading answers, and takes nothing."""
    async with place.open() as ledger:
        await ledger.append(sampled(1))
    async with place.open(write=False) as ledger:
        assert (await ledger.verify()).entries == 1
        with pytest.raises(LedgerError, match="opened for reading only"):
            await ledger.append(sampled(2))


async def test_locked_for_long(place: Place) -> None:
    """Whoever waits too long for another writer is told; then it goes on."""
    from mailprobe.monitor.place import connect, find  # noqa: PLC0415
    from mailprobe.monitor.schema import head  # noqa: PLC0415

    async with place.open(patience=0.05) as ledger:
        await ledger.append(sampled(1))
        engine = connect(find(place.where), "write", durable=False, patience=5)
        with engine.begin() as other:
            other.execute(head.update().values(clock=head.c.clock))
            with pytest.raises(LedgerError, match="another process has been writing"):
                await ledger.append(sampled(2))
        engine.dispose()
        await ledger.append(sampled(3))
        assert (await ledger.verify()).entries == 2


@pytest.mark.parametrize("broken", [("COMMIT",), ("COMMIT", "ROLLBACK")])
async def test_a_transaction_that_cannot_be_ended(
    place: Place, broken: tuple[str, ...]
) -> None:
    """Its append raises and leaves nothing; those after it do not suffer from it."""
    async with place.open(patience=1) as ledger:
        await ledger.append(intended("first"))
        raised = pytest.raises(LedgerError, match=r"not authorized|disk I/O error")
        with unable_to(broken, ledger._hands._store), raised:
            await ledger.append(intended("lost"))
        await ledger.append(intended("last"))
        tokens = {one.token for one in await ledger.passages()}
        assert (await ledger.verify()).sound
    assert tokens == {"first", "last"}


@contextmanager
def unable_to(broken: tuple[str, ...], store: Store) -> Iterator[None]:
    """Have what ends a transaction fail, so that it stays open."""

    def fail(_: sa.Connection) -> None:
        message = "disk I/O error"
        raise sqlite3.OperationalError(message)

    def judge(action: int, what: str | None, *_: str | None) -> int:
        fails = action == sqlite3.SQLITE_TRANSACTION and what in broken
        return sqlite3.SQLITE_DENY if fails else sqlite3.SQLITE_OK

    if store._kept is not None:  # SQLite's own; it does not outlive its failure
        driver: Any = store._kept.driver_connection
        driver.set_authorizer(judge)
        yield
        return
    events = [what.lower() for what in broken]
    for what in events:
        sa.event.listen(store._writer, what, fail)
    yield
    for what in events:
        sa.event.remove(store._writer, what, fail)


_FULL = """
import asyncio, json, resource, sys
from mailprobe.model.errors import LedgerError
from tests.monitor.stories import Place, intended

async def main(path):
    promised, said = [], ""
    async with Place(path).open(durable=True) as ledger:
        await ledger.append(intended("first"))
        hard = resource.getrlimit(resource.RLIMIT_FSIZE)[1]
        resource.setrlimit(resource.RLIMIT_FSIZE, (400 * 1024, hard))
        try:
            for number in range(100_000):
                await ledger.append(intended(f"t{number}"))
                promised.append(f"t{number}")
        except LedgerError as error:
            said = str(error)
        resource.setrlimit(resource.RLIMIT_FSIZE, (hard, hard))
        await ledger.append(intended("last"))
    print(json.dumps([promised, said]))

asyncio.run(main(sys.argv[1]))
"""


async def test_a_full_disk(sqlite: Place) -> None:
    """The append that finds no room raises; all before it and after it are there."""
    done = await asyncio.to_thread(_run, _FULL, sqlite.where)
    promised, said = json.loads(done)
    assert promised
    assert "\n" not in said
    assert "cannot be used: " in said
    assert "nothing that was acknowledged is lost" in said
    async with sqlite.open() as ledger:
        tokens = [one.token for one in await ledger.passages(limit=100_000)]
        assert (await ledger.verify()).sound
    assert sorted(tokens) == sorted(["first", *promised, "last"])


_READ_ONLY = """
import asyncio, os, sys
from mailprobe.model.errors import LedgerError
from mailprobe.monitor import hands, verifying
from tests.monitor.stories import Place, sampled
from alembic import command

async def main(path):
    if os.geteuid() == 0:  # root may write everywhere
        os.setresuid(65534, 65534, 65534)
    try:
        async with Place(path).open() as ledger:
            await ledger.append(sampled(1))
        print("written")
    except LedgerError as error:
        print(error)
    async with Place(path).open(write=False) as ledger:
        print((await ledger.verify()).entries)

asyncio.run(main(sys.argv[1]))
"""


@pytest.mark.parametrize("what", ["file", "folder"])
async def test_read_only(what: str) -> None:
    """A file or folder that may not be written is told; reading still works."""
    with tempfile.TemporaryDirectory() as name:
        path = Path(name) / "ledger.db"
        async with Place(str(path)).open() as ledger:
            await ledger.append(sampled(1))
        path.chmod(0o644 if what == "file" else 0o666)
        path.parent.chmod(0o777 if what == "file" else 0o555)
        done = await asyncio.to_thread(_run, _READ_ONLY, str(path))
        path.parent.chmod(0o700)
    said, entries = done.splitlines()
    assert "cannot be" in said
    assert "may" in said
    assert entries == "1"


def _run(program: str, *arguments: str) -> str:
    done = subprocess.run(  # noqa: S603 - our own interpreter
        [sys.executable, "-c", program, *arguments],
        cwd=Path(__file__).parents[2],
        env={**os.environ, "PYTHONPATH": os.pathsep.join([*sys.path[1:], "."])},
        check=False,
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


@pytest.mark.real
async def test_a_server_that_restarts(
    postgresql_server: PostgresqlServer, postgresql: Place
) -> None:
    """After a restart of the server the ledger goes on by itself."""
    async with postgresql.open(durable=True) as ledger:
        await ledger.append(intended("t"))
        await asyncio.to_thread(postgresql_server.restart)
        await ledger.append(intended("u"))
        assert (await ledger.verify()).entries == 2


@pytest.mark.parametrize(("durable", "level"), [(True, 2), (False, 1)])
async def test_the_file_outlives_the_machine(
    tmp_path: Path, *, durable: bool, level: int
) -> None:
    """Newest entries may be lost where that was chosen, the whole never: no OFF (0)."""
    place = find(tmp_path / "ledger.db")
    create_file(tmp_path / "ledger.db")
    engine = connect(place, "write", durable=durable, patience=1.0)
    with engine.connect() as connection:
        found = connection.exec_driver_sql("PRAGMA synchronous").scalar()
    engine.dispose()
    assert found == level
