"""Dispatch: one canary is handed over, once, and what the server said is heard."""

from __future__ import annotations

from typing import TYPE_CHECKING

from mailprobe.mail.canary import Canary
from mailprobe.model.dispatch import DispatchReport, HandOver
from mailprobe.model.failure import Phase
from mailprobe.probes import outside, smtp
from mailprobe.probes.sending import REFUSALS, Letter, hand_over, hear
from mailprobe.wire.trouble import Ended

if TYPE_CHECKING:
    from collections.abc import Callable

    from mailprobe.model.failure import Failure
    from mailprobe.model.report import Step
    from mailprobe.model.target import DispatchTarget, Mailbox
    from mailprobe.probes.vantage import Vantage
    from mailprobe.wire.recorder import Recorder

_ENVELOPE = frozenset({Phase.MAIL, Phase.RCPT, Phase.DATA, Phase.ACCEPT})


async def probe_dispatch(
    vantage: Vantage,
    target: DispatchTarget,
    timeout: float,
    on_step: Callable[[Step], None] | None = None,
) -> DispatchReport:
    """
    Hand over one mail, through a mailbox's submission service or to an MX host.

    Whoever cancels it does not learn whether the final dot was written, and has
    to take the mail for sent.
    """
    recorder = vantage.recorder(timeout, on_step)
    canary = Canary(target.token, target.sender, target.recipient)
    letter = Letter(canary=canary, message=canary.message(recorder.started_at))
    passed: list[Failure] = []
    failure: Failure | None = None
    try:
        try:
            if target.mailbox is not None:
                await submit(vantage, recorder, letter, target.mailbox)
            else:
                await outside.walk(vantage, recorder, letter, passed)
            await hear(vantage, recorder, letter)
        except Ended as ended:
            failure = ended.failure
        await smtp.leave(vantage, recorder, letter.sending)
    finally:
        smtp.close(letter.sending)
    notes, common = letter.sending, vantage.common(recorder)
    common["steps"] = outside.deciding(common["steps"], failure)
    return DispatchReport(
        **common,
        target=target,
        outcome=outcome(letter, failure),
        server=notes.peer,
        authenticated=notes.authenticated,
        submitted_at=letter.submitted_at,
        accepted=letter.accepted,
        acceptance=letter.acceptance,
        tls=notes.tls,
        passed_over=tuple(passed),
    )


async def submit(
    vantage: Vantage, recorder: Recorder, letter: Letter, sender: Mailbox
) -> None:
    """Log in to a submission service, and send the mail as far as its final dot."""
    assert sender.smtp  # noqa: S101 - the prober completes mailboxes
    await smtp.open_smtp(vantage, recorder, sender.smtp, letter.sending)
    await smtp.log_in(vantage, recorder, letter.sending, sender)
    await hand_over(vantage, recorder, letter)


def outcome(letter: Letter, failure: Failure | None) -> HandOver:
    """Tell how it ended; a mail whose final dot was written may be anywhere."""
    if failure is None:
        return HandOver.ACCEPTED
    if failure.kind in REFUSALS and failure.phase in _ENVELOPE:
        return HandOver.REFUSED
    return HandOver.NEVER if letter.submitted is None else HandOver.UNCONFIRMED
