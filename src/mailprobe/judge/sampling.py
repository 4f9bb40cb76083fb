"""From checks and passages to samples: which function a look speaks about."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, Final

from mailprobe.judge.provider import availabilities
from mailprobe.judge.strain import NETWORK
from mailprobe.model.failure import Kind
from mailprobe.model.passage import Fate
from mailprobe.model.report import (
    ImapReport,
    MxReport,
    ProviderReport,
    SmtpReport,
    TripReport,
)
from mailprobe.model.sample import Function, Outcome, Party, Sample
from mailprobe.model.verdict import Blame, Status

if TYPE_CHECKING:
    from collections.abc import Callable
    from datetime import datetime

    from mailprobe.model.passage import Passage
    from mailprobe.model.provider import Catalogue
    from mailprobe.model.report import Report
    from mailprobe.model.verdict import Check, Verdict

# A login that is refused did not work, whoever is to blame; other looks decide that.
_REFUSED: Final = frozenset({Kind.AUTH_REFUSED, Kind.AUTH_UNAVAILABLE})
_OURSELVES: Final = frozenset({Blame.SETUP, Blame.PROBER})
_LOST: Final = frozenset({Fate.BOUNCED, Fate.PRESUMED_LOST, Fate.LATE})


def party_of(name: str, catalogue: Catalogue | None = None) -> Party:
    """
    Return whose service a mail domain, a service host or an address is.

    Without a preset for it, it is a party, and a platform, of its own.
    """
    domain = name.rpartition("@")[2].rstrip(".").lower()
    preset = catalogue.serving(domain) if catalogue else None
    if preset is None:
        return Party(name=domain, platform=domain)
    return Party(name=preset.id, platform=preset.platform or preset.id)


def samples(
    check: Check[Report],
    party: Party,
    *,
    sender: Party | None = None,
    account: str = "",
    route: str = "",
    control: bool = False,
) -> tuple[Sample, ...]:
    """
    Say what one check shows of the functions of a party.

    Args:
        check: Of any probe; a check of a certificate alone gives nothing.
        party: Whose service was looked at; for a round trip, the recipient's.
        sender: For a round trip, whose service sent; the recipient's if not given.
        account: The canary; that of the check's target if not given.
        route: The route of the mail.
        control: The target is known to work.
    """
    of = _Sampler(check, party, account, route, control=control)
    match check.report:
        case MxReport():
            return (of.sample(Function.ACCEPT, check.verdict),)
        case SmtpReport() as report:
            mailbox = report.target.mailbox
            if mailbox is None:
                return ()  # without a login it does not say whether users can send
            return (of.sample(Function.SUBMIT, check.verdict, mailbox.address),)
        case ImapReport() as report:
            mailbox = report.target.mailbox
            if mailbox is None:
                return ()
            return (of.sample(Function.READ, check.verdict, mailbox.address),)
        case TripReport() as report:
            return of.trip(report, sender or party)
        case ProviderReport() as report:
            return of.provider(report)
        case _:
            return ()


class _Sampler:
    """Makes the samples of one check."""

    def __init__(
        self,
        check: Check[Report],
        party: Party,
        account: str,
        route: str,
        *,
        control: bool,
    ) -> None:
        self.check = check
        self.party = party
        self.account = account
        self.route = route
        self.control = control
        self.at = check.report.started_at
        self.known_at = self.at + timedelta(seconds=max(check.report.duration, 0.0))

    def sample(
        self,
        function: Function,
        verdict: Verdict,
        account: str = "",
        *,
        party: Party | None = None,
        sender: Party | None = None,
        at: datetime | None = None,
    ) -> Sample:
        outcome = _outcome(verdict)
        fine = outcome is Outcome.PASS
        failure = verdict.failure
        return Sample(
            at=min(at or self.at, self.known_at),
            known_at=self.known_at,
            function=function,
            outcome=outcome,
            party=party or self.party,
            account=self.account or account,
            sender=sender,
            route=self.route,
            blame=None if fine else verdict.blame,
            kind=failure.kind if failure and not fine else None,
            why="" if fine else verdict.why,
            control=self.control,
        )

    def passed(self, function: Function, account: str, party: Party) -> Sample:
        return Sample(
            at=self.at,
            known_at=self.known_at,
            function=function,
            outcome=Outcome.PASS,
            party=party,
            account=account,
            route=self.route,
            control=self.control,
        )

    def trip(self, report: TripReport, sender: Party) -> tuple[Sample, ...]:
        """Tell sending, delivery and reading apart."""
        verdict, target = self.check.verdict, report.target
        found = []
        taken = report.accepted is not None and report.failure is None
        taken = taken or report.visible is not None or report.waited is not None
        if taken and not report.unconfirmed:
            found.append(self.passed(Function.SUBMIT, target.sender.address, sender))
        opened = report.recipient_authenticated
        if opened and taken:
            found.append(
                self.passed(Function.READ, target.recipient.address, self.party)
            )
        if report.visible is not None or taken:
            mail = self.sample(
                Function.DELIVER,
                verdict,
                target.recipient.address,
                sender=sender,
                at=report.submitted_at,
            )
            return (*found, mail)
        if opened:  # the mailbox opened, so it was the sending that failed
            box, party = target.sender.address, sender
            return (self.sample(Function.SUBMIT, verdict, box, party=party),)
        box = target.recipient.address
        return (self.sample(Function.READ, verdict, box),)

    def provider(self, report: ProviderReport) -> tuple[Sample, ...]:
        """Take the four functions as they were judged together."""
        four = availabilities(report)
        mailbox = report.target.mailbox
        box = mailbox.address if mailbox else ""
        found = []
        for function in Function:
            verdict = getattr(four, function.value)
            mail = function is Function.DELIVER
            if verdict is None or (function is not Function.ACCEPT and not box):
                continue
            if mail and four.read is not None and four.read.status is Status.DOWN:
                continue  # nobody could look whether it came
            found.append(
                self.sample(
                    function,
                    verdict,
                    "" if function is Function.ACCEPT else box,
                    sender=self.party if mail else None,
                    at=report.trip.report.submitted_at
                    if mail and report.trip
                    else None,
                )
            )
        return tuple(found)


def _outcome(verdict: Verdict) -> Outcome:
    """
    Say what a verdict shows of the function itself, whosever fault it is.

    Silence that may be ours fails too: looks at others tell whose it is.
    """
    if verdict.status in {Status.OK, Status.DEGRADED}:
        return Outcome.PASS
    if verdict.blame in _OURSELVES:
        return Outcome.UNKNOWN
    if verdict.status is Status.DOWN:
        return Outcome.FAIL
    kind = verdict.failure.kind if verdict.failure else None
    if kind is Kind.TIMED_OUT:  # our own time was up
        return Outcome.UNKNOWN
    reached = kind in NETWORK and verdict.rule != "prober_strained"
    login = kind in _REFUSED and verdict.rule.startswith(("login_", "auth_"))
    return Outcome.FAIL if reached or login else Outcome.UNKNOWN


def delivery(
    passage: Passage,
    at: datetime,
    party_of: Callable[[str], Party],
    *,
    readable: bool,
) -> Sample | None:
    """
    Say what one mail shows of delivery.

    Args:
        passage: What is known of it.
        at: Now.
        party_of: Whose service an address is.
        readable: Whether its mailbox could be opened when it was looked for.

    Returns:
        None if it was never taken: that says nothing of delivery. Unknown while it
        is young, or while nobody can look.
    """
    handed = passage.submitted_at
    if passage.fate in {Fate.REJECTED, Fate.UNCONFIRMED} or handed is None:
        return None
    outcome = _arrival(passage, at, handed, readable=readable)
    bad = outcome is Outcome.FAIL
    bounced = passage.fate is Fate.BOUNCED
    kind = Kind.SMTP_PERMANENT if bounced else Kind.CANARY_MISSING
    recipient = passage.recipient
    return Sample(
        at=min(handed, at),
        known_at=at,
        function=Function.DELIVER,
        outcome=outcome,
        party=party_of(recipient),
        account=recipient,
        sender=party_of(passage.sender),
        route=passage.route,
        blame=Blame.PROVIDER if bad else None,
        kind=kind if bad else None,
        why=_words(passage) if bad else "",
    )


def _arrival(
    passage: Passage, at: datetime, handed: datetime, *, readable: bool
) -> Outcome:
    if passage.fate in {Fate.DELIVERED, Fate.JUNK}:
        late = passage.delay is not None and passage.delay > passage.late_after
        return Outcome.FAIL if late else Outcome.PASS
    if passage.fate in _LOST or passage.fate is Fate.RECOVERED:
        return Outcome.FAIL
    overdue = (at - handed).total_seconds() > passage.late_after
    return Outcome.FAIL if overdue and readable else Outcome.UNKNOWN


def _words(passage: Passage) -> str:
    to = f"The mail to {passage.recipient}"
    if passage.fate is Fate.BOUNCED:
        return f"{to} was accepted, and returned later."
    if passage.fate is Fate.PRESUMED_LOST:
        return f"{to} was accepted, and never came."
    if passage.arrived_at is not None:
        return f"{to} came late."
    return f"{to} was accepted, and did not come in time."
