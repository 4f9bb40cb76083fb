"""Colour where it is wanted, plain text everywhere else."""

from __future__ import annotations

import io
import sys

import pytest

from mailprobe.cli import output
from mailprobe.model.failure import Phase
from mailprobe.model.report import Step
from mailprobe.render.spans import Line

LINES: list[Line] = [(("down", "DOWN"), ("", " [bold]as it is[/bold]")), ()]
STEP = Step(phase=Phase.TLS, peer="h\x1b[2J:993", began=0.0, took=0.0042)


class Terminal(io.TextIOWrapper):
    """A stream that says it is a terminal."""

    def __init__(self, encoding: str = "utf-8") -> None:
        self.written = io.BytesIO()
        super().__init__(self.written, encoding=encoding, write_through=True)

    def isatty(self) -> bool:
        """Say so."""
        return True

    def text(self) -> str:
        """Return what was written."""
        return self.written.getvalue().decode(self.encoding)


def on_terminal(monkeypatch: pytest.MonkeyPatch, encoding: str = "utf-8") -> Terminal:
    """Put standard output and error on one terminal, inside a test."""
    stream = Terminal(encoding)
    monkeypatch.setattr(sys, "stdout", stream)
    monkeypatch.setattr(sys, "stderr", stream)
    monkeypatch.setenv("TERM", "xterm-256color")
    monkeypatch.setenv("COLUMNS", "90")
    for name in ("NO_COLOR", "FORCE_COLOR"):
        monkeypatch.delenv(name, raising=False)
    return stream


def test_painted(monkeypatch: pytest.MonkeyPatch) -> None:
    """On a terminal the status is in colour, and text is never markup."""
    terminal = on_terminal(monkeypatch)
    output.write(LINES)
    assert "\x1b[1;31mDOWN\x1b[0m" in terminal.text()
    assert " [bold]as it is[/bold]" in terminal.text()


@pytest.mark.parametrize(("name", "value"), [("NO_COLOR", "1"), ("TERM", "dumb")])
def test_no_colour(monkeypatch: pytest.MonkeyPatch, name: str, value: str) -> None:
    """Who wants no colour gets none."""
    terminal = on_terminal(monkeypatch)
    monkeypatch.setenv(name, value)
    output.write(LINES)
    assert terminal.text() == "DOWN [bold]as it is[/bold]\n\n"


def test_plain_without_terminal(capsys: pytest.CaptureFixture[str]) -> None:
    """A file or a pipe gets plain text."""
    output.write(LINES)
    assert capsys.readouterr().out == "DOWN [bold]as it is[/bold]\n\n"


def test_progress(monkeypatch: pytest.MonkeyPatch) -> None:
    """Steps are shown as they end, on one line that is taken away again."""
    terminal = on_terminal(monkeypatch)
    progress = output.Progress(wanted=True)
    progress("imap", STEP)
    progress.clear()
    assert terminal.text() == "\r\x1b[K  imap: tls 4.2 ms h\\x1b[2J:993\r\x1b[K"


def test_no_progress_without_terminal(capsys: pytest.CaptureFixture[str]) -> None:
    """A file or a pipe gets no progress."""
    progress = output.Progress(wanted=True)
    progress("imap", STEP)
    progress.clear()
    assert capsys.readouterr() == ("", "")


@pytest.mark.parametrize(("encoding", "marks"), [("utf-8", True), ("ascii", False)])
def test_marks(monkeypatch: pytest.MonkeyPatch, encoding: str, *, marks: bool) -> None:
    """Marks outside ASCII are used only where the stream can show them."""
    on_terminal(monkeypatch, encoding)
    assert output.look().unicode is marks


@pytest.mark.parametrize(("columns", "width"), [("20", 60), ("90", 90), ("300", 100)])
def test_width(monkeypatch: pytest.MonkeyPatch, columns: str, width: int) -> None:
    """Lines are as wide as the window, within reason."""
    terminal = on_terminal(monkeypatch)
    assert terminal.isatty()
    monkeypatch.setenv("COLUMNS", columns)
    assert output.look().width == width
