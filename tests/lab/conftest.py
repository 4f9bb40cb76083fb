"""One lab for all tests of a process; every test finds it clean."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from mailprobe.lab import ThreadedLab

if TYPE_CHECKING:
    from collections.abc import Iterator


@pytest.fixture(scope="session")
def _running_lab() -> Iterator[ThreadedLab]:
    with ThreadedLab() as lab:
        yield lab


@pytest.fixture
def lab(_running_lab: ThreadedLab) -> ThreadedLab:
    """A lab without faults, mail, counts and surprises."""
    _running_lab.reset()
    _running_lab.store.clear()
    _running_lab.surprises.clear()
    return _running_lab
