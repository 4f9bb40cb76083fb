"""
Stored reports keep their verdicts; a rule that is changed shows as a diff.

After a change on purpose: ``python -m tests.golden.record --verdicts``, and
read the diff of ``tests/golden/reports``.
"""

from __future__ import annotations

import json
import re
from difflib import unified_diff
from typing import TYPE_CHECKING, Any

import pytest

from mailprobe.judge import RULES
from tests.golden.chosen import CHOSEN
from tests.golden.incidents import INCIDENTS
from tests.golden.load import load, verdict_of
from tests.golden.wordings import WORDINGS
from tests.golden.write import REPORTS, report_document, text, verdict_document
from tests.scenarios.tables import ALL

if TYPE_CHECKING:
    from pathlib import Path

STORED = sorted(REPORTS.glob("*.json"))
# What tells of one machine: paths, and names or addresses that are not made up.
PRIVATE = re.compile(r"/(?:home|root|tmp|usr|opt|work)/|Traceback|password\": \"")


def _read(path: Path) -> dict[str, Any]:
    stored: dict[str, Any] = json.loads(path.read_text("ascii"))
    return stored


@pytest.mark.parametrize("path", STORED, ids=lambda path: path.stem)
def test_verdict_is_kept(path: Path) -> None:
    """A stored report is judged as it was when it was stored."""
    stored = _read(path)
    judged = verdict_document(verdict_of(load(stored["report"])).verdict)
    before, after = (text(v).splitlines() for v in (stored["verdict"], judged))
    diff = "\n".join(unified_diff(before, after, "stored", "judged", lineterm=""))
    assert not diff, (
        f"{stored['about']}\n{diff}\n"
        "If it is meant: python -m tests.golden.record --verdicts"
    )


@pytest.mark.parametrize("path", STORED, ids=lambda path: path.stem)
def test_report_is_read_whole(path: Path) -> None:
    """Nothing of a stored report is lost when it is read."""
    stored = _read(path)
    assert report_document(load(stored["report"])) == stored["report"]
    assert text(stored) == path.read_text("ascii")


def test_there_are_enough() -> None:
    """At least forty reports are stored, and all that are made are stored."""
    assert len(STORED) >= 40
    made = {made.name for made in (*WORDINGS, *INCIDENTS)}
    assert {path.stem for path in STORED} == made | {f"lab-{name}" for name in CHOSEN}


def test_what_is_recorded_can_be_recorded_again() -> None:
    """Every scenario that is stored is one of the tables."""
    assert set(CHOSEN) <= {scenario.name for scenario in ALL}


def test_every_rule_decides_a_stored_report() -> None:
    """No rule can be changed without a diff here."""
    deciding = {_read(path)["verdict"]["rule"] for path in STORED}
    missing = {rule.name for rule in RULES} - deciding
    assert not missing, "add a report to tests/golden/incidents.py, then record"


@pytest.mark.parametrize("path", STORED, ids=lambda path: path.stem)
def test_nothing_of_a_machine_or_a_secret(path: Path) -> None:
    """What is stored may be read by anybody, and is the same everywhere."""
    assert not PRIVATE.search(path.read_text("ascii"))


def test_a_key_that_is_no_field_is_refused() -> None:
    """A slip in a stored report is no silent default."""
    with pytest.raises(ValueError, match="MxReport has no delivry"):
        load({"probe": "mx", "delivry": "explicit"})
