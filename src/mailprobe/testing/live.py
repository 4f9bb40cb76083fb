"""Real providers in tests: whose fault a red test is."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import pytest


class LivePlugin:
    """
    The hooks of the live half.

    Args:
        config: Of the session.
    """

    def __init__(self, config: pytest.Config) -> None:
        self.config = config

    def collect(self, items: list[pytest.Item]) -> None:
        """Check the markers of *items*."""

    def heard(self, told: object) -> None:
        """Take what a worker put into ``config.workeroutput["mailprobe"]``."""


def health(request: pytest.FixtureRequest) -> Any:  # noqa: ANN401
    """Return what was seen of the providers."""
    raise NotImplementedError


def round_trip(request: pytest.FixtureRequest) -> Any:  # noqa: ANN401
    """Return what sends a canary mail."""
    raise NotImplementedError
