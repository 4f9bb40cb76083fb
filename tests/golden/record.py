"""
Write the stored reports anew: ``python -m tests.golden.record``.

Without arguments, every report is made again: the lab is run, and the reports
made by hand are written. With ``--verdicts`` the reports stay as they are and
only the verdicts beside them are written anew, after a rule was changed on
purpose. Either way, what changed is in the version control's diff: read it.
"""

from __future__ import annotations

import argparse
import asyncio
import json
from dataclasses import fields
from typing import TYPE_CHECKING, Any

from mailprobe.lab import ThreadedLab
from tests.golden.chosen import CHOSEN
from tests.golden.incidents import INCIDENTS
from tests.golden.load import load, verdict_of
from tests.golden.steady import ports_of, steady
from tests.golden.wordings import WORDINGS
from tests.golden.write import REPORTS, report_document, text, verdict_document
from tests.scenarios.scenario import play
from tests.scenarios.tables import ALL

if TYPE_CHECKING:
    from collections.abc import Iterator

    from mailprobe.lab import Fault
    from mailprobe.model.report import Report
    from tests.scenarios.scenario import Scenario


def record() -> Iterator[tuple[str, str, Report]]:
    """Make every report; yield its name, what it shows, and the report."""
    for made in (*WORDINGS, *INCIDENTS):
        yield made.name, made.about, made.report
    known = {scenario.name: scenario for scenario in ALL}
    with ThreadedLab() as lab:
        ports = ports_of(lab)
        for name in CHOSEN:
            check = asyncio.run(play(known[name], lab))
            yield f"lab-{name}", _about(known[name]), steady(check.report, ports)


def main() -> None:
    """Write the files."""
    parser = argparse.ArgumentParser(prog="python -m tests.golden.record")
    parser.add_argument("--verdicts", action="store_true", help="the verdicts alone")
    if parser.parse_args().verdicts:
        for path in sorted(REPORTS.glob("*.json")):
            stored = json.loads(path.read_text("ascii"))
            _write(path.stem, stored["about"], stored["report"])
        return
    REPORTS.mkdir(exist_ok=True)
    written = set()
    for name, about, report in record():
        _write(name, about, report_document(report))
        written.add(name)
    for path in REPORTS.glob("*.json"):
        if path.stem not in written:
            path.unlink()


def _write(name: str, about: str, document: dict[str, Any]) -> None:
    verdict = verdict_document(verdict_of(load(document)).verdict)
    content = text({"about": about, "verdict": verdict, "report": document})
    (REPORTS / f"{name}.json").write_text(content, "ascii")


def _about(scenario: Scenario) -> str:
    faults = "; ".join(map(_fault, scenario.faults)) or "nothing goes wrong"
    return f"in the lab, {scenario.name}: {faults}"


def _fault(fault: Fault) -> str:
    said = ((f, getattr(fault, f.name)) for f in fields(fault))
    told = [f"{f.name}={value!r:.80}" for f, value in said if value != f.default]
    return f"{type(fault).__name__}({', '.join(told)})"


if __name__ == "__main__":
    main()
