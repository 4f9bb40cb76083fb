"""MX, judged as a sending server judges it: does any host take the mail."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Final, cast

from mailprobe.judge.case import Case, short
from mailprobe.judge.kinds import KINDS
from mailprobe.judge.replies import reply_rule
from mailprobe.judge.rule import Rule
from mailprobe.model.failure import Kind
from mailprobe.model.report import MxReport, Step
from mailprobe.model.verdict import Blame, Status

if TYPE_CHECKING:
    from mailprobe.model.report import MxAddress

_FOR: Final = ("MxReport",)
# From here a silent address says as much about our network as about theirs.
_OURS: Final = frozenset({Kind.TCP_TIMEOUT, Kind.TCP_UNREACHABLE, Kind.TIMED_OUT})


def tried(case: Case) -> tuple[MxAddress, ...]:
    """Return the addresses that were dialled."""
    report = cast("MxReport", case.report)
    entries = (entry for host in report.hosts for entry in host.addresses)
    return tuple(entry for entry in entries if entry.answered is not None)


def reachable(case: Case) -> tuple[MxAddress, ...]:
    """Return those of them that this machine has a route to, and that serve it."""
    return tuple(
        entry
        for entry in tried(case)
        if not (entry.failure and entry.failure.kind is Kind.TCP_UNREACHABLE)
        and not _turned_away(case, entry)
    )


def answering(case: Case) -> tuple[MxAddress, ...]:
    """Return those that greeted."""
    return tuple(entry for entry in tried(case) if entry.answered)


def _turned_away(case: Case, entry: MxAddress) -> bool:
    """Whether it refused us for what we are, which says nothing about it."""
    failure = entry.failure
    if failure is None:
        return False
    # The rules for a conversation that ended there; here it is one of many.
    step = Step(phase=failure.phase, peer="", began=0.0, took=0.0, failure=failure)
    alone = Case(replace(case.report, steps=(step,)), case.replies)
    rule = reply_rule(alone)
    return rule is not None and rule.blame is Blame.VANTAGE


def _mx(case: Case) -> MxReport:
    return cast("MxReport", case.report)


def _no_address(case: Case) -> bool:
    report = _mx(case)
    return bool(report.hosts) and not any(host.addresses for host in report.hosts)


def _none_found(case: Case) -> bool:
    lost = {host.failure.kind for host in _mx(case).hosts if host.failure}
    ours = {Kind.DNS_TIMEOUT, Kind.DNS_REFUSED, Kind.DNS_SERVFAIL, Kind.DNS_MALFORMED}
    return _no_address(case) and bool(lost & ours)


def _silent(case: Case) -> bool:
    kinds = {entry.failure.kind for entry in tried(case) if entry.failure}
    return bool(tried(case)) and not answering(case) and kinds <= _OURS


def _proven_silent(case: Case) -> bool:
    return _silent(case) and _mx(case).control is True


def _blocked(case: Case) -> bool:
    away = [_turned_away(case, entry) for entry in tried(case)]
    ours = (entry.failure and entry.failure.kind in _OURS for entry in tried(case))
    return any(away) and all(map(any, zip(away, ours, strict=True)))


def _counts(case: Case) -> dict[str, object]:
    report = _mx(case)
    theirs = (e for e in (*reachable(case), *tried(case)) if e.failure)
    entry = next(theirs, None)
    gone = next((host for host in report.hosts if host.failure), None)
    names = ", ".join(host.name for host in report.hosts[:3])
    more = len(report.hosts) - 3
    away = next((e for e in tried(case) if _turned_away(case, e)), None)
    meaning = KINDS[entry.failure.kind].meaning if entry and entry.failure else ""
    refusal = away.failure.reply if away and away.failure else ""
    return {
        "tried": len(tried(case)),
        "reachable": len(reachable(case)),
        "answering": len(answering(case)),
        "first_failure": f"{entry.address} {meaning}" if entry else "",
        "first_refusal": short(str(refusal)),
        "lost_host": gone.name if gone else "",
        "hosts": f"{names} and {more} more" if more > 0 else names,
    }


MX_RULES: Final = (
    Rule(
        name="mx_address_unknown",
        applies_to=_FOR,
        condition="no MX host's address could be looked up, since DNS itself failed",
        when=_none_found,
        status=Status.UNKNOWN,
        blame=Blame.UNCLEAR,
        why="The MX hosts of {peer} could not be looked up, so nothing can be said.",
        advice="Ask another resolver (--nameserver).",
    ),
    Rule(
        name="mx_unusable",
        applies_to=_FOR,
        condition="MX records, but no host with an address",
        when=lambda c: _no_address(c) and _mx(c).delivery == "explicit",
        status=Status.DOWN,
        blame=Blame.PROVIDER,
        why="{peer} names MX hosts, but none of them has an address: nobody can send "
        "mail to it.",
        advice="The MX records must name hosts that have A or AAAA records.",
    ),
    Rule(
        name="mx_none",
        applies_to=_FOR,
        condition="neither MX records nor an address",
        when=_no_address,
        status=Status.DOWN,
        blame=Blame.PROVIDER,
        why="{peer} has neither MX records nor an address: nobody can send mail to it.",
        advice="Check the spelling; mail domains publish MX records.",
    ),
    Rule(
        name="mx_silent",
        applies_to=_FOR,
        condition="no address answered the connection attempt, and the control did",
        when=_proven_silent,
        status=Status.DOWN,
        blame=Blame.PROVIDER,
        why="None of the {tried} addresses of {peer} answers, while another mail "
        "server could be reached from here.",
        words=_counts,
        advice="Senders keep their mail and try again for some days.",
    ),
    Rule(
        name="mx_unreachable_from_here",
        applies_to=_FOR,
        condition="every address was tried and none answered the connection attempt",
        when=_silent,
        status=Status.UNKNOWN,
        blame=Blame.VANTAGE,
        why="None of the {tried} addresses of {peer} answered on port 25; many "
        "networks block that port, so this says nothing about the provider.",
        words=_counts,
        advice="Try another domain's MX from here, or probe from another network.",
    ),
    Rule(
        name="mx_refuses_us",
        applies_to=_FOR,
        condition="the addresses that answer turn us away for what we are",
        when=_blocked,
        status=Status.UNKNOWN,
        blame=Blame.VANTAGE,
        why="All addresses of {peer} refuse this machine ({first_refusal}); they may "
        "serve others.",
        words=_counts,
        advice="Probe from an address with reverse DNS and a good reputation.",
    ),
    Rule(
        name="mx_all_down",
        applies_to=_FOR,
        condition="every address was tried and none took us through banner and EHLO",
        when=lambda c: bool(tried(c)) and not answering(c),
        status=Status.DOWN,
        blame=Blame.PROVIDER,
        why="None of the {tried} addresses of {peer} takes mail ({first_failure}).",
        words=_counts,
        advice="Senders keep their mail and try again for some days.",
    ),
    Rule(
        name="mx_some_down",
        applies_to=_FOR,
        condition="some addresses answer and some do not",
        when=lambda c: 0 < len(answering(c)) < len(reachable(c)),
        status=Status.DEGRADED,
        blame=Blame.PROVIDER,
        why="{answering} of {reachable} addresses of {peer} answer ({first_failure}).",
        words=_counts,
        advice="Mail still arrives, some of it later.",
    ),
    Rule(
        name="mx_some_without_address",
        applies_to=_FOR,
        condition="some MX hosts have no address",
        when=lambda c: any(host.failure for host in _mx(c).hosts),
        status=Status.DEGRADED,
        blame=Blame.PROVIDER,
        why="An MX host of {peer} has no usable address: {lost_host}.",
        words=_counts,
        advice="Mail still arrives over the other hosts; the record should be mended.",
    ),
    Rule(
        name="mx_answering",
        applies_to=_FOR,
        condition="every address that can be reached from here answers",
        when=lambda c: bool(answering(c)),
        status=Status.OK,
        blame=None,
        why="{answering} of {reachable} addresses of {peer} answer.",
        words=_counts,
    ),
    Rule(
        name="mx_published",
        applies_to=_FOR,
        condition="hosts with addresses are published; none was dialled",
        when=lambda c: any(host.addresses for host in _mx(c).hosts),
        status=Status.OK,
        blame=None,
        why="{peer} publishes {hosts}.",
        words=_counts,
    ),
)
