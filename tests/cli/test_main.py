"""The command line as a whole: exit statuses, one clear line, no traceback."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import NoReturn

import pytest

from mailprobe.cli import COMMANDS, Terminated, main, parser, version
from mailprobe.lab import ThreadedLab

HEAVY = ("asyncio", "cryptography", "dns", "msgspec", "rich", "ssl")


def _line(capsys: pytest.CaptureFixture[str]) -> str:
    """Return the one line on standard error; there must not be another."""
    captured = capsys.readouterr()
    assert captured.out == ""
    assert captured.err.startswith("mailprobe: ")
    assert captured.err.count("\n") == 1
    return captured.err


@pytest.mark.parametrize(
    ("words", "said"),
    [
        ([], "no command was given"),
        (["mxx"], "there is no command 'mxx'; did you mean mx?"),
        (["--nonsense"], "--help"),
        (["mx"], "required: DOMAIN; see `mailprobe mx --help`"),
        (["roundtrip"], "required: FROM"),
        (["mx", "libero.it", "--format", "xml"], "invalid choice: 'xml'"),
        (["mx", "libero.it", "--time", "3"], "unrecognized arguments: --time"),
        (["mx", "libero.it", "--timeout", "0"], "'0' is not a number of seconds"),
        (["mx", "libero.it", "--timeout", "nan"], "'nan' is not a number of seconds"),
        (["mx", "libero.it", "--mx-port", "0"], "port '0' is out of range"),
        (["smtp", "h:70000"], "port '70000' is out of range; write a number from 1"),
        (["smtp", "h", "--port", "x"], "port 'x' is out of range"),
        (["smtp", "h:1", "--port", "2"], "two ports were given, 1 and 2"),
        (["smtp", "h:"], "'h:' ends without its port"),
        (["smtp", "[::1"], "write HOST:PORT or [IPV6]:PORT"),
        (["tls", "h"], "lacks the port"),
        (["ping", "a@b.it", "--count", "0"], "'0' is not a whole number above zero"),
        (["ping", "a@b.it", "--interval", "-1"], "--interval"),
        (["ping", "a@b.it", "--format", "html"], "invalid choice: 'html'"),
        (["providers", "liberoo"], "did you mean libero or libero.it?"),
    ],
)
def test_misuse(
    words: list[str], said: str, capsys: pytest.CaptureFixture[str]
) -> None:
    """What cannot be meant ends with status 3 and one line that says what to do."""
    assert main(words) == 3
    assert said in _line(capsys)


@pytest.mark.parametrize(
    "words",
    [
        ["smtp", "h", "--password", "hunter2"],
        ["smtp", "h", "--password=hunter2"],
        ["roundtrip", "a@b.it", "--to-password", "hunter2"],
    ],
)
def test_no_password_as_argument(
    words: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    """There is no option for a password, and one that is tried is not repeated."""
    assert main(words) == 3
    line = _line(capsys)
    assert "hunter2" not in line
    assert "--password-env NAME" in line


def test_monitoring_cores_read_standard_output(
    capsys: pytest.CaptureFixture[str],
) -> None:
    """With the format nagios, misuse is a plugin's UNKNOWN too."""
    assert main(["mx", "--format", "nagios"]) == 3
    captured = capsys.readouterr()
    assert captured.out.startswith("MAILPROBE UNKNOWN - the following arguments are")
    assert captured.err.startswith("mailprobe: ")


def test_hostile_argument(capsys: pytest.CaptureFixture[str]) -> None:
    """An argument with an escape sequence cannot steer the terminal."""
    assert main(["\x1b[2J\nmx"]) == 3
    assert "\x1b" not in _line(capsys)


@pytest.mark.parametrize("words", [["--help"], ["mx", "--help"], ["demo", "--help"]])
def test_help(words: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    """Help ends with status 0."""
    assert main(words) == 0
    assert "usage: mailprobe" in capsys.readouterr().out


def test_every_command_has_help() -> None:
    """The parser for the documentation knows all commands and their options."""
    text = parser().format_help()
    assert set(COMMANDS) <= set(text.split())


def _raiser(error: BaseException) -> Callable[[object], NoReturn]:
    def run(_: object) -> NoReturn:
        raise error

    return run


@pytest.mark.parametrize(
    ("error", "status"),
    [
        (KeyboardInterrupt(), 130),
        (Terminated(), 143),
        (BrokenPipeError(), 141),
    ],
)
def test_quiet_ends(
    error: BaseException,
    status: int,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """A signal or a closed pipe ends the command without a word."""
    monkeypatch.setattr(version, "run", _raiser(error))
    # The real one replaces the output of the whole process.
    monkeypatch.setattr("mailprobe.cli._forget_output", lambda: None)
    assert main(["version"]) == status
    assert capsys.readouterr() == ("", "")


def test_internal_error(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """A fault of ours is UNKNOWN, one line, and never the status of a traceback."""
    monkeypatch.delenv("MAILPROBE_TRACEBACK", raising=False)
    monkeypatch.setattr(version, "run", _raiser(ZeroDivisionError("oops")))
    assert main(["version"]) == 3
    assert "internal error, please report it: ZeroDivisionError: oops" in _line(capsys)


def test_internal_error_in_full(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Who wants to see the traceback can."""
    monkeypatch.setenv("MAILPROBE_TRACEBACK", "1")
    monkeypatch.setattr(version, "run", _raiser(ZeroDivisionError("oops")))
    assert main(["version"]) == 3
    assert "Traceback" in capsys.readouterr().err


@pytest.mark.parametrize("words", [["version"], ["--version"]])
def test_version(words: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    """The version is one line."""
    assert main(words) == 0
    out = capsys.readouterr().out
    assert out.startswith("mailprobe ")
    assert out.count("\n") == 1


def test_version_of_libraries(capsys: pytest.CaptureFixture[str]) -> None:
    """With --verbose, Python and the libraries are named for bug reports."""
    assert main(["version", "--verbose"]) == 0
    out = capsys.readouterr().out
    assert "\nPython 3." in out
    assert "\naiosmtplib " in out


def _python(*words: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(  # noqa: S603 - our own interpreter
        [sys.executable, *words], check=False, capture_output=True, text=True
    )


def test_version_is_cheap() -> None:
    """Printing the version loads neither the event loop nor any dependency."""
    program = (
        "import sys; from mailprobe.cli import main; main(['version']); "
        f"print(*[name for name in {HEAVY!r} if name in sys.modules])"
    )
    done = _python("-c", program)
    assert done.stderr == ""
    assert done.stdout.splitlines()[1:] == [""]


UNUSED = (
    "aioimaplib",
    "dns",
    "importlib.metadata",
    "mailprobe.providers",
    "mailprobe.sweep",
    "msgspec",
    "rich",
    "tomllib",
)


def test_a_plain_check_loads_only_what_it_uses(lab: ThreadedLab) -> None:
    """
    One check that goes well loads no DNS library, no presets and no TOML.

    A monitoring core starts one for each service and minute.
    """
    at = lab.endpoint("libero.test", "mx")
    words = ["smtp", at.host, "--port", str(at.port), "--security", "starttls"]
    words += ["--nameserver", lab.nameserver, "--ca-file", str(lab.ca_file)]
    program = (
        f"import sys; from mailprobe.cli import main; status = main({words!r}); "
        f"print(status, *[name for name in {UNUSED!r} if name in sys.modules])"
    )
    done = _python("-c", program)
    assert done.stderr == ""
    assert done.stdout.splitlines()[-1] == "0"


def test_as_module() -> None:
    """``python -m mailprobe`` is the command, exit status included."""
    done = _python("-m", "mailprobe", "nonsense")
    assert (done.returncode, done.stdout) == (3, "")


def test_closed_pipe() -> None:
    """When nobody reads any more, nothing is complained about."""
    program = (
        "import os, sys; read, write = os.pipe(); os.close(read); os.dup2(write, 1); "
        "from mailprobe.cli import main; sys.exit(main(['providers']))"
    )
    done = _python("-c", program)
    assert (done.returncode, done.stderr) == (141, "")


def test_ascii_locale() -> None:
    """A terminal that takes only ASCII gets its output all the same."""
    done = subprocess.run(
        [sys.executable, "-m", "mailprobe", "providers", "orange"],
        check=False,
        capture_output=True,
        env={**os.environ, "PYTHONIOENCODING": "ascii"},
    )
    assert (done.returncode, done.stderr) == (0, b"")
    assert done.stdout.isascii()


CONFIGS = {
    "no toml": ("[prober\n", "line 1"),
    "unknown key": ("[prober]\ntimeuot = 3\n", "timeuot"),
    "secret": (
        '[mailbox.a]\naddress = "a@b.it"\npassword = "x"\n',
        "line 3",
    ),
}


@pytest.mark.parametrize("name", CONFIGS)
def test_broken_settings(
    name: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """A broken settings file is named with the place in it."""
    content, said = CONFIGS[name]
    file = tmp_path / "mailprobe.toml"
    file.write_text(content)
    assert main(["mx", "libero.test", "--config", str(file)]) == 3
    line = _line(capsys)
    assert "mailprobe.toml" in line
    assert said in line


def test_settings_that_are_not_there(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """A settings file that was named must exist."""
    assert main(["mx", "libero.test", "--config", str(tmp_path / "no.toml")]) == 3
    assert "no.toml" in _line(capsys)


def test_presets_that_are_not_there(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """A file of presets that was named must exist."""
    assert main(["providers", "--presets", str(tmp_path / "no.toml")]) == 3
    assert "no.toml" in _line(capsys)
