"""Steps as they happen: timed, bounded, named, free of secrets."""

from __future__ import annotations

import asyncio
import base64
import json
import urllib.parse
from typing import TYPE_CHECKING

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from mailprobe.model.failure import Failure, Kind, Phase, Reply
from mailprobe.model.limits import Limits
from mailprobe.model.secret import MASK
from mailprobe.wire.recorder import DETAIL_MAX, SHORTEST_HIDDEN, OpenStep, Recorder
from mailprobe.wire.trouble import Ended, Trouble
from tests.wire.peers import NOW, FakeClock

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from mailprobe.model.report import Step

PLANTED = "hunter2-planted"
STEADY = settings(
    deadline=None,
    derandomize=True,
    database=None,
    suppress_health_check=[HealthCheck.too_slow],
)


def make(
    *,
    timeout: float = 60,
    limits: Limits | None = None,
    on_step: Callable[[Step], None] | None = None,
) -> tuple[Recorder, FakeClock]:
    """Return a recorder that keeps its transcript, and its clock."""
    clock = FakeClock()
    record = Recorder(
        clock, limits or Limits(), timeout, transcript=True, on_step=on_step
    )
    return record, clock


async def ended_by(
    record: Recorder, doing: Awaitable[object], **step: object
) -> Failure:
    """Do this in a step that must fail; return its failure."""
    phase = Phase(str(step.get("phase", Phase.MAIL)))
    with (
        pytest.raises(Ended) as caught,
        record.step(
            phase,
            "mx",
            float(str(step.get("budget", 30))),
            optional=bool(step.get("optional", False)),
        ),
    ):
        await doing
    return caught.value.failure


async def never() -> None:
    """Wait for what does not come."""
    await asyncio.Event().wait()


async def raising(error: BaseException) -> None:
    """Raise this."""
    raise error


@pytest.mark.asyncio
async def test_a_step_is_timed_by_the_clock() -> None:
    """When it began, how long it took, what was seen: on the recorder's own clock."""
    steps: list[Step] = []
    record, clock = make(on_step=steps.append)
    clock.seconds += 1.5
    with record.step(Phase.EHLO, "mx", 30) as step:
        clock.seconds += 0.25
        step.saw(Reply(250, None, "a\nb"))
        step.saw("x\x00")
    assert record.started_at == NOW
    assert record.elapsed() == 1.75
    (done,) = record.steps
    assert steps == [done]
    assert (done.phase, done.peer, done.began, done.took) == (
        Phase.EHLO,
        "mx",
        1.5,
        0.25,
    )
    assert (done.failure, done.optional) == (None, False)
    assert done.seen == ("250 a b", "x\\x00")


@pytest.mark.asyncio
async def test_a_failed_step_is_recorded_and_ends_the_conversation() -> None:
    """The trouble becomes a failure with the step's phase."""
    record, clock = make()

    async def fail() -> None:
        clock.seconds += 2
        raise Trouble(Kind.SMTP_PERMANENT, reply=Reply(550, None, "no"), detail="why")

    failure = await ended_by(record, fail(), phase=Phase.RCPT, optional=True)
    assert failure == Failure(
        kind=Kind.SMTP_PERMANENT,
        phase=Phase.RCPT,
        reply=Reply(550, None, "no"),
        detail="why",
    )
    (step,) = record.steps
    assert (step.failure, step.took, step.optional) == (failure, 2.0, True)


@pytest.mark.asyncio
@pytest.mark.parametrize(
    "error", [RuntimeError("ours"), ValueError("ours"), asyncio.CancelledError()]
)
async def test_what_is_no_failure_of_the_wire_passes_through(
    error: BaseException,
) -> None:
    """Faults of our own and cancellation are not recorded as the server's."""
    record, _ = make()
    with pytest.raises(type(error)), record.step(Phase.MAIL, "mx", 30):
        await raising(error)
    assert record.steps == ()


@pytest.mark.asyncio
async def test_a_step_within_a_step_is_the_one_that_is_recorded() -> None:
    """The outer step did not fail by itself."""
    record, _ = make()

    async def inner() -> None:
        with record.step(Phase.TCP, "mx", 30):
            raise ConnectionRefusedError

    failure = await ended_by(record, inner(), phase=Phase.TRANSIT)
    assert failure.phase is Phase.TCP
    assert [step.phase for step in record.steps] == [Phase.TCP]


@pytest.mark.asyncio
@pytest.mark.parametrize(
    ("phase", "kind"),
    [
        (Phase.DNS, Kind.DNS_TIMEOUT),
        (Phase.TCP, Kind.TCP_TIMEOUT),
        (Phase.TLS, Kind.TLS_TIMEOUT),
        (Phase.GREETING, Kind.GREETING_TIMEOUT),
        (Phase.EHLO, Kind.REPLY_TIMEOUT),
        (Phase.ACCEPT, Kind.SUBMISSION_UNCONFIRMED),
        (Phase.LOGIN, Kind.REPLY_TIMEOUT),
    ],
)
async def test_a_phase_that_uses_up_its_budget_is_named(
    phase: Phase, kind: Kind
) -> None:
    """Silence for as long as it was allowed is a fact about the peer."""
    record, _ = make()
    failure = await ended_by(record, never(), phase=phase, budget=0.001)
    assert (failure.kind, failure.phase) == (kind, phase)
    assert failure.detail == "nothing within the 0.001 s allowed for it"


@pytest.mark.asyncio
@pytest.mark.parametrize(
    ("phase", "kind"),
    [
        (Phase.DNS, Kind.DNS_TIMEOUT),
        (Phase.TCP, Kind.TCP_TIMEOUT),
        (Phase.GREETING, Kind.TIMED_OUT),
        (Phase.EHLO, Kind.TIMED_OUT),
        (Phase.TRANSIT, Kind.TIMED_OUT),
    ],
)
async def test_the_deadline_of_the_call_cuts_the_phase_that_is_running(
    phase: Phase, kind: Kind
) -> None:
    """Our own time being up is not an outage of theirs."""
    record, clock = make(timeout=60)
    clock.seconds += 59.999
    failure = await ended_by(record, never(), phase=phase, budget=30)
    assert failure.kind is kind
    assert failure.detail.endswith("of the call's 60 s")


@pytest.mark.asyncio
async def test_after_the_deadline_nothing_is_waited_for() -> None:
    """No time is left, and none is negative."""
    record, clock = make(timeout=5)
    clock.seconds += 100
    assert record.remaining() == 0.0
    assert (await ended_by(record, never())).kind is Kind.TIMED_OUT


@pytest.mark.asyncio
async def test_steps_stand_in_the_order_they_began() -> None:
    """A step that took long began before those that ended first."""
    record, clock = make()
    with record.step(Phase.TRANSIT, "a", 30):
        clock.seconds += 1
        with record.step(Phase.ACCEPT, "b", 30):
            clock.seconds += 1
    assert [step.phase for step in record.steps] == [Phase.TRANSIT, Phase.ACCEPT]


@pytest.mark.asyncio
async def test_what_is_kept_is_bounded() -> None:
    """Text that was seen, details, and the transcript."""
    record, _ = make(limits=Limits(seen_chars=50, transcript_lines=5))
    long = "x" * 5000
    with record.step(Phase.EHLO, "mx", 30) as step:
        step.saw(long)
    failure = await ended_by(record, raising(Trouble(Kind.BUG, detail=long)))
    assert len(record.steps[0].seen[0]) == 50
    assert len(failure.detail) == DETAIL_MAX
    for _ in range(20):
        record.sent("NOOP")
        record.received(long.encode() + b"\r\n")
    assert len(record.transcript) == 6
    assert record.transcript[-1] == "-- further lines are not kept"
    assert all(len(line) <= 54 for line in record.transcript)


def test_the_transcript_shows_both_sides_line_by_line() -> None:
    """However the server's bytes were cut, its lines are whole."""
    record, _ = make()
    for byte in b"220-mx\r\n220 hi\r\n":
        record.received(bytes([byte]))
    record.sent("EHLO x")
    record.remark("something happened")
    record.received(b"250 \xff\x00\nhalf")
    assert record.transcript == (
        "S: 220-mx",
        "S: 220 hi",
        "C: EHLO x",
        "-- something happened",
        "S: 250 \\xff\\x00",
        "S: half",
    )


def test_lines_of_two_connections_are_not_mixed() -> None:
    """Each connection's bytes are put together for themselves."""
    record, _ = make()
    record.received(b"220 a", "one")
    record.received(b"* OK ", "two")
    record.received(b"bc\r\n", "one")
    record.received(b"de\r\n", "two")
    assert record.transcript == ("S: 220 abc", "S: * OK de")


def test_an_endless_line_does_not_fill_the_transcript() -> None:
    """What has no line end is bounded too."""
    record, _ = make(limits=Limits(line_bytes=100, transcript_lines=10))
    for _ in range(1000):
        record.received(b"x" * 50)
    assert len(record.transcript) <= 12
    assert all(len(line) <= 110 for line in record.transcript)


def test_without_being_asked_no_transcript_is_kept() -> None:
    """Steps only."""
    record = Recorder(FakeClock(), Limits(), 60)
    record.sent("NOOP")
    record.received(b"250 ok\r\n")
    record.remark("x")
    assert record.transcript == ()


# --- secrets ----------------------------------------------------------------------


def encodings(secret: str) -> dict[str, str]:
    """Return the ways in which a server may give a secret back."""
    raw = secret.encode()
    shown = {
        "plain": f"wrong password {secret}!",
        "quoted": '"' + secret.replace("\\", "\\\\").replace('"', '\\"') + '"',
        "repr": f"not a reply: {secret!r}",
        "json": json.dumps({"password": secret}),
        "url": urllib.parse.quote(secret, safe=""),
        "form": urllib.parse.urlencode({"p": secret}),
        "reply": repr(str(Reply(535, None, f"no {secret}"))),
    }
    for before in range(4):
        for after in range(3):
            coded = base64.b64encode(b"\0" * before + raw + b"\0" * after).decode()
            shown[f"base64 {before} {after}"] = f"AUTH {coded}"
    return shown


def leaks(secret: str, shown: str) -> bool:
    """Whether the secret can be had from what is shown, as it is or decoded."""
    texts = [shown, urllib.parse.unquote(shown), urllib.parse.unquote_plus(shown)]
    texts += [shown.replace("\\\\", "\\").replace('\\"', '"').replace("\\'", "'")]
    for word in shown.split():
        padded = word + "=" * (-len(word) % 4)
        try:
            texts.append(base64.b64decode(padded).decode("latin-1"))
        except ValueError:
            continue
    return any(
        secret in text or secret.encode().decode("latin-1") in text for text in texts
    )


SECRETS = [
    PLANTED,
    'quo"te',
    "it's",
    "back\\slash\\",
    "all\"of'them\\",
    "pässwörd",
    "sp ace&=+/%",
    "\U0001f600emoji",
    "tab\tbed",
    "four",
    "PLÄNTED+/=",
]


@pytest.mark.parametrize("secret", SECRETS)
def test_a_secret_is_masked_in_every_usual_encoding(secret: str) -> None:
    """Plain, quoted, JSON, URL, repr, and base64 at each of three alignments."""
    record, _ = make()
    record.hide(secret)
    for name, shown in encodings(secret).items():
        clean = record.clean(shown)
        assert MASK in clean, name
        assert not leaks(secret, clean), name


@STEADY
@given(st.text(min_size=SHORTEST_HIDDEN, max_size=30), st.text(max_size=20))
def test_any_secret_is_masked(secret: str, around: str) -> None:
    """Whatever it is made of, and whatever stands around it."""
    record, _ = make()
    record.hide(secret)
    for shown in encodings(secret).values():
        assert secret not in record.clean(around + shown + around).replace(MASK, "")


def test_base64_leaves_no_whole_character_of_a_secret() -> None:
    """What stays visible beside the mask are bits it shares with its neighbours."""
    record, _ = make()
    record.hide(PLANTED)
    for before in range(3):
        raw = b"\0" * before + PLANTED.encode()
        clean = record.clean(base64.b64encode(raw).decode())
        left = clean.replace(MASK, "").rstrip("=")
        # Before: the neighbours' own characters; behind: at most one shared.
        assert len(left) <= -(-8 * before // 6) + 1


def test_a_cut_secret_is_masked_too() -> None:
    """What was cut off in the middle of a secret shows none of its beginning."""
    record, _ = make()
    record.hide(PLANTED)
    assert record.clean("password hunter2-pl ...") == f"password {MASK} ..."
    assert record.clean("'hunt ...' and more") == f"'{MASK} ...' and more"
    assert record.clean("hun ...") == "hun ..."


@pytest.mark.asyncio
@pytest.mark.parametrize("secret", SECRETS)
async def test_nothing_that_is_recorded_shows_a_secret(secret: str) -> None:
    """Seen, detail, reply and transcript; cut anywhere by the network."""
    record, _ = make(limits=Limits(seen_chars=60))
    record.hide(secret)
    coded = base64.b64encode(b"\0ada\0" + secret.encode()).decode()
    with record.step(Phase.EHLO, "mx", 30) as step:
        step.saw(f"{secret} {coded}")
        step.saw("x" * 50 + secret)
    reply = Reply(535, None, f"no {secret} {coded}")
    trouble = Trouble(Kind.AUTH_REFUSED, reply=reply, detail=f"{secret!r} {coded}")
    failure = await ended_by(record, raising(trouble))
    record.sent(f'LOGIN "ada" "{secret}" {coded}')
    record.remark(secret)
    line = f"NO {secret} {coded}\r\n".encode()
    for byte in line:
        record.received(bytes([byte]))
    record.received(b"x" * 50 + line)
    shown = [*record.steps[0].seen, str(failure), repr(failure), *record.transcript]
    for text in shown:
        assert not leaks(secret, text)
    assert "".join(record.transcript).count(MASK) >= 5


def test_short_secrets_do_not_blot_out_words() -> None:
    """Three letters stand in too many words to be masked."""
    record, _ = make()
    record.hide("ok")
    record.hide("")
    assert record.clean("all ok") == "all ok"


def test_the_longest_form_is_masked_first() -> None:
    """A secret that contains another is masked as a whole."""
    record, _ = make()
    record.hide("hunter2")
    record.hide("hunter2-planted")
    assert record.clean("hunter2-planted") == MASK


def test_an_open_step_shows_nothing_by_itself() -> None:
    """Its repr is that of any object."""
    assert OpenStep.__repr__ is object.__repr__
    assert Recorder.__repr__ is object.__repr__
