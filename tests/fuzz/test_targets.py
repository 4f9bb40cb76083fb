"""The fuzz targets hold on their seeds, whole and cut off anywhere."""

from __future__ import annotations

import pytest

from tests.fuzz.seeds import seeds
from tests.fuzz.targets import TARGETS


@pytest.mark.parametrize("name", TARGETS)
def test_seeds(name: str) -> None:
    """A target takes its seeds, each beginning of them, and any byte changed."""
    target = TARGETS[name]
    for seed in seeds()[name]:
        step = max(len(seed) // 100, 1)
        for at in range(0, len(seed) + 1, step):
            target(seed[:at])
            target(seed[:at] + b"\xff" + seed[at + 1 :])


def test_every_target_has_seeds() -> None:
    """No target begins with nothing."""
    assert set(seeds()) == set(TARGETS)
    assert all(seeds().values())
