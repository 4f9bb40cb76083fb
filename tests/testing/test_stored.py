"""Provider reports on disk: nothing is lost but secrets."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import pytest

from mailprobe.judge.provider import judge_provider
from mailprobe.model.provider import Catalogue
from mailprobe.model.report import ProviderReport
from mailprobe.model.secret import Secret
from mailprobe.model.target import Mailbox
from mailprobe.providers import builtin
from mailprobe.testing.stored import packed, unpacked
from tests.golden.load import load
from tests.golden.write import REPORTS

if TYPE_CHECKING:
    from pathlib import Path

STORED = sorted(REPORTS.glob("lab-provider-*.json"))


def _report(path: Path) -> ProviderReport:
    found = load(json.loads(path.read_text("ascii"))["report"])
    assert isinstance(found, ProviderReport)
    return found


def _again(document: Any) -> Any:  # noqa: ANN401 - any JSON value
    return json.loads(json.dumps(document))


@pytest.mark.parametrize("path", STORED, ids=lambda path: path.stem)
def test_a_check_comes_back_as_it_was(path: Path) -> None:
    """Facts are the same after a journey through JSON, and so is the verdict."""
    report = _report(path)
    back = unpacked(_again(packed(report)), builtin())
    assert back.report == report
    assert back.verdict == judge_provider(report).verdict


def test_secrets_stay_behind() -> None:
    """A password or token is neither written nor asked for."""
    report = _report(STORED[0])
    box = Mailbox("ada@libero.test", password=Secret("geheim"), token=lambda: "token")
    target = replace(report.target, mailbox=box)
    text = json.dumps(packed(replace(report, target=target)))
    assert "geheim" not in text
    back = unpacked(json.loads(text), Catalogue()).report.target.mailbox
    assert back == Mailbox("ada@libero.test")


@pytest.mark.parametrize("document", [None, 3, {}, {"target": {}}, {"no": 1}, []])
def test_what_is_no_report_is_refused(document: object) -> None:
    """Anything else is an error of a known kind, never a wrong report."""
    with pytest.raises((TypeError, ValueError, LookupError, AttributeError)):
        unpacked(document, Catalogue())
