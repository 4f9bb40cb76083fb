"""Questions to the ledger; each reads what it answers with, and no more."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Sequence
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
from mailprobe.monitor.straight import Straight, sliced

PAGE: Final = 1000
"""Entries read at a time: some 500 KB, and a reader never holds up a checkpoint."""

_DAY: Final = 86_400_000_000  # microseconds
_FOREVER: Final = 100_000_000 * _DAY  # whole days, and no database counts much further


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
    rows: Iterable[Sequence[Any]]
    if wanted.subject is None and len(wanted.kinds) > 1:
        return _merged(on, wanted, after)
    if wanted.subject is None and wanted.kinds:
        rows = _of_kind(on, wanted, after)
    else:
        query = _narrowed(on, wanted, after, table.c.seq, table.c.kind, table.c.body)
        if wanted.subject is not None:
            query = query.where(table.c.subject == storable(wanted.subject))
            if wanted.kinds:
                query = query.where(unindexed(table.c.kind).in_(sorted(wanted.kinds)))
        rows = on.execute(query.order_by(table.c.seq).limit(PAGE))
    return [(seq, read(kind, body)) for seq, kind, body in rows]


def _of_kind(on: sa.Connection, wanted: Wanted, after: int) -> Sequence[Sequence[Any]]:
    """Return a page of the entries of one kind: a monitor asks at each count."""
    first, last = _span(on, wanted)
    since, until = _bounds(wanted.since, wanted.until)
    values = {
        "kind": next(iter(wanted.kinds)),
        "after": max(after, first - 1),
        "last": last,
        "since": since,
        "until": until,
    }
    return Straight(on).rows(_PAGE_OF_KIND, values)


def _bounds(since: datetime | None, until: datetime | None) -> tuple[int, int]:
    """Return microseconds since 1970, of the ends of all times where none is given."""
    return (
        -_FOREVER if since is None else micros(since),
        _FOREVER if until is None else micros(until),
    )


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
    since, until = _bounds(wanted.since, wanted.until)
    days = {"low": day_of(since), "high": day_of(until)}
    straight = Straight(on)
    if wanted.kinds:
        found = [straight.rows(_SPAN, {"kind": k, **days})[0] for k in wanted.kinds]
    else:
        found = list(straight.rows(_SPAN_OF_ALL, days))
    return (
        min((first for first, _ in found if first is not None), default=1),
        max((last for _, last in found if last is not None), default=0),
    )


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
    begin, end = _bounds(since, until)
    low = -(-begin // _DAY)  # rounded up
    high = end // _DAY
    found = {
        route: Balance(**dict(zip(schema.COUNTS, map(int, counts), strict=True)))
        for route, *counts in Straight(on).rows(_SUMS, {"low": low, "high": high})
    }
    for part in _edges(begin, end, low, high):
        for row in on.execute(_bodies(*part)):
            before = found.get(row.route, Balance())
            found[row.route] = fates.account(before, None, read_passage(row.body))
    return dict(sorted(found.items()))


def _edges(begin: int, end: int, low: int, high: int) -> Iterator[tuple[int, int]]:
    """Yield the parts of days at both ends, which are counted mail by mail."""
    if low > high:
        yield begin, end  # both on one day
        return
    if begin < low * _DAY:
        yield begin, low * _DAY
    if high * _DAY < end:
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
    straight = Straight(on)
    ((ledger, seq),) = straight.rows(_END)
    if day is not None:
        number = (day - EPOCH.date()).days
        query = sa.select(sa.func.max(schema.tally.c.last))
        seq = on.execute(query.where(schema.tally.c.day <= number)).scalar() or 0
    for at, digest in straight.rows(_LINK, {"seq": seq}):
        return Head(ledger=ledger, seq=seq, at=moment(at), digest=digest.hex())
    return Head(ledger=ledger, seq=0, at=EPOCH, digest=genesis(ledger).hex())


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


# Made once: a monitor asks these at each count.
_PAGE_OF_KIND: Final = (
    sa.select(schema.entry.c.seq, schema.entry.c.kind, schema.entry.c.body)
    .where(
        schema.entry.c.kind == sa.bindparam("kind"),
        schema.entry.c.seq > sa.bindparam("after"),
        schema.entry.c.seq <= sa.bindparam("last"),
        schema.entry.c.at >= sa.bindparam("since"),
        schema.entry.c.at < sa.bindparam("until"),
    )
    .order_by(schema.entry.c.seq)
    .limit(PAGE)
)
_SPAN_OF_ALL: Final = sa.select(
    sa.func.min(schema.tally.c.first), sa.func.max(schema.tally.c.last)
).where(
    schema.tally.c.day >= sa.bindparam("low"),
    schema.tally.c.day <= sa.bindparam("high"),
)
_SPAN: Final = _SPAN_OF_ALL.where(schema.tally.c.kind == sa.bindparam("kind"))
_SUMS: Final = (
    sa.select(
        schema.balance.c.route,
        *(sa.func.sum(schema.balance.c[name]) for name in schema.COUNTS),
    )
    .where(
        schema.balance.c.day >= sa.bindparam("low"),
        schema.balance.c.day < sa.bindparam("high"),
    )
    .group_by(schema.balance.c.route)
)
_END: Final = sa.select(schema.head.c.ledger, schema.head.c.seq)
_LINK: Final = sa.select(schema.entry.c.at, schema.entry.c.digest).where(
    schema.entry.c.seq == sa.bindparam("seq")
)
