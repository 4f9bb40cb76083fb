"""One check by one command, as a monitoring core starts them."""

from __future__ import annotations

import shutil
import sys
from collections.abc import Iterator
from functools import partial
from typing import Final

from bench.measure import Comparison, in_turns
from bench.scene import Scene
from bench.started import started
from tests.real.world import RealWorld

RUNS: Final = 15
GOAL: Final = 2.5
PLUGINS: Final = "/usr/lib/nagios/plugins"
BARE: Final = [sys.executable, "-c", "import asyncio, ssl"]
SERVICES: Final = (("smtp", "mx", "starttls"), ("imap", "imap", "tls"))


def measure() -> Iterator[Comparison]:
    """Compare with importing what no probe can do without, and with the C plugins."""
    with RealWorld() as world:
        for command, service, security in SERVICES:
            scene = Scene.of(world, service, security)
            ours = partial(started, *_ours(command, scene))
            name = f"`mailprobe {command}`, one check with TLS"
            mine, other = in_turns(RUNS, ours, partial(started, *BARE))
            yield Comparison(
                name=name,
                against='`python -c "import asyncio, ssl"`',
                ours=mine,
                theirs=other,
                goal=GOAL,
            )
            plugin = _plugin(command, scene)
            if shutil.which(plugin[0]):
                mine, other = in_turns(RUNS, ours, partial(started, *plugin))
                yield Comparison(
                    name=name,
                    against=f"`check_{command}`, which verifies nothing",
                    ours=mine,
                    theirs=other,
                    goal=None,  # it does far less
                )


def _ours(command: str, scene: Scene) -> list[str]:
    return [
        *(sys.executable, "-m", "mailprobe", command, scene.host),
        *("--port", str(scene.port), "--security", scene.security),
        *("--ca-file", scene.ca_file, "--nameserver", scene.nameserver),
    ]


def _plugin(command: str, scene: Scene) -> list[str]:
    tls = "-S" if command == "smtp" else "--ssl"
    return [
        *(f"{PLUGINS}/check_{command}", "-H", scene.address),
        *("-p", str(scene.port), tls),
    ]


if __name__ == "__main__":
    for comparison in measure():
        print(comparison, flush=True)
