"""The demo shows an outage found, explained and seen to end."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from mailprobe.cli import demo, main

if TYPE_CHECKING:
    import pytest


def test_demo(capsys: pytest.CaptureFixture[str]) -> None:
    """It ends 0, fits on a screen, and blames the right party."""
    assert main(["demo"]) == 0
    captured = capsys.readouterr()
    assert captured.err == ""
    lines = captured.out.splitlines()
    assert len(lines) <= 48
    assert max(map(len, lines)) <= 88
    assert lines[-1].startswith("Found, explained, and seen to end: ")
    assert re.search(
        r"\n  submit   ok .*\n  accept   ok .*\n  deliver  down .*\n"
        r"  read     down ",
        captured.out,
    )
    assert "\n  blame    provider\n" in captured.out
    assert re.search(r"\n  since    \d\d:\d\d:\d\d UTC\n", captured.out)


def test_demo_that_shows_nothing(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """If the outage is not found, the demo says so and does not end 0."""
    monkeypatch.setattr(demo, "outage", lambda: ())
    assert main(["demo"]) == 3
    assert "Not everything was as it should be" in capsys.readouterr().out
