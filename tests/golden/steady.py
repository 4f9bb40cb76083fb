"""A report of the lab without what differs from one run to the next."""

from __future__ import annotations

import re
from dataclasses import fields, is_dataclass, replace
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any, Final, TypeVar

from mailprobe.lab import DOMAINS
from mailprobe.model.report import (
    Certificate,
    Inbox,
    MxReport,
    ProberFacts,
    Report,
    Step,
    TlsFacts,
)
from mailprobe.model.verdict import Check

if TYPE_CHECKING:
    from collections.abc import Mapping

    from mailprobe.lab import ThreadedLab

R = TypeVar("R", bound=Report)

AT: Final = datetime(2023, 1, 23, 16, tzinfo=UTC)
NAMES: Final = 2  # kept of a certificate; the lab's has twelve
SOON: Final = 0.5  # seconds; on a busy machine any healthy step may take half of it
INSTANT: Final = 0.01  # seconds; stands for whatever took less than that
_TOKEN: Final = re.compile(r"mp1-[0-9a-f-]{80,}")
# What a server counts, and how much was left of a call's time.
_CHANGING: Final = (
    (re.compile(r"queued as \w+"), "queued as 0"),
    (re.compile(r"polls: \d+"), "polls: 1"),
    (re.compile(r"not seen within \S+ s"), "not seen within 1 s"),
    (re.compile(r"within the \S+ s (of the call's (\S+) s)"), r"within the \2 s \1"),
)
_CANARY: Final = "mp1-0123abcd-63ceaf00-" + "0" * 32 + "-" + "f" * 32
_PORTS: Final = {
    ("submission", "tls"): 465,
    ("submission", "starttls"): 587,
    ("imap", "tls"): 993,
    ("imap", "starttls"): 143,
}


def ports_of(lab: ThreadedLab) -> dict[int, int]:
    """Return for each port of the lab the one that a real server has."""
    found = {lab.mx_port: 25, int(lab.nameserver.rpartition(":")[2]): 53}
    for domain in DOMAINS:
        for (service, security), port in _PORTS.items():
            at = lab.endpoint(domain, service, security)  # type: ignore[arg-type]
            found[at.port] = port
    return found


def steady(report: R, ports: Mapping[int, int]) -> R:
    """
    Return *report* with fixed times, ports, dates, tokens and fingerprints.

    Certificates keep their distance to the moment of the probe, in days;
    durations are rounded to halves of a second.
    """
    made: R = _Steady(report, ports).of(report)
    return made


class _Steady:
    def __init__(self, report: Report, ports: Mapping[int, int]) -> None:
        self._began = report.started_at
        self._ports = ports
        numbers = "|".join(map(str, ports))
        self._port = re.compile(rf"(?<=:)({numbers})\b")

    def of(self, value: Any, name: str = "") -> Any:  # noqa: ANN401, PLR0911 - a table
        match value:
            case Check():
                return Check(self.of(value.report), verdict=value.verdict)
            case str() if type(value) is str:
                return self._text(value)
            case bool():
                return value
            case int() if name in {"port", "mx_port"}:
                return self._ports.get(value, value)
            case float():
                return _duration(value)
            case datetime():
                return AT + timedelta(
                    days=round((value - self._began) / timedelta(days=1))
                )
            case tuple():
                return tuple(self.of(item) for item in value)
        if not is_dataclass(value) or isinstance(value, type):
            return value
        made = replace(
            value,
            **{f.name: self.of(getattr(value, f.name), f.name) for f in fields(value)},
        )
        return _fixed(made)

    def _text(self, text: str) -> str:
        text = self._port.sub(lambda found: str(self._ports[int(found[1])]), text)
        for changing, lasting in _CHANGING:
            text = changing.sub(lasting, text)
        return _TOKEN.sub(_CANARY, text)


def _fixed(made: Any) -> Any:  # noqa: ANN401
    """Settle what is not seen in a value alone."""
    if isinstance(made, ProberFacts):
        return replace(made, version="0")
    if isinstance(made, Certificate):
        return replace(made, sha256="0" * 64, names=made.names[:NAMES])
    if isinstance(made, TlsFacts):
        return replace(made, chain=())
    if isinstance(made, Inbox):
        return replace(made, uidvalidity=made.uidvalidity and 1)
    if not isinstance(made, Report):
        return made
    steps: list[Step] = []
    elapsed = 0.0
    order = made.steps
    if isinstance(made, MxReport):  # its addresses are asked side by side
        order = tuple(sorted(order, key=lambda step: step.peer))
    for step in order:
        steps.append(replace(step, began=round(elapsed, 2)))
        elapsed += step.took
    return replace(made, steps=tuple(steps), duration=round(elapsed, 2), transcript=())


def _duration(seconds: float) -> float:
    if 0 < seconds < SOON:
        return INSTANT
    return round(seconds * 2) / 2
