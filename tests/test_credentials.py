"""Where secrets come from, and that no message ever holds one."""

from __future__ import annotations

import getpass
import os
import sys
import warnings
from pathlib import Path

import pytest

from mailprobe import credentials
from mailprobe.credentials import (
    SIZE_LIMIT,
    from_command,
    from_env,
    from_file,
    from_prompt,
    readable_by_others,
)
from mailprobe.model.errors import ConfigError
from mailprobe.model.secret import Secret

PLANTED = "hunter2-planted"


def python(script: str) -> list[str]:
    """Return the command line that runs a Python script."""
    return [sys.executable, "-c", script]


def sentence(caught: pytest.ExceptionInfo[ConfigError]) -> str:
    """Return the message, which must be one line without the planted secret."""
    said = str(caught.value)
    assert PLANTED not in said
    assert "\n" not in said
    return said


# --- environment ----------------------------------------------------------------


def test_from_env(monkeypatch: pytest.MonkeyPatch) -> None:
    """The variable's value is the secret, spaces and all."""
    monkeypatch.setenv("CANARY", f" {PLANTED} é")
    assert from_env("CANARY") == Secret(f" {PLANTED} é")


@pytest.mark.parametrize(
    ("value", "said"),
    [
        (None, "is not set; export it first"),
        ("", "is empty; the secret must stand there"),
        (PLANTED + "\udcff", "is not text in UTF-8"),
    ],
)
def test_from_env_complains(
    monkeypatch: pytest.MonkeyPatch, value: str | None, said: str
) -> None:
    """A variable that is missing, empty or no text is named."""
    monkeypatch.delenv("CANARY", raising=False)
    if value is not None:
        monkeypatch.setenv("CANARY", value)
    with pytest.raises(ConfigError) as caught:
        from_env("CANARY")
    assert sentence(caught) == f"the environment variable CANARY {said}"


# --- files ----------------------------------------------------------------------


@pytest.mark.parametrize(
    "content",
    [
        PLANTED.encode(),
        PLANTED.encode() + b"\n",
        PLANTED.encode() + b"\r\n",
        PLANTED.encode() + b"\nuser: canary\n\xff\xfe",
        b"\xef\xbb\xbf" + PLANTED.encode(),
    ],
)
def test_from_file(tmp_path: Path, content: bytes) -> None:
    """The first line is the secret; its end and a byte order mark do not count."""
    path = tmp_path / "secret"
    path.write_bytes(content)
    assert from_file(path) == from_file(str(path)) == Secret(PLANTED)


def test_from_file_keeps_spaces(tmp_path: Path) -> None:
    """Spaces may belong to a password."""
    path = tmp_path / "secret"
    path.write_bytes(b" a b \n")
    assert from_file(path) == Secret(" a b ")


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (
            b"",
            (
                "the first line of the secret file {} is empty; "
                "the secret must stand there"
            ),
        ),
        (
            b"\n" + PLANTED.encode(),
            (
                "the first line of the secret file {} is empty; "
                "the secret must stand there"
            ),
        ),
        (
            PLANTED.encode() + b"\xff\n",
            "the first line of the secret file {} is not text in UTF-8",
        ),
        (
            PLANTED.encode("utf-16-be"),
            "the first line of the secret file {} is not text in UTF-8",
        ),
        (
            PLANTED.encode() * SIZE_LIMIT,
            "the secret file {} is larger than 64 KiB, which is no password or token",
        ),
    ],
)
def test_from_file_complains(tmp_path: Path, content: bytes, said: str) -> None:
    """A file that holds no secret is named; what it holds is not shown."""
    path = tmp_path / "secret"
    path.write_bytes(content)
    with pytest.raises(ConfigError) as caught:
        from_file(path)
    assert sentence(caught) == said.format(repr(str(path)))


def test_from_file_at_the_bound(tmp_path: Path) -> None:
    """A file of exactly the bound is read."""
    path = tmp_path / "secret"
    path.write_bytes(b"x" * SIZE_LIMIT)
    assert len(from_file(path).reveal()) == SIZE_LIMIT


def test_from_file_that_is_not_there(tmp_path: Path) -> None:
    """The path is named, with the reason."""
    path = tmp_path / "secret"
    with pytest.raises(ConfigError) as caught:
        from_file(path)
    reason = "cannot be read: No such file or directory"
    assert sentence(caught) == f"the secret file {str(path)!r} {reason}"


def test_from_file_that_is_a_directory(tmp_path: Path) -> None:
    """A directory is named as one."""
    with pytest.raises(ConfigError) as caught:
        from_file(tmp_path)
    advice = "is a directory; name the file that holds the secret"
    assert sentence(caught) == f"{str(tmp_path)!r} {advice}"


def test_from_file_with_a_path_that_cannot_be() -> None:
    """A NUL in a path is an error like others."""
    with pytest.raises(ConfigError) as caught:
        from_file("a\0b")
    said = r"the secret file 'a\x00b' cannot be read: not a usable path"
    assert sentence(caught) == said


@pytest.mark.skipif(os.name != "posix", reason="needs POSIX file modes")
@pytest.mark.parametrize(
    ("mode", "others"), [(0o600, False), (0o400, False), (0o640, True), (0o604, True)]
)
def test_readable_by_others(tmp_path: Path, mode: int, *, others: bool) -> None:
    """Read permission for the group or the world is noticed."""
    path = tmp_path / "secret"
    path.touch()
    path.chmod(mode)
    assert readable_by_others(path) is others


def test_what_is_no_file_is_readable_by_nobody(tmp_path: Path) -> None:
    """Folders, missing files and impossible paths are no reason for a note."""
    assert not readable_by_others(tmp_path)
    assert not readable_by_others(tmp_path / "missing")
    assert not readable_by_others("a\0b")


# --- commands -------------------------------------------------------------------


def test_from_command_takes_the_first_line() -> None:
    """The first line of the output is the secret."""
    script = f"print('{PLANTED}'); print('user: canary')"
    assert from_command(python(script)) == Secret(PLANTED)


def test_from_command_splits_a_string_without_a_shell(tmp_path: Path) -> None:
    """Quotes group words; nothing is expanded."""
    script = tmp_path / "show words.py"
    script.write_text("import sys; print('|'.join(sys.argv[1:]))")
    line = f"'{sys.executable}' '{script}' \"a b\" $HOME * ;"
    assert from_command(line) == Secret("a b|$HOME|*|;")


def test_from_command_lets_standard_error_through(
    capfd: pytest.CaptureFixture[str],
) -> None:
    """What the command says on standard error reaches the user's terminal."""
    from_command(python("import sys; print('hm', file=sys.stderr); print('x')"))
    assert capfd.readouterr().err.strip() == "hm"


def test_from_command_gives_no_input() -> None:
    """A command that reads finds the end at once instead of waiting."""
    script = "import sys; print(repr(sys.stdin.read()))"
    assert from_command(python(script)) == Secret("''")


NAME = repr(sys.executable)


@pytest.mark.parametrize(
    ("command", "said"),
    [
        (
            python(f"print('{PLANTED}'); raise SystemExit(7)"),
            f"the command {NAME} failed with exit status 7; run it by hand to see why",
        ),
        (
            python(
                f"import os; print('{PLANTED}', flush=True); os.kill(os.getpid(), 9)"
            ),
            f"the command {NAME} failed with signal 9; run it by hand to see why",
        ),
        (
            python("print()"),
            (
                f"the first line of the output of the command {NAME} is empty; "
                "the secret must stand there"
            ),
        ),
        (
            python(f"while True: print('{PLANTED}')"),
            (
                f"the output of the command {NAME} is larger than 64 KiB, "
                "which is no password or token"
            ),
        ),
        (
            "/nonexistent/program --token",
            (
                "the command '/nonexistent/program' cannot be started: "
                "No such file or directory"
            ),
        ),
        (
            f"SECRET={PLANTED} program",
            "the command 'SECRET=...' cannot be started: No such file or directory",
        ),
        (["a\0b"], r"the command 'a\x00b' cannot be started: not a usable name"),
        (
            f"program '{PLANTED}",
            "the command for the secret cannot be read: No closing quotation",
        ),
        (" ", "the command for the secret is empty; write PROGRAM ARGUMENTS"),
        ([], "the command for the secret is empty; write PROGRAM ARGUMENTS"),
    ],
)
def test_from_command_complains(command: str | list[str], said: str) -> None:
    """A command that fails is named with its status, never with its output."""
    with pytest.raises(ConfigError) as caught:
        from_command(command)
    assert sentence(caught) == said


def test_from_command_ends_a_command_that_takes_too_long(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """A command without an end is killed when its time is up."""
    monkeypatch.setattr(credentials, "COMMAND_TIMEOUT", 0.5)
    pid = tmp_path / "pid"
    script = (
        f"import os, signal; open({str(pid)!r}, 'w').write(str(os.getpid())); "
        "signal.pause()"
    )
    with pytest.raises(ConfigError) as caught:
        from_command(python(script))
    assert sentence(caught) == (
        f"the command {NAME} gave no secret within 0.5 s; "
        "it must end by itself and wants no input"
    )
    if pid.exists() and pid.read_text():
        with pytest.raises(ProcessLookupError):
            os.kill(int(pid.read_text()), 0)


# --- prompt ---------------------------------------------------------------------


class Terminal:
    """Stands in for a stream that may be a terminal."""

    def __init__(self, *, there: bool = True) -> None:
        self.there = there

    def isatty(self) -> bool:
        """Whether it is one."""
        return self.there


def at_a_terminal(monkeypatch: pytest.MonkeyPatch) -> None:
    """Make both streams look like a terminal (pytest resets them after fixtures)."""
    monkeypatch.setattr(sys, "stdin", Terminal())
    monkeypatch.setattr(sys, "stderr", Terminal())


def test_from_prompt(monkeypatch: pytest.MonkeyPatch) -> None:
    """The user is told whose password is wanted."""
    asked: list[str] = []

    def answer(prompt: str) -> str:
        asked.append(prompt)
        return PLANTED

    at_a_terminal(monkeypatch)
    monkeypatch.setattr(getpass, "getpass", answer)
    assert from_prompt("canary@libero.it") == Secret(PLANTED)
    assert asked == ["Password for canary@libero.it: "]


@pytest.mark.parametrize("name", ["stdin", "stderr"])
@pytest.mark.parametrize("stream", [None, Terminal(there=False)])
def test_from_prompt_needs_a_terminal(
    monkeypatch: pytest.MonkeyPatch, name: str, stream: Terminal | None
) -> None:
    """Without a terminal the message says how else to give a password."""
    at_a_terminal(monkeypatch)
    monkeypatch.setattr(sys, name, stream)
    with pytest.raises(ConfigError) as caught:
        from_prompt("canary@libero.it")
    assert sentence(caught) == (
        "no password for canary@libero.it and no terminal to ask for it; give it by "
        "--password-env, --password-file, --password-command or mailprobe.toml"
    )


@pytest.mark.parametrize("trouble", [EOFError(), OSError(5, "I/O error"), None])
def test_from_prompt_without_an_answer(
    monkeypatch: pytest.MonkeyPatch, trouble: Exception | None
) -> None:
    """The end of input, and a terminal that would show the password, are refused."""

    def answer(_prompt: str) -> str:
        if trouble:
            raise trouble
        warnings.warn("echo", getpass.GetPassWarning, stacklevel=1)
        return PLANTED

    at_a_terminal(monkeypatch)
    monkeypatch.setattr(getpass, "getpass", answer)
    with pytest.raises(ConfigError) as caught:
        from_prompt("a@b.it")
    said = "no password for a@b.it: the terminal could not be read"
    assert sentence(caught) == said


def test_from_prompt_with_an_empty_answer(monkeypatch: pytest.MonkeyPatch) -> None:
    """Return alone is no password."""
    at_a_terminal(monkeypatch)
    monkeypatch.setattr(getpass, "getpass", lambda _prompt: "")
    with pytest.raises(ConfigError) as caught:
        from_prompt("a@b.it")
    said = "the password typed for a@b.it is empty; the secret must stand there"
    assert sentence(caught) == said
