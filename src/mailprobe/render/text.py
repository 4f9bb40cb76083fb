"""
Checks for people: the problem first, then the steps, the facts, and what to do.

Everything servers said goes through `clean.visible`: no escape sequence of
theirs ever reaches the terminal.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import fields
from typing import Final

from mailprobe.model.report import MxReport, ProviderReport, Report, Step
from mailprobe.model.verdict import Check, Verdict
from mailprobe.render.clean import short, visible
from mailprobe.render.facts import facts_of, mx_rows
from mailprobe.render.spans import (
    PLAIN,
    Line,
    Look,
    Span,
    paragraph,
    plain,
    seconds,
    table,
)
from mailprobe.render.steps import step_lines
from mailprobe.render.subject import probe_name, subject

LABEL_WIDTH: Final = 15
_WORD_WIDTH: Final = 10  # "degraded" and two blanks
_PART_NAMES: Final = {"round_trip": "trip"}


def encode(check: Check[Report]) -> str:
    """Return *check* as plain text, 88 columns of ASCII frame."""
    return plain(lines(check))


def lines(check: Check[Report], look: Look = PLAIN) -> list[Line]:
    """Return *check* as styled lines for a stream that looks like *look*."""
    return [
        *headline(check, look),
        *_blame(check, look),
        *_section(availabilities(check.verdict, look)),
        *_section(_body(check, look)),
        *_section(_facts(check.report, look)),
        *_section(_notes(check, look)),
        *_section(_transcript(check.report)),
        *_section(_when(check.report)),
    ]


def headline(check: Check[Report], look: Look = PLAIN) -> Iterator[Line]:
    """Yield status, target and the reason, folded to the width."""
    word = check.status.value
    what, why = f"{title(check.report, look)}: ", visible(check.why)
    if why.startswith(visible(subject(check.report))):
        # The sentence names the target itself: once is enough.
        what = f"{what.partition(' ')[0]}: "
    first: Line = (
        (word, f"{word.upper():<{_WORD_WIDTH}}"),
        ("strong", what),
    )
    if _WORD_WIDTH + len(what) + len(why) > look.width and len(what) > look.width // 3:
        yield first
        yield from paragraph(
            why, width=look.width, first=_blank(_WORD_WIDTH), indent=_WORD_WIDTH
        )
        return
    yield from paragraph(why, width=look.width, first=first, indent=_WORD_WIDTH)


def title(report: Report, look: Look = PLAIN) -> str:
    """Return the probe and its target: ``imap imap.example.org:993``."""
    name = probe_name(report)
    return visible(f"{_PART_NAMES.get(name, name)} {subject(report, look.arrow)}")


def _blank(width: int) -> Line:
    return (("", " " * width),)


def _section(made: Iterator[Line]) -> Iterator[Line]:
    body = list(made)
    if body:
        yield ()
        yield from body


def _blame(check: Check[Report], look: Look) -> Iterator[Line]:
    if check.blame is None:
        return
    at = check.at
    where = f", decided at {at.phase} with {visible(at.peer)}" if at else ""
    said = short(f"blame: {check.blame.value}{where}", look.width - _WORD_WIDTH)
    yield (*_blank(_WORD_WIDTH), ("faint", said))


def availabilities(verdict: Verdict, look: Look = PLAIN) -> Iterator[Line]:
    """Yield the four functions of a provider, each with its status and reason."""
    four = verdict.availabilities
    if four is None:
        return
    for field in fields(four):
        one: Verdict | None = getattr(four, field.name)
        name: Span = ("strong", f"  {field.name:<9}")
        if one is None:
            yield (name, ("faint", "not tested"))
            continue
        word = one.status.value
        first: Line = (name, (word, f"{word:<{_WORD_WIDTH}}"))
        yield from paragraph(visible(one.why), width=look.width, first=first, indent=21)


def _body(check: Check[Report], look: Look) -> Iterator[Line]:
    report = check.report
    if not isinstance(report, ProviderReport):
        yield from step_lines(report.steps, check.at, look)
        return
    parts = [_part(part, look) for part in report.checks]
    yield from table(parts, width=look.width)
    deciding = next((p for p in report.checks if _holds(p, check.at)), None)
    if deciding is not None and deciding.report.failure:
        yield ()
        yield (("faint", f"  {title(deciding.report, look)}, step by step"),)
        yield from step_lines(deciding.report.steps, check.at, look)


def _holds(check: Check[Report], at: Step | None) -> bool:
    return at is not None and any(step is at for step in check.report.steps)


def _part(check: Check[Report], look: Look) -> list[Span]:
    name, _, target = title(check.report, look).partition(" ")
    word = check.status.value
    return [
        ("", name),
        ("", target),
        (word, word),
        ("", f"{seconds(check.report.duration):>10}"),
    ]


def _facts(report: Report, look: Look) -> Iterator[Line]:
    if isinstance(report, MxReport):
        yield from table(mx_rows(report), width=look.width)
        return
    for label, text in facts_of(report, look):
        yield from _labelled(label, text, look, style="faint")


def _notes(check: Check[Report], look: Look) -> Iterator[Line]:
    for finding in check.findings:
        yield from _labelled("note", finding.text, look, style="degraded")
    if check.advice:
        yield from _labelled("advice", check.advice, look, style="strong")


def _labelled(label: str, text: str, look: Look, style: str) -> Iterator[Line]:
    first: Line = ((style, f"  {label:<{LABEL_WIDTH - 2}}"),)
    shown = short(visible(text), 600)
    yield from paragraph(shown, width=look.width, first=first, indent=LABEL_WIDTH)


def _transcript(report: Report) -> Iterator[Line]:
    for said in report.transcript:
        yield (("faint", f"  {visible(said)}"),)


def _when(report: Report) -> Iterator[Line]:
    took, began = seconds(report.duration), report.started_at
    yield (("faint", f"  {took} in all, from {began:%Y-%m-%d %H:%M:%S} UTC on"),)
