"""A plugin for tests of the plugin: the fixture ``inside``."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from mailprobe.cli.lab import write_settings
from tests.testing.inner import Inner

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from mailprobe.lab import ThreadedLab


@pytest.fixture
def inside(
    pytester: pytest.Pytester,
    lab_world: ThreadedLab,
    monkeypatch: pytest.MonkeyPatch,
    tmp_path: Path,
) -> Iterator[Inner]:
    """Inner sessions, whatever settings this machine has."""
    monkeypatch.delenv("MAILPROBE_CONFIG", raising=False)
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path))
    lab_world.reset()
    write_settings(lab_world, pytester.path)
    made = Inner(pytester, lab_world)
    made.ini()
    yield made
    lab_world.reset()
