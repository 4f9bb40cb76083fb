"""Each ledger test runs on SQLite, and on a PostgreSQL server where there is one."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.monitor.stories import Place
from tests.real.postgresql import PostgresqlServer


@pytest.fixture
def sqlite(tmp_path: Path) -> Place:
    """Where an SQLite ledger is going to be."""
    return Place(str(tmp_path / "ledger.db"))


@pytest.fixture
def postgresql(postgresql_server: PostgresqlServer) -> Place:
    """An empty database of a PostgreSQL server."""
    return Place(postgresql_server.database())


@pytest.fixture(params=["sqlite", pytest.param("postgresql", marks=pytest.mark.real)])
def place(request: pytest.FixtureRequest) -> Place:
    """Where the ledger of the test is going to be."""
    chosen: Place = request.getfixturevalue(request.param)
    return chosen
