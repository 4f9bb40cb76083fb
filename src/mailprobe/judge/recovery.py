"""When a platform works again, and when it is truly over."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import TYPE_CHECKING, Final

from mailprobe.judge.course import brand, ended_marks, tell, worded
from mailprobe.judge.culprits import Scope
from mailprobe.judge.looks import FUNCTIONS, Part, cell, failed, passed
from mailprobe.judge.suspicion import windows, within
from mailprobe.judge.watchbook import age, key_of
from mailprobe.model.incident import Change, Planned, State
from mailprobe.model.sample import Function

if TYPE_CHECKING:
    from collections.abc import Iterator
    from datetime import datetime

    from mailprobe.judge.looks import Place
    from mailprobe.judge.policy import Policy
    from mailprobe.judge.watchbook import Cell, Page, Stream, Watched
    from mailprobe.model.sample import Backlog, Sample

DRAIN_MAX: Final = 60 * 24.0  # hours: beyond two months an estimate is none


def count(
    page: Page, name: str, watched: Watched, place: int, sample: Sample
) -> Watched:
    """Count a look at something that is known to fail, or to have failed."""
    marks = list(watched.incident.impairments)
    mark, bad = marks[place], failed(sample)
    first = min(mark.since, sample.at) if bad else mark.since
    marks[place] = replace(
        mark, failed=mark.failed + bad, looked=mark.looked + 1, since=first
    )
    incident = replace(
        watched.incident,
        impairments=tuple(marks),
        began_at=min(watched.incident.began_at, first),
    )
    page.watched[name] = watched = replace(watched, incident=incident)
    return watched


def tells_of_the_past(page: Page, place: Place, sample: Sample) -> bool:
    """
    Note a failure of a part that had failed, if it tells of that time.

    Returns:
        Whether the mail was on its way while the part failed; what became of it is
        no new failure, whenever it is known.
    """
    if sample.function is not Function.DELIVER:
        return False
    for name, watched in page.watched.items():
        incident = watched.incident
        if incident.culprit != place[0]:
            continue
        ended = [
            (one.until, index)
            for index, one in enumerate(incident.impairments)
            if one.function is FUNCTIONS[place[1]] and one.until is not None
        ]
        until, index = max(ended, default=(None, -1))
        end = incident.ended_at or until
        if end is None or sample.at > end:
            continue
        if watched.open and until is not None:
            count(page, name, watched, index, sample)
        return True
    return False


def still_fails(
    page: Page, name: str, watched: Watched, place: Place, sample: Sample
) -> bool:
    """
    Note a failure of a part that fails anyway.

    Returns:
        Whether that is all there is to it; if not, a canary that was back, or that
        never failed, fails now: it may be a relapse.
    """
    at, who = key_of(place), cell(sample)
    watched = count(page, name, watched, watched.active[at], sample)
    mine = page.streams[at].cells[who]
    loose = FUNCTIONS[place[1]] is not Function.DELIVER
    if watched.returned_at is not None and not mine.down and loose:
        return False
    if not mine.down:
        page.put(at, who, replace(mine, down=True, back=False))
    suffers = brand(sample, place[1])
    if suffers not in watched.incident.parties and mine.failing > 1:
        parties = tuple(sorted({*watched.incident.parties, suffers}))
        incident = replace(watched.incident, parties=parties)
        tell(page, name, replace(watched, incident=incident), Change.SPREAD)
    return True


def works_again(
    page: Page, name: str, place: Place, sample: Sample, policy: Policy
) -> None:
    """Note that a part which fails passed: for one canary, or for the last one."""
    at, who = key_of(place), cell(sample)
    watched = page.watched[name]
    watched = count(page, name, watched, watched.active[at], sample)
    stream = page.streams[at]
    if not stream.cells[who].failing:
        stream = _back(stream, sample)
        page.streams[at] = stream
    since = watched.incident.impairments[watched.active[at]].since
    if _complete(page, stream, since, policy):
        _ends(page, name, watched, at, sample)
    elif watched.incident.state is State.OPEN and _returning(stream, policy):
        _recovers(page, name, watched)


def _back(stream: Stream, sample: Sample) -> Stream:
    """Note that a canary is back: whoever writes to it, it is the same mailbox."""
    cells = {
        name: replace(one, down=False, back=True, failing=0)
        if one.down
        and one.last.account == sample.account
        and (name == cell(sample) or sample.account)
        and one.last.at <= sample.at
        else one
        for name, one in stream.cells.items()
    }
    return replace(stream, cells=cells)


def _complete(page: Page, stream: Stream, since: datetime, policy: Policy) -> bool:
    """Whether every canary that is still looked at passes, and not for once."""
    if len(stream.looks) < 2 or not all(map(passed, stream.looks[-2:])):  # noqa: PLR2004
        return False
    return not any(
        one.failing or one.down or _untold(one, since)
        for one in _followed(page, stream, policy)
    )


def _untold(cell: Cell, since: datetime) -> bool:
    """Whether its mail was looked for since then, and nobody can tell of any."""
    mail = cell.last.function is Function.DELIVER
    return mail and cell.last.at < since <= cell.heeded_at


def _followed(page: Page, stream: Stream, policy: Policy) -> Iterator[Cell]:
    """Yield the canaries that are not forgotten, nor known to fail on their own."""
    excused = {
        one.incident.culprit
        for one in page.watched.values()
        if one.open and one.scope is Scope.ACCOUNT
    }
    for one in stream.cells.values():
        kept = age(page.now, one.heeded_at) <= policy.forgotten
        if kept and one.last.account not in excused:
            yield one


def _returning(stream: Stream, policy: Policy) -> bool:
    back = [one for one in stream.cells.values() if one.back and not one.failing]
    if len(stream.cells) < policy.returning:
        return any(one.passing >= policy.returning for one in back)
    return len(back) >= policy.returning


def _recovers(page: Page, name: str, watched: Watched) -> None:
    incident = replace(watched.incident, state=State.RECOVERING)
    watched = replace(watched, incident=incident, returned_at=page.now)
    tell(page, name, watched, Change.RECOVERING)


def _ends(page: Page, name: str, watched: Watched, at: str, sample: Sample) -> None:
    place = watched.active[at]
    active = {key: i for key, i in watched.active.items() if key != at}
    incident = watched.incident
    if place not in active.values():
        marks = ended_marks(incident.impairments, (place,), sample.at)
        incident = replace(incident, impairments=marks)
    if not active:
        incident = replace(incident, ended_at=max(page.now, incident.began_at))
    watched = replace(watched, incident=incident, active=active)
    page.streams[at] = rested(page.streams[at])
    if incident.state is State.OPEN:
        _recovers(page, name, watched)
    else:
        page.watched[name] = worded(page, watched)


def rested(stream: Stream) -> Stream:
    """Return a stream whose failures are all accounted for."""
    cells = {
        name: replace(one, down=False, back=False, run=0, run_from=None, run_to=None)
        for name, one in stream.cells.items()
    }
    return replace(stream, cells=cells)


def counted(page: Page, backlog: Backlog) -> None:
    """Take in what a platform still holds, and when it will hold nothing."""
    before = page.backlogs.get(backlog.platform)
    page.backlogs[backlog.platform] = backlog
    found = page.culpable(Scope.PLATFORM, backlog.platform)
    if found is None:
        return
    name, watched = found
    incident = replace(watched.incident, waiting=backlog.waiting, drained_by=None)
    if watched.returned_at is None or before is None:
        incident = replace(incident, drain_rate=None)
        watched = replace(watched, shrinks=None)
    elif (hours := (backlog.at - before.at).total_seconds() / 3600) > 0:
        # Mail may come in as fast as new mail is held: then there is no end in sight.
        gone = before.waiting - backlog.waiting
        shrinks = _smooth(gone / hours, watched.shrinks)
        incident = replace(
            incident,
            drain_rate=_smooth(backlog.arrived / hours, incident.drain_rate),
            drained_by=_drained(backlog, shrinks) if gone > 0 else None,
        )
        watched = replace(watched, shrinks=shrinks)
    page.watched[name] = worded(page, replace(watched, incident=incident))


def _smooth(rate: float, before: float | None) -> float:
    """Return a rate of mails that come in bursts: half of it is what it was."""
    return rate if before is None else (rate + before) / 2


def _drained(backlog: Backlog, shrinks: float) -> datetime | None:
    """Say when nothing will wait if so many mails fewer wait each hour."""
    if not backlog.waiting or backlog.waiting > shrinks * DRAIN_MAX:
        return None
    return backlog.at + timedelta(hours=backlog.waiting / shrinks)


def time_passes(page: Page, policy: Policy) -> None:
    """Close what is truly over, and notice maintenance that outlasts its window."""
    for name, watched in list(page.watched.items()):
        if watched.open and watched.scope is Scope.PLATFORM:
            if watched.incident.planned is Planned.PLANNED and watched.active:
                _overruns(page, name, watched, policy)
            if watched.incident.ended_at is not None and _over(page, watched, policy):
                incident = replace(
                    watched.incident,
                    state=State.CLOSED,
                    closed_at=max(page.now, watched.incident.ended_at),
                    drain_rate=None,
                    drained_by=None,
                    waiting=0,
                )
                tell(page, name, replace(watched, incident=incident), Change.CLOSED)


def _overruns(page: Page, name: str, watched: Watched, policy: Policy) -> None:
    began = watched.incident.began_at
    ends = [
        one.ends_at
        for one in windows(page, watched.incident.culprit)
        if within(one, began, policy.early)
    ]
    if ends and page.now > max(ends):
        incident = replace(watched.incident, planned=Planned.OVERRUN)
        tell(page, name, replace(watched, incident=incident), Change.OVERRUN)


def _over(page: Page, watched: Watched, policy: Policy) -> bool:
    """Whether all has worked for long enough, nothing waits, and mail is fast."""
    incident = watched.incident
    assert incident.ended_at is not None  # noqa: S101 - asked by the caller
    lasted = age(incident.ended_at, incident.began_at)
    settle = min(
        max(policy.settle_share * lasted, policy.settle_least), policy.settle_most
    )
    quiet = age(page.now, incident.ended_at)
    if quiet < settle:
        return False
    hurt = {one.function for one in incident.impairments} | {Function.READ}
    for part in Part:
        stream = page.streams.get(key_of((incident.culprit, part)))
        if stream is None or FUNCTIONS[part] not in hurt:
            continue
        if any(one.failing or one.down for one in _followed(page, stream, policy)):
            return False
    backlog = page.backlogs.get(incident.culprit)
    if backlog is None:
        return True  # nobody counts
    if backlog.at < incident.ended_at or backlog.waiting:
        return False
    if backlog.tail is None:
        return quiet >= policy.patience
    usual = backlog.usual or 0.0
    return backlog.usual is None or backlog.tail <= max(
        policy.tail_factor * usual, usual + policy.tail_slack
    )
