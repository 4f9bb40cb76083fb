"""
Looks over time, folded into incidents: what failed, whose fault, since and until when.

Pure. `fold` takes what is remembered and one more fact, and returns what is to be
remembered and what happened. It never raises, in whatever order facts come; the same
facts give the same events.
"""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime
from typing import TYPE_CHECKING, TypeAlias

from mailprobe.judge.course import account_passes, accuse, finish, worded
from mailprobe.judge.culprits import Scope
from mailprobe.judge.looks import (
    cell,
    failed,
    heard,
    parts,
    passed,
    silent,
    weight,
)
from mailprobe.judge.policy import POLICY, Policy
from mailprobe.judge.recovery import (
    counted,
    still_fails,
    tells_of_the_past,
    time_passes,
    works_again,
)
from mailprobe.judge.suspicion import doubtful, suspects
from mailprobe.judge.watchbook import (
    STATEMENTS_MAX,
    WINDOWS_MAX,
    Cell,
    Page,
    Stream,
    Watchbook,
    age,
    brief,
    key_of,
    room,
)
from mailprobe.model.entry import Stated
from mailprobe.model.incident import Event, Maintenance, Tick
from mailprobe.model.sample import Backlog, Function, Outcome, Sample

if TYPE_CHECKING:
    from mailprobe.judge.looks import Place
    from mailprobe.judge.watchbook import Watched

Fact: TypeAlias = Sample | Backlog | Stated | Maintenance | Tick


def fold(
    book: Watchbook, fact: Fact, policy: Policy = POLICY
) -> tuple[Watchbook, tuple[Event, ...]]:
    """
    Take in one fact.

    Args:
        book: What is remembered; ``Watchbook()`` at first. It is not changed.
        fact: A look, a count of what waits, what a provider said or announced, or
            that time passed. A tick now and then closes what ends in silence.
        policy: How sure to be, and how patient.

    Returns:
        What is to be remembered, and what happened to incidents, in order.
    """
    page = Page(book, _known_at(fact, book))
    match fact:
        case Sample():
            _look(page, fact, policy)
        case Backlog():
            counted(page, fact)
        case Stated():
            _stated(page, fact, policy)
        case Maintenance():
            if fact not in page.windows:
                page.windows = (*page.windows, fact)[-WINDOWS_MAX:]
        case Tick():
            pass
    time_passes(page, policy)
    return page.written(), tuple(page.events)


def _known_at(fact: Fact, book: Watchbook) -> datetime:
    match fact:
        case Sample():
            return fact.known_at
        case Maintenance():  # it may be announced for next month
            return book.now or fact.begins_at
        case _:
            return fact.at


def _look(page: Page, sample: Sample, policy: Policy) -> None:
    page.parties[sample.party.name] = sample.party.platform
    if sample.outcome is Outcome.UNKNOWN:
        _heed(page, sample, policy)
    elif not _ours(page, sample, policy):
        sample = brief(sample)
        _fails(page, sample, policy) if failed(sample) else _passes(
            page, sample, policy
        )


def _heed(page: Page, sample: Sample, policy: Policy) -> None:
    """Remember that a canary was looked at, though in vain."""
    place, who = parts(sample)[0], cell(sample)
    known = page.stream(place).cells.get(who)
    if known is not None:
        page.put(key_of(place), who, replace(known, heeded_at=page.now))
        # An account that was refused is left alone, and its siblings tell of it.
        excused = sample.account and page.culpable(Scope.ACCOUNT, sample.account)
        if known.failing > 1 and not known.down and not excused:
            for culprit in suspects(page, policy):
                accuse(page, culprit, policy)


def _ours(page: Page, sample: Sample, policy: Policy) -> bool:
    """Hear whether our network answers; say whether its failure explains the look."""
    excused = False
    for name, one in list(page.watched.items()):
        ours = one.scope in {Scope.NETWORK, Scope.RESOLVER}
        if not (one.open and ours and one.way in {None, sample.function}):
            continue
        if silent(sample):
            base = replace(one.incident, ended_at=None)
            page.watched[name] = replace(one, answers=0, incident=base)
            excused = True
        elif heard(sample):
            _answered(page, name, one, policy)
    if silent(sample):
        page.silence = (*page.silence, brief(sample))
    elif heard(sample):
        page.silence = ()
    return excused


def _answered(page: Page, name: str, one: Watched, policy: Policy) -> None:
    end = one.incident.ended_at or page.now
    one = replace(
        one, answers=one.answers + 1, incident=replace(one.incident, ended_at=end)
    )
    if one.answers >= policy.in_a_row:
        page.silence = ()
        finish(page, name, one, end)
    else:
        page.watched[name] = one


def _passes(page: Page, sample: Sample, policy: Policy) -> None:
    for place in parts(sample):
        _note(page, place, sample, policy)
        found = page.ailing(place)
        if found is not None:
            works_again(page, found[0], place, sample, policy)
    if sample.account:
        account_passes(page, sample)


def _fails(page: Page, sample: Sample, policy: Policy) -> None:
    if sample.account and page.culpable(Scope.ACCOUNT, sample.account):
        _note(page, parts(sample)[0], sample, policy, speaks=False)
        return
    places = parts(sample)
    # What is behind a part that is known to fail speaks against that one alone.
    known = next((place for place in places if page.ailing(place)), None)
    if known is not None:
        _fails_anyway(page, known, sample, policy)
    elif any([tells_of_the_past(page, place, sample) for place in places]):  # noqa: C419 - it counts in each
        for place in places:
            _note(page, place, sample, policy, speaks=False)
    else:
        for place in places:
            _note(page, place, sample, policy)
            if _accused(page, place, sample, policy):
                return


def _fails_anyway(page: Page, place: Place, sample: Sample, policy: Policy) -> None:
    found = page.ailing(place)
    assert found is not None  # noqa: S101 - asked by the caller
    _note(page, place, sample, policy, speaks=False)
    if not still_fails(page, *found, place, sample):
        _note(page, place, sample, policy, again=True)
        _accused(page, place, sample, policy)


def _accused(page: Page, place: Place, sample: Sample, policy: Policy) -> bool:
    """Accuse whoever is behind a failure, if it is too much for chance."""
    stream = page.stream(place)
    mine = stream.cells[cell(sample)]
    if sample.control or not doubtful(page, stream, mine, policy):
        return False
    for culprit in suspects(page, policy):
        accuse(page, culprit, policy)
    return True


def _note(  # noqa: PLR0913 - two of them only say how
    page: Page,
    place: Place,
    sample: Sample,
    policy: Policy,
    *,
    speaks: bool = True,
    again: bool = False,
) -> None:
    """Write a look down where it belongs; *again*: its cell has it already."""
    stream, who = page.stream(place), cell(sample)
    looks, cells = stream.looks, stream.cells
    if not again:
        known = cells.get(who)
        cells = {**cells, who: _turned(known, sample, page)}
        if known is None:
            cells = room(cells)
    if speaks:
        # They came in this order: if the first is fresh, all are.
        if looks and age(page.now, looks[0].known_at) > policy.fresh:
            looks = tuple(
                one for one in looks if age(page.now, one.known_at) <= policy.fresh
            )
        looks = (*looks, sample)[-policy.looks :]
    page.keep(Stream(platform=place[0], part=place[1], looks=looks, cells=cells))


def _turned(known: Cell | None, sample: Sample, page: Page) -> Cell:
    """Return a cell after one more look."""
    heavy = weight(sample)
    if known is None:
        known = Cell(last=sample, heeded_at=page.now)
    elif sample.function is Function.DELIVER and sample.at < known.last.at:
        # News of an older mail: it lengthens a run of failures at most.
        if failed(sample) and known.run_from is not None:
            first = min(known.run_from, sample.at)
            return replace(known, run_from=first, run=known.run + heavy)
        return replace(known, heeded_at=page.now)
    if passed(sample):
        # Most looks pass: written out, since `replace` takes twice as long.
        return Cell(
            last=sample,
            heeded_at=page.now,
            passing=known.passing + 1,
            run_from=known.run_from,
            run_to=known.run_to,
            run=known.run,
            down=known.down,
            back=known.back,
        )
    goes_on = known.failing > 0 and known.run_from is not None
    return replace(
        known,
        last=sample,
        heeded_at=page.now,
        failing=known.failing + heavy,
        passing=0,
        run_from=known.run_from if goes_on else sample.at,
        run_to=sample.at,
        run=known.run + heavy if goes_on else heavy,
    )


def _stated(page: Page, fact: Stated, policy: Policy) -> None:
    """Put what a provider said beside what we saw."""
    platform = page.parties.get(fact.party, fact.party)
    for name, one in list(page.watched.items()):
        base = one.incident
        end = base.closed_at or page.now
        if base.culprit != platform or age(page.now, end) > policy.rejoin:
            continue
        said = (*base.statements, fact.statement)[:STATEMENTS_MAX]
        one = replace(one, incident=replace(base, statements=said))  # noqa: PLW2901
        page.watched[name] = worded(page, one)
