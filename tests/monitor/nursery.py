"""
A process that has loaded the monitor, and forks one for each line it is given.

A line says after how many seconds the fork is killed; the answer says how it ended. So
a death costs what the monitor itself costs, and not the start of an interpreter.
"""

from __future__ import annotations

import asyncio
import os
import signal
import sys
import tempfile
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

import msgspec

from mailprobe.model.sample import Party
from mailprobe.model.secret import Secret
from mailprobe.model.target import Endpoint, Mailbox
from mailprobe.monitor import plan as plans
from mailprobe.monitor.ledger import Ledger
from mailprobe.monitor.monitor import Monitor
from mailprobe.monitor.plan import OUTSIDE, Cohort, Plan, Route
from mailprobe.prober import Prober

if TYPE_CHECKING:
    from mailprobe.lab import Lab
    from mailprobe.model.entry import Entry
    from tests.real.world import RealWorld

EVERY = 0.15  # seconds between two mails of a route: hours of a monitor in a second
MAILBOXES = ("ada@libero.test", "bob@libero.test", "ada@posta.test")


class World(msgspec.Struct):
    """What a monitor has to know of the lab; as JSON on a command line."""

    ledger: str
    acknowledged: str
    ca_file: str
    nameserver: str
    mx_port: int
    every: float
    boxes: dict[str, tuple[str, str, int, str, int]]

    @classmethod
    def of(
        cls, lab: Lab | RealWorld, folder: Path, ledger: str, every: float = EVERY
    ) -> World:
        """Describe a lab or real servers that run."""
        boxes = {}
        for address in MAILBOXES:
            box = lab.mailbox(address)
            assert box.password
            assert box.imap
            assert box.smtp
            secret = box.password.reveal()
            at = (box.imap.host, box.imap.port, box.smtp.host, box.smtp.port)
            boxes[address] = (secret, *at)
        return cls(
            ledger=ledger,
            acknowledged=str(folder / "acknowledged"),
            ca_file=str(lab.ca_file),
            nameserver=lab.nameserver,
            mx_port=lab.mx_port,
            every=every,
            boxes=boxes,
        )

    def plan(self, interval: float = plans.INTERVAL) -> Plan:
        """Return six routes between three mailboxes, one of them from outside."""
        boxes = {
            address: Mailbox(
                address,
                password=Secret(secret),
                imap=Endpoint(imap, imap_port, "tls"),
                smtp=Endpoint(smtp, smtp_port, "tls"),
            )
            for address, ends in self.boxes.items()
            for secret, imap, imap_port, smtp, smtp_port in (ends,)
        }
        ada, bob, eve = boxes
        ends = [(ada, bob), (bob, eve), (eve, ada), (eve, bob), (ada, ada)]
        italia = Party(name="libero", platform="italiaonline")
        posta = Party(name="posta", platform="posta")
        return Plan(
            ledger=self.ledger if "://" in self.ledger else Path(self.ledger),
            mailboxes=boxes,
            cohorts=(
                Cohort(name="libero", party=italia, mailboxes=(ada, bob)),
                Cohort(name="posta", party=posta, mailboxes=(eve,)),
            ),
            routes=tuple(
                Route(name=f"{s} to {r}", sender=s, recipient=r, interval=interval)
                for s, r in [*ends, (OUTSIDE, bob)]
            ),
            outside="canary@outside.test",
            grace=0.02,
            patience=1.0,
            look_every=0.5,
            budget=1_000_000,
        )

    def prober(self) -> Prober:
        """Return a prober that finds the lab."""
        return Prober(
            ca_file=self.ca_file,
            nameservers=[self.nameserver],
            mx_port=self.mx_port,
            loopback=True,
            canary_key=bytes(32),  # outlives each of them
        )


class Telling(Ledger):
    """A ledger that says elsewhere what it has acknowledged."""

    into = -1

    async def append(self, *entries: Entry, **others: Any) -> None:  # noqa: ANN401
        """Append, and then say so: whoever reads it may rely on it."""
        await super().append(*entries, **others)
        told = [f"{one.kind} {getattr(one, 'token', '-')}\n" for one in entries]
        os.write(self.into, "".join(told).encode())


async def watch(world: World) -> None:
    """Run a monitor until somebody ends this process."""
    plan = world.plan(world.every)
    Telling.into = os.open(world.acknowledged, os.O_WRONLY | os.O_APPEND | os.O_CREAT)
    ledger = Telling.open(plan.ledger)
    async with world.prober() as prober, Monitor(plan, prober, ledger=ledger) as ours:
        await ours.run()


async def warm_up(world: World) -> None:
    """Load what is loaded late, so that forks have it; nothing is sent."""
    with tempfile.TemporaryDirectory() as folder:
        ledger = Ledger.open(Path(folder) / "ledger.sqlite")
        async with world.prober() as prober:
            async with Monitor(world.plan(), prober, ledger=ledger):
                pass
            await prober.mx("libero.test", connect=True)
            for box in world.plan().mailboxes.values():
                await prober.imap(box)
                assert box.smtp
                await prober.smtp(box.smtp.host, box.smtp.port, security="tls")


def life(world: World, seconds: float) -> str:
    """Fork a monitor, kill it after so many seconds, and say how it ended."""
    child = os.fork()
    if child == 0:
        try:
            asyncio.run(watch(world))
        finally:
            sys.stderr.flush()
            os._exit(1)
    time.sleep(seconds)
    os.kill(child, signal.SIGKILL)
    _, status = os.waitpid(child, 0)
    return "killed" if os.WIFSIGNALED(status) else f"ended by itself: {status}"


def main() -> None:
    """Answer each line of standard input with one on standard output."""
    plans.INTERVAL_MIN = 0.01  # type: ignore[misc]  # the lab is no provider
    world = msgspec.json.decode(sys.argv[1], type=World)
    asyncio.run(warm_up(world))
    for line in sys.stdin:
        sys.stdout.write(f"{life(world, float(line))}\n")
        sys.stdout.flush()


if __name__ == "__main__":
    main()
