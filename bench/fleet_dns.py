"""MX lookups with addresses at one name server: ours, and aiodns (c-ares)."""

from __future__ import annotations

import asyncio
import tempfile
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import replace
from functools import partial
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from bench.floor import in_parallel, runner_of
from bench.load import Load, turns
from bench.scene import Scene
from bench.worker import allow_many_files, worker
from tests.real.names import _nsd
from tests.real.process import Guard, listens
from tests.real.world import RealWorld

if TYPE_CHECKING:
    from bench.worker import Client

DOMAINS: Final = 10_000
AT_ONCE: Final = 200
ZONE: Final = "bench.test"
OWN: Final = 77  # the last number of the name server's address
SHARE: Final = 0.8  # of the rate of aiodns, at least
CLIENTS: Final = (
    "bench.sweeps:mx",
    "bench.fleet_dns:resolver",
    "bench.fleet_dns:cares",
)


def measure() -> Iterator[Load]:
    """Look up 10,000 domains, each with an MX host and two addresses of its own."""
    if find_spec("aiodns") is None:
        print("aiodns is not installed: nothing to compare the lookups with")
        return
    allow_many_files()
    with RealWorld() as world, _name_server(world) as address:
        scene = replace(
            Scene.of(world, "mx"),
            host=ZONE,
            address=address,
            nameserver=f"{address}:53",
        )
        with ExitStack() as stack:
            running = [stack.enter_context(worker(name, scene)) for name in CLIENTS]
            checks, bare, cares = turns(
                [partial(one.batch, DOMAINS, AT_ONCE) for one in running]
            )
    for name, ours in (("checks", checks), ("bare lookups", bare)):
        yield Load(
            name=f"{DOMAINS:,} MX with A and AAAA, {AT_ONCE} at once ({name})",
            against="aiodns",
            ours=ours,
            theirs=cares,
            rate_at_least=SHARE,
        )


def resolver(scene: Scene) -> Client:
    """Ask with our own resolver, and judge nothing."""
    from mailprobe import Limits  # noqa: PLC0415 - in the client's process alone
    from mailprobe.wire.resolver import Resolver  # noqa: PLC0415 - the same

    asked = Resolver([scene.nameserver], Limits())

    async def one(domain: str) -> None:
        found = await asked.lookup(domain, "MX")
        for record in found.records:
            host = str(record.exchange)  # type: ignore[attr-defined]
            answers = await asyncio.gather(
                asked.lookup(host, "A"), asked.lookup(host, "AAAA")
            )
            assert all(answer.records for answer in answers)

    return _client(scene, lambda: one)


def cares(scene: Scene) -> Client:
    """Ask with aiodns."""
    import aiodns  # noqa: PLC0415 - in the client's process alone

    def made() -> Any:  # noqa: ANN401
        asked = aiodns.DNSResolver(nameservers=[scene.address], timeout=5.0)

        async def one(domain: str) -> None:
            found: Any = await asked.query_dns(domain, "MX")
            for record in found.answer:
                host = record.data.exchange
                answers: Any = await asyncio.gather(
                    asked.query_dns(host, "A"), asked.query_dns(host, "AAAA")
                )
                assert all(answer.answer for answer in answers)

        return one

    return _client(scene, made)


def _client(scene: Scene, made: Any) -> Client:  # noqa: ANN401
    run = runner_of(scene)

    async def all_of_them(probes: int, at_once: int) -> None:
        one = made()
        names = iter([f"d{number}.{ZONE}" for number in range(probes)])
        await in_parallel(lambda: one(next(names)), probes, at_once)

    return lambda probes, at_once: run(all_of_them(probes, at_once))


@contextmanager
def _name_server(world: RealWorld) -> Iterator[str]:
    """Serve a zone of many domains by an NSD of its own; give its address."""
    address = world.plan.at(OWN)
    with tempfile.TemporaryDirectory(prefix="names-") as room:
        zone = Path(room) / "bench.zone"
        zone.write_text(_zone(), "ascii")
        guard = Guard(Path(room), world.plan.lock)
        server = _nsd(address, Path(room) / "nsd", {ZONE: zone}, guard)
        server.start()
        try:
            server.await_ready(lambda: listens(address, 53))
            yield address
        finally:
            server.stop()
            guard.close()


def _zone() -> str:
    head = "$TTL 300\n@ SOA ns hostmaster 1 3600 600 86400 1\n@ NS ns\nns A 127.0.0.1\n"
    return head + "".join(
        f"d{n} MX 10 mx.d{n}\nmx.d{n} A 192.0.2.{n % 250 + 1}\n"
        f"mx.d{n} AAAA 2001:db8::{n:x}\n"
        for n in range(DOMAINS)
    )


if __name__ == "__main__":
    for load in measure():
        print(load, flush=True)
