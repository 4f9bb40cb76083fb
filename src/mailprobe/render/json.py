"""
Checks as JSON, for programs: one object per check, ``mailprobe/1``.

Keys are only ever added. Times are RFC 3339 in UTC with milliseconds, durations
float seconds, enumerations snake_case; what is unknown is null, never NaN. A
mailbox is shown by its address, its services and its login mechanism: secrets
never come near this file.
"""

from __future__ import annotations

import json
import math
from collections.abc import Callable, Iterable, Mapping
from dataclasses import fields, is_dataclass
from datetime import UTC, datetime
from enum import StrEnum
from functools import cache
from typing import Any, Final

from mailprobe.model.report import Report, Step, TripReport
from mailprobe.model.target import (
    DispatchTarget,
    Endpoint,
    ImapTarget,
    Mailbox,
    MxTarget,
    ProviderTarget,
    SmtpTarget,
    Target,
    TlsTarget,
    TripTarget,
    VisitTarget,
)
from mailprobe.model.verdict import Availabilities, Check, Verdict
from mailprobe.model.visit import VisitReport
from mailprobe.render.clean import sound
from mailprobe.render.subject import narrow, probe_name, service

SCHEMA: Final = "mailprobe/1"

COMPUTED: Final[Mapping[type[Report], tuple[str, ...]]] = {
    TripReport: ("transit", "acceptance_to_sight"),
    VisitReport: ("access", "missing"),
}
"""Properties that are facts too."""

SHARED: Final = frozenset({"target", *(f.name for f in fields(Report))})
"""Fields that stand beside the facts."""

_DIGITS: Final = 6  # microseconds: finer than any clock we read


def document(check: Check[Report], *, asked: str = "") -> dict[str, Any]:
    """Return *check* as plain values that any JSON writer takes; see `encode`."""
    report = narrow(check.report)
    made: dict[str, Any] = {
        "schema": SCHEMA,
        "probe": probe_name(report),
        "target": target_document(report.target),
        "started_at": _plain(report.started_at),
        "duration_s": _plain(report.duration),
        **_verdict(check.verdict),
        "steps": [_step(step) for step in report.steps],
        "earlier": _plain(report.earlier),
        "facts": facts(report),
        "prober": _plain(report.prober),
    }
    if asked:
        made["asked"] = sound(asked)
    if check.verdict.availabilities is not None:
        made["availabilities"] = _availabilities(check.verdict.availabilities)
    if report.transcript:
        made["transcript"] = _plain(report.transcript)
    return made


def encode(check: Check[Report], *, indent: int | None = None, asked: str = "") -> str:
    """
    Return *check* as one line of ASCII JSON (so that a stream of them is NDJSON).

    Args:
        check: What to write.
        indent: Spaces per level, for reading; None keeps it on one line.
        asked: The target as the list of a sweep has it; left out if empty.
    """
    # ASCII: the line survives every locale, and no character in it is a line
    # separator or steers a terminal.
    return json.dumps(document(check, asked=asked), allow_nan=False, indent=indent)


def line(value: object) -> str:
    """Return any value of the model as one line of ASCII JSON."""
    return json.dumps(_plain(value), allow_nan=False)


def plain(value: object) -> dict[str, Any]:
    """Return a dataclass of the model as plain values that any writer takes."""
    made: dict[str, Any] = _plain(value)
    return made


def answer(name: str, value: object) -> str:
    """
    Return an answer from the ledger as one line of ASCII JSON.

    Args:
        name: Which answer: "status", "history", "incidents" or "report".
        value: It, a dataclass; its fields stand beside the name.
    """
    made = {"schema": SCHEMA, "answer": name, **plain(value)}
    return json.dumps(made, allow_nan=False)


def facts(report: Report) -> dict[str, Any]:
    """Return the typed facts of *report*: its own fields, without the shared ones."""
    names = (name for name in _names(report) if name not in SHARED)
    every = (*names, *COMPUTED.get(type(report), ()))
    return {name: _plain(getattr(report, name)) for name in every}


def _verdict(verdict: Verdict) -> dict[str, Any]:
    at = verdict.at
    return {
        "status": verdict.status.value,
        "blame": verdict.blame.value if verdict.blame else None,
        "at": {"phase": at.phase.value, "peer": sound(at.peer)} if at else None,
        "why": sound(verdict.why),
        "advice": sound(verdict.advice),
        "findings": _plain(verdict.findings),
        "verdict_rule": verdict.rule,
    }


def _availabilities(all_four: Availabilities) -> dict[str, Any]:
    made: dict[str, Any] = {}
    for field in fields(all_four):
        verdict: Verdict | None = getattr(all_four, field.name)
        made[field.name] = _verdict(verdict) if verdict else None
    return made


def _step(step: Step) -> dict[str, Any]:
    return {
        "phase": step.phase.value,
        "peer": sound(step.peer),
        "began_s": _plain(step.began),
        "took_s": _plain(step.took),
        "failure": _plain(step.failure),
        "seen": _plain(step.seen),
        "optional": step.optional,
    }


def target_document(target: Target) -> dict[str, Any]:  # noqa: PLR0911 - one each
    """Return a target as plain values, without secrets."""
    match target:
        case MxTarget():
            return {"domain": sound(target.domain), "connect": target.connect}
        case SmtpTarget():
            served = Endpoint(target.host, target.port, target.security)
            return {**_served(served), "mailbox": _mailbox(target.mailbox)}
        case ImapTarget():
            return {**_served(service(target)), "mailbox": _mailbox(target.mailbox)}
        case TlsTarget():
            return _served(Endpoint(target.host, target.port, target.security))
        case TripTarget():
            return {
                "sender": _mailbox(target.sender),
                "recipient": _mailbox(target.recipient),
            }
        case DispatchTarget():
            return {
                "token": sound(target.token),
                "sender": sound(target.sender),
                "recipient": sound(target.recipient),
                "mailbox": _mailbox(target.mailbox),
            }
        case VisitTarget():
            return {
                "mailbox": _mailbox(target.mailbox),
                "bookmark": _plain(target.bookmark),
                "expected": _plain(target.expected),
                "patience": _plain(target.patience),
                "remove": target.remove,
                "sentinels": _plain(target.sentinels),
            }
        case ProviderTarget():
            return {"name": sound(target.name), "mailbox": _mailbox(target.mailbox)}


def _served(endpoint: Endpoint | None) -> dict[str, Any]:
    if endpoint is None:
        return {"host": None, "port": None, "security": None}
    return {
        "host": sound(endpoint.host),
        "port": endpoint.port,
        "security": str(endpoint.security),
    }


def _mailbox(mailbox: Mailbox | None) -> dict[str, Any] | None:
    if mailbox is None:
        return None
    return {
        "address": sound(mailbox.address),
        "imap": _served(mailbox.imap) if mailbox.imap else None,
        "smtp": _served(mailbox.smtp) if mailbox.smtp else None,
        "auth": mailbox.auth or None,
    }


def _plain(value: object) -> Any:  # noqa: ANN401 - whatever JSON has
    write = _WRITERS.get(type(value))
    if write is not None:
        return write(value)
    if isinstance(value, StrEnum):
        return value.value
    if isinstance(value, Check):
        return document(value)
    if is_dataclass(value):
        return {name: _plain(getattr(value, name)) for name in _names(value)}
    # Nothing else is a fact; a secret or a callable would end here.
    return None


def _number(value: float) -> float | None:
    return round(value, _DIGITS) if math.isfinite(value) else None


def _moment(value: datetime) -> str:
    utc = value.astimezone(UTC).isoformat(timespec="milliseconds")
    return utc.removesuffix("+00:00") + "Z"


def _list(value: Iterable[object]) -> list[Any]:
    return [_plain(item) for item in value]


def _itself(value: object) -> object:
    return value


# By their very type: of all that is written, most is one of these.
_WRITERS: Final[Mapping[type, Callable[[Any], Any]]] = {
    type(None): _itself,
    bool: _itself,
    int: _itself,
    str: sound,
    float: _number,
    datetime: _moment,
    tuple: _list,
    list: _list,
    Mailbox: _mailbox,
}


@cache
def _named(kind: Any) -> tuple[str, ...]:  # noqa: ANN401 - a dataclass
    return tuple(field.name for field in fields(kind))


def _names(value: object) -> tuple[str, ...]:
    """Return the names of the fields of a dataclass; there are some dozens of them."""
    kind: Any = type(value)
    return _named(kind)
