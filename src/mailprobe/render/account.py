"""
The words of an incident's report, in sections that any format can set.

Nothing is escaped here, but everything is on one line and steers no terminal: text of
servers and people goes through `clean.visible`.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC
from typing import TYPE_CHECKING, Final, TypeAlias

from mailprobe.model.account import Blindness
from mailprobe.model.incident import Change, Planned, State
from mailprobe.model.passage import Fate
from mailprobe.model.sample import Function
from mailprobe.model.verdict import Blame
from mailprobe.render.callcentre import spoken
from mailprobe.render.clean import short, visible
from mailprobe.render.times import between, length, minute, moment

if TYPE_CHECKING:
    from collections.abc import Iterator

    from mailprobe.model.account import Ended, Gap, IncidentReport, Reach
    from mailprobe.model.incident import Event, Incident, Statement
    from mailprobe.render.times import Zone

SAID_MAX: Final = 300  # characters of a statement or observation: some lines


@dataclass(frozen=True, slots=True)
class Text:
    """A paragraph."""

    text: str


@dataclass(frozen=True, slots=True)
class Quote:
    """What is read out, in a language (`en`, `it`)."""

    language: str
    text: str


@dataclass(frozen=True, slots=True)
class Items:
    """A list."""

    items: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Table:
    """A table."""

    heads: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]


@dataclass(frozen=True, slots=True)
class Plot:
    """The place of the plot of arrival against sending."""


Block: TypeAlias = Text | Quote | Items | Table | Plot


@dataclass(frozen=True, slots=True)
class Section:
    """A heading and what stands below it."""

    title: str
    blocks: tuple[Block, ...]


FUNCTIONS: Final = {
    Function.SUBMIT: "send",
    Function.ACCEPT: "accept mail",
    Function.DELIVER: "deliver",
    Function.READ: "read",
}
FATES: Final = {
    Fate.IN_FLIGHT: "still on the way",
    Fate.UNCONFIRMED: "not known to be taken, not seen",
    Fate.DELIVERED: "delivered in time",
    Fate.LATE: "delivered late",
    Fate.JUNK: "in the junk folder",
    Fate.REJECTED: "refused on sending",
    Fate.BOUNCED: "returned to the sender",
    Fate.PRESUMED_LOST: "presumed lost",
    Fate.RECOVERED: "arrived after they were given up or returned",
}
CHANGES: Final = {
    Change.OPENED: "begins",
    Change.SPREAD: "spreads",
    Change.RECOVERING: "begins to recover",
    Change.RELAPSED: "is back",
    Change.OVERRUN: "outlasts the announced maintenance",
    Change.CLOSED: "is over",
}
BLAMES: Final = {
    Blame.PROVIDER: "the provider",
    Blame.VANTAGE: "ourselves: our network or resolver",
    Blame.ACCOUNT: "one account",
    Blame.SENDER: "the sending side",
    Blame.SETUP: "our settings",
    Blame.PROBER: "mailprobe itself",
    Blame.UNCLEAR: "not clear",
}
_PLANNED: Final = {
    Planned.UNANNOUNCED: "not announced",
    Planned.PLANNED: "within announced maintenance",
    Planned.OVERRUN: "announced maintenance that took longer than announced",
}
_BLIND: Final = {
    Blindness.NOT_RUNNING: "no monitor was running",
    Blindness.NO_LOOK: "nobody looked",
    Blindness.NO_ANSWER: "no look could tell",
}


def title(report: IncidentReport) -> str:
    """Return what stands above it all."""
    return visible(f"Incident {report.incident.id}")


def sections(report: IncidentReport, zone: Zone = UTC) -> Iterator[Section]:
    """Yield what the report says; all times are in *zone*."""
    yield Section("In short", (Table(("", ""), tuple(_facts(report, zone))),))
    said = spoken(report, zone)
    yield Section(
        "For the call centre", (Quote("en", said.english), Quote("it", said.italian))
    )
    yield Section("What failed", (_reaches(report, zone),))
    yield Section("What happened", (_events(report, zone),))
    yield Section("What became of the mails", tuple(_mails(report)))
    if report.incident.statements:
        yield Section("What the provider said", tuple(_statements(report, zone)))
    yield Section("Who it was", tuple(_attribution(report)))
    yield Section("What is not known", (Items(tuple(_unknown(report, zone))),))


def _facts(report: IncidentReport, zone: Zone) -> Iterator[tuple[str, str]]:
    one = report.incident
    yield "state", _state(one, zone)
    yield "fault of", f"{BLAMES[one.blame]}: {_who(report)}"
    end = one.ended_at or one.closed_at
    if end is None:
        lasts = f"since {moment(one.began_at, zone)}, "
        yield "failing", lasts + f"{between(one.began_at, report.at)} so far"
    else:
        yield (
            "failed",
            (
                f"from {minute(one.began_at, zone)} to {moment(end, zone)}, "
                f"{between(one.began_at, end)}"
            ),
        )
    if one.relapses:
        times = ", ".join(minute(at, zone) for at in one.relapses)
        yield "relapses", f"{len(one.relapses)}: {times}"
    yield "maintenance", _PLANNED[one.planned]
    yield "noticed", f"after {between(one.began_at, one.opened_at)}"
    yield "as of", moment(report.at, zone)


def _state(one: Incident, zone: Zone) -> str:
    if one.state is State.CLOSED and one.closed_at is not None:
        return f"closed at {moment(one.closed_at, zone)}"
    waits = f", {one.waiting} overdue mails wait" if one.waiting else ""
    if one.drain_rate:
        waits += f", {one.drain_rate:.0f} arrive in an hour"
    if one.drained_by:
        waits += f", the last about {moment(one.drained_by, zone)}"
    return f"{one.state}{waits}"


def _who(report: IncidentReport) -> str:
    one = report.incident
    brands = [report.name(name) for name in one.parties if name != one.culprit]
    name = report.name(one.culprit)
    return visible(f"{name} ({', '.join(brands)})" if brands else name)


def _reaches(report: IncidentReport, zone: Zone) -> Table:
    rows = []
    for one in report.reaches:
        end = minute(one.until, zone) if one.until else "still fails"
        last = between(one.since, one.until or report.at)
        span = (minute(one.since, zone), end, last)
        failed = f"{one.failed} of {one.looked}"
        rows.append((FUNCTIONS[one.function], *span, failed, *_canaries(one)))
    heads = ("function", "from", "to", "for", "failed looks", "canaries", "users hit")
    return Table(heads, tuple(rows))


def _canaries(one: Reach) -> tuple[str, str]:
    if not one.canaries:
        return "-", "-"
    share = f"{one.low:.0%} to {one.high:.0%}"
    return f"{one.hit} of {one.canaries}", share


def _events(report: IncidentReport, zone: Zone) -> Table:
    rows = tuple(
        (minute(event.at, zone), CHANGES[event.change], change(event))
        for event in report.events
    )
    return Table(("when", "it", "then fails"), rows)


def change(event: Event) -> str:
    """Say what fails after a change, and what waits."""
    one = event.incident
    failing = dict.fromkeys(FUNCTIONS[each] for each in one.functions)
    told = ", ".join(failing) or "nothing"
    if failing and len(one.parties) > 1:
        told += f" ({', '.join(one.parties)})"
    if one.waiting:
        told += f"; {one.waiting} overdue mails wait"
    return visible(told)


def _mails(report: IncidentReport) -> Iterator[Block]:
    count = report.balance.submitted
    if not count:
        yield Text("No mail was sent in that time.")
        return
    begun = f"{count} test mails were sent from its beginning on"
    until = ", until it was over" if report.incident.closed_at else ""
    yield Text(f"{begun}{until}. Delays are from handing over to arrival.")
    rows = tuple(map(_fate, report.fates))
    yield Table(("", "mails", "shortest", "median", "longest"), rows)
    if report.balance.duplicates:
        yield Text(f"Copies beyond the first: {report.balance.duplicates}.")
    if report.overtaken:
        yield Text(f"Overtaken on their route by mails sent later: {report.overtaken}.")
    if report.balance.imbalance:
        lost = report.balance.imbalance
        yield Text(f"The books do not balance by {lost} mails: a fault of ours.")
    if report.said:
        yield Text("What servers said of those refused or returned, and how often:")
        said = (f"{one.count}: {visible(one.text)}" for one in report.said)
        yield Items(tuple(said))
    yield Plot()


def _fate(one: Ended) -> tuple[str, ...]:
    delays = (one.shortest, one.middle, one.longest)
    told = ("-" if delay is None else length(delay) for delay in delays)
    return (FATES[one.fate], str(one.count), *told)


def _statements(report: IncidentReport, zone: Zone) -> Iterator[Block]:
    one = report.incident
    yield Table(
        ("when", "", "what"),
        tuple(_statement(said, zone) for said in one.statements),
    )
    declared = one.declared_at
    if declared is None:
        yield Text("It did not say yet that all is well again.")
        return
    yield Text(_compared(report, zone))


def _statement(said: Statement, zone: Zone) -> tuple[str, str, str]:
    mark = "resolved" if said.resolved else ""
    return minute(said.at, zone), mark, short(visible(said.text), SAID_MAX)


def _compared(report: IncidentReport, zone: Zone) -> str:
    """Put what it declared beside what was seen."""
    one = report.incident
    declared = one.declared_at
    assert declared is not None  # noqa: S101 - asked by the caller
    told = [f"It was declared resolved at {moment(declared, zone)}."]
    if one.ended_at is None:
        told.append("By what we see it still fails.")
    elif one.ended_at > declared:
        late = between(declared, one.ended_at)
        told.append(
            f"By what we saw it failed for {late} longer, until "
            f"{moment(one.ended_at, zone)}."
        )
    else:
        early = between(one.ended_at, declared)
        told.append(f"By what we saw nothing had failed any more for {early}.")
    if one.closed_at is not None and one.closed_at > declared:
        late = between(declared, one.closed_at)
        told.append(
            f"It was truly over {late} after it had been declared so: mailboxes open, "
            "nothing waiting, mail as fast as usual."
        )
    back = [at for at in one.relapses if at > declared]
    if back:
        told.append(f"It came back after that at {moment(back[0], zone)}.")
    return " ".join(told)


def _attribution(report: IncidentReport) -> Iterator[Block]:
    one = report.incident
    yield Text(
        f"{_who(report)}: {BLAMES[one.blame]}. Confidence {one.confidence:.0%}: so "
        "much better this explains what was seen than the next explanation does."
    )
    if one.evidence:
        told = (short(visible(each), SAID_MAX) for each in one.evidence)
        yield Text("What decided (times in UTC):")
        yield Items(tuple(told))


def _unknown(report: IncidentReport, zone: Zone) -> Iterator[str]:
    for gap in report.gaps:
        yield _gap(gap, zone)
    balance = report.balance
    if report.unknown_looks:
        yield f"Looks that could not tell whether it worked: {report.unknown_looks}."
    if balance.in_flight:
        yield f"What becomes of mails still on the way: {balance.in_flight}."
    if balance.unconfirmed:
        yield (
            "Whether they were taken, for the answer was lost or sending was "
            f"interrupted: {balance.unconfirmed}."
        )
    if balance.presumed_lost:
        yield (
            "Where mails are that were taken and never seen; they may still come: "
            f"{balance.presumed_lost}."
        )
    if report.incident.confidence < 1:
        rest = 1 - report.incident.confidence
        yield f"Whether another explanation is the right one ({rest:.0%})."
    if report.partial:
        yield f"{report.partial} What came after is not in this report."
    yield "What those saw who use other mailboxes than our canaries."


def _gap(gap: Gap, zone: Zone) -> str:
    span = f"From {minute(gap.begin, zone)} to {moment(gap.end, zone)}"
    what = f" whether {FUNCTIONS[gap.function]} worked:" if gap.function else ":"
    return f"{span} ({between(gap.begin, gap.end)}){what} {_BLIND[gap.reason]}."
