"""Handing a mail over: the envelope, the text, and the reply to the final dot."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import timedelta
from typing import TYPE_CHECKING, Final

from mailprobe.model.failure import Kind, Phase
from mailprobe.probes.smtp import SmtpNotes
from mailprobe.wire.trouble import Ended, Trouble

if TYPE_CHECKING:
    from datetime import datetime

    from mailprobe.mail.canary import Canary
    from mailprobe.model.failure import Failure, Reply
    from mailprobe.probes.vantage import Vantage
    from mailprobe.wire.recorder import Recorder

REFUSALS: Final = frozenset({Kind.SMTP_PERMANENT, Kind.SMTP_TEMPORARY})


@dataclass
class Letter:
    """One mail on its way out, and what has become of it so far."""

    canary: Canary
    message: bytes
    sending: SmtpNotes = field(default_factory=SmtpNotes)
    submitted: float | None = None
    submitted_at: datetime | None = None
    accepted: Reply | None = None
    acceptance: float | None = None
    unconfirmed: bool = False
    refusal: Failure | None = None


async def hand_over(
    vantage: Vantage, recorder: Recorder, letter: Letter, *, optional: bool = False
) -> None:
    """
    Send the mail as far as its final dot.

    From then on `Letter.submitted` is set, and the mail is never sent again.
    """
    notes, budget = letter.sending, vantage.limits.command
    session, at = notes.session, notes.peer
    assert session  # noqa: S101 - for the type checker
    with recorder.step(Phase.MAIL, at, budget, optional=optional) as step:
        step.saw(await session.mail(letter.canary.sender))
    with recorder.step(Phase.RCPT, at, budget, optional=optional) as step:
        step.saw(await session.rcpt(letter.canary.recipient))
    with recorder.step(Phase.DATA, at, budget, optional=optional) as step:
        step.saw(await session.data())
        letter.submitted = session.send_message(letter.message)
        letter.submitted_at = recorder.started_at + timedelta(seconds=letter.submitted)


async def hear(vantage: Vantage, recorder: Recorder, letter: Letter) -> None:
    """
    Wait for the reply to the final dot.

    A reply that is lost is no refusal: the mail may come, and is never sent
    again. Whether it was taken, refused or left open stands in the letter.

    Raises:
        Ended: If it was not accepted.
    """
    notes = letter.sending
    assert notes.session  # noqa: S101 - for the type checker
    assert letter.submitted is not None  # noqa: S101 - it was just sent
    try:
        with recorder.step(Phase.ACCEPT, notes.peer, vantage.limits.data_end) as step:
            try:
                letter.accepted = await notes.session.accepted()
            except Trouble as trouble:
                letter.accepted = trouble.reply
                if trouble.kind in REFUSALS:
                    raise
                kind, detail = Kind.SUBMISSION_UNCONFIRMED, trouble.detail
                raise Trouble(kind, reply=trouble.reply, detail=detail) from None
            step.saw(letter.accepted)
            letter.acceptance = recorder.elapsed() - letter.submitted
    except Ended as ended:
        refused = ended.failure.kind in REFUSALS
        letter.refusal = ended.failure if refused else None
        letter.unconfirmed = not refused
        raise
