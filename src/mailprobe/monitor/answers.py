"""
What people ask a ledger: how things are, what happened, what became of the mails.

Each takes an open `Ledger`, which may be open for reading only, and works beside a
monitor that writes.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Final

import msgspec

from mailprobe.judge.availability import WINDOW, availabilities
from mailprobe.judge.days import DAY, Diary, concerns, midnight, routes_of
from mailprobe.judge.standing import standing, watching
from mailprobe.model.answer import Alarm, History, StatusReport
from mailprobe.model.entry import Alarmed, Changed, Counted, Ran, Sampled, Stated
from mailprobe.model.errors import UsageError
from mailprobe.model.incident import State, Statement
from mailprobe.monitor.books import SNAPSHOT, read_snapshot
from mailprobe.monitor.plan import HORIZON, LOOK_EVERY
from mailprobe.wire.clock import SystemClock

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Sequence

    from mailprobe.judge.watchbook import Watchbook
    from mailprobe.model.answer import Watch
    from mailprobe.model.entry import Entry
    from mailprobe.model.incident import Incident
    from mailprobe.model.passage import Balance, Passage
    from mailprobe.model.sample import Sample
    from mailprobe.monitor.ledger import Ledger

MISSED: Final = 3
"""Pauses without a look after which a monitor counts as dead: it missed two looks."""
STALE: Final = MISSED * LOOK_EVERY
"""The same in seconds, for one that looks as often as it does unless told."""
RECENT_MAX: Final = 20_000  # looks of an hour: 200 mailboxes, ten routes each
ALARMS_MAX: Final = 20  # on one screen
DAYS_MAX: Final = 366  # a year; each day is some lines
WEEK: Final = timedelta(days=7)
TEXT_MAX: Final = 1000  # characters of a statement: a paragraph of a status page
PAGE: Final = 5000  # mails read at a time: some 5 MB


async def status(
    ledger: Ledger, *, at: datetime | None = None, stale: float = STALE
) -> StatusReport:
    """
    Say how everything is; it reads a bounded number of entries, however many there are.

    Args:
        ledger: An open ledger.
        at: The time it is for; now if left out.
        stale: Seconds without a look after which nothing is known of now.

    Raises:
        LedgerError: If the ledger cannot be read.
    """
    at = at or SystemClock().now()
    known = await _known(ledger)
    begun = tuple(one for one in known.values() if one.state is not State.CLOSED)
    begun = tuple(sorted(begun, key=lambda one: one.began_at))
    looks, newest = await _recent(ledger, at - timedelta(seconds=WINDOW))
    found = availabilities(looks, at)
    watch = await _watch(ledger, at, newest, stale)
    balance = await ledger.balance()
    alarms = await _alarms(ledger, at - DAY)
    word, why = standing(watch, found, begun, balance, alarms)
    return StatusReport(
        at=at,
        status=word,
        why=why,
        watch=watch,
        availabilities=found,
        incidents=begun,
        balance=balance,
        alarms=alarms,
    )


async def incidents(
    ledger: Ledger,
    *,
    party: str = "",
    since: datetime | None = None,
    until: datetime | None = None,
) -> tuple[Incident, ...]:
    """
    Return incidents as they stand, the oldest first.

    Args:
        ledger: An open ledger.
        party: Only those of this party, platform or account.
        since: Only those that were not over then.
        until: Only those that began before.

    Raises:
        LedgerError: If the ledger cannot be read.
    """
    known = await _known(ledger, all_of_them=True)
    found = [
        one
        for one in known.values()
        if concerns(one, party)
        and (since is None or one.closed_at is None or one.closed_at >= since)
        and (until is None or one.began_at < until)
    ]
    return tuple(sorted(found, key=lambda one: one.began_at))


async def history(
    ledger: Ledger,
    *,
    party: str = "",
    since: datetime | None = None,
    until: datetime | None = None,
) -> History:
    """
    Say what happened, day by day (UTC).

    Args:
        ledger: An open ledger.
        party: Only what concerns this party or platform.
        since: From the day of this time on; six days before *until* if left out.
        until: Until this time; until now if left out.

    Raises:
        LedgerError: If the ledger cannot be read.
        UsageError: If that is more than a year, or nothing at all, or nothing is
            known of the party.
    """
    now = SystemClock().now()
    until = until or now
    since = midnight(since or until - WEEK + DAY)
    if since >= until:
        message = f"there is nothing between {since:%Y-%m-%d} and {until:%Y-%m-%d}"
        raise UsageError(message)
    if until - since > DAYS_MAX * DAY:
        message = f"a history of more than {DAYS_MAX} days is too long; ask for less"
        raise UsageError(message)
    routes = await _routes(ledger, party)
    diary = Diary(since, until, party)
    # What became of a mail is known days after it was sent.
    late = until + timedelta(seconds=HORIZON)
    for kind, end in ((Sampled.kind, late), (Changed.kind, until)):
        async for _, entry in ledger.entries(kinds=(kind,), since=since, until=end):
            if isinstance(entry, Sampled):
                diary.look(entry.sample)
            elif isinstance(entry, Changed):
                diary.happened(entry.event)
    balances = await _balances(ledger, routes, since, until)
    days = tuple(diary.days(balances))
    return History(since=since, until=until, party=party, days=days)


async def note(  # noqa: PLR0913 - a statement has so many parts
    ledger: Ledger,
    party: str,
    text: str,
    *,
    resolved: bool = False,
    said_at: datetime | None = None,
    now: datetime | None = None,
) -> Stated:
    """
    Note what a provider said; a running monitor takes it in at its next audit.

    Args:
        ledger: A ledger that is open for writing.
        party: Which party or platform said it.
        text: What it said, a paragraph at most.
        resolved: It said that all is well again.
        said_at: When it said so; now if left out.
        now: When it is noted; now if left out.

    Raises:
        LedgerError: If it cannot be written.
        UsageError: If nothing is known of the party, or the text is empty or long.
    """
    text = " ".join(text.split())
    if not 0 < len(text) <= TEXT_MAX:
        message = f"a note has 1 to {TEXT_MAX} characters, not {len(text)}"
        raise UsageError(message)
    _known_party(party, await latest_samples(ledger))
    now = now or SystemClock().now()
    said = Statement(at=said_at or now, text=text, resolved=resolved)
    entry = Stated(at=now, party=party, statement=said)
    await ledger.append(entry)
    return entry


async def mails(
    ledger: Ledger, since: datetime | None = None, until: datetime | None = None
) -> AsyncIterator[Passage]:
    """Yield mails in the order of their intents; a page at a time is read."""
    seen: set[str] = set()
    size = PAGE
    while True:
        page = await ledger.passages(since=since, until=until, limit=size)
        fresh = [one for one in page if one.token not in seen]
        for one in fresh:
            yield one
        if len(page) < size:
            return
        if fresh:
            last = page[-1].intended_at
            same = {one.token for one in page if one.intended_at == last}
            seen = same | seen if last == since else same
            since = last
        else:  # more of one moment than a page has
            size *= 2


async def latest_samples(ledger: Ledger) -> tuple[Sample, ...]:
    """Return the newest look of each function, party and route or account."""
    newest = await ledger.latest(Sampled.kind)
    found = (entry.sample for _, entry in newest if isinstance(entry, Sampled))
    return tuple(one for one in found if not one.control)


async def _known(ledger: Ledger, *, all_of_them: bool = False) -> dict[str, Incident]:
    """Return incidents by id: as the last audit left them, and what came since."""
    covered = 0
    book: Watchbook | None = None
    kept = await ledger.kept(SNAPSHOT)
    if kept is not None:
        try:
            covered, book = read_snapshot(kept)
        except msgspec.MsgspecError:  # of another version: what was told is there
            covered = 0
    found: dict[str, Incident] = {}
    newer: dict[str, Incident] = {}
    if all_of_them or book is None:
        for seq, entry in await ledger.latest(Changed.kind):
            if isinstance(entry, Changed):
                one = entry.event.incident
                (newer if seq > covered else found)[one.id] = one
    else:
        async for _, entry in ledger.entries(kinds=(Changed.kind,), after=covered):
            if isinstance(entry, Changed):
                newer[entry.event.incident.id] = entry.event.incident
    remembered = {one.id: one for one in book.incidents} if book else {}
    return {**found, **remembered, **newer}


async def _recent(
    ledger: Ledger, since: datetime
) -> tuple[list[Sample], datetime | None]:
    """Return the looks noted since then, and when the newest of all was noted."""
    found: list[Sample] = []
    newest, before = None, None
    while len(found) < RECENT_MAX:
        page = await ledger.newest(Sampled.kind, before=before)
        looks = [entry for _, entry in page if isinstance(entry, Sampled)]
        newest = newest or (looks[0].at if looks else None)
        found += [entry.sample for entry in looks if entry.at >= since]
        if not looks or looks[-1].at < since:
            break
        before = page[-1][0]
    return found, newest


async def _watch(
    ledger: Ledger, at: datetime, looked_at: datetime | None, stale: float
) -> Watch:
    last: dict[str, Entry] = {}
    for kind in (Ran.kind, Counted.kind):
        for _, entry in await ledger.latest(kind):
            last[kind] = entry
    counted = last.get(Counted.kind)
    times = [] if looked_at is None else [looked_at]
    times += [] if counted is None else [counted.at]
    ran = last.get(Ran.kind)
    ran = ran if isinstance(ran, Ran) else None
    return watching(at, ran, max(times, default=None), stale)


async def _alarms(ledger: Ledger, since: datetime) -> tuple[Alarm, ...]:
    """Return what was wrong with us since then, the newest first."""
    newest = await ledger.newest(Alarmed.kind, limit=ALARMS_MAX)
    return tuple(
        Alarm(at=entry.at, what=entry.what)
        for _, entry in newest
        if isinstance(entry, Alarmed) and entry.at >= since
    )


async def _routes(ledger: Ledger, party: str) -> frozenset[str] | None:
    """Return the routes from or to a party; None for all there are."""
    if not party:
        return None
    samples = await latest_samples(ledger)
    _known_party(party, samples)
    return routes_of(samples, party)


def _known_party(party: str, samples: Sequence[Sample]) -> None:
    """Refuse the name of a party or platform that was never looked at."""
    known = {name for one in samples for name in (one.party.name, one.party.platform)}
    if party not in known:
        listed = ", ".join(sorted(known)) or "none yet"
        message = f"nothing is known of {party[:40]!r}; the ledger has: {listed}"
        raise UsageError(message)


async def _balances(
    ledger: Ledger, routes: frozenset[str] | None, since: datetime, until: datetime
) -> dict[datetime, Balance]:
    """Return for each day what became of its mails, of some routes or of all."""
    from mailprobe.monitor.reading import total  # noqa: PLC0415 - an extra

    found, begin = {}, since
    while begin < until:
        day = await ledger.balances(begin, min(begin + DAY, until))
        wanted = [b for name, b in day.items() if routes is None or name in routes]
        found[begin] = total(wanted)
        begin += DAY
    return found
