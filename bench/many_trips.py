"""500 round trips in flight over 50 mailboxes: all found, none swapped, soon."""

from __future__ import annotations

import asyncio
import json
import re
import statistics
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final
from unittest.mock import patch

import mailprobe
from bench.measure import Within
from bench.worker import PROJECT, allow_many_files
from mailprobe.lab import Delay, Lab, Stall
from mailprobe.lab.store import Store
from mailprobe.sweep import Sweep

BOXES: Final = 50
TRIPS: Final = 500
GOAL: Final = 0.1
HELD: Final = 15.0  # seconds; by then all 500 are submitted, on two cores
SHARE: Final = 0.05  # of the transit: what polls alone promise
TIMEOUT: Final = 120.0
SENDER: Final = "ada@libero.test"
TOKEN: Final = re.compile(rb"X-Mailprobe-Canary: (\S+)")
KINDS: Final = {
    "held": f"delivered {HELD:g} s after acceptance, all 500 on their way",
    "silent": f"the same, IDLE never pushing (polls: 4 % of {HELD:g} s)",
    "at once": "delivered at once, while others are still being submitted",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Many(Within):
    """
    Trips at a time, and how soon each arrival was noticed.

    Attributes:
        found: How many saw their own mail, once.
        swapped: How many saw a mail of another's.
        connections: IMAP connections that the server counted.
    """

    found: int
    swapped: int
    connections: int

    @property
    def met(self) -> bool:
        """Whether nothing is amiss and the median is soon enough."""
        all_found = self.found == TRIPS and not self.swapped
        soon = statistics.median(self.took) <= self.goal
        return all_found and soon and self.connections <= BOXES


def measure() -> Iterator[Within]:
    """Send 500 canaries three times; the lab runs in a process of its own."""
    allow_many_files()
    for kind in KINDS:
        with _lab(kind) as lab:
            at = json.loads(lab.stdout.readline())
            reports, most = asyncio.run(_sweep(at))
            lab.stdin.write("done\n")
            lab.stdin.flush()
            told = json.loads(lab.stdout.readline())
        yield _many(kind, reports, most, told)


async def _sweep(at: dict[str, Any]) -> tuple[list[Any], int]:
    boxes = [_box(at, address) for address in at["boxes"]]
    ada = _box(at, SENDER)
    targets = [mailprobe.TripTarget(ada, boxes[n % BOXES]) for n in range(TRIPS)]
    flying = most = 0

    def count(_: str, step: mailprobe.Step) -> None:
        nonlocal flying, most
        flying += (step.phase == "data") - (step.phase == "transit")
        most = max(most, flying)

    pace = mailprobe.Pace(at_once=TRIPS, per_host=TRIPS, per_platform=TRIPS)
    async with mailprobe.Prober(
        ca_file=at["ca_file"],
        nameservers=[at["nameserver"]],
        mx_port=at["mx_port"],
        ehlo_name="probe.posta.test",
        on_step=count,
    ) as prober:
        sweep: Sweep = prober.sweep(targets, pace=pace, timeout=TIMEOUT)
        async with sweep as checks:
            return [check.report async for check in checks], most


def _many(kind: str, reports: list[Any], most: int, told: dict[str, Any]) -> Many:
    delivered: dict[str, list[Any]] = told["delivered"]
    took, found, swapped = [], 0, 0
    for report in reports:
        at = delivered.get(report.canary.strip("<>").partition("@")[0])
        if report.landed is None or at is None:
            continue
        when, address, uid = at
        # The UID that the lab gave to this token's mail is the one that was fetched.
        fetched = [s.seen[0] for s in report.steps if s.phase == "fetch"]
        right = address == report.target.recipient.address
        own = right and report.copies == 1 and fetched == [f"UID {uid} in INBOX"]
        found += own
        swapped += not own
        seen = next(s for s in report.steps if s.phase == "transit")
        took.append(report.started_at.timestamp() + seen.began + seen.took - when)
    left = told["left"]
    return Many(
        name=f"{TRIPS} trips to {BOXES} mailboxes, {KINDS[kind]} ({most} on their way "
        f"at once): {found} found, {swapped} taken for another's, {left} left in the "
        f"mailboxes, {told['connections']} IMAP connections, {told['logins']} logins; "
        "from the delivery until the trip knows",
        took=tuple(took),
        goal=SHARE * HELD if kind == "silent" else GOAL,
        found=found,
        swapped=swapped,
        connections=told["connections"],
    )


def _box(at: dict[str, Any], address: str) -> mailprobe.Mailbox:
    domain = address.rpartition("@")[2]
    (imap_host, imap_port), (smtp_host, smtp_port) = at["services"][domain]
    return mailprobe.Mailbox(
        address,
        password=mailprobe.Secret(at["passwords"][address]),
        imap=mailprobe.Endpoint(imap_host, imap_port, "tls"),
        smtp=mailprobe.Endpoint(smtp_host, smtp_port, "tls"),
    )


@contextmanager
def _lab(kind: str) -> Iterator[Any]:
    process = subprocess.Popen(
        [sys.executable, "-m", "bench.many_trips", kind],
        cwd=PROJECT,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    try:
        yield process
    finally:
        process.stdin.close()  # type: ignore[union-attr]  # it is a pipe
        process.wait()


async def _serve(kind: str) -> None:
    """Be the lab: say where it is, and at the end what it saw."""
    delivered: dict[str, tuple[float, str, int]] = {}
    deliver = Store.deliver

    def noted(self: Store, address: str, raw: bytes, *args: Any, **more: Any) -> Any:  # noqa: ANN401
        at = time.time()
        message = deliver(self, address, raw, *args, **more)
        if found := TOKEN.search(raw):
            delivered[found[1].decode()] = at, address, message.uid
        return message

    users = [f"box{number:02}" for number in range(BOXES)]
    loop = asyncio.get_running_loop()
    with patch.object(Store, "deliver", noted):
        async with Lab(users=("ada", *users)) as lab:
            if kind != "at once":
                lab.inject(Delay(HELD))
            if kind == "silent":
                lab.inject(Stall("PUSH", service="imap"))
            boxes = [f"{user}@posta.test" for user in users]
            _say(_place(lab, boxes))
            await loop.run_in_executor(None, sys.stdin.readline)
            count = lab.store.counters["imap"]
            _say(
                {
                    "delivered": delivered,
                    "connections": count.connections,
                    "logins": count.auth_attempts,
                    "left": sum(len(lab.store.messages(box)) for box in boxes),
                }
            )


def _place(lab: Lab, boxes: list[str]) -> dict[str, Any]:
    every = [SENDER, *boxes]
    services = {}
    for domain in ("libero.test", "posta.test"):
        ends = (lab.endpoint(domain, one, "tls") for one in ("imap", "submission"))
        services[domain] = [(end.host, end.port) for end in ends]
    return {
        "nameserver": lab.nameserver,
        "ca_file": str(Path(lab.ca_file)),
        "mx_port": lab.mx_port,
        "boxes": boxes,
        "passwords": {box: lab.store.account(box).password for box in every},
        "services": services,
    }


def _say(value: dict[str, Any]) -> None:
    print(json.dumps(value), flush=True)


if __name__ == "__main__":
    if sys.argv[1:]:
        allow_many_files()
        asyncio.run(_serve(sys.argv[1]))
    else:
        for result in measure():
            print(result, flush=True)
