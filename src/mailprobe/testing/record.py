"""What a session saw of its providers, and which tests each outage cost."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from mailprobe.render.json import document

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from datetime import datetime

    from mailprobe.model.report import Report
    from mailprobe.model.verdict import Check


@dataclass(slots=True)
class Record:
    """
    The record of one process, to which those of others can be added.

    It holds plain values only, so that it can be sent from process to process.

    Attributes:
        lines: For each label, the latest summary line and when it was true.
        checks: One ``mailprobe/1`` document for each look, by label and time.
        costs: For each label, how each test ended that an outage befell.
    """

    lines: dict[str, tuple[str, str]] = field(default_factory=dict)
    checks: dict[str, dict[str, Any]] = field(default_factory=dict)
    costs: dict[str, dict[str, str]] = field(default_factory=dict)

    def saw(self, label: str, check: Check[Report]) -> None:
        """Note a check, once."""
        key = _key(label, check)
        if key not in self.checks:
            self.checks[key] = {**document(check), "label": label, "tests": []}

    def says(self, label: str, at: datetime, line: str) -> None:
        """Note what the summary says of *label*; the latest word counts."""
        self._line(label, at.isoformat(), line)

    def cost(self, label: str, check: Check[Report], test: str, outcome: str) -> None:
        """Note what an outage did to a test: "skipped" or "failed"."""
        cost = {"id": test, "outcome": outcome}
        self.checks[_key(label, check)]["tests"].append(cost)
        self.costs.setdefault(label, {})[test] = outcome

    def told(self) -> str:
        """Return all of it as text for another process."""
        return json.dumps([self.lines, self.checks, self.costs])

    def heard(self, text: str) -> None:
        """Add what another process told."""
        lines, checks, costs = json.loads(text)
        for label, (at, line) in lines.items():
            self._line(label, at, line)
        for key, check in checks.items():
            mine = self.checks.setdefault(key, {**check, "tests": []})
            mine["tests"] += check["tests"]
        for label, tests in costs.items():
            self.costs.setdefault(label, {}).update(tests)

    def summary(self) -> Iterator[tuple[str, Sequence[str]]]:
        """Yield for each label its line and the tests that its outage cost."""
        for label, (_, line) in sorted(self.lines.items()):
            costs = self.costs.get(label, {})
            yield line, [f"{how} {test}" for test, how in sorted(costs.items())]

    def write(self, path: Path) -> None:
        """Write one line of JSON for each check, oldest first."""
        path.parent.mkdir(parents=True, exist_ok=True)
        ordered = sorted(self.checks.values(), key=lambda made: str(made["started_at"]))
        text = "".join(f"{json.dumps(made, allow_nan=False)}\n" for made in ordered)
        path.write_text(text, "utf-8")

    def _line(self, label: str, at: str, line: str) -> None:
        known = self.lines.get(label, ("", ""))
        if at >= known[0]:
            self.lines[label] = (at, line)


def _key(label: str, check: Check[Report]) -> str:
    # Processes share their looks: the same label and moment is the same look.
    kind = type(check.report).__name__
    return f"{label} {kind} {check.report.started_at.isoformat()}"
