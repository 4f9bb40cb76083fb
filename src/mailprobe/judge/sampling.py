"""From checks to samples: which function a look speaks about, and how it went."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, Final

from mailprobe.judge.provider import availabilities
from mailprobe.judge.strain import NETWORK
from mailprobe.model.dispatch import DispatchReport
from mailprobe.model.failure import Kind
from mailprobe.model.report import (
    ImapReport,
    MxReport,
    ProviderReport,
    SmtpReport,
    TripReport,
)
from mailprobe.model.sample import Function, Outcome, Party, Sample
from mailprobe.model.verdict import Blame, Status
from mailprobe.model.visit import VisitReport

if TYPE_CHECKING:
    from datetime import datetime

    from mailprobe.model.provider import Catalogue
    from mailprobe.model.report import Report
    from mailprobe.model.verdict import Check, Verdict

# A login that is refused did not work, whoever is to blame; other looks decide that.
_REFUSED: Final = frozenset({Kind.AUTH_REFUSED, Kind.AUTH_UNAVAILABLE})
_OURSELVES: Final = frozenset({Blame.SETUP, Blame.PROBER})


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
    route: str = "",
    control: bool = False,
) -> tuple[Sample, ...]:
    """
    Say what one check shows of the functions of a party.

    Args:
        check: Of any probe; a check of a certificate alone gives nothing.
        party: Whose service was looked at; for a round trip, the recipient's; for a
            mail that is handed over, that of the service which is to take it.
        sender: For a round trip, whose service sent; the recipient's if not given.
            For a mail that is handed to MX hosts, whoever it is sent for, if known.
        route: The route of the mail.
        control: The target is known to work.
    """
    of = _Sampler(check, party, route, control=control)
    match check.report:
        case TripReport() as report:
            return of.trip(report, sender or party)
        case ProviderReport() as report:
            return of.provider(report)
        case report:
            found = _function(report)
    if found is None:
        return ()
    function, account = found
    mail = sender if function is Function.ACCEPT else None
    one = of.sample(function, check.verdict, account, sender=mail)
    names_only = isinstance(report, MxReport) and not _dialled(report)
    # Names alone do not show that mail is accepted; their absence shows it is not.
    return () if names_only and one.outcome is Outcome.PASS else (one,)


def _unanswered(check: Check[Report]) -> Kind | None:
    """Say how hosts failed of which none alone decided: by words, if there were any."""
    if not isinstance(check.report, MxReport):
        return None
    entries = [entry for host in check.report.hosts for entry in host.addresses]
    kinds = [entry.failure.kind for entry in entries if entry.failure]
    heard = [kind for kind in kinds if kind not in NETWORK]
    return next(iter([*heard, *kinds]), None)


def _dialled(report: MxReport) -> bool:
    return any(
        entry.answered is not None for host in report.hosts for entry in host.addresses
    )


def _function(report: Report) -> tuple[Function, str] | None:
    """Say which function a report is about, and whose mailbox was used."""
    match report:
        case MxReport():
            return Function.ACCEPT, ""
        case SmtpReport() | DispatchReport() | ImapReport() | VisitReport():
            mailbox = report.target.mailbox
            if isinstance(report, ImapReport | VisitReport):
                return (Function.READ, mailbox.address) if mailbox else None
            if mailbox is not None:
                return Function.SUBMIT, mailbox.address
            # Without a login, a service says little; an MX host took the mail.
            is_mail = isinstance(report, DispatchReport)
            return (Function.ACCEPT, "") if is_mail else None
        case _:
            return None


class _Sampler:
    """Makes the samples of one check."""

    def __init__(
        self,
        check: Check[Report],
        party: Party,
        route: str,
        *,
        control: bool,
    ) -> None:
        self.check = check
        self.party = party
        self.route = route
        self.control = control
        self.at = check.report.started_at
        self.known_at = self.at + timedelta(seconds=max(check.report.duration, 0.0))

    def sample(  # noqa: PLR0913 - what differs from the check as a whole
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
            account=account,
            sender=sender,
            route=self.route,
            blame=None if fine else verdict.blame,
            kind=None if fine else failure.kind if failure else _unanswered(self.check),
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
