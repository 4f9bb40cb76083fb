"""Progress of a sweep: for people at a terminal, and gone when it is done."""

from __future__ import annotations

import io
import sys

import pytest

from mailprobe.cli.live import Live


class Terminal(io.StringIO):
    """A stream that says that it is a terminal."""

    def isatty(self) -> bool:
        """Say so."""
        return True


def live(
    monkeypatch: pytest.MonkeyPatch, *, out: io.StringIO, aside: bool = False
) -> tuple[Live, Terminal]:
    """Return progress on a terminal, and what it wrote there."""
    error = Terminal()
    monkeypatch.setattr(sys, "stderr", error)
    monkeypatch.setattr(sys, "stdout", out)
    monkeypatch.setenv("TERM", "xterm")
    return Live(aside=aside), error


def test_a_terminal_sees_how_far_it_is(monkeypatch: pytest.MonkeyPatch) -> None:
    """Each target that is done is counted, of all if their number is known."""
    progress, error = live(monkeypatch, out=Terminal())
    progress.show("mx a.test")
    progress.total = 3
    progress.show("mx b.test")
    assert [line.strip() for line in error.getvalue().split("\r\x1b[K")] == [
        "",
        "1 done  mx a.test",
        "2 of 3  mx b.test",
    ]


def test_words_take_the_place_of_the_line(monkeypatch: pytest.MonkeyPatch) -> None:
    """What is said stands alone, and nothing of the line is left behind it."""
    progress, error = live(monkeypatch, out=Terminal())
    progress.show("mx a.test")
    progress.say("line 3 cannot be read")
    assert error.getvalue().endswith("\r\x1b[Kmailprobe: line 3 cannot be read\n")


def test_words_of_strangers_do_not_move_the_cursor(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """The name of a target cannot write escapes to the terminal."""
    progress, error = live(monkeypatch, out=Terminal())
    progress.show("mx \x1b]0;owned\x07.test")
    assert error.getvalue().count("\x1b") == 1  # our own
    assert "\x07" not in error.getvalue()


@pytest.mark.parametrize("name", ["dumb", "aside", "file"])
def test_where_it_would_disturb_there_is_none(
    monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    """No progress on a dumb terminal, among JSON on one, or in a file."""
    progress, error = live(monkeypatch, out=Terminal(), aside=name == "aside")
    if name == "dumb":
        monkeypatch.setenv("TERM", "dumb")
        progress = Live(aside=False)
    if name == "file":
        monkeypatch.setattr(sys, "stderr", io.StringIO())
        progress = Live(aside=False)
    progress.show("mx a.test")
    progress.clear()
    written = sys.stderr
    assert isinstance(written, io.StringIO)
    assert error.getvalue() + written.getvalue() == ""
    assert progress.passed == 1


def test_json_in_a_pipe_leaves_room_for_it(monkeypatch: pytest.MonkeyPatch) -> None:
    """Where standard output goes elsewhere, the terminal is free."""
    progress, error = live(monkeypatch, out=io.StringIO(), aside=True)
    progress.show("mx a.test")
    assert "1 done" in error.getvalue()
