"""Ctrl-C, SIGTERM: an orderly end without a traceback."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from mailprobe.cli.lab import write_settings
from mailprobe.config import Config
from mailprobe.lab import ThreadedLab

# Ctrl-C is ignored in what a shell started in the background, and in its children.
PROGRAM = (
    "import signal, sys; signal.signal(signal.SIGINT, signal.default_int_handler); "
    "from mailprobe.cli import main; sys.exit(main())"
)
ENDS = [(signal.SIGINT, 130), (signal.SIGTERM, 143)]


def _start(*words: str, stdin: bool = False) -> subprocess.Popen[str]:
    return subprocess.Popen(  # noqa: S603 - our own interpreter
        [sys.executable, "-c", PROGRAM, *words],
        stdin=subprocess.PIPE if stdin else None,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        env={**os.environ, "PYTHONUNBUFFERED": "1"},
    )


def _until(process: subprocess.Popen[str], start: str) -> str:
    """Read standard output up to the line that begins with *start*."""
    assert process.stdout is not None
    read = ""
    for line in process.stdout:
        read += line
        if line.startswith(start):
            break
    return read


@pytest.mark.parametrize(("number", "status"), ENDS)
def test_lab(number: int, status: int) -> None:
    """The lab says how to reach it, serves until a signal, and leaves nothing."""
    with _start("lab") as process:
        said = _until(process, "    --nameserver")
        settings = Path(said.partition("export MAILPROBE_CONFIG=")[2].splitlines()[0])
        assert settings.exists()
        process.send_signal(number)
        rest, errors = process.communicate()
    assert (process.returncode, rest, errors) == (status, "", "")
    assert not settings.parent.exists()


@pytest.mark.parametrize(("number", "status"), ENDS)
def test_ping(lab: ThreadedLab, tmp_path: Path, number: int, status: int) -> None:
    """A ping that is interrupted sums up what it has."""
    settings = str(write_settings(lab, tmp_path))
    words = ["ping", "ada@libero.test", "--interval", "600", "--config", settings]
    with _start(*words) as process:
        _until(process, "seq=1 ")
        process.send_signal(number)
        rest, errors = process.communicate()
    assert (process.returncode, errors) == (status, "")
    assert "1 sent, 1 back, 0 % lost" in rest


def test_settings_of_the_lab(lab: ThreadedLab, tmp_path: Path) -> None:
    """The settings the lab writes hold its mailboxes and presets, unseen by others."""
    config = Config.load(write_settings(lab, tmp_path))
    box = config.mailbox("bob-virgilio")
    assert box == lab.mailbox("bob@virgilio.test")
    ours, theirs = config.catalogue.get("libero-test"), lab.catalogue.get("libero-test")
    assert (ours.smtp, ours.imap, ours.mx) == (theirs.smtp, theirs.imap, theirs.mx)
    for secret in tmp_path.glob("*.password"):
        assert secret.stat().st_mode & 0o077 == 0
