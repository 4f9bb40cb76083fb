"""``mailprobe monitor``: how it begins, what it says, and how it ends."""

from __future__ import annotations

import asyncio
import fcntl
import json
import os
import pty
import shutil
import signal
import struct
import subprocess
import sys
import tempfile
import termios
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from mailprobe.cli.lab import write_settings
from mailprobe.lab.faults import Reply, Stall
from mailprobe.lab.outages import outage
from mailprobe.model.entry import Intended, Ran
from mailprobe.monitor.ledger import Ledger
from tests.cli.processes import PROGRAM, start, until
from tests.monitor.hooks import hook

if TYPE_CHECKING:
    from mailprobe.lab import ThreadedLab
    from mailprobe.model.entry import Entry
    from mailprobe.model.passage import Balance

SOON = ("interval = 60", "interval = 10")  # the shortest that is taken


@pytest.fixture
def watched(settings: str) -> Path:
    """Settings that have a mail sent every ten seconds; its ledger is beside it."""
    path = Path(settings)
    path.write_text(path.read_text().replace(*SOON))
    return path


def entries(path: Path) -> tuple[list[Entry], Balance]:
    """Return what stands in the ledger, which must be sound."""

    async def read() -> tuple[list[Entry], Balance]:
        where = path.with_name("mailprobe.sqlite")
        async with Ledger.open(where, write=False) as ledger:
            assert (await ledger.verify()).sound
            found = [entry async for _, entry in ledger.entries()]
            return found, await ledger.balance()

    return asyncio.run(read())


@pytest.mark.parametrize(
    ("moment", "number", "status"),
    [
        ("DATA", signal.SIGTERM, 143),
        ("ACCEPT", signal.SIGTERM, 143),
        ("FETCH", signal.SIGINT, 130),
    ],
)
def test_it_ends_in_the_middle_of_a_conversation(
    lab: ThreadedLab, watched: Path, moment: str, number: int, status: int
) -> None:
    """A server that hangs delays no end; what was intended is in the ledger."""
    lab.inject(Stall(moment))
    reached = lab.store.counters["submission" if moment != "FETCH" else "imap"]
    word = {"ACCEPT": "DATA", "FETCH": "UID FETCH"}.get(moment, moment)
    before = reached.commands[word]
    with start("monitor", "--config", str(watched)) as process:
        until(process, "watching 6 mailboxes over ")
        while reached.commands[word] == before:
            assert process.poll() is None
        process.send_signal(number)
        try:
            _, errors = process.communicate(timeout=5)
        except subprocess.TimeoutExpired:
            process.kill()
            raise
    assert (process.returncode, errors) == (status, "")
    found, balance = entries(watched)
    assert isinstance(found[0], Ran)
    assert isinstance(found[-1], Ran)
    assert (found[0].running, found[-1].running) == (True, False)
    assert balance.submitted == sum(isinstance(one, Intended) for one in found) > 0
    assert balance.imbalance == 0
    if moment != "FETCH":
        assert balance.unconfirmed == balance.submitted


def test_it_ends_though_a_heartbeat_hangs(watched: Path) -> None:
    """Whoever is told that all is well cannot keep the monitor from ending."""
    with hook() as there:
        there.open.clear()
        text = watched.read_text().replace("look_every = 30", "look_every = 1")
        text = text.replace("[monitor]", f'[monitor]\nheartbeat = "{there.url}/beat"')
        watched.write_text(text)
        with start("monitor", "--config", str(watched)) as process:
            assert there.next()[0] == "/beat"
            process.send_signal(signal.SIGTERM)
            try:
                _, errors = process.communicate(timeout=5)
            except subprocess.TimeoutExpired:
                process.kill()
                raise
    assert (process.returncode, errors) == (143, "")


def test_a_second_one_is_refused(watched: Path) -> None:
    """One sentence says who was first, with status 3; the first goes on."""
    words = ("monitor", "--config", str(watched))
    with start(*words) as first:
        until(first, "watching")
        with start(*words) as second:
            said, errors = second.communicate()
        assert (second.returncode, said) == (3, "")
        assert errors.startswith("mailprobe: another monitor (process ")
        assert f"process {first.pid} on " in errors
        assert errors.count("\n") == 1
        first.send_signal(signal.SIGTERM)
        first.communicate()
    assert first.returncode == 143


_FULL = f"""
import resource
hard = resource.getrlimit(resource.RLIMIT_FSIZE)[1]
resource.setrlimit(resource.RLIMIT_FSIZE, (300 * 1024, hard))
{PROGRAM}
"""


def test_a_disk_that_is_full(watched: Path) -> None:
    """It ends with one sentence and status 3; what was acknowledged is there."""
    with start("monitor", "--config", str(watched), program=_FULL) as process:
        said, errors = process.communicate()
    assert process.returncode == 3
    assert "watching" in said
    assert errors.startswith("mailprobe: the ledger ")
    assert "nothing that was acknowledged is lost" in errors
    assert errors.count("\n") == 1
    _, balance = entries(watched)
    assert balance.imbalance == 0


_READ_ONLY = """
import os, sys
from mailprobe.cli import main

words = sys.argv[1:]
assert main([*words, "--for", "0.1"]) == 0  # makes the ledger, and loads everything
folder = os.path.dirname(words[-1])
for name in os.listdir(folder):
    os.chmod(os.path.join(folder, name), 0o444)
os.chmod(folder, 0o555)
if os.geteuid() == 0:  # root may write everywhere
    os.setresuid(65534, 65534, 65534)
sys.exit(main(words))
"""


def test_a_ledger_that_may_not_be_written(lab: ThreadedLab) -> None:
    """It does not even begin: one sentence, status 3, and nothing was sent."""
    with tempfile.TemporaryDirectory() as folder:
        settings = write_settings(lab, Path(folder))
        root = shutil.copy(lab.ca_file, folder)  # beside it: others may read it there
        settings.write_text(settings.read_text().replace(str(lab.ca_file), root))
        words = ("monitor", "--config", str(settings))
        with start(*words, program=_READ_ONLY) as process:
            said, errors = process.communicate()
        settings.parent.chmod(0o700)
        kinds = [entry.kind for entry in entries(settings)[0]]
    assert process.returncode == 3
    assert said.count("watching") == 1
    assert errors.startswith("mailprobe: the ledger ")
    assert "may" in errors
    assert errors.count("\n") == 1
    assert kinds.count("ran") == 2


def test_a_terminal_shows_a_live_view(watched: Path) -> None:
    """On a terminal there is one screen; when it ends, its last state is left."""
    main, sub = pty.openpty()
    fcntl.ioctl(main, termios.TIOCSWINSZ, struct.pack("HHHH", 40, 100, 0, 0))
    words = ("monitor", "--config", str(watched), "--for", "3")
    process = subprocess.Popen(  # noqa: S603 - our own interpreter
        [sys.executable, "-c", PROGRAM, *words],
        stdin=subprocess.DEVNULL,
        stdout=sub,
        stderr=subprocess.PIPE,
        env={**os.environ, "TERM": "xterm-256color"},
    )
    os.close(sub)
    shown = b""
    with suppress(OSError):  # the end of a terminal is an error
        while part := os.read(main, 65536):
            shown += part
    os.close(main)
    _, errors = process.communicate()
    assert (process.returncode, errors) == (0, b"")
    screen, left, last = shown.partition(b"\x1b[?1049l")
    assert b"\x1b[?1049h" in screen  # a screen of its own, and away again
    assert left
    for part in (screen, last):
        assert b"mailprobe monitor" in part
        assert b"libero-test" in part
        assert b"in flight" in part
    assert b" start " not in shown


def test_a_log_tells_of_a_refused_account(lab: ThreadedLab, watched: Path) -> None:
    """Whoever is left alone, until when, and what the server said; as JSON too."""
    lab.inject(Reply("AUTH", "NO", "[AUTHENTICATIONFAILED] no", service="imap"))
    words = ("monitor", "--config", str(watched), "--format", "json")
    with start(*words) as process:
        said = until(process, '"held"').splitlines()[-1]
        process.send_signal(signal.SIGTERM)
        rest, _ = process.communicate()
    notice = json.loads(said)
    assert set(notice) == {"at", "word", "text"}
    assert "its login was refused: NO [AUTHENTICATIONFAILED] no" in notice["text"]
    assert json.loads(rest.splitlines()[-1])["word"] == "stop"


def test_an_outage_is_a_line(lab: ThreadedLab, watched: Path) -> None:
    """A change of an incident is told on standard output, as text or as JSON."""
    watched.write_text(watched.read_text().replace("look_every = 30", "look_every = 1"))
    fault = lab.fault(*outage("all_down", domain="libero.test"))
    with fault, start("monitor", "--config", str(watched)) as process:
        said = until(process, " opened ")
        process.send_signal(signal.SIGTERM)
        process.communicate()
    assert "libero" in said.splitlines()[-1]
