"""What the demo shows while it goes on."""

from __future__ import annotations

import time
from dataclasses import fields
from typing import TYPE_CHECKING, Final

from mailprobe.cli import output
from mailprobe.cli.output import Progress
from mailprobe.model.failure import Phase
from mailprobe.render.clean import short, visible
from mailprobe.render.spans import Line, paragraph, seconds

if TYPE_CHECKING:
    from mailprobe.model.report import ProviderReport, Step, TripReport
    from mailprobe.model.target import Mailbox
    from mailprobe.model.verdict import Check, Verdict

_OPENING: Final = (Phase.DNS, Phase.TCP)
_LABEL: Final = 11  # where text begins: two blanks, a word of up to eight, a blank
_GLUE: Final = "\u00a0"


class Stage:
    """Writes the demo, act by act; trips appear leg by leg as they are made."""

    def __init__(self) -> None:
        self._began = time.monotonic()
        self._look = output.look()
        self._progress = Progress(wanted=True)
        self._ends: tuple[Mailbox, Mailbox] | None = None
        self._peer = ""
        self._phases: list[tuple[str, float]] = []

    def say(self, sentence: str) -> None:
        """Write one plain line."""
        output.say(sentence)

    def act(self, title: str) -> None:
        """Begin the next act."""
        output.write([(), (("strong", title),)])

    def step(self, probe: str, step: Step) -> None:
        """Take one step as it ends: trips in full, other probes in passing."""
        if self._ends is None:
            self._progress(probe, step)
            return
        opening = step.phase in _OPENING
        if self._peer and (opening or step.peer != self._peer):
            self._end_leg()
        if not opening:
            self._peer = step.peer
        self._phases.append((step.phase, step.took))

    def provider(self, check: Check[ProviderReport]) -> None:
        """Show how the four functions of a provider stand, one line each."""
        self._progress.clear()
        four = check.verdict.availabilities
        lines: list[Line] = []
        for field in fields(four) if four else ():
            one: Verdict | None = getattr(four, field.name)
            word = one.status.value if one else "not tested"
            said = short(visible(one.why), self._look.width - 21) if one else ""
            style = word if one else "faint"
            name = ("strong", f"  {field.name:<9}")
            lines.append((name, (style, f"{word:<10}"), ("", said)))
        output.write(lines)

    def diagnosis(self, check: Check[ProviderReport]) -> None:
        """Show what failed, whose fault it is, and since when."""
        self.provider(check)
        output.write([()])
        word = check.status.value
        self._row(word.upper(), check.why, word)
        self._row("blame", check.blame.value if check.blame else "nobody")
        self._row("since", f"{check.report.started_at:%H:%M:%S} UTC")
        self._row("advice", check.advice)

    def trip_begins(self, sender: Mailbox, recipient: Mailbox, remark: str) -> None:
        """Announce a trip; its steps follow."""
        self._progress.clear()
        self._ends = (sender, recipient)
        ends = f"  {sender.address} {self._look.arrow} {recipient.address}"
        units = f"{remark} (ms by phase)"
        output.write([(), (("strong", ends), ("faint", units))])

    def trip(self, check: Check[TripReport]) -> None:
        """Show what became of the mail."""
        self._end_leg()
        self._ends = None
        report, said = check.report, check.why
        if report.transit is not None and report.acceptance is not None:
            said = (
                f"accepted after {seconds(report.acceptance)}, in the "
                f"{report.landed} after {seconds(report.transit)}"
            )
            if report.visible_error is not None:
                said += f" (error up to {seconds(report.visible_error)})"
        self._row(check.status.value, said, check.status.value)

    def end(self, *, passed: bool) -> None:
        """Say how it went."""
        took = time.monotonic() - self._began
        if passed:
            closing = f"Found, explained, and seen to end: {took:.1f} s in all."
        else:
            closing = f"Not everything was as it should be, see above ({took:.1f} s)."
        output.write([(), (("ok" if passed else "down", closing),)])

    def _end_leg(self) -> None:
        """Write the phases of the conversation that has just come to its end."""
        spent: dict[str, float] = {}
        for phase, took in self._phases:
            spent[phase] = spent.get(phase, 0.0) + took
        # A phase and its time stay together where the line is folded.
        timings = (f"{phase}{_GLUE}{took * 1000:.1f}" for phase, took in spent.items())
        if spent:
            self._row(self._leg(), f"{_GLUE} ".join(timings))
        self._peer, self._phases = "", []

    def _leg(self) -> str:
        """Name the part of the trip that these phases belong to."""
        if self._ends is None or self._peer == str(self._ends[0].smtp):
            return "send"
        return "fetch" if self._phases[0][0] not in _OPENING else "watch"

    def _row(self, label: str, text: str, style: str = "faint") -> None:
        first: Line = ((style, f"  {label:<{_LABEL - 2}}"),)
        folded = paragraph(
            visible(text) if _GLUE not in text else text,
            width=self._look.width,
            first=first,
            indent=_LABEL,
        )
        output.write(
            tuple((style, shown.replace(_GLUE, " ")) for style, shown in line)
            for line in folded
        )
