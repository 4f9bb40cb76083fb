"""Questions to the ledger; each reads what it answers with, and no more."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass, fields
from datetime import date, datetime
from typing import Any, Final

import sqlalchemy as sa

from mailprobe.judge import fates
from mailprobe.model.entry import Entry
from mailprobe.model.passage import Balance, Passage
from mailprobe.monitor import schema
from mailprobe.monitor.chain import EPOCH, Head, day_of, genesis, micros, moment
from mailprobe.monitor.detail import unpack
from mailprobe.monitor.entries import read, read_passage, storable
from mailprobe.monitor.straight import sliced

PAGE: Final = 1000
"""Entries read at a time: some 500 KB, and a reader never holds up a checkpoint."""

_DAY: Final = 86_400_000_000  # microseconds


@dataclass(frozen=True, slots=True, kw_only=True)
class Wanted:
    """Which entries are asked for."""

    kinds: Collection[str] = ()
    since: datetime | None = None
    until: datetime | None = None
    subject: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class WantedPassages:
    """Which mails are asked for."""

    route: str | None = None
    mailbox: str | None = None
    pending: bool | None = None
    since: datetime | None = None
    until: datetime | None = None
    limit: int = PAGE


def entries(on: sa.Connection, wanted: Wanted, after: int) -> list[tuple[int, Entry]]:
    """Return the next page of entries after a sequence number."""
    table = schema.entry
    if wanted.subject is None and len(wanted.kinds) > 1:
        return _merged(on, wanted, after)
    query = _narrowed(on, wanted, after, table.c.seq, table.c.kind, table.c.body)
    if wanted.subject is not None:
        query = query.where(table.c.subject == storable(wanted.subject))
        if wanted.kinds:
            query = query.where(unindexed(table.c.kind).in_(sorted(wanted.kinds)))
    elif wanted.kinds:
        query = query.where(table.c.kind == next(iter(wanted.kinds)))
    rows = on.execute(query.order_by(table.c.seq).limit(PAGE))
    return [(seq, read(kind, body)) for seq, kind, body in rows]


def _merged(on: sa.Connection, wanted: Wanted, after: int) -> list[tuple[int, Entry]]:
    """
    Return a page of entries of several kinds.

    Asked for together, a database sorts all that there are of them for each page.
    """
    table = schema.entry
    numbers: list[int] = []
    for kind in wanted.kinds:
        query = _narrowed(on, wanted, after, table.c.seq).where(table.c.kind == kind)
        numbers += on.execute(query.order_by(table.c.seq).limit(PAGE)).scalars()
    found: list[tuple[int, Entry]] = []
    for part in sliced(sorted(set(numbers))[:PAGE]):
        columns = sa.select(table.c.seq, table.c.kind, table.c.body)
        rows = on.execute(columns.where(table.c.seq.in_(part)).order_by(table.c.seq))
        found += [(seq, read(kind, body)) for seq, kind, body in rows]
    return found


def _narrowed(
    on: sa.Connection, wanted: Wanted, after: int, *columns: sa.Column[Any]
) -> sa.Select[Any]:
    table = schema.entry
    first, last = _span(on, wanted)
    query: sa.Select[Any] = sa.select(*columns).where(
        table.c.seq > max(after, first - 1), table.c.seq <= last
    )
    if wanted.since is not None:
        query = query.where(table.c.at >= micros(wanted.since))
    if wanted.until is not None:
        query = query.where(table.c.at < micros(wanted.until))
    return query


def unindexed(column: sa.Column[str]) -> sa.ColumnElement[str]:
    """Return a column that no index is chosen for, where another is the right one."""
    return column.concat("")


def _span(on: sa.Connection, wanted: Wanted) -> tuple[int, int]:
    """Return between which numbers they are: the days' tallies know."""
    table = schema.tally
    query = sa.select(
        sa.func.coalesce(sa.func.min(table.c.first), 1),
        sa.func.coalesce(sa.func.max(table.c.last), 0),
    )
    if wanted.kinds:
        query = query.where(table.c.kind.in_(sorted(wanted.kinds)))
    if wanted.since is not None:
        query = query.where(table.c.day >= day_of(micros(wanted.since)))
    if wanted.until is not None:
        query = query.where(table.c.day <= day_of(micros(wanted.until)))
    row = on.execute(query).one()
    return int(row[0]), int(row[1])


def passage(on: sa.Connection, token: str) -> Passage | None:
    """Return what became of one mail."""
    table = schema.passage
    query = sa.select(table.c.body).where(table.c.token == storable(token))
    body = on.execute(query).scalar()
    return None if body is None else read_passage(body)


def passages(on: sa.Connection, wanted: WantedPassages) -> tuple[Passage, ...]:
    """Return mails in the order of their intents."""
    table = schema.passage
    query = sa.select(table.c.body).where(*_within(wanted.since, wanted.until))
    route: sa.ColumnElement[str] = table.c.route
    recipient: sa.ColumnElement[str] = table.c.recipient
    if wanted.pending is not None:
        # In these words, for the index has them.
        query = query.where(sa.text("pending" if wanted.pending else "NOT pending"))
    if wanted.pending:  # few are, whatever the route and mailbox
        route, recipient = unindexed(table.c.route), unindexed(table.c.recipient)
    if wanted.route is not None:
        query = query.where(route == storable(wanted.route))
    if wanted.mailbox is not None:
        query = query.where(recipient == storable(wanted.mailbox))
    query = query.order_by(table.c.intended_at, table.c.token).limit(wanted.limit)
    return tuple(read_passage(body) for body in on.execute(query).scalars())


def _within(
    since: datetime | None, until: datetime | None
) -> Iterator[sa.ColumnElement[bool]]:
    column = schema.passage.c.intended_at
    if since is not None:
        yield column >= micros(since)
    if until is not None:
        yield column < micros(until)


def balances(
    on: sa.Connection, since: datetime | None, until: datetime | None
) -> dict[str, Balance]:
    """Return how many mails are in each state, by route; see `Ledger.balance`."""
    table = schema.balance
    sums = (sa.func.sum(table.c[name]).label(name) for name in schema.COUNTS)
    query = sa.select(table.c.route, *sums).group_by(table.c.route)
    low = None if since is None else -(-micros(since) // _DAY)  # rounded up
    high = None if until is None else micros(until) // _DAY
    if low is not None:
        query = query.where(table.c.day >= low)
    if high is not None:
        query = query.where(table.c.day < high)
    found = {
        row.route: Balance(**{name: int(getattr(row, name)) for name in schema.COUNTS})
        for row in on.execute(query)
    }
    for begin, end in _edges(since, until, low, high):
        for row in on.execute(_bodies(begin, end)):
            before = found.get(row.route, Balance())
            found[row.route] = fates.account(before, None, read_passage(row.body))
    return dict(sorted(found.items()))


def _edges(
    since: datetime | None, until: datetime | None, low: int | None, high: int | None
) -> Iterator[tuple[int, int]]:
    """Yield the parts of days at both ends, which are counted mail by mail."""
    begin = None if since is None else micros(since)
    end = None if until is None else micros(until)
    if begin is not None and end is not None and (low or 0) > (high or 0):
        yield begin, end  # both on one day
        return
    if begin is not None and low is not None and begin < low * _DAY:
        yield begin, low * _DAY
    if end is not None and high is not None and high * _DAY < end:
        yield high * _DAY, end


def _bodies(begin: int, end: int) -> sa.Select[Any]:
    table = schema.passage
    return sa.select(table.c.route, table.c.body).where(
        table.c.intended_at >= begin, table.c.intended_at < end
    )


def total(balances_: Collection[Balance]) -> Balance:
    """Return their sum."""
    names = [field.name for field in fields(Balance)]
    sums = {name: sum(getattr(one, name) for one in balances_) for name in names}
    return Balance(**sums)


def latest(on: sa.Connection, kind: str) -> tuple[tuple[int, Entry], ...]:
    """Return the newest entry of a kind about each subject."""
    table, newest = schema.entry, schema.latest
    query = (
        sa.select(table.c.seq, table.c.kind, table.c.body)
        .join(newest, newest.c.seq == table.c.seq)
        .where(newest.c.kind == kind)
        .order_by(table.c.seq)
    )
    return tuple((seq, read(of, body)) for seq, of, body in on.execute(query))


def newest(
    on: sa.Connection, kind: str, before: int | None, limit: int
) -> tuple[tuple[int, Entry], ...]:
    """Return the newest entries of a kind, newest first."""
    table = schema.entry
    query = sa.select(table.c.seq, table.c.body).where(table.c.kind == kind)
    if before is not None:
        query = query.where(table.c.seq < before)
    rows = on.execute(query.order_by(table.c.seq.desc()).limit(limit))
    return tuple((seq, read(kind, body)) for seq, body in rows)


def tally(
    on: sa.Connection, since: datetime | None, until: datetime | None
) -> dict[str, int]:
    """Return how many entries of each kind there are; whole days."""
    table = schema.tally
    query = sa.select(table.c.kind, sa.func.sum(table.c.entries))
    if since is not None:
        query = query.where(table.c.day >= day_of(micros(since)))
    if until is not None:
        query = query.where(table.c.day <= day_of(micros(until)))
    rows = on.execute(query.group_by(table.c.kind).order_by(table.c.kind))
    return {kind: int(count) for kind, count in rows}


def head(on: sa.Connection, day: date | None) -> Head:
    """Return the end of the chain, or where it was after a day's last entry."""
    row = on.execute(sa.select(schema.head)).one()
    seq: int | None = row.seq
    if day is not None:
        number = (day - EPOCH.date()).days
        query = sa.select(sa.func.max(schema.tally.c.last))
        seq = on.execute(query.where(schema.tally.c.day <= number)).scalar()
    table = schema.entry
    query = sa.select(table.c.at, table.c.digest).where(table.c.seq == (seq or 0))
    found = on.execute(query).one_or_none()
    if found is None:
        digest = genesis(row.ledger).hex()
        return Head(ledger=row.ledger, seq=0, at=EPOCH, digest=digest)
    digest = found.digest.hex()
    return Head(ledger=row.ledger, seq=seq or 0, at=moment(found.at), digest=digest)


def kept(on: sa.Connection, key: str) -> bytes | None:
    """Return what was kept under a key."""
    query = sa.select(schema.kept.c.value).where(schema.kept.c.key == key)
    value: bytes | None = on.execute(query).scalar()
    return value


def reports(on: sa.Connection, about: str, limit: int) -> tuple[bytes, ...]:
    """Return the newest reports about something, newest first."""
    table = schema.detail
    query = sa.select(table.c.report).where(table.c.about == storable(about))
    rows: Sequence[Any] = (
        on.execute(query.order_by(table.c.seq.desc()).limit(limit)).scalars().all()
    )
    return tuple(unpack(row) for row in rows)


def due(on: sa.Connection, now: datetime) -> int:
    """Return of how many reports the time is up."""
    query = sa.select(sa.func.count()).select_from(schema.detail)
    count = on.execute(query.where(schema.detail.c.until <= micros(now))).scalar()
    return int(count or 0)
