"""When failures are too many to be chance, and whom they then point at."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace
from itertools import takewhile
from typing import TYPE_CHECKING, Final

from mailprobe.judge.culprits import Scope, explain
from mailprobe.judge.looks import Part, failed, passed, silent, weight
from mailprobe.judge.watchbook import age, key_of

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence
    from datetime import datetime

    from mailprobe.judge.culprits import Culprit
    from mailprobe.judge.policy import Policy
    from mailprobe.judge.watchbook import Cell, Page, Stream
    from mailprobe.model.incident import Maintenance
    from mailprobe.model.sample import Sample


# Looks that are compared, the latest: a hundred canaries with their four functions.
LOOKS_MAX: Final = 400


def window_at(page: Page, platform: str, at: datetime, early: float) -> bool:
    """Whether maintenance is announced at a platform for this time."""
    return any(within(one, at, early) for one in windows(page, platform))


def windows(page: Page, platform: str) -> Iterator[Maintenance]:
    """Return the announced windows of a platform and of its brands."""
    for one in page.windows:
        if platform in (one.party, page.parties.get(one.party)):
            yield one


def within(window: Maintenance, at: datetime, early: float) -> bool:
    """Whether a time lies in an announced window, or just before it."""
    before = (window.begins_at - at).total_seconds()
    return before <= early and at <= window.ends_at


def trailing(looks: Sequence[Sample]) -> list[Sample]:
    """Return the failed looks since the last one that passed, oldest first."""
    return list(takewhile(failed, reversed(looks)))[::-1]


def doubtful(page: Page, stream: Stream, cell: Cell, policy: Policy) -> bool:
    """Whether a failed look makes it worth to search for a culprit; cheap."""
    if len(page.silence) >= policy.in_a_row or cell.failing >= policy.run:
        return True
    run = trailing(stream.looks)
    heavy = sum(map(weight, run))
    if heavy >= policy.announced and (
        heavy >= policy.in_a_row
        or window_at(page, stream.platform, page.now, policy.early)
    ):
        return True
    if sum(map(failed, stream.looks)) >= policy.failed:
        return True
    return heavy > 1 and _beside(page, stream) + heavy >= policy.in_a_row


def _beside(page: Page, stream: Stream) -> int:
    """Weigh what fails in the other parts of the platform."""
    total = 0
    for part in Part:
        other = page.streams.get(key_of((stream.platform, part)))
        if other is not None and part is not stream.part:
            total += sum(map(weight, trailing(other.looks)))
    return total


def suspects(page: Page, policy: Policy) -> tuple[Culprit, ...]:
    """Return the culprits of whom we are sure enough to say so."""
    looks = sorted(_standing(page, policy), key=lambda look: look.known_at)
    looks = looks[-LOOKS_MAX:]
    known = {one.incident.culprit for one in page.watched.values() if one.open}
    return tuple(
        culprit for culprit in explain(looks, known) if _sure(page, culprit, policy)
    )


def _standing(page: Page, policy: Policy) -> Iterator[Sample]:
    excused = {
        one.incident.culprit
        for one in page.watched.values()
        if one.open and one.scope is Scope.ACCOUNT
    }
    for stream in page.streams.values():
        for cell in stream.cells.values():
            last = cell.last
            if age(page.now, last.known_at) > policy.fresh:
                continue
            explained = cell.down or not cell.failing or last.account in excused
            if passed(last):
                yield last
            elif not explained and not _by_chance(page, stream, cell):
                began = min(cell.run_from or last.at, last.at)
                yield replace(last, at=began) if began < last.at else last


def _by_chance(page: Page, stream: Stream, cell: Cell) -> bool:
    """
    Whether a failure stands alone, and so is no evidence.

    It would have to be explained all the same, and whoever explains it would explain
    everything else at no further cost.
    """
    if cell.failing != 1:
        return False
    if len(page.silence) > 1 and cell.last not in page.silence:
        return True  # nobody answers now; that was before
    return any(passed(look) and look.at > cell.last.at for look in stream.looks)


def _unanswered(
    page: Page, platform: str, found: Sequence[Part], policy: Policy
) -> bool:
    """Whether what speaks against a platform fell into one silence of ours."""
    streams = [page.stream((platform, part)) for part in found]
    bad = [look for one in streams for look in one.looks if failed(look)]
    before = sum(weight(look) for look in bad if look not in page.silence)
    return len(page.silence) > 1 and bool(bad) and before < policy.beside


def _sure(page: Page, culprit: Culprit, policy: Policy) -> bool:
    if all(look.control for look in culprit.explains):
        return False  # a control shows whether we can see; nobody uses it
    if culprit.scope is Scope.PLATFORM:
        grounds = failing_parts(page, culprit, policy)
        alone = len(_platforms(page, policy)) < 2 or _canaries(page, culprit) < 2  # noqa: PLR2004 - nobody to compare with
        if _unanswered(page, culprit.name, grounds, policy):
            return len(_platforms(page, policy)) < 2  # noqa: PLR2004
        return bool(grounds) and (culprit.confidence >= policy.sure or alone)
    if culprit.scope is Scope.ACCOUNT:
        heavy = account_weight(page, culprit.name)
        alone = _canaries(page, culprit) < 2  # noqa: PLR2004
    else:
        heavy = sum(map(weight, culprit.explains))
        alone = len(_platforms(page, policy)) < 2  # noqa: PLR2004
        places = {look.party.platform for look in culprit.explains}
        if len(places) < 2 and not alone:  # noqa: PLR2004
            return False
    return heavy >= policy.in_a_row and (culprit.confidence >= policy.sure or alone)


def _platforms(page: Page, policy: Policy) -> set[str]:
    return {
        stream.platform
        for stream in page.streams.values()
        if any(
            age(page.now, cell.heeded_at) <= policy.fresh
            for cell in stream.cells.values()
        )
    }


def _canaries(page: Page, culprit: Culprit) -> int:
    homes = {look.party.platform for look in culprit.explains}
    return len(
        {
            cell.last.account
            for stream in page.streams.values()
            if stream.platform in homes
            for cell in stream.cells.values()
        }
    )


def cells_of(page: Page, account: str) -> Iterator[tuple[Stream, str, Cell]]:
    """Return every cell of one canary."""
    for stream in page.streams.values():
        if stream.part is Part.RELAY:
            continue  # the same looks from the other end
        for name, cell in stream.cells.items():
            if cell.last.account == account:
                yield stream, name, cell


def account_weight(page: Page, account: str) -> int:
    """Weigh what fails at one canary now, all functions together."""
    return sum(cell.failing for _, _, cell in cells_of(page, account))


def failing_parts(page: Page, culprit: Culprit, policy: Policy) -> tuple[Part, ...]:
    """Return the parts of a platform that fail too often for chance."""
    known = page.culpable(Scope.PLATFORM, culprit.name) is not None
    announced = window_at(page, culprit.name, page.now, policy.early)
    need = policy.announced if announced else policy.in_a_row
    beside = 1 if announced else policy.beside
    streams = [
        stream
        for part in culprit.parts
        if (stream := page.streams.get(key_of((culprit.name, part))))
    ]
    strong = [one for one in streams if _strong(one, need, beside, policy)]
    if known:
        strong += [s for s in streams if s not in strong and _stubborn(s, policy)]
    runs = {s.part: run for s in streams if len(run := trailing(s.looks)) > 1}
    both = [look for run in runs.values() for look in run]
    lone = all(_lone(one) for one in streams)
    if len(runs) > 1 and sum(map(weight, both)) >= need and _spread(both, beside, lone):
        strong += [s for s in streams if s.part in runs and s not in strong]
    return tuple(stream.part for stream in strong)


def _strong(stream: Stream, need: int, beside: int, policy: Policy) -> bool:
    run, lone = trailing(stream.looks), _lone(stream)
    if sum(map(weight, run)) >= need and _spread(run, beside, lone):
        return True
    bad = [look for look in stream.looks if failed(look)]
    if len(bad) >= policy.failed and _spread(bad, beside, lone):
        return True
    return _together(stream.cells.values(), policy)


def _together(cells: Iterable[Cell], policy: Policy) -> bool:
    """Whether several canaries failed over and over, and at the same time."""
    runs = [
        (cell.run_from, cell.run_to, cell.last.account or cell.last.route)
        for cell in cells
        if cell.run >= policy.run and cell.run_from and cell.run_to
    ]
    return any(
        one[2] != other[2] and one[0] <= other[1] and other[0] <= one[1]
        for index, one in enumerate(runs)
        for other in runs[:index]
    )


def _stubborn(stream: Stream, policy: Policy) -> bool:
    """Whether a canary keeps failing, while its platform is in trouble anyway."""
    return any(cell.failing >= policy.in_a_row for cell in stream.cells.values())


def _lone(stream: Stream) -> bool:
    who = {cell.last.account for cell in stream.cells.values()}
    return len(who) < 2  # noqa: PLR2004 - nobody to compare with


def _spread(looks: Sequence[Sample], beside: int, lone: bool) -> bool:  # noqa: FBT001
    """Whether enough is left without the canary that fails most."""
    if lone:
        return True
    heavy: Counter[str] = Counter()
    for look in looks:
        heavy[look.account] += weight(look)
    return heavy.total() - max(heavy.values(), default=0) >= beside


def since(stream: Stream, policy: Policy) -> datetime | None:
    """Return when what fails in a stream began to."""
    times = [look.at for look in trailing(stream.looks)]
    if len(times) < 2:  # noqa: PLR2004 - one alone did not decide
        times += [look.at for look in stream.looks if failed(look)]
    for cell in stream.cells.values():
        if cell.run_from and (cell.failing > 1 or cell.run >= policy.run):
            times.append(cell.run_from)
    return min(times, default=None)


def forgive(stream: Stream, began: datetime) -> Stream:
    """Take back from a stream what our own network did to it since *began*."""
    looks = tuple(s for s in stream.looks if not (silent(s) and s.known_at >= began))
    cells = {
        name: replace(cell, failing=0, run=0, run_from=None, run_to=None)
        if cell.failing and silent(cell.last) and cell.last.known_at >= began
        else cell
        for name, cell in stream.cells.items()
    }
    return replace(stream, looks=looks, cells=cells)
