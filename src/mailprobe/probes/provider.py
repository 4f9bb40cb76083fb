"""A provider, whole: MX, submission, IMAP, and with a mailbox the logins and a trip."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

from mailprobe.judge import judge
from mailprobe.model.report import (
    ImapReport,
    MxReport,
    ProviderReport,
    SmtpReport,
    TripReport,
)
from mailprobe.model.target import ImapTarget, MxTarget, SmtpTarget, TripTarget
from mailprobe.probes.abreast import abreast
from mailprobe.probes.again import insist
from mailprobe.probes.guard import guarded
from mailprobe.probes.imap import probe_imap
from mailprobe.probes.mx import probe_mx
from mailprobe.probes.roundtrip import probe_round_trip
from mailprobe.probes.smtp import probe_smtp

if TYPE_CHECKING:
    from collections.abc import Callable

    from mailprobe.model.report import Step
    from mailprobe.model.target import Mailbox, ProviderTarget
    from mailprobe.model.verdict import Check
    from mailprobe.probes.plan import Plan
    from mailprobe.probes.vantage import Vantage
    from mailprobe.wire.recorder import Recorder


async def probe_provider(
    vantage: Vantage,
    target: ProviderTarget,
    plan: Plan,
    timeout: float,
    on_step: Callable[[str, Step], None] | None = None,
) -> ProviderReport:
    """
    Try everything that can be tried, under one deadline.

    MX, submission and IMAP go side by side, the ports of each one after
    another: at most one connection to each service at a time. The trip comes
    last and only if both logins worked: an account that was refused is left
    alone. A fault of ours in one of them leaves the others as they are.
    """
    recorder = vantage.recorder(timeout)

    def told(probe: str) -> Callable[[Step], None] | None:
        return (lambda step: on_step(probe, step)) if on_step else None

    async def mx() -> Check[MxReport] | None:
        if plan.domain is None:
            return None
        mx_target = MxTarget(plan.domain, connect=True)
        left = recorder.remaining()
        probe = probe_mx(vantage, mx_target, left, told("mx"))
        report = await guarded(vantage, probe, mx_target)
        return judge(report, plan.presets)

    found, submission, imap = await abreast(
        mx(),
        _submission(vantage, recorder, plan, told("smtp")),
        _imap(vantage, recorder, plan, told("imap")),
    )
    trip = None
    if plan.mailbox is not None and _both_logged_in(submission, imap):
        trip = await _trip(vantage, recorder, plan, plan.mailbox, told("trip"))
    return ProviderReport(
        **vantage.common(recorder),
        target=target,
        preset=plan.preset,
        mx=found,
        submission=submission,
        imap=imap,
        trip=trip,
    )


async def _submission(
    vantage: Vantage,
    recorder: Recorder,
    plan: Plan,
    on_step: Callable[[Step], None] | None,
) -> tuple[Check[SmtpReport], ...]:
    done: list[Check[SmtpReport]] = []
    for number, at in enumerate(plan.submission):
        mailbox = plan.mailbox if number == 0 else None
        target = SmtpTarget(at.host, at.port, at.security, mailbox)
        left = recorder.remaining()
        hold = partial(probe_smtp, vantage, target, on_step=on_step)
        probe = insist(vantage, left, hold)
        report = await guarded(vantage, probe, target)
        done.append(judge(report, plan.presets))
    return tuple(done)


async def _imap(
    vantage: Vantage,
    recorder: Recorder,
    plan: Plan,
    on_step: Callable[[Step], None] | None,
) -> tuple[Check[ImapReport], ...]:
    done: list[Check[ImapReport]] = []
    for number, at in enumerate(plan.imap):
        mailbox = plan.mailbox if number == 0 else None
        target = ImapTarget(mailbox, at.host, at.port, at.security)
        left = recorder.remaining()
        hold = partial(probe_imap, vantage, target, on_step=on_step)
        probe = insist(vantage, left, hold)
        report = await guarded(vantage, probe, target)
        done.append(judge(report, plan.presets))
    return tuple(done)


async def _trip(
    vantage: Vantage,
    recorder: Recorder,
    plan: Plan,
    mailbox: Mailbox,
    on_step: Callable[[Step], None] | None,
) -> Check[TripReport]:
    target = TripTarget(mailbox, mailbox)
    left = recorder.remaining()
    probe = probe_round_trip(vantage, target, left, on_step)
    report = await guarded(vantage, probe, target)
    return judge(report, plan.presets)


def _both_logged_in(
    submission: tuple[Check[SmtpReport], ...], imap: tuple[Check[ImapReport], ...]
) -> bool:
    sends = any(check.report.authenticated for check in submission)
    reads = any(check.report.authenticated for check in imap)
    return sends and reads
