"""Our side: sweeps of one process over many targets."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from bench.floor import runner_of
from mailprobe import (
    ImapTarget,
    Mailbox,
    MxTarget,
    Pace,
    Secret,
    SmtpTarget,
    Status,
)

if TYPE_CHECKING:
    from bench.scene import Scene
    from bench.worker import Client
    from mailprobe import Check, Report
    from mailprobe.model.target import Target

UNBOUND: Final = 10_000  # of one host: in the benchmark all targets are on one
OPEN: Final = Path("/proc/self/fd")  # what this process has open
_TIMED: Final = frozenset({"tcp", "tls", "greeting"})


def smtp(scene: Scene) -> Client:
    """Sweep over an SMTP service."""
    return _client(scene, lambda _: SmtpTarget(scene.host, scene.port, _mode(scene)))


def imap(scene: Scene) -> Client:
    """Sweep over an IMAP service, without a login."""
    return _client(
        scene, lambda _: ImapTarget(None, scene.host, scene.port, _mode(scene))
    )


def login(scene: Scene) -> Client:
    """Sweep over a mailbox: login, ID, EXAMINE, quota and folders."""
    box = Mailbox(scene.user, password=Secret(scene.password))
    return _client(
        scene, lambda _: ImapTarget(box, scene.host, scene.port, _mode(scene))
    )


def mx(scene: Scene) -> Client:
    """Look up the MX hosts of domains of their own, with addresses."""
    return _client(scene, lambda number: MxTarget(f"d{number}.{scene.host}"))


def _client(scene: Scene, target: Callable[[int], Target]) -> Client:
    run = runner_of(scene)
    prober = scene.prober()

    async def sweep(probes: int, at_once: int) -> dict[str, Any]:
        pace = Pace(at_once=at_once, per_host=UNBOUND, per_platform=UNBOUND)
        targets = (target(number) for number in range(probes))
        files = len(list(OPEN.iterdir()))
        times: list[tuple[float, bool]] = []
        async with prober.sweep(targets, pace=pace) as checks:
            async for check in checks:
                if check.status is not Status.OK:
                    message = f"a probe did not succeed: {check.why}"
                    raise RuntimeError(message)
                codes = {finding.code for finding in check.verdict.findings}
                times.append((_timed(check), "timings_strained" in codes))
        return {
            "times": times,
            "tasks": len(asyncio.all_tasks()) - 1,
            "files": len(list(OPEN.iterdir())) - files,
        }

    return lambda probes, at_once: run(sweep(probes, at_once))


def _timed(check: Check[Report]) -> float:
    return sum(step.took for step in check.report.steps if step.phase in _TIMED)


def _mode(scene: Scene) -> Any:  # noqa: ANN401 - it came as JSON
    return scene.security
