"""A world leaves nothing behind, however it ends."""

from __future__ import annotations

import json
import signal
import socket
import subprocess
import sys
import time
from pathlib import Path

import pytest

from tests.real.guard import members
from tests.real.process import POLL, listens
from tests.real.requirements import missing
from tests.real.world import RealWorld

pytestmark = [
    pytest.mark.real,
    pytest.mark.usefixtures("real_world"),  # which skips, or fails in CI
]

PROJECT = Path(__file__).parents[2]
GONE_SECONDS = 20.0

PROGRAM = """
import json, signal, sys
from tests.real.world import RealWorld
with RealWorld() as world:
    print(json.dumps({"groups": world.groups, "directory": str(world.directory),
                      "network": world.plan.network}), flush=True)
    signal.pause()
"""


def test_stopped_world_is_gone() -> None:
    """After its block no process, no listener and no file of a world is left."""
    with RealWorld() as world:
        groups = world.groups
        places = [(world.address("mx1.libero.test"), 25)]
        places += [(world.address("imap.posta.test"), 993)]
        assert len(groups) == 5
        assert all(members(group) for group in groups)
        assert all(listens(*place) for place in places)
    assert [members(group) for group in groups] == [[]] * 5
    assert not any(listens(*place) for place in places)
    assert not world.directory.exists()


@pytest.mark.parametrize("ending", [signal.SIGINT, signal.SIGKILL])
def test_killed_world_is_gone(ending: signal.Signals) -> None:
    """Also when the process that runs it is interrupted, or killed outright."""
    with subprocess.Popen(  # noqa: S603
        [sys.executable, "-c", PROGRAM],
        cwd=PROJECT,
        env={"PYTHONPATH": f"{PROJECT}:{PROJECT / 'src'}", "PATH": "/usr/bin:/bin"},
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
    ) as process:
        assert process.stdout is not None
        told = json.loads(process.stdout.readline())
        assert all(members(group) for group in told["groups"])
        process.send_signal(ending)
        process.wait()
    deadline = time.monotonic() + GONE_SECONDS
    while not _is_free(told["network"]) and time.monotonic() < deadline:
        time.sleep(POLL)
    assert _is_free(told["network"])
    assert not any(members(group) for group in told["groups"])
    assert not Path(told["directory"]).exists()


def test_this_machine_can_run_them() -> None:
    """Where these tests run, nothing is missing."""
    assert missing() == ""


def _is_free(network: str) -> bool:
    """Whether the lock of a network was released: its guard has finished."""
    with socket.socket() as lock:
        try:
            lock.bind((f"{network}.254", 1))
        except OSError:
            return False
    return True
