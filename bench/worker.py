"""A client in a process of its own: does batches when told to, counts its CPU."""

from __future__ import annotations

import json
import resource
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from importlib import import_module
from pathlib import Path
from time import perf_counter
from typing import Any, Final

from bench.load import Batch
from bench.scene import Scene

Client = Callable[[int, int], Any]
"""Does so many probes, so many at once; returns what there is to be told of them."""

PROJECT: Final = Path(__file__).parent.parent
FILES: Final = 20_000  # open at once: a thousand probes, and both ends of some


class Worker:
    """The process of a client."""

    def __init__(self, client: str, scene: Scene) -> None:
        """
        Start it.

        Args:
            client: ``module:function``; called with the scene, it gives a `Client`.
            scene: Where the servers are.
        """
        self.told: Any = None
        self._process = subprocess.Popen(
            [sys.executable, "-m", "bench.worker", client, scene.dumps()],
            cwd=PROJECT,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )

    @property
    def pid(self) -> int:
        """Its process id."""
        return self._process.pid

    def batch(self, probes: int, at_once: int) -> Batch:
        """Have a batch done; what it tells beside stands in `told`."""
        self.begin(probes, at_once)
        return self.end(probes)

    def begin(self, probes: int, at_once: int) -> None:
        """Have a batch begun."""
        assert self._process.stdin is not None
        self._process.stdin.write(f"{probes} {at_once}\n")
        self._process.stdin.flush()

    def end(self, probes: int) -> Batch:
        """Wait until a batch is done."""
        assert self._process.stdout is not None
        answer = self._process.stdout.readline()
        if not answer:
            message = "a client of the benchmark has ended; see above"
            raise RuntimeError(message)
        said = json.loads(answer)
        self.told = said["told"]
        return Batch(probes=probes, wall=said["wall"], cpu=said["cpu"])

    def close(self) -> None:
        """End it."""
        assert self._process.stdin is not None
        self._process.stdin.close()
        self._process.wait()


@contextmanager
def worker(client: str, scene: Scene, *, uvloop: bool = False) -> Iterator[Worker]:
    """Keep a client while the block lasts."""
    made = Worker(client, replace(scene, uvloop=uvloop))
    try:
        yield made
    finally:
        made.close()


def allow_many_files() -> None:
    """Let this process and its children open as many files as a fleet needs."""
    _, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    most = hard if hard != resource.RLIM_INFINITY else FILES
    resource.setrlimit(resource.RLIMIT_NOFILE, (min(FILES, most), hard))


def _cpu() -> float:
    used = resource.getrusage(resource.RUSAGE_SELF)
    return used.ru_utime + used.ru_stime


def _serve(name: str, scene: str) -> None:
    allow_many_files()
    module, _, function = name.partition(":")
    at = Scene(**json.loads(scene))
    do: Client = getattr(import_module(module), function)(at)
    for line in sys.stdin:
        probes, at_once = map(int, line.split())
        cpu, wall = _cpu(), perf_counter()
        told = do(probes, at_once)
        wall, cpu = perf_counter() - wall, _cpu() - cpu
        print(json.dumps({"wall": wall, "cpu": cpu, "told": told}), flush=True)


if __name__ == "__main__":
    _serve(sys.argv[1], sys.argv[2])
