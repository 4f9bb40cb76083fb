"""What a session with real providers leaves behind: reports and properties."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Final
from xml.etree import ElementTree as ET

import pytest
from jsonschema import Draft202012Validator, FormatChecker

from tests.testing.inner import SENTENCE, TWO, UNAVAILABLE, Inner

SCHEMA: Final = (
    Path(__file__).resolve().parents[2] / "docs/reference/mailprobe-1.schema.json"
)

pytest_plugins = ["pytester", "tests.testing.inside"]


def test_the_report_is_as_the_schema_says(inside: Inner) -> None:
    """Each line of the report is a mailprobe/1 check, with the tests it cost."""
    file = inside.pytester.makepyfile(TWO)
    path = inside.pytester.path / "made" / "mail.json"
    with inside.lab.fault(UNAVAILABLE):
        inside.run(f"--mailprobe-report={path}").assert_outcomes(passed=1, skipped=1)
    schema = json.loads(SCHEMA.read_text("utf-8"))
    validator = Draft202012Validator(schema, format_checker=FormatChecker())
    made = inside.document("made/mail.json")
    assert [error for one in made for error in validator.iter_errors(one)] == []
    assert [(one["label"], one["status"]) for one in made] == [
        ("ada-posta", "down"),
        ("ada-libero", "ok"),
    ]
    assert made[0]["tests"] == [
        {"id": f"{file.name}::test_reads", "outcome": "skipped"}
    ]
    assert made[1]["tests"] == []


def test_an_old_report_does_not_stay(inside: Inner) -> None:
    """A session that looks at nothing leaves an empty report, not an old one."""
    (inside.pytester.path / "mail.json").write_text("old\n")
    inside.pytester.makepyfile("def test_plain(): pass")
    inside.run("--mailprobe-report=mail.json").assert_outcomes(passed=1)
    assert inside.document("mail.json") == []


def test_a_report_that_cannot_be_written(inside: Inner) -> None:
    """A report that cannot be written is an error before anything runs."""
    inside.pytester.makepyfile("def test_plain(): pass")
    result = inside.apart(f"--mailprobe-report={inside.pytester.path}")
    assert result.ret == pytest.ExitCode.USAGE_ERROR
    result.stderr.re_match_lines(
        [r"ERROR: --mailprobe-report: .* cannot be written: .*"]
    )


def test_junit_properties(inside: Inner) -> None:
    """JUnit reports say of each test how its provider stood, before and after."""
    inside.pytester.makepyfile(TWO.replace("pass", "assert False"))
    with inside.lab.fault(UNAVAILABLE):
        inside.run("--junitxml=junit.xml").assert_outcomes(failed=1, skipped=1)
    root = ET.parse(inside.pytester.path / "junit.xml").getroot()  # noqa: S314 - ours
    props = {
        case.get("name"): {p.get("name"): p.get("value") for p in case.iter("property")}
        for case in root.iter("testcase")
    }
    told = props["test_reads"]["mailprobe.ada-posta.read"]
    assert told is not None
    assert re.fullmatch(rf"down \(provider\): .*{SENTENCE}\.", told)
    assert set(props["test_elsewhere"]) == {
        "mailprobe.ada-libero.read",
        "mailprobe.ada-libero.read.after",
    }
    assert root.find(".//failure") is not None
    assert "mail was healthy" in str(root.find(".//failure").text)  # type: ignore[union-attr]
