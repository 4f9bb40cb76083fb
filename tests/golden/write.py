"""Reports and verdicts as JSON that is short and reads well in a diff."""

from __future__ import annotations

import json
from dataclasses import MISSING, Field, fields, is_dataclass
from datetime import datetime
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from mailprobe.model.target import Mailbox
from mailprobe.model.verdict import Availabilities, Check
from mailprobe.render.subject import probe_name

if TYPE_CHECKING:
    from mailprobe.model.report import Report
    from mailprobe.model.verdict import Verdict

REPORTS: Final = Path(__file__).parent / "reports"
WIDTH: Final = 88
SECRETS: Final = frozenset({"password", "token"})


def report_document(report: Report) -> dict[str, Any]:
    """Return a report as plain values; what has its default is left out."""
    return {"probe": probe_name(report), **_plain(report)}


def verdict_document(verdict: Verdict) -> dict[str, Any]:
    """Return what must stay as it is: all but the texts of the findings."""
    made: dict[str, Any] = {
        "status": verdict.status.value,
        "blame": verdict.blame.value if verdict.blame else None,
        "at": verdict.at.phase.value if verdict.at else None,
        "rule": verdict.rule,
        "why": verdict.why,
        "advice": verdict.advice,
        "findings": [finding.code for finding in verdict.findings],
    }
    if verdict.availabilities:
        made["availabilities"] = _functions(verdict.availabilities)
    return made


def text(document: dict[str, Any]) -> str:
    """Return a stored file's text: what fits on a line stands on one."""
    return _laid_out(document, 0) + "\n"


def _laid_out(value: Any, depth: int) -> str:  # noqa: ANN401
    line = json.dumps(value)
    if len(line) + depth <= WIDTH or not isinstance(value, (dict, list)) or not value:
        return line
    inner, outer = "\n" + " " * (depth + 1), "\n" + " " * depth
    if isinstance(value, list):
        parts = (_laid_out(item, depth + 1) for item in value)
        return f"[{inner}{f',{inner}'.join(parts)}{outer}]"
    pairs = (f"{json.dumps(k)}: {_laid_out(v, depth + 1)}" for k, v in value.items())
    return f"{{{inner}{f',{inner}'.join(pairs)}{outer}}}"


def _functions(all_four: Availabilities) -> dict[str, str]:
    judged = ((f.name, getattr(all_four, f.name)) for f in fields(all_four))
    return {name: f"{one.status}, {one.rule}" for name, one in judged if one}


def _plain(value: object) -> Any:  # noqa: ANN401 - any JSON value
    if isinstance(value, Check):
        return _plain(value.report)
    if isinstance(value, StrEnum):
        return value.value
    if isinstance(value, datetime):
        return value.isoformat()
    if isinstance(value, tuple):
        return [_plain(item) for item in value]
    if is_dataclass(value):
        # A mailbox's secret is left out even where it is not the default.
        secret = SECRETS if isinstance(value, Mailbox) else ()
        shown = (f for f in fields(value) if f.name not in secret)
        said = ((f, getattr(value, f.name)) for f in shown)
        return {f.name: _plain(given) for f, given in said if not _default(f, given)}
    return value


def _default(field: Field[Any], given: object) -> bool:
    return field.default is not MISSING and field.default == given
