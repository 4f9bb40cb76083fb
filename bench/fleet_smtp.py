"""SMTP with STARTTLS at Postfix: many at once and one at a time, beside others."""

from __future__ import annotations

import smtplib
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from functools import partial
from typing import TYPE_CHECKING, Final

from bench import blackbox
from bench.beside import AT_ONCE, PROBES, beside
from bench.load import Batch, Load, Truth, turns
from bench.scene import Scene
from bench.worker import allow_many_files, worker
from tests.real.world import RealWorld

if TYPE_CHECKING:
    from bench.worker import Client

WORK: Final = "SMTP with STARTTLS"
ALONE: Final = 100  # probes of a batch, one at a time
LONGER: Final = 1.2  # at most, what is reported with many at once
PROCESSES: Final = "500"  # of Postfix for each port, so that nobody is kept waiting


def measure() -> Iterator[Load | Truth]:
    """Compare CPU and rate, with many at once and with one at a time."""
    allow_many_files()
    with RealWorld() as world, world.postfix.changed(default_process_limit=PROCESSES):
        scene = Scene.of(world, "mx")
        yield from beside(WORK, "smtp", scene)
        yield from _one_at_a_time(scene)


def _one_at_a_time(scene: Scene) -> Iterator[Load | Truth]:
    with ExitStack() as stack:
        ours = stack.enter_context(worker("bench.sweeps:smtp", scene))
        script = stack.enter_context(worker("bench.fleet_smtp:blocking", scene))
        clients: list[Callable[[int, int], Batch]] = [ours.batch, script.batch]
        if blackbox.installed():
            clients.append(stack.enter_context(blackbox.exporter("smtp", scene)))
        mine, plain, *others = turns([partial(one, ALONE, 1) for one in clients])
        alone = ours.told["times"]
        ours.batch(PROBES, AT_ONCE)
        many = ours.told["times"]
    name = f"{WORK}, one at a time"
    for other in others:
        yield Load(
            name=name,
            against="blackbox_exporter",
            ours=mine,
            theirs=other,
            rate_at_least=5.0,
        )
    yield Load(
        name=name,
        against="blocking `smtplib`, which looks up no name",
        ours=mine,
        theirs=plain,
        rate_at_least=1 / 1.3,
    )
    yield Truth(
        name=f"TCP, TLS and greeting, {AT_ONCE} at once at Postfix",
        alone=tuple(seconds for seconds, _ in alone),
        many=tuple((seconds, said) for seconds, said in many),
        goal=LONGER,
    )


def blocking(scene: Scene) -> Client:
    """Do it with `smtplib`, without a lookup: name and policy are there already."""
    context = scene.context()

    def do(probes: int, at_once: int) -> None:
        assert at_once == 1
        for _ in range(probes):
            client = smtplib.SMTP(local_hostname="probe.posta.test")
            client.connect(scene.address, scene.port)
            # What starttls() checks the certificate against.
            client._host = scene.host  # type: ignore[attr-defined]  # noqa: SLF001
            client.ehlo()
            client.starttls(context=context)
            client.ehlo()
            client.quit()

    return do


if __name__ == "__main__":
    for result in measure():
        print(result, flush=True)
