"""A PostgreSQL server of the tests' own, reached by a socket in its folder."""

from __future__ import annotations

import os
import pwd
import shutil
import subprocess
import tempfile
from itertools import count
from pathlib import Path
from types import TracebackType
from typing import Final, Self

import psycopg
from psycopg import sql

from tests.real.requirements import postgresql

OWNER: Final = "postgres"  # the package makes it; the server refuses to be root


class PostgresqlServer:
    """A server; use it in a ``with`` statement."""

    def __init__(self) -> None:
        programs = postgresql()
        if programs is None:
            raise FileNotFoundError(OWNER)
        self._programs = programs
        # The path of a socket has 107 characters at most.
        self._home = Path(tempfile.mkdtemp(prefix="mailprobe-pg-"))
        self._owner = OWNER if os.geteuid() == 0 else None
        self._numbers = count()

    def __enter__(self) -> Self:
        if self._owner:
            entry = pwd.getpwnam(self._owner)
            os.chown(self._home, entry.pw_uid, entry.pw_gid)
        self._run("initdb", "--no-sync", "-A", "trust", "-U", OWNER, "-D", self._data)
        options = (
            "-c listen_addresses= -c max_connections=200 "
            # What is tested is not whether PostgreSQL keeps its word on disk.
            f"-c fsync=off -c unix_socket_directories={self._home}"
        )
        log = self._home / "log"
        self._run("pg_ctl", "start", "-w", "-D", self._data, "-l", log, "-o", options)
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._run("pg_ctl", "stop", "-D", self._data, "-m", "immediate")
        shutil.rmtree(self._home)

    @property
    def _data(self) -> Path:
        return self._home / "data"

    def database(self) -> str:
        """Make an empty database, and return its URL."""
        name = f"ledger{next(self._numbers)}"
        with psycopg.connect(self._dsn(OWNER), autocommit=True) as connection:
            make = sql.SQL("CREATE DATABASE {}").format(sql.Identifier(name))
            connection.execute(make)
        return f"postgresql://{OWNER}@/{name}?host={self._home}"

    def restart(self) -> None:
        """Stop the server under everybody's feet, and start it again."""
        self._run("pg_ctl", "restart", "-w", "-D", self._data, "-m", "immediate")

    def _dsn(self, name: str) -> str:
        return f"host={self._home} user={OWNER} dbname={name}"

    def _run(self, program: str, *arguments: str | Path) -> None:
        done = subprocess.run(  # noqa: S603 - of Debian's package
            [self._programs / program, *arguments],
            cwd=self._home,
            user=self._owner,
            check=False,
            stdin=subprocess.DEVNULL,
            # A server that inherits a pipe keeps it open for as long as it runs.
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
        if done.returncode:
            log = self._home / "log"
            said = log.read_text("utf-8")[-1000:] if log.exists() else ""
            message = f"{program} ended with {done.returncode}: {said}"
            raise RuntimeError(message)
