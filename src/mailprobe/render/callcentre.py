"""
What a call centre reads out, in English and in Italian.

For somebody who knows nothing of mail: whose fault it is, what fails and since when,
what to do, and whether mail is lost. Nothing is promised that was not seen.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from mailprobe.model.incident import NETWORK, RESOLVER, Planned, State
from mailprobe.model.sample import Function
from mailprobe.model.verdict import Blame
from mailprobe.render.clean import visible
from mailprobe.render.english import ENGLISH
from mailprobe.render.italian import ITALIAN

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from mailprobe.model.account import IncidentReport
    from mailprobe.render.times import Zone
    from mailprobe.render.tongues import Tongue


@dataclass(frozen=True, slots=True, kw_only=True)
class Spoken:
    """The same in both languages."""

    english: str
    italian: str


def spoken(report: IncidentReport, zone: Zone = UTC) -> Spoken:
    """Return what is to be read out; times are in *zone*."""
    return Spoken(
        english=_said(report, ENGLISH, zone), italian=_said(report, ITALIAN, zone)
    )


def _said(report: IncidentReport, tongue: Tongue, zone: Zone) -> str:
    incident = report.incident
    closed = incident.state is State.CLOSED
    words = {
        "who": _who(report, tongue),
        "since": tongue.since(incident.began_at.astimezone(zone)),
        "span": _span(report, tongue, zone),
    }
    if incident.blame is Blame.VANTAGE:
        ours = {NETWORK: tongue.network, RESOLVER: tongue.resolver}
        words["what"] = ours.get(incident.culprit, tongue.part)
        text = tongue.ours_over if closed else tongue.ours
        return f"{text.format(**words)} {_harm(report, tongue)}"
    if incident.of_account:
        words["who"] = visible(_joined(map(report.name, incident.parties), tongue))
        theirs = incident.blame is Blame.PROVIDER
        text = tongue.mailbox if theirs else tongue.account
        text = tongue.account_over if closed else text
        return f"{text.format(**words)} {_harm(report, tongue)}"
    parts = [
        _provider(report, tongue, words),
        _advice(incident.functions, tongue, closed=closed),
        _lost(report, tongue),
    ]
    return " ".join(part for part in parts if part)


def _who(report: IncidentReport, tongue: Tongue) -> str:
    incident = report.incident
    name = report.name(incident.culprit)
    brands = [report.name(one) for one in incident.parties if one != incident.culprit]
    if not brands:
        return visible(name)
    return visible(f"{name} ({_joined(brands, tongue)})")


def _span(report: IncidentReport, tongue: Tongue, zone: Zone) -> str:
    incident = report.incident
    end: datetime = incident.ended_at or incident.changed_at
    return tongue.span(incident.began_at.astimezone(zone), end.astimezone(zone))


def _provider(report: IncidentReport, tongue: Tongue, words: dict[str, str]) -> str:
    incident = report.incident
    certain = incident.blame is Blame.PROVIDER
    failing = _listed(incident.functions, tongue.failing, tongue)
    every = (one.function for one in incident.impairments)
    failed = _listed(every, tongue.failed, tongue)
    past = incident.state is State.CLOSED or not failing
    work = {
        Planned.PLANNED: tongue.planned,
        Planned.OVERRUN: tongue.overran if past else tongue.overrun,
    }.get(incident.planned, "")
    words = {**words, "failing": failing, "failed": failed, "work": work}
    words["users"] = tongue.some if _partly(report) else tongue.users
    if incident.state is State.CLOSED:
        text = tongue.over if certain else tongue.unclear_over
    elif not failing:
        text = tongue.passing if certain else tongue.unclear_over
    elif incident.state is State.RECOVERING and certain:
        text = tongue.recovering
    else:
        text = tongue.fails if certain else tongue.unclear
    return text.format(**words)


def _partly(report: IncidentReport) -> bool:
    """Whether what fails works for some; or what failed, if nothing does any more."""
    now = [one for one in report.reaches if one.until is None] or report.reaches
    return bool(now) and all(0 < one.hit < one.canaries for one in now)


def _advice(functions: Sequence[Function], tongue: Tongue, *, closed: bool) -> str:
    if closed or not functions:
        return ""
    if Function.READ in functions:
        return tongue.keep_settings
    return tongue.keep_drafts if Function.SUBMIT in functions else tongue.wait


def _lost(report: IncidentReport, tongue: Tongue) -> str:
    """Say what became of the test mails, and so whether mail is lost."""
    balance = report.balance
    taken = balance.submitted - balance.rejected
    if not taken:
        return tongue.no_mails
    told = [
        (number, text(number))
        for number, text in (
            (balance.bounced, tongue.bounced),
            (balance.presumed_lost, tongue.lost),
            (balance.in_flight, tongue.waiting),
        )
        if number
    ]
    if not told:
        return tongue.all_arrived(taken)
    end = tongue.resend if balance.bounced else ""
    if not (balance.bounced or balance.presumed_lost):
        end = tongue.none_lost
    if taken == 1:
        said = f"{tongue.only_mail} {told[0][1]}."
    else:
        parts = [f"{tongue.number(number)} {what}" for number, what in told]
        said = tongue.of_mails(taken, _joined(parts, tongue))
    return f"{said} {end}".rstrip()


def _harm(report: IncidentReport, tongue: Tongue) -> str:
    """Say whether mail is lost, where it is not expected to be."""
    balance = report.balance
    if balance.bounced or balance.presumed_lost:
        return _lost(report, tongue)
    return tongue.no_harm


def _listed(
    functions: Iterable[Function], words: dict[Function, str], tongue: Tongue
) -> str:
    those = set(functions)
    return _joined([words[one] for one in Function if one in those], tongue)


def _joined(parts: Iterable[str], tongue: Tongue) -> str:
    listed = list(parts)
    if len(listed) < 2:  # noqa: PLR2004 - one thing needs no "and"
        return "".join(listed)
    return f"{', '.join(listed[:-1])} {tongue.conjunction} {listed[-1]}"
