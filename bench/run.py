"""
Run the benchmarks and write their results: ``python -m bench.run [NAME ...]``.

The exit status is 1 if a goal was missed. Benchmarks that need Postfix and Dovecot
are left out, with a note, where these are not installed.
"""

from __future__ import annotations

import contextlib
import os
import platform
import ssl
import sys
from collections.abc import Callable, Iterator, Sequence
from datetime import UTC, datetime
from importlib import import_module, metadata
from pathlib import Path
from typing import Final

from bench import blackbox
from bench import load as fleet
from bench.measure import Accuracy, Comparison, Within, goal_cell, middle
from tests.real.requirements import missing

Result = Comparison | Accuracy | Within | fleet.Load | fleet.Memory | fleet.Truth

HERE: Final = Path(__file__).parent
LIBRARIES: Final = ("aiosmtplib", "aioimaplib", "dnspython", "cryptography", "msgspec")
FLEET: Final = ("fleet_smtp", "fleet_imap", "fleet_size", "fleet_dns", "one_off")
NEED_SERVERS: Final = frozenset({"starttls", "mailbox", "trip_accuracy", *FLEET})
PEERS: Final = ("sqlalchemy", "smtpdfix", "mail-devel", "aiosmtpd", "aiodns", "uvloop")
PAGES: Final = {
    "results.md": ("startup", "starttls", "mailbox", "trip_accuracy", "notice"),
    "results-lab.md": ("lab",),
    "results-fleet.md": FLEET,
    "results-trips.md": ("many_trips",),
    "results-ledger.md": ("ledger",),
}
"""Which benchmarks fill which file; a file is written when all of them were run."""

NAMES: Final = tuple(name for names in PAGES.values() for name in names)


def results(names: Sequence[str]) -> Iterator[Result]:
    """Run the named benchmarks, one after the other."""
    for name in names:
        measure: Callable[[], Iterator[Result]] = import_module(f"bench.{name}").measure
        for result in measure():
            print(result, flush=True)
            yield result


def report(found: Sequence[Result], left_out: Sequence[str]) -> str:
    """Write what was found as a page of Markdown."""
    ratios = [r for r in found if isinstance(r, Comparison)]
    trips = [r for r in found if isinstance(r, Accuracy)]
    bounds = [r for r in found if isinstance(r, Within)]
    parts = [_machine(), *_fleet(found)]
    if ratios:
        parts.append(_table(_RATIO_HEADS, [_ratio(r) for r in ratios]))
    if bounds:
        parts.append(_table(_BOUND_HEADS, [_bound(r) for r in bounds]))
    if trips:
        parts.append(_table(_TRIP_HEADS, [_trip(r) for r in trips]))
    if left_out:
        parts.append(f"Not run here: {', '.join(left_out)}.")
    return "\n\n".join(parts) + "\n"


def _fleet(found: Sequence[Result]) -> Iterator[str]:
    """Write what batches cost, what they hold in memory, and what they report."""
    loads = [fleet.row(r) for r in found if isinstance(r, fleet.Load)]
    sizes = [fleet.memory_row(r) for r in found if isinstance(r, fleet.Memory)]
    times = [fleet.truth_row(r) for r in found if isinstance(r, fleet.Truth)]
    if loads and blackbox.installed():
        yield f"blackbox_exporter is {blackbox.PROGRAM} {blackbox.version()}."
    for heads, rows in (
        (fleet.HEADS, loads),
        (fleet.MEMORY_HEADS, sizes),
        (fleet.TRUTH_HEADS, times),
    ):
        if rows:
            yield _table(heads, rows)


_RATIO_HEADS: Final = ("what", "median (middle half)", "against", "ratio", "at most")
_BOUND_HEADS: Final = ("what", "median (middle half)", "at most")
_TRIP_HEADS: Final = (
    "mail held for",
    "trips",
    "true transit",
    "error of ours",
    "at most",
    "bound held",
)


def _ratio(r: Comparison) -> Sequence[str]:
    against = f"{r.against}: {middle(r.theirs)}"
    return (r.name, middle(r.ours), against, f"**{r.ratio:.2f}x**", _goal(r, r.bound))


def _bound(r: Within) -> Sequence[str]:
    return (r.name, f"**{middle(r.took)}**", _goal(r, f"{r.goal * 1e3:g} ms"))


def _trip(r: Accuracy) -> Sequence[str]:
    return (
        f"{r.held:g} s",
        str(len(r.trips)),
        f"{r.truth * 1e3:.0f} ms",
        f"**{r.error * 1e3:.1f} ms**",
        _goal(r, f"{r.goal * 1e3:.0f} ms"),
        f"{r.bounds_held} of {len(r.trips)}",
    )


def _goal(r: Result, goal: str) -> str:
    return goal_cell(goal, met=r.met)


def _table(heads: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    every = (heads, ["---"] * len(heads), *rows)
    return "\n".join(f"| {' | '.join(row)} |" for row in every)


def _machine() -> str:
    libraries = ", ".join(f"{name} {metadata.version(name)}" for name in _installed())
    return (
        f"Measured on {datetime.now(UTC):%Y-%m-%d}, on a machine with "
        f"{os.cpu_count()} cores ({platform.system()}, {platform.machine()}), over "
        f"loopback, with mailprobe {metadata.version('mailprobe')}, "
        f"{_python()}, {' '.join(ssl.OPENSSL_VERSION.split(' ')[:2])}, {libraries}."
    )


def _python() -> str:
    """Name the interpreter and its origin: that is a good part of every figure."""
    whose = "the distribution's" if sys.base_prefix == "/usr" else "built apart"
    return f"Python {platform.python_version()} ({whose})"


def _installed() -> Iterator[str]:
    yield from LIBRARIES
    for name in PEERS:
        with contextlib.suppress(metadata.PackageNotFoundError):
            metadata.version(name)
            yield name


def main(arguments: Sequence[str]) -> int:
    """Run all, or those that are named."""
    wanted = list(arguments) or list(NAMES)
    left_out = [n for n in wanted if n in NEED_SERVERS] if missing() else []
    if left_out:
        print(f"left out ({missing()}): {', '.join(left_out)}")
    met = True
    for page, names in PAGES.items():
        asked = [name for name in names if name in wanted]
        found = list(results([name for name in asked if name not in left_out]))
        if asked == list(names):
            missed = [name for name in names if name in left_out]
            (HERE / page).write_text(report(found, missed), "utf-8")
        met = met and all(result.met for result in found)
    return 0 if met else 1


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1:]))
