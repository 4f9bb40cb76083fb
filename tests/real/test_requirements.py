"""Missing servers skip on a developer's machine and fail where it is decided."""

from __future__ import annotations

import sys

import pytest

from tests.real import requirements


@pytest.fixture(autouse=True)
def _without_nsd(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "platform", "linux")
    monkeypatch.setattr(requirements, "PROGRAMS", {"nsd": "/nowhere/nsd"})


def test_missing_package_is_named() -> None:
    """The reason names the package that is to be installed."""
    assert "nsd" in requirements.missing()


def test_missing_package_skips(monkeypatch: pytest.MonkeyPatch) -> None:
    """Without servers, tests skip and say why."""
    monkeypatch.delenv("CI", raising=False)
    with pytest.raises(pytest.skip.Exception, match="not installed: nsd"):
        requirements.demand()


def test_missing_package_fails_in_ci(monkeypatch: pytest.MonkeyPatch) -> None:
    """Where CI is true, the same is a failure."""
    monkeypatch.setenv("CI", "true")
    with pytest.raises(pytest.fail.Exception, match="not installed: nsd"):
        requirements.demand()
