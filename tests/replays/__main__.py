"""
Play scenarios with the monitor, and print what became of the canaries and incidents.

    python -m tests.replays [NAME ...]
"""

from __future__ import annotations

import sys
import tempfile
import time
from collections import Counter
from pathlib import Path

from tests.replays.agreement import disagreements
from tests.replays.monitored import monitor
from tests.replays.scenario import NAMES, load
from tests.replays.stage import play


def main(names: list[str]) -> int:
    """Play them one after another; return 1 if anything was seen wrongly."""
    wrong = 0
    for name in names or NAMES:
        scenario = load(name)
        began = time.perf_counter()
        with tempfile.TemporaryDirectory() as folder:
            played = play(scenario, monitor(Path(folder)))
        took = time.perf_counter() - began
        passages = played.result.passages.values()
        fates = Counter(str(one.fate) for one in passages)
        shown = ", ".join(f"{count} {fate}" for fate, count in fates.most_common())
        print(f"{name}: {len(passages)} mails in {took:.0f} s: {shown}")  # noqa: T201
        for event in played.result.events:
            when = event.at.astimezone(scenario.begins.tzinfo)
            said = f"{event.change}: {event.incident.why}"
            print(f"  {when:%d %b %H:%M} {said}")  # noqa: T201
        found = disagreements(scenario, played)
        wrong += len(found)
        for line in found[:10]:
            print(f"  {line}")  # noqa: T201
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
