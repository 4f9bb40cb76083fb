"""The course of one incident: opened, spreading, passing, back again, over."""

from __future__ import annotations

import re
from dataclasses import replace
from typing import TYPE_CHECKING, Final

from mailprobe.judge.culprits import EVIDENCE_MAX, Scope
from mailprobe.judge.looks import FUNCTIONS, Part, failed, passed
from mailprobe.judge.suspicion import (
    account_weight,
    cells_of,
    failing_parts,
    forgive,
    since,
    trailing,
    window_at,
)
from mailprobe.judge.telling import why
from mailprobe.judge.watchbook import (
    IMPAIRMENTS_MAX,
    RELAPSES_MAX,
    Watched,
    age,
    key_of,
)
from mailprobe.model.incident import Change, Impairment, Incident, Planned, State
from mailprobe.model.sample import Function

if TYPE_CHECKING:
    from collections.abc import Iterable
    from datetime import datetime

    from mailprobe.judge.culprits import Culprit
    from mailprobe.judge.policy import Policy
    from mailprobe.judge.watchbook import Page, Stream
    from mailprobe.model.sample import Sample

_SLUG: Final = re.compile(r"[^a-z0-9]+")


def key(culprit: str, blame: str) -> str:
    """Name the place of an incident in the book: one for a culprit and blame."""
    return f"{culprit} {blame}"


def accuse(page: Page, culprit: Culprit, policy: Policy) -> None:
    """Open an incident for a culprit, or add to the one it has."""
    name = key(culprit.name, culprit.blame)
    old = page.watched.get(name)
    if old is not None and not old.open and not _joins(page, old, policy):
        old = None
    if culprit.scope is Scope.PLATFORM:
        _impair(page, culprit, old, policy)
    elif old is None or not old.open:
        functions = {look.function for look in culprit.explains}
        began = min(look.at for look in culprit.explains)
        fresh = _begun(page, culprit, old, began)
        base = fresh.incident
        marks = tuple(
            Impairment(
                function=one,
                since=began,
                failed=sum(look.function is one for look in culprit.explains),
                looked=sum(look.function is one for look in culprit.explains),
            )
            for one in Function
            if one in functions
        )
        if culprit.scope is Scope.ACCOUNT:
            homes = sorted({look.party.name for look in culprit.explains})
            base = replace(base, parties=tuple(homes))
        else:
            for at, stream in list(page.streams.items()):
                page.streams[at] = forgive(stream, began)
        base = replace(base, impairments=(*base.impairments, *marks)[-IMPAIRMENTS_MAX:])
        change = Change.RELAPSED if old else Change.OPENED
        tell(page, name, replace(fresh, incident=base), change)


def _joins(page: Page, old: Watched, policy: Policy) -> bool:
    end = old.incident.closed_at or old.incident.changed_at
    return age(page.now, end) <= policy.rejoin


def _begun(
    page: Page, culprit: Culprit, old: Watched | None, began: datetime
) -> Watched:
    """Return a new incident, or an old one that is open again."""
    if old is not None:
        again = replace(
            old.incident,
            state=State.OPEN,
            ended_at=None,
            closed_at=None,
            relapses=(*old.incident.relapses, page.now)[-RELAPSES_MAX:],
            evidence=culprit.evidence,
        )
        return Watched(incident=again, scope=old.scope, way=old.way)
    named = f"{began:%Y-%m-%d}-{_SLUG.sub('-', culprit.name.lower()).strip('-')}"
    if any(one.incident.id == named for one in page.watched.values()):
        named = f"{named}-{began:%H%M%S}"
    planned = window_at(page, culprit.name, began, 900.0)
    incident = Incident(
        id=named,
        culprit=culprit.name,
        blame=culprit.blame,
        parties=(),
        state=State.OPEN,
        began_at=began,
        opened_at=max(page.now, began),
        changed_at=page.now,
        planned=Planned.PLANNED if planned else Planned.UNANNOUNCED,
        confidence=culprit.confidence,
        evidence=culprit.evidence[:EVIDENCE_MAX],
    )
    return Watched(incident=incident, scope=culprit.scope, way=culprit.way)


def _impair(page: Page, culprit: Culprit, old: Watched | None, policy: Policy) -> None:
    found = []
    for part in failing_parts(page, culprit, policy):
        stream = page.stream((culprit.name, part))
        began = since(stream, policy)
        if began is not None and (old is None or _news(old, stream, began)):
            found.append((stream, began))
    if not found:
        return
    first = min(began for _, began in found)
    fresh = not (old and old.open)
    watched = _begun(page, culprit, old, first) if fresh or old is None else old
    stood, was = watched.incident.state, watched.incident
    had = {one.function for one in watched.incident.impairments}
    for stream, began in found:
        watched = _activate(page, watched, stream, began)
    base = watched.incident
    late = watched.returned_at is not None and first < watched.returned_at
    again = any(FUNCTIONS[stream.part] in had for stream, _ in found)
    change = Change.OPENED if old is None else Change.RELAPSED
    if not fresh and (late or not again or stood is State.OPEN):
        change = Change.SPREAD
    if change is Change.RELAPSED and not fresh:
        relapses = (*base.relapses, page.now)[-RELAPSES_MAX:]
        base = replace(base, relapses=relapses)
    if not late:
        base = replace(base, state=State.OPEN, drain_rate=None, drained_by=None)
        watched = replace(watched, returned_at=None, shrinks=None)
    base = replace(
        base,
        ended_at=None,
        began_at=min(base.began_at, first),
        confidence=max(base.confidence, culprit.confidence),
    )
    name, watched = key(culprit.name, culprit.blame), replace(watched, incident=base)
    wider = set(base.functions) - set(was.functions) or base.parties != was.parties
    if change is not Change.SPREAD or wider:
        tell(page, name, watched, change)
    else:  # more of what is known
        page.watched[name] = worded(page, watched)


def _news(old: Watched, stream: Stream, began: datetime) -> bool:
    """Whether a failing part is not what the incident knows already."""
    at = key_of((stream.platform, stream.part))
    if at not in old.active:
        return True
    back = old.returned_at
    settled = FUNCTIONS[stream.part] is not Function.DELIVER
    return settled and back is not None and began >= back


def _activate(page: Page, watched: Watched, stream: Stream, began: datetime) -> Watched:
    """Write down that a part fails since *began*; its canaries are down."""
    function, at = FUNCTIONS[stream.part], key_of((stream.platform, stream.part))
    marks, active = list(watched.incident.impairments), dict(watched.active)
    place = next(
        (
            i
            for i, one in enumerate(marks)
            if one.function is function and not one.until
        ),
        None,
    )
    seen = [look for look in stream.looks if look.at >= began]
    bad = [look for look in seen if failed(look)]
    if place is None:
        # Looks that were counted before their incident was open, once each.
        mark = Impairment(
            function=function, since=began, failed=len(bad), looked=len(seen)
        )
        marks.append(mark)
        place = len(marks) - 1
    else:
        first = min(marks[place].since, began)
        marks[place] = replace(marks[place], since=first)
    active[at] = place
    if len(marks) > IMPAIRMENTS_MAX:
        del marks[0]
        active = {name: max(index - 1, 0) for name, index in active.items()}
    cells = {
        name: replace(cell, down=True, back=False) if cell.failing else cell
        for name, cell in stream.cells.items()
    }
    page.keep(replace(stream, looks=(), cells=cells))
    incident = replace(watched.incident, impairments=tuple(marks))
    hit = {brand(look, stream.part) for look in bad or trailing(stream.looks)}
    parties = tuple(sorted({*incident.parties, *hit}))
    incident = replace(incident, parties=parties)
    return replace(watched, incident=incident, active=active)


def brand(sample: Sample, part: Part) -> str:
    """Return whose users suffer from a failed look."""
    if part is Part.RELAY and sample.sender is not None:
        return sample.sender.name
    return sample.party.name


def tell(page: Page, name: str, watched: Watched, change: Change) -> None:
    """Write an incident back with its sentence, and report what happened to it."""
    incident = replace(watched.incident, changed_at=page.now)
    watched = worded(page, replace(watched, incident=incident))
    if page.store(name, watched):
        page.tell(change, watched.incident)


def worded(page: Page, watched: Watched) -> Watched:
    """Return an incident with a sentence that says how it stands."""
    partly = any(
        passed(cell.last) and cell.last.at >= watched.incident.began_at
        for at in watched.active
        if at in page.streams
        for cell in page.streams[at].cells.values()
    )
    sentence = why(watched.incident, watched.scope, partly=partly)
    return replace(watched, incident=replace(watched.incident, why=sentence))


def account_passes(page: Page, sample: Sample) -> None:
    """Close the incident of one canary once all of it works, twice."""
    found = page.culpable(Scope.ACCOUNT, sample.account)
    if found is None:
        return
    name, watched = found
    steady = any(cell.passing > 1 for _, _, cell in cells_of(page, sample.account))
    if account_weight(page, sample.account) or not steady:
        return
    finish(page, name, watched, page.now)


def finish(page: Page, name: str, watched: Watched, ended: datetime) -> None:
    """Close an incident of ours or of a canary: nothing waits for its end."""
    base = watched.incident
    end = max(ended, base.began_at)
    marks = ended_marks(base.impairments, range(len(base.impairments)), end)
    incident = replace(
        base,
        state=State.CLOSED,
        impairments=marks,
        ended_at=end,
        closed_at=max(page.now, end),
    )
    tell(page, name, replace(watched, incident=incident, active={}), Change.CLOSED)


def ended_marks(
    marks: tuple[Impairment, ...], places: Iterable[int], at: datetime
) -> tuple[Impairment, ...]:
    """Return the impairments with these ended."""
    those = set(places)
    return tuple(
        replace(one, until=max(at, one.since))
        if index in those and one.until is None
        else one
        for index, one in enumerate(marks)
    )
