"""How pytest's own reports show what there is to say."""

from __future__ import annotations

import inspect
import os
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import pytest


def show_excuse(item: pytest.Item, report: pytest.TestReport, why: str) -> None:
    """Let a skip point at the test, and let a failure count as one of the test."""
    if report.skipped:
        path, line, _ = item.reportinfo()
        report.longrepr = (os.fspath(path), (line or 0) + 1, f"Skipped: {why}")
    else:
        # pytest calls what happens before the test an error; this is its failure.
        report.when = "call"


def add_section(report: pytest.TestReport, text: str) -> None:
    """Put a section of its own into a failure; no text, no section."""
    if not text:
        return
    add = getattr(report.longrepr, "addsection", None)
    if add is not None:
        add("mailprobe", text)  # shown whatever --show-capture says
    else:
        report.sections.append(("mailprobe", text))


def place(item: pytest.Item, marker: str) -> str:
    """Return file and line of the marker, if it stands above the test itself."""
    path, line, _ = item.location
    number = (line or 0) + 1
    function = getattr(item, "obj", None)
    try:
        lines, first = inspect.getsourcelines(inspect.unwrap(function))  # type: ignore[arg-type]
    except (OSError, TypeError, ValueError):
        return f"{path}:{number}"
    for offset, text in enumerate(lines):
        if marker in text:
            return f"{path}:{first + offset}"
        if text.lstrip().startswith(("def ", "async def ")):
            break
    return f"{path}:{number}"
