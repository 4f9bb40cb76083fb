"""Ctrl-C, SIGTERM: an orderly end without a traceback."""

from __future__ import annotations

from pathlib import Path

import pytest

from mailprobe.cli.lab import write_settings
from mailprobe.config import Config
from mailprobe.lab import ThreadedLab
from tests.cli.processes import ENDS, start, until


@pytest.mark.parametrize(("number", "status"), ENDS)
def test_lab(number: int, status: int) -> None:
    """The lab says how to reach it, serves until a signal, and leaves nothing."""
    with start("lab") as process:
        said = until(process, "    --nameserver")
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
    with start(*words) as process:
        until(process, "seq=1 ")
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
