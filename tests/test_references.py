"""References to secrets: read early, looked up when needed, never shown."""

from __future__ import annotations

import asyncio
import os
import sys
from collections.abc import Awaitable
from pathlib import Path
from typing import cast

import pytest

from mailprobe import credentials
from mailprobe.credentials import Reference
from mailprobe.model.errors import ConfigError
from mailprobe.model.secret import Secret

PLANTED = "hunter2-planted"


def sentence(caught: pytest.ExceptionInfo[ConfigError]) -> str:
    """Return the message, which must be one line without the planted secret."""
    said = str(caught.value)
    assert PLANTED not in said
    assert "\n" not in said
    return said


@pytest.mark.parametrize(
    ("text", "kind", "value"),
    [
        ("env:NAME", "env", "NAME"),
        ("env: NAME ", "env", "NAME"),
        ("file:secret", "file", "folder/secret"),
        ("file:/run/secret", "file", "/run/secret"),
        ("file:~/secret", "file", "home/secret"),
        ("command:pass show a:b", "command", "pass show a:b"),
    ],
)
def test_references(
    monkeypatch: pytest.MonkeyPatch, text: str, kind: str, value: str
) -> None:
    """A reference says where the secret is; relative files are beside the config."""
    monkeypatch.setenv("HOME", "home")
    found = Reference.parse(text, Path("folder"))
    expected = value if kind != "file" else value.replace("home", "folder/home")
    assert (found.kind, found.value) == (kind, expected)


@pytest.mark.parametrize(
    "text", [PLANTED, "", "env", "env:", "file: ", f"vault:{PLANTED}", f":{PLANTED}"]
)
def test_what_is_no_reference_is_not_quoted(text: str) -> None:
    """A password in the place of a reference is refused without being shown."""
    with pytest.raises(ConfigError) as caught:
        Reference.parse(text)
    assert sentence(caught) == (
        'a secret does not stand in the file itself; write "env:NAME", "file:PATH" or '
        '"command:PROGRAM ARGUMENTS"'
    )


def test_references_are_resolved_when_asked(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """Nothing is looked up before; then all three ways lead to the secret."""
    monkeypatch.delenv("CANARY", raising=False)
    script = f"'{sys.executable}' -c 'print(\"{PLANTED}\")'"
    texts = ("env:CANARY", "file:secret", f"command:{script}")
    found = [Reference.parse(text, tmp_path) for text in texts]
    monkeypatch.setenv("CANARY", PLANTED)
    (tmp_path / "secret").write_text(PLANTED)
    assert [reference.resolve() for reference in found] == [Secret(PLANTED)] * 3


async def fetched(reference: Reference, where: str = "") -> object:
    """Call the token source of a reference once."""
    return await cast("Awaitable[object]", reference.token_source(where)())


@pytest.mark.asyncio
async def test_a_token_is_fresh_each_time(tmp_path: Path) -> None:
    """A token source looks again whenever it is called."""
    (tmp_path / "token").write_text("first")
    source = Reference.parse("file:token", tmp_path).token_source()
    assert await cast("Awaitable[object]", source()) == Secret("first")
    (tmp_path / "token").write_text("second")
    assert await cast("Awaitable[object]", source()) == Secret("second")


@pytest.mark.asyncio
async def test_a_token_command_runs_beside_the_event_loop(tmp_path: Path) -> None:
    """While a command runs, other tasks go on: here one opens its way."""
    script = tmp_path / "wait.py"
    fifo = tmp_path / "fifo"
    os.mkfifo(fifo)
    script.write_text(f"print(open({str(fifo)!r}).read())")
    reference = Reference("command", f"'{sys.executable}' '{script}'")
    task = asyncio.create_task(fetched(reference))
    await asyncio.to_thread(fifo.write_text, PLANTED)
    assert await task == Secret(PLANTED)


@pytest.mark.asyncio
async def test_a_token_command_is_killed_with_its_caller(tmp_path: Path) -> None:
    """After cancellation no process is left behind."""
    fifo = tmp_path / "fifo"
    os.mkfifo(fifo)
    script = tmp_path / "wait.py"
    script.write_text(
        f"import os, signal\nopen({str(fifo)!r}, 'w').write(str(os.getpid()))\n"
        "signal.pause()"
    )
    reference = Reference("command", f"'{sys.executable}' '{script}'")
    task = asyncio.create_task(fetched(reference))
    pid = int(await asyncio.to_thread(fifo.read_text))
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    with pytest.raises(ProcessLookupError):
        os.kill(pid, 0)


@pytest.mark.asyncio
async def test_a_token_that_cannot_be_had_says_where() -> None:
    """The message of a token source begins with its place in the file."""
    script = f"'{sys.executable}' -c 'print(\"{PLANTED}\"); exit(3)'"
    with pytest.raises(ConfigError) as caught:
        await fetched(Reference("command", script), "x.toml, line 3, mailbox.a.token")
    assert sentence(caught) == (
        f"x.toml, line 3, mailbox.a.token: the command {sys.executable!r} failed with "
        "exit status 3; run it by hand to see why"
    )


@pytest.mark.asyncio
async def test_a_token_command_that_takes_too_long(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """The bound holds for token commands too."""
    monkeypatch.setattr(credentials, "COMMAND_TIMEOUT", 0.0)
    script = f"'{sys.executable}' -c 'import signal; signal.pause()'"
    with pytest.raises(ConfigError, match="gave no secret within 0 s"):
        await fetched(Reference("command", script))


def test_a_reference_does_not_show_its_command() -> None:
    """A command line may hold a secret, so `repr` leaves it out."""
    assert PLANTED not in repr(Reference.parse(f"command:open --with {PLANTED}"))
