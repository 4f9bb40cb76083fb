"""The worlds that tests run in: the lab, and real servers on loopback."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from tests.real.requirements import demand, demand_postgresql
from tests.worlds import prober_options_for

if TYPE_CHECKING:
    from collections.abc import Iterator

    from mailprobe.lab import ThreadedLab
    from tests.real.postgresql import PostgresqlServer
    from tests.real.world import RealWorld
    from tests.worlds import World

    def _both_are_worlds(lab: ThreadedLab, real: RealWorld) -> tuple[World, World]:
        """Hold both to one interface; only the type checker reads this."""
        return lab, real


@pytest.fixture(scope="session")
def _lab_thread() -> Iterator[ThreadedLab]:
    """Keep one lab running for all tests of this process."""
    from mailprobe.lab import ThreadedLab  # noqa: PLC0415 - only who asks pays

    with ThreadedLab() as lab:
        yield lab


@pytest.fixture
def lab_world(_lab_thread: ThreadedLab) -> Iterator[ThreadedLab]:
    """The in-process lab; nothing of a test is left in it for the next one."""
    yield _lab_thread
    _lab_thread.renew()


@pytest.fixture(scope="session")
def real_world() -> Iterator[RealWorld]:
    """Postfix, Dovecot, NSD and unbound; one of each per test process."""
    demand()
    from tests.real.world import RealWorld  # noqa: PLC0415 - only who asks pays

    with RealWorld() as world:
        yield world


@pytest.fixture(scope="session")
def postgresql_server() -> Iterator[PostgresqlServer]:
    """A PostgreSQL server on a socket of its own; one per test process."""
    demand_postgresql()
    from tests.real.postgresql import PostgresqlServer  # noqa: PLC0415 - who asks pays

    with PostgresqlServer() as server:
        yield server


@pytest.fixture(params=["lab", pytest.param("real", marks=pytest.mark.real)])
def world(request: pytest.FixtureRequest) -> World:
    """Each test that asks for it runs twice: in the lab and on real servers."""
    chosen: World = request.getfixturevalue(f"{request.param}_world")
    return chosen


@pytest.fixture
def prober_options(world: World) -> dict[str, Any]:
    """What a `mailprobe.Prober` must be told to work in this world."""
    return prober_options_for(world)
