"""Steps as they happen: timed, bounded, named when they fail, free of secrets."""

from __future__ import annotations

import asyncio
import base64
import urllib.parse
from contextlib import asynccontextmanager
from dataclasses import replace
from typing import TYPE_CHECKING, Final

from mailprobe.mail.text import readable
from mailprobe.model.failure import Failure, Kind, Phase
from mailprobe.model.report import Step
from mailprobe.model.secret import MASK
from mailprobe.wire.trouble import Ended, failure_of, timeout_kind

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable

    from mailprobe.model.failure import Reply
    from mailprobe.model.limits import Limits
    from mailprobe.wire.clock import Clock

DETAIL_MAX: Final = 500  # characters; an OpenSSL complaint has about a hundred
SHORTEST_HIDDEN: Final = 4  # shorter secrets would blot out ordinary words


class OpenStep:
    """A step that is going on; what the peer shows is noted here."""

    def __init__(
        self, recorder: Recorder, phase: Phase, peer: str, *, optional: bool
    ) -> None:
        """Begin now."""
        self._optional = optional
        self._recorder = recorder
        self._seen: list[str] = []
        self.phase = phase
        self.peer = peer
        self.began = recorder.elapsed()

    def saw(self, text: object) -> None:
        """Note what the peer said or showed."""
        limit = self._recorder.limits.seen_chars
        self._seen.append(readable(self._recorder.clean(str(text)), limit))

    def closed(self, failure: Failure | None) -> Step:
        """Return the finished step."""
        return Step(
            phase=self.phase,
            peer=self.peer,
            began=self.began,
            took=self._recorder.elapsed() - self.began,
            failure=failure,
            seen=tuple(self._seen),
            optional=self._optional,
        )


class Recorder:
    """
    Makes the steps of one report and keeps its transcript.

    All waiting happens inside a step; so the deadline of the call, which every
    step keeps to, bounds the whole probe.
    """

    def __init__(
        self,
        clock: Clock,
        limits: Limits,
        timeout: float,
        *,
        transcript: bool = False,
        on_step: Callable[[Step], None] | None = None,
    ) -> None:
        """Start the clock; *timeout* seconds from now is the deadline."""
        self.clock = clock
        self.limits = limits
        self.started_at = clock.now()
        self.zero = clock.monotonic()
        self._timeout = timeout
        self._keep = transcript
        self._on_step = on_step
        self._steps: list[Step] = []
        self._lines: list[str] = []
        self._hidden: list[str] = []

    @property
    def steps(self) -> tuple[Step, ...]:
        """The finished steps, in the order they began."""
        return tuple(sorted(self._steps, key=lambda step: step.began))

    @property
    def transcript(self) -> tuple[str, ...]:
        """The lines exchanged so far; empty unless they are kept."""
        return tuple(self._lines)

    def elapsed(self) -> float:
        """Seconds since the probe began."""
        return self.clock.monotonic() - self.zero

    def remaining(self) -> float:
        """Seconds until the deadline of the call, never negative."""
        return max(self._timeout - self.elapsed(), 0.0)

    @asynccontextmanager
    async def step(
        self, phase: Phase, peer: str, budget: float, *, optional: bool = False
    ) -> AsyncIterator[OpenStep]:
        """
        Time one operation; a failure is recorded and ends the conversation.

        Args:
            phase: Which operation this is.
            peer: Whom it is done with.
            budget: Seconds it may take, unless the deadline comes first.
            optional: The conversation can go on without it; the caller catches
                `Ended`.

        Raises:
            Ended: If the operation failed. Whatever is not a failure of the
                wire passes through: cancellation, and faults of our own.
        """
        step = OpenStep(self, phase, peer, optional=optional)
        allowed = min(budget, self.remaining())
        guard = asyncio.timeout(allowed)
        try:
            async with guard:
                yield step
        except Ended:  # a step inside a step failed: that one is the record
            raise
        except Exception as error:
            if guard.expired():
                failure = self._timed_out(phase, allowed, budget)
            elif (found := failure_of(error, phase)) is not None:
                failure = found
            else:
                raise
            failure = self._clean_failure(failure)
            self._add(step.closed(failure))
            raise Ended(failure) from None
        else:
            self._add(step.closed(None))

    def sent(self, line: str) -> None:
        """Keep a line of ours in the transcript, secrets already masked."""
        self._write("C: ", line)

    def received(self, data: bytes) -> None:
        """Keep what the server sent in the transcript."""
        if self._keep:
            for line in data.splitlines():
                self._write("S: ", readable(line, self.limits.seen_chars))

    def remark(self, text: str) -> None:
        """Keep an event that is no line of either side."""
        self._write("-- ", text)

    def hide(self, secret: str) -> None:
        """From now on, mask this text and its usual encodings wherever they show."""
        raw = secret.encode()
        forms = {
            secret,
            secret.replace("\\", "\\\\").replace('"', '\\"'),
            urllib.parse.quote(secret, safe=""),
            urllib.parse.quote_plus(secret),
        }
        # Inside a longer base64 text the secret begins at one of three offsets;
        # the first and last group depend on the neighbours and are left out.
        for offset in range(3):
            coded = base64.b64encode(b"\0" * offset + raw).decode().rstrip("=")
            forms.add(coded[4 if offset else 0 : len(coded) - 1])
        self._hidden += [form for form in forms if len(form) >= SHORTEST_HIDDEN]
        self._hidden.sort(key=len, reverse=True)

    def clean(self, text: str) -> str:
        """Return *text* with every hidden secret masked."""
        for form in self._hidden:
            text = text.replace(form, MASK)
        return text

    def clean_reply(self, reply: Reply) -> Reply:
        """Return *reply* with every hidden secret masked."""
        return replace(reply, text=self.clean(reply.text)) if self._hidden else reply

    def _clean_failure(self, failure: Failure) -> Failure:
        return replace(
            failure,
            reply=self.clean_reply(failure.reply) if failure.reply else None,
            detail=readable(self.clean(failure.detail), DETAIL_MAX),
        )

    def _timed_out(self, phase: Phase, allowed: float, budget: float) -> Failure:
        cut = allowed < budget
        # A name or an address that is silent says the same however long we had.
        early = cut and phase not in {Phase.DNS, Phase.TCP}
        whose = f"of the call's {self._timeout:g} s" if cut else "allowed for it"
        return Failure(
            kind=Kind.TIMED_OUT if early else timeout_kind(phase),
            phase=phase,
            detail=f"nothing within the {allowed:.3g} s {whose}",
        )

    def _add(self, step: Step) -> None:
        self._steps.append(step)
        if self._on_step is not None:
            self._on_step(step)

    def _write(self, mark: str, line: str) -> None:
        if not self._keep:
            return
        room = self.limits.transcript_lines
        if len(self._lines) < room:
            self._lines.append(mark + self.clean(line))
        elif len(self._lines) == room:
            self._lines.append("-- further lines are not kept")
