"""Steps as they happen: timed, bounded, named when they fail, free of secrets."""

from __future__ import annotations

import base64
import binascii
import json
import urllib.parse
from dataclasses import replace
from typing import TYPE_CHECKING, Final

from mailprobe.mail.text import ELLIPSIS, readable
from mailprobe.model.failure import Failure, Kind, Phase
from mailprobe.model.report import Step
from mailprobe.model.secret import MASK
from mailprobe.wire.trouble import Ended, failure_of, timeout_kind
from mailprobe.wire.watchdog import Watchdog

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from types import TracebackType
    from typing import Self

    from mailprobe.model.failure import Reply
    from mailprobe.model.limits import Limits
    from mailprobe.wire.clock import Clock

DETAIL_MAX: Final = 500  # characters; an OpenSSL complaint has about a hundred
SHORTEST_HIDDEN: Final = 4  # shorter secrets would blot out ordinary words
LONGEST_ESCAPE: Final = 10  # characters of one escaped character: \\U0010ffff


class OpenStep:
    """
    A step that is going on; what the peer shows is noted here.

    To be entered with ``with``; see `Recorder.step`. A class of its own, since a
    generator behind ``contextmanager`` costs three times as much.
    """

    def __init__(
        self,
        recorder: Recorder,
        phase: Phase,
        peer: str,
        budget: float,
        *,
        optional: bool | frozenset[Kind],
    ) -> None:
        """Prepare it; it begins when it is entered."""
        self._recorder = recorder
        self._budget = budget
        self._optional = optional
        self._seen: list[str] = []
        self.phase = phase
        self.peer = peer
        self.began = 0.0

    def __enter__(self) -> Self:
        recorder = self._recorder
        self.began = recorder.elapsed()
        self._allowed = min(self._budget, recorder.remaining())
        self._watch = recorder.watchdog.watch(self._allowed)
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """
        End it.

        Raises:
            Ended: If the operation failed.
        """
        recorder = self._recorder
        if recorder.watchdog.leave(self._watch, error):
            error = TimeoutError()  # it was cancelled, and by nobody else
        if error is None:
            recorder.add(self._closed(None))
            return
        # Cancelled from outside; or a step inside this one failed: that one is
        # the record.
        if isinstance(error, Ended) or not isinstance(error, Exception):
            return
        failure = self._failure(error)
        if failure is not None:
            recorder.add(self._closed(failure))
            raise Ended(failure) from None

    def saw(self, text: object) -> None:
        """Note what the peer said or showed."""
        limit = self._recorder.limits.seen_chars
        self._seen.append(readable(self._recorder.clean(str(text)), limit))

    def _failure(self, error: Exception) -> Failure | None:
        """Name what went wrong; None if it is a fault of ours."""
        recorder = self._recorder
        if self._watch.bitten:
            failure = recorder.timed_out(self.phase, self._allowed, self._budget)
        elif (found := failure_of(error, self.phase)) is not None:
            failure = found
        else:
            return None
        return recorder.clean_failure(failure)

    def _closed(self, failure: Failure | None) -> Step:
        optional = self._optional
        if not isinstance(optional, bool):
            optional = failure is None or failure.kind in optional
        return Step(
            phase=self.phase,
            peer=self.peer,
            began=self.began,
            took=self._recorder.elapsed() - self.began,
            failure=failure,
            seen=tuple(self._seen),
            optional=optional,
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
        self.watchdog = Watchdog()
        self.started_at = clock.now()
        self.zero = clock.monotonic()
        self._timeout = timeout
        self._keep = transcript
        self._on_step = on_step
        self._steps: list[Step] = []
        self._lines: list[str] = []
        self._hidden: list[str] = []
        self._unended: dict[object, bytes] = {}

    @property
    def steps(self) -> tuple[Step, ...]:
        """The finished steps, in the order they began."""
        return tuple(sorted(self._steps, key=lambda step: step.began))

    @property
    def transcript(self) -> tuple[str, ...]:
        """The lines exchanged so far; empty unless they are kept."""
        unended = (b for b in self._unended.values() if b)
        room = max(self.limits.transcript_lines - len(self._lines), 0)
        return (*self._lines, *[f"S: {self._shown(b)}" for b in unended][:room])

    def elapsed(self) -> float:
        """Seconds since the probe began."""
        return self.clock.monotonic() - self.zero

    def remaining(self) -> float:
        """Seconds until the deadline of the call, never negative."""
        return max(self._timeout - self.elapsed(), 0.0)

    def step(
        self,
        phase: Phase,
        peer: str,
        budget: float,
        *,
        optional: bool | frozenset[Kind] = False,
    ) -> OpenStep:
        """
        Time one operation, as a ``with``; a failure ends the conversation.

        Args:
            phase: Which operation this is.
            peer: Whom it is done with.
            budget: Seconds it may take, unless the deadline comes first.
            optional: The conversation can go on without it; the caller catches
                `Ended`. A set of kinds: after these failures only.

        Raises:
            Ended: If the operation failed, when the block is left. Whatever is
                not a failure of the wire passes through: cancellation, and
                faults of our own.
        """
        return OpenStep(self, phase, peer, budget, optional=optional)

    def refine(self, phase: Phase, kind: Kind) -> None:
        """Name a failure of *phase* more exactly, after a second look at it."""
        for number, step in enumerate(self._steps):
            if step.phase is phase and step.failure:
                failure = replace(step.failure, kind=kind)
                self._steps[number] = replace(step, failure=failure)

    def sent(self, line: str) -> None:
        """Keep a line of ours in the transcript, secrets already masked."""
        self._write("C: ", line)

    def received(self, data: bytes, source: object = None) -> None:
        """
        Keep what the server sent in the transcript, however it was cut.

        Args:
            data: What came.
            source: The connection it came by; lines are put together for each.
        """
        if not self._keep:
            return
        *lines, rest = (self._unended.get(source, b"") + data).split(b"\n")
        if len(rest) > self.limits.line_bytes:
            lines, rest = [*lines, rest], b""
        self._unended[source] = rest
        for line in lines:
            self._write("S: ", self._shown(line))

    def remark(self, text: str) -> None:
        """Keep an event that is no line of either side."""
        self._write("-- ", text)

    def hide(self, secret: str) -> None:
        """From now on, mask this text and its usual encodings wherever they show."""
        raw = secret.encode("utf-8", "surrogatepass")
        forms = {
            secret,
            *_escaped(secret),
            *_quoted_printable(raw),
            readable(secret, len(secret) * LONGEST_ESCAPE),
            urllib.parse.quote(raw, safe=""),
            urllib.parse.quote_plus(raw),
        }
        # Inside a longer base64 text the secret begins at one of three offsets;
        # the characters that also depend on its neighbours are left out.
        for offset in range(3):
            coded = base64.b64encode(b"\0" * offset + raw).decode()
            begin, end = -(-8 * offset // 6), 8 * (offset + len(raw)) // 6
            forms.add(coded[begin:end])
            forms.add(coded[begin:end].replace("+", "-").replace("/", "_"))
        self._hidden += [form for form in forms if len(form) >= SHORTEST_HIDDEN]
        self._hidden.sort(key=len, reverse=True)

    def clean(self, text: str) -> str:
        """Return *text* with every hidden secret masked."""
        for form in self._hidden:
            text = text.replace(form, MASK)
        if self._hidden and ELLIPSIS in text:
            text = ELLIPSIS.join(map(self._clean_end, text.split(ELLIPSIS)))
        return text

    def _clean_end(self, text: str) -> str:
        """Mask the beginning of a secret that was cut off at the end of a text."""
        for form in self._hidden:
            for length in range(len(form) - 1, SHORTEST_HIDDEN - 1, -1):
                if text.endswith(form[:length]):
                    return text[:-length] + MASK
        return text

    def clean_reply(self, reply: Reply) -> Reply:
        """Return *reply* with every hidden secret masked."""
        text = self.clean(reply.text)
        return reply if text == reply.text else replace(reply, text=text)

    def _shown(self, line: bytes) -> str:
        # Cleaned while it is whole: half a secret is not recognised any more.
        text = self.clean(readable(line.rstrip(b"\r"), self.limits.line_bytes))
        return readable(text, self.limits.seen_chars)

    def clean_failure(self, failure: Failure) -> Failure:
        """Return *failure* bounded and with every hidden secret masked."""
        return replace(
            failure,
            reply=self.clean_reply(failure.reply) if failure.reply else None,
            detail=readable(self.clean(failure.detail), DETAIL_MAX),
        )

    def timed_out(self, phase: Phase, allowed: float, budget: float) -> Failure:
        """Name a step that got *allowed* of its *budget*, and used it up."""
        cut = allowed < budget
        # A name or an address that is silent says the same however long we had.
        early = cut and phase not in {Phase.DNS, Phase.TCP}
        whose = f"of the call's {self._timeout:g} s" if cut else "allowed for it"
        return Failure(
            kind=Kind.TIMED_OUT if early else timeout_kind(phase),
            phase=phase,
            detail=f"nothing within the {allowed:.3g} s {whose}",
        )

    def add(self, step: Step) -> None:
        """Take a finished step in."""
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


def _quoted_printable(raw: bytes) -> Iterator[str]:
    """Give the secret as mail quotes it: texts (RFC 2045), headers (RFC 2047)."""
    for tabs, header in ((False, False), (True, False), (False, True)):
        coded = binascii.b2a_qp(raw, quotetabs=tabs, header=header)
        # Where lines are broken depends on what stands before it.
        yield coded.decode("ascii").replace("=\n", "")


def _escaped(secret: str) -> Iterator[str]:
    """Give the secret as it stands in quoted strings, in JSON and in a repr."""
    doubled = secret.replace("\\", "\\\\")
    yield doubled
    yield doubled.replace('"', '\\"')
    yield doubled.replace("'", "\\'")
    yield json.dumps(secret)[1:-1]
    yield repr(secret)[1:-1]
    yield " ".join(secret.split())  # a reply that is quoted on one line
