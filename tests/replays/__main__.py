"""
Play scenarios with the small watcher, and print what became of the canaries.

    python -m tests.replays [NAME ...]
"""

from __future__ import annotations

import sys
import time
from collections import Counter

from tests.replays.agreement import disagreements
from tests.replays.scenario import NAMES, load
from tests.replays.stage import play
from tests.replays.watcher import watch


def main(names: list[str]) -> int:
    """Play them one after another; return 1 if anything was seen wrongly."""
    wrong = 0
    for name in names or NAMES:
        began = time.perf_counter()
        played = play(load(name), watch)
        took = time.perf_counter() - began
        passages = played.result.passages.values()
        fates = Counter(str(one.fate) for one in passages)
        found = disagreements(load(name), played)
        wrong += len(found)
        shown = ", ".join(f"{count} {fate}" for fate, count in fates.most_common())
        print(f"{name}: {len(passages)} mails in {took:.0f} s: {shown}")  # noqa: T201
        for line in found[:10]:
            print(f"  {line}")  # noqa: T201
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
