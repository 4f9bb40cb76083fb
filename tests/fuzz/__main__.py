"""
Fuzz what servers and files may throw at us: ``python -m tests.fuzz``.

Each target gets its seconds in a process of its own, so that a crash ends that
one alone. The table at the end says how many inputs were run and what was found.
"""

from __future__ import annotations

import argparse
import re
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Final

from tests.fuzz.seeds import seeds
from tests.fuzz.targets import TARGETS

if TYPE_CHECKING:
    from collections.abc import Sequence

SECONDS: Final = 20  # per target: some ten thousand inputs of the slowest
INPUT_BYTES: Final = 4096  # twice the largest bound that the targets work with
INPUT_SECONDS: Final = 5  # the slowest input takes milliseconds; this is a hang
MEMORY_MB: Final = 1024  # instrumented code and the corpus take some 200
_DONE: Final = re.compile(r"^Done (\d+) runs in (\d+) second", re.MULTILINE)
_COUNTED: Final = re.compile(r"^#(\d+)\s", re.MULTILINE)
_RAISED: Final = re.compile(r"=== Uncaught Python exception: ===\n(.*)")
_ENDED: Final = re.compile(r"ERROR: libFuzzer: (.*)")


@dataclass(frozen=True, slots=True)
class Outcome:
    """What fuzzing one target came to; *found* is empty if all went well."""

    name: str
    inputs: int
    found: str
    report: str


def fuzz(name: str, seconds: int, kept: Path) -> Outcome:
    """
    Fuzz one target.

    Args:
        name: The target.
        seconds: How long.
        kept: Where an input that was a finding is kept.
    """
    with TemporaryDirectory() as folder:
        for number, seed in enumerate(seeds()[name]):
            Path(folder, f"seed-{number}").write_bytes(seed)
        kept.mkdir(parents=True, exist_ok=True)
        command = (
            *(sys.executable, "-m", "tests.fuzz.one", name),
            f"-max_total_time={seconds}",
            f"-max_len={INPUT_BYTES}",
            f"-timeout={INPUT_SECONDS}",
            f"-rss_limit_mb={MEMORY_MB}",
            f"-artifact_prefix={kept}/{name}-",
            folder,
        )
        run = subprocess.run(  # noqa: S603 - our own module
            command,
            check=False,
            capture_output=True,
            encoding="utf-8",
            errors="replace",
        )
    report = run.stdout + run.stderr
    done, counted = _DONE.search(report), _COUNTED.findall(report)
    inputs = int(done[1]) if done else int(counted[-1]) if counted else 0
    found = ""
    if run.returncode or not done:
        said = _RAISED.search(report) or _ENDED.search(report)
        found = said[1].strip() if said else f"exit status {run.returncode}"
    return Outcome(name, inputs, found, report)


def main(arguments: Sequence[str] | None = None) -> int:
    """Fuzz the targets that are named, or all; 1 if anything was found."""
    parser = argparse.ArgumentParser(prog="python -m tests.fuzz", description=__doc__)
    parser.add_argument("targets", nargs="*", metavar="TARGET", help=", ".join(TARGETS))
    parser.add_argument("--seconds", type=int, default=SECONDS, help="for each target")
    parser.add_argument(
        "--kept", type=Path, default=Path(".cache/fuzz"), help="for findings"
    )
    chosen = parser.parse_args(arguments)
    if unknown := set(chosen.targets) - set(TARGETS):
        parser.error(f"no such target: {', '.join(sorted(unknown))}")
    outcomes = []
    for name in chosen.targets or TARGETS:
        outcome = fuzz(name, chosen.seconds, chosen.kept)
        outcomes.append(outcome)
        if outcome.found:
            sys.stderr.write(outcome.report)
        line = (
            f"{name:16}{outcome.inputs:>10} inputs  {outcome.found or 'nothing found'}"
        )
        sys.stdout.write(line + "\n")
        sys.stdout.flush()
    findings = sum(bool(outcome.found) for outcome in outcomes)
    total = sum(outcome.inputs for outcome in outcomes)
    sys.stdout.write(f"{total} inputs, {findings} findings\n")
    return 1 if findings else 0


if __name__ == "__main__":
    sys.exit(main())
