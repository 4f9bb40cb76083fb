"""One mail world for the commands, without faults at the start of each test."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from mailprobe.cli.lab import write_settings
from mailprobe.lab import ThreadedLab


@pytest.fixture(scope="session")
def _world() -> Iterator[ThreadedLab]:
    with ThreadedLab() as lab:
        yield lab


@pytest.fixture
def lab(_world: ThreadedLab) -> Iterator[ThreadedLab]:
    """A running lab."""
    _world.reset()
    yield _world
    _world.reset()


@pytest.fixture
def settings(lab: ThreadedLab, tmp_path: Path) -> str:
    """A ``mailprobe.toml`` for the lab: name server, CA, mailboxes, presets."""
    return str(write_settings(lab, tmp_path))


@pytest.fixture(autouse=True)
def _no_settings_of_the_machine(
    monkeypatch: pytest.MonkeyPatch, tmp_path_factory: pytest.TempPathFactory
) -> None:
    """Whoever runs the tests may have settings; they must not matter."""
    monkeypatch.delenv("MAILPROBE_CONFIG", raising=False)
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path_factory.mktemp("home")))
    monkeypatch.chdir(tmp_path_factory.mktemp("here"))
