"""
Checks as the output of a Nagios plugin (Icinga, Naemon, Checkmk read it too).

The first line leads to the problem and carries the performance data; one line
per part follows. What servers say can be quoted, but can never bend a line.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import fields
from typing import Final

from mailprobe.model.report import (
    MxHost,
    MxReport,
    ProviderReport,
    Report,
    Step,
    TlsFacts,
    TripReport,
)
from mailprobe.model.verdict import Check, Status
from mailprobe.render.clean import bare
from mailprobe.render.subject import probe_name, subject

WORDS: Final = {
    Status.OK: "OK",
    Status.DEGRADED: "WARNING",
    Status.DOWN: "CRITICAL",
    Status.UNKNOWN: "UNKNOWN",
}

SUBJECT_MAX: Final = 120  # two addresses of a trip fit
WHY_MAX: Final = 300  # a text message takes twice 160; pagers cut there
PART_MAX: Final = 400  # a refusal with its link
PARTS_MAX: Final = 40  # more lines than anybody reads on a pager

Datum = tuple[str, float, str]
"""Label, value, unit."""


def encode(check: Check[Report]) -> str:
    """Return *check* as status line with performance data, then its parts."""
    what = bare(f"{probe_name(check.report)} {subject(check.report)}", SUBJECT_MAX)
    why = bare(check.why, WHY_MAX)
    line = f"MAILPROBE {WORDS[check.status]} - {what}: {why}"
    data = " ".join(_written(datum) for datum in perfdata(check.report))
    first = f"{line} | {data}" if data else line
    return "\n".join([first, *list(_parts(check))[:PARTS_MAX]])


def perfdata(report: Report) -> list[Datum]:
    """
    Return what can be drawn as a graph; what is not known is left out.

    Labels are stable and tell themselves apart in their first 19 characters.
    Phases that occur more than once are added up.
    """
    data: list[Datum] = [("duration", report.duration, "s")]
    if isinstance(report, ProviderReport):
        data += _of_provider(report)
    else:
        data += _phases(report.steps)
    if isinstance(report, MxReport):
        data += _of_mx(report)
    if isinstance(report, TripReport):
        data += _of_trip(report)
    else:
        data += _days_left(getattr(report, "tls", None))
    return [datum for datum in data if math.isfinite(datum[1])]


def _written(datum: Datum) -> str:
    label, value, unit = datum
    number = f"{value:.6f}".rstrip("0").rstrip(".")
    # A certificate may have ended: its days have no least value.
    least = "" if value < 0 or label == "days_left" else "0"
    return f"'{label}'={number}{unit};;;{least}"


def _phases(steps: tuple[Step, ...]) -> list[Datum]:
    spent: dict[str, float] = {}
    for step in steps:
        spent[step.phase] = spent.get(step.phase, 0.0) + step.took
    # The time until a mail is seen is its transit, which has its own datum.
    spent.pop("transit", None)
    return [(phase, seconds, "s") for phase, seconds in spent.items()]


def _of_trip(report: TripReport) -> list[Datum]:
    known = {
        "transit": report.transit,
        "acceptance": report.acceptance,
        "after_acceptance": report.acceptance_to_sight,
        "notified": report.notified,
    }
    data = [(label, value, "s") for label, value in known.items() if value is not None]
    if report.waited is not None:
        data.append(("copies", float(report.copies), ""))
    return data


def _of_mx(report: MxReport) -> list[Datum]:
    if report.delivery is None:  # the lookup failed: nothing is known, least of all 0
        return []
    addresses = [address for host in report.hosts for address in host.addresses]
    data = [
        ("hosts", float(len(report.hosts)), ""),
        ("addresses", float(len(addresses)), ""),
    ]
    tried = [address for address in addresses if address.answered is not None]
    if tried:
        answering = sum(1 for address in tried if address.answered)
        data.append(("answering", float(answering), ""))
    return data


def _of_provider(report: ProviderReport) -> list[Datum]:
    data: list[Datum] = []
    days: list[int] = []
    for label, check in _named_checks(report):
        data.append((f"{label}_time", check.report.duration, "s"))
        tls: TlsFacts | None = getattr(check.report, "tls", None)
        if tls and tls.days_left is not None:
            days.append(tls.days_left)
    if report.trip:
        data += _of_trip(report.trip.report)
    if days:
        data.append(("days_left", float(min(days)), ""))
    return data


def _named_checks(report: ProviderReport) -> Iterator[tuple[str, Check[Report]]]:
    if report.mx:
        yield "mx", report.mx
    for number, submission in enumerate(report.submission, start=1):
        yield f"smtp{number}", submission
    for number, imap in enumerate(report.imap, start=1):
        yield f"imap{number}", imap
    if report.trip:
        yield "trip", report.trip


def _days_left(tls: TlsFacts | None) -> list[Datum]:
    if tls is None or tls.days_left is None:
        return []
    return [("days_left", float(tls.days_left), "")]


def _parts(check: Check[Report]) -> Iterator[str]:
    availabilities = check.verdict.availabilities
    if availabilities is not None:
        for field in fields(availabilities):
            verdict = getattr(availabilities, field.name)
            if verdict is not None:
                yield _part(WORDS[verdict.status], f"{field.name}: {verdict.why}")
    if isinstance(check.report, ProviderReport):
        for part in check.report.checks:
            what = f"{probe_name(part.report)} {subject(part.report)}"
            yield _part(WORDS[part.status], f"{what}: {part.why}")
    if isinstance(check.report, MxReport):
        for host in check.report.hosts:
            yield _of_host(host)
    for finding in check.findings:
        yield _part("NOTE", finding.text)
    if check.advice:
        yield _part("ADVICE", check.advice)


def _of_host(host: MxHost) -> str:
    failures = [a.failure for a in host.addresses if a.failure]
    if host.failure or (failures and len(failures) == len(host.addresses)):
        word = "CRITICAL"
    else:
        word = "WARNING" if failures else "OK"
    shown = [str(host.failure)] if host.failure else []
    for address in host.addresses:
        said = f" {address.failure}" if address.failure else ""
        shown.append(f"{address.address}{said}")
    return _part(word, f"{host.preference} {host.name}: {', '.join(shown)}")


def _part(word: str, text: str) -> str:
    return f"\\_[{word}] - {bare(text, PART_MAX)}"
