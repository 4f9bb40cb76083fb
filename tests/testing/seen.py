"""Short ways to make what a session has seen of providers."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Final

from mailprobe.judge.provider import judge_provider
from mailprobe.model.failure import Failure, Kind, Phase, Reply
from mailprobe.model.report import ImapReport, ProberFacts, ProviderReport, Step
from mailprobe.model.target import Endpoint, ImapTarget, Mailbox, ProviderTarget
from mailprobe.model.verdict import Availabilities, Blame, Check, Status, Verdict
from mailprobe.testing.demand import Subject
from mailprobe.testing.looks import Look

AT: Final = datetime(2023, 1, 23, 9, 42, tzinfo=UTC)
AWAY: Final = Reply("NO", "UNAVAILABLE", "later")


def verdict(
    status: Status, blame: Blame | None = None, reply: Reply | None = AWAY
) -> Verdict:
    """Return a verdict with the words that every one has."""
    failure = Failure(kind=Kind.AUTH_UNAVAILABLE, phase=Phase.LOGIN, reply=reply)
    step = Step(phase=Phase.LOGIN, peer="imap.test:993", began=0, took=1)
    failed = Step(
        phase=Phase.LOGIN, peer="imap.test:993", began=0, took=1, failure=failure
    )
    return Verdict(
        status=status,
        blame=blame,
        at=step if blame is None else failed,
        why=f"It is {status} by {blame}.",
        advice="Mend it.",
        rule="made_up",
    )


OK: Final = verdict(Status.OK)
DEGRADED: Final = verdict(Status.DEGRADED, Blame.PROVIDER)
DOWN: Final = verdict(Status.DOWN, Blame.PROVIDER)
OURS: Final = verdict(Status.UNKNOWN, Blame.VANTAGE)
ACCOUNT: Final = verdict(Status.UNKNOWN, Blame.ACCOUNT)


def check(
    *,
    submit: Verdict | None = None,
    accept: Verdict | None = None,
    deliver: Verdict | None = None,
    read: Verdict | None = None,
    address: str = "",
) -> Check[ProviderReport]:
    """Return the check of a provider whose functions were judged so."""
    mailbox = Mailbox(address) if address else None
    report = ProviderReport(
        started_at=AT,
        duration=1.0,
        prober=ProberFacts(version="0", ehlo_name="probe.test"),
        steps=(),
        target=ProviderTarget("posta", mailbox),
        imap=(_imap(read, mailbox),) if read else (),
    )
    whole = judge_provider(report).verdict
    four = Availabilities(submit=submit, accept=accept, deliver=deliver, read=read)
    return Check(
        report,
        verdict=Verdict(
            status=whole.status,
            blame=whole.blame,
            at=None,
            why=whole.why,
            rule="made_up",
            availabilities=four,
        ),
    )


def look(
    made: Check[ProviderReport],
    *,
    label: str = "posta",
    provider: str = "posta",
    platform: str = "",
    again: int = 0,
    mailbox: str = "ada",
) -> Look:
    """Return a look that saw what is bad at `AT` for the first time."""
    four = made.verdict.availabilities
    names = ("submit", "accept", "deliver", "read")
    bad = [name for name in names if getattr(four, name) not in {None, OK, DEGRADED}]
    subject = Subject(
        label=label,
        provider=provider,
        mailbox=mailbox,
        address=f"{mailbox}@{provider}.test",
        platform=platform or provider,
    )
    return Look(subject=subject, check=made, since=dict.fromkeys(bad, AT), again=again)


def _imap(read: Verdict, mailbox: Mailbox | None) -> Check[ImapReport]:
    at = Endpoint("imap.test", 993)
    report = ImapReport(
        started_at=AT,
        duration=1.0,
        prober=ProberFacts(version="0", ehlo_name="probe.test"),
        steps=(read.at,) if read.at else (),
        target=ImapTarget(mailbox, at.host, at.port, at.security),
    )
    return Check(report, verdict=read)
