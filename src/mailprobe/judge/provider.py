"""A whole provider: four availabilities, each judged alone, and one sentence."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Final

from mailprobe.judge.case import Case
from mailprobe.judge.kinds import KINDS
from mailprobe.model.failure import Kind
from mailprobe.model.report import ImapReport, ProviderReport
from mailprobe.model.verdict import (
    Availabilities,
    Blame,
    Check,
    Finding,
    Status,
    Verdict,
)

if TYPE_CHECKING:
    from collections.abc import Iterable

    from mailprobe.model.report import Report

# What a person calls each function, as it works and as it fails.
_WORDS: Final = {
    "submit": ("sending works", "sending", "its users cannot send"),
    "accept": ("mail is accepted", "accepting", "it takes no mail from others"),
    "deliver": ("mail is delivered", "delivery", "accepted mail is not delivered"),
    "read": ("mailboxes open", "reading", "its users cannot open their mailboxes"),
}


def judge_provider(report: ProviderReport) -> Check[ProviderReport]:
    """Judge the four functions of a provider, then say the whole in one sentence."""
    functions = availabilities(report)
    tested = {
        name: verdict
        for name in _WORDS
        if (verdict := getattr(functions, name)) is not None
    }
    worst = max(
        tested.values(), key=lambda v: v.status.gravity, default=_nothing(report)
    )
    verdict = Verdict(
        status=worst.status,
        blame=_blame(tested, worst),
        at=worst.at,
        why=_sentence(report, tested, worst),
        advice=worst.advice,
        findings=_findings(report),
        rule=f"provider_{worst.status}" if tested else worst.rule,
        availabilities=functions,
    )
    return Check(report, verdict=verdict)


def availabilities(report: ProviderReport) -> Availabilities:
    """Judge each function by the checks that speak about it."""
    read = _best(report.imap)
    submit = _best(report.submission)
    if submit is not None:
        submit = _with_second_opinion(submit, report.imap)
    accept = report.mx.verdict if report.mx and _dialled(report) else None
    deliver = report.trip.verdict if report.trip else None
    return Availabilities(submit=submit, accept=accept, deliver=deliver, read=read)


def _dialled(report: ProviderReport) -> bool:
    assert report.mx is not None  # noqa: S101 - asked by the caller
    # Names alone do not show that mail is accepted; their absence shows it is not.
    tried = any(
        entry.answered is not None
        for host in report.mx.report.hosts
        for entry in host.addresses
    )
    return tried or report.mx.status is not Status.OK


def _best(checks: Iterable[Check[Report]]) -> Verdict | None:
    """
    Judge a function that is served at several ports.

    The check with a login counts for most; the others make it degraded at worst.
    """
    verdicts = [check.verdict for check in checks]
    if not verdicts:
        return None
    first, *others = verdicts
    bad = next((v for v in others if v.status is Status.DOWN), None)
    if first.status is Status.OK and bad is not None:
        return replace(
            bad, status=Status.DEGRADED, why=f"One of its ports fails: {bad.why}"
        )
    return first


def _with_second_opinion(
    submit: Verdict, imap: tuple[Check[ImapReport], ...]
) -> Verdict:
    """
    Ask IMAP what a login that SMTP refused is worth.

    Servers say 535 for a wrong password and for a broken password store alike;
    over IMAP the two sound different.
    """
    # Only where SMTP left it open: a server that says "maintenance" is believed.
    if submit.rule != "login_refused_smtp" or not imap:
        return submit
    other = imap[0]
    kind = other.verdict.failure.kind if other.verdict.failure else None
    if kind is Kind.AUTH_UNAVAILABLE:
        return replace(
            submit,
            status=Status.DOWN,
            blame=Blame.PROVIDER,
            why="It refuses logins over SMTP as wrong, while IMAP says that the "
            "authentication server is not available: the password is not the reason.",
            advice="Wait; passwords need not be changed.",
            rule="login_refused_backend_down",
        )
    if kind is Kind.AUTH_REFUSED:
        return replace(submit, blame=Blame.ACCOUNT, rule="login_refused_both")
    if other.report.authenticated:
        return replace(
            submit,
            status=Status.DOWN,
            blame=Blame.UNCLEAR,
            why=f"{submit.why.split(' refused')[0]} refuses a login that IMAP takes: "
            "either sending is switched off for the account, or its login is broken.",
            advice="Check whether the account may send by SMTP.",
            rule="login_refused_smtp_only",
        )
    return submit


def _blame(tested: dict[str, Verdict], worst: Verdict) -> Blame | None:
    if worst.status is Status.OK:
        return None
    # A mail that was not delivered while reading fails is no second culprit.
    blames = {v.blame for v in tested.values() if v.status is worst.status}
    return Blame.PROVIDER if Blame.PROVIDER in blames else worst.blame


def _sentence(
    report: ProviderReport, tested: dict[str, Verdict], worst: Verdict
) -> str:
    name = report.target.name
    if not tested:
        return worst.why
    good = [_WORDS[n][0] for n, v in tested.items() if v.status is Status.OK]
    if worst.status is Status.OK:
        return f"{name} works: {_joined(good)}."
    if worst.status is Status.DOWN:
        down = [_WORDS[n][2] for n, v in tested.items() if v.status is Status.DOWN]
        but = f", while {_joined(good)}" if good else ""
        return f"At {name}, {_joined(down)}{but}. {worst.why}"
    named = _joined(
        [_WORDS[n][1] for n, v in tested.items() if v.status is worst.status]
    )
    how = "is degraded" if worst.status is Status.DEGRADED else "could not be judged"
    return f"At {name}, {named} {how}. {worst.why}"


def _findings(report: ProviderReport) -> tuple[Finding, ...]:
    found: dict[tuple[str, str], Finding] = {}
    for check in report.checks:
        for finding in check.findings:
            found.setdefault((finding.code, finding.text), finding)
    return tuple(found.values())


def _joined(parts: list[str]) -> str:
    if len(parts) < 2:  # noqa: PLR2004 - one thing needs no "and"
        return "".join(parts)
    return f"{', '.join(parts[:-1])} and {parts[-1]}"


def _nothing(report: ProviderReport) -> Verdict:
    case = Case(report)
    if case.kind is not None:  # it came to nothing before anything was tried
        explained = KINDS[case.kind]
        return Verdict(
            status=explained.status,
            blame=explained.blame,
            at=case.step,
            why=f"{case.peer} {explained.meaning}{case.quoted}.",
            advice=explained.advice,
            rule=case.kind.value,
        )
    return Verdict(
        status=Status.UNKNOWN,
        blame=Blame.SETUP,
        at=None,
        why=f"Nothing is known of where {report.target.name} is served.",
        advice="Give its hosts, or a mailbox with hosts.",
        rule="provider_untested",
    )
