"""The record of a session, over several processes."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import timedelta
from typing import TYPE_CHECKING

from mailprobe.testing.record import Record
from tests.testing.seen import AT, DOWN, OK, check

if TYPE_CHECKING:
    from pathlib import Path

UP, AWAY = check(read=OK), check(read=DOWN)


def test_records_of_processes_come_together() -> None:
    """One look that several processes used is one line, with the tests of all."""
    first, second, whole = Record(), Record(), Record()
    for record, test in ((first, "test_a"), (second, "test_b")):
        record.saw("posta", AWAY)
        record.says("posta", AT, "posta: read is down")
        record.cost("posta", AWAY, test, "skipped")
        whole.heard(record.told())
    assert list(whole.summary()) == [
        ("posta: read is down", ["skipped test_a", "skipped test_b"])
    ]
    (made,) = whole.checks.values()
    assert [cost["id"] for cost in made["tests"]] == ["test_a", "test_b"]


def test_the_latest_word_counts() -> None:
    """The summary says what was seen last, whoever tells of it first."""
    record, other = Record(), Record()
    record.says("posta", AT + timedelta(seconds=1), "posta: works")
    other.says("posta", AT, "posta: is down")
    record.heard(other.told())
    assert [line for line, _ in record.summary()] == ["posta: works"]


def test_a_report_is_one_line_for_each_look(tmp_path: Path) -> None:
    """Lines stand in the order in which the looks began; folders are made."""
    later = replace(UP, report=replace(UP.report, started_at=AT + timedelta(hours=1)))
    record = Record()
    record.saw("posta", later)
    record.saw("posta", UP)
    record.saw("posta", UP)
    path = tmp_path / "made" / "mail.json"
    record.write(path)
    lines = [json.loads(line) for line in path.read_text("ascii").splitlines()]
    assert [line["started_at"] for line in lines] == [
        "2023-01-23T09:42:00.000Z",
        "2023-01-23T10:42:00.000Z",
    ]
