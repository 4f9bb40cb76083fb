"""
One transaction of the writer: entries are chained, and what follows from them is kept.

Everything is worked out in memory first, under the lock on the end of the chain, and
then written with one statement for each table, however many entries there are.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final

import sqlalchemy as sa

from mailprobe.judge import fates
from mailprobe.model.entry import Alarmed, Attached, Entry, Intended, MailEntry, Pruned
from mailprobe.model.errors import LedgerError
from mailprobe.model.passage import Balance, Passage
from mailprobe.monitor import schema
from mailprobe.monitor.chain import Link, day_of, micros, moment
from mailprobe.monitor.detail import Detail, pack
from mailprobe.monitor.entries import (
    MAIL_KINDS,
    Written,
    read,
    read_passage,
    storable,
    write,
    write_passage,
)
from mailprobe.monitor.straight import Straight
from mailprobe.monitor.upserts import Upserts

CLOCK_SLACK: Final = timedelta(seconds=5)
"""Clocks of machines that write to one ledger differ by less, if they are kept."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Job:
    """What one call wants stored: all of it or nothing."""

    written: tuple[Written, ...]
    keep: Mapping[str, bytes | None]
    details: tuple[tuple[Written, Detail], ...] = ()
    prune: datetime | None = None


def book(
    on: Straight, upserts: Upserts, jobs: Sequence[Job], now: datetime
) -> list[LedgerError | None]:
    """
    Write the jobs; return for each what speaks against it, or None if it is written.

    Only the commit that follows makes it durable.
    """
    page = _Page(on, jobs)
    page.look_at_the_clock(now)
    outcomes = [page.enter(job, now) for job in jobs]
    page.write(upserts, micros(now))
    return outcomes


class _Page:
    """What a transaction adds to the book, before it is written down."""

    def __init__(self, on: Straight, jobs: Sequence[Job]) -> None:
        self._on = on
        ((self._seq, self._digest, self._clock),) = self._on.rows(_HEAD)
        self._entries: list[dict[str, Any]] = []
        self._changed: set[str] = set()
        self._balances: dict[tuple[str, int], Balance] = {}
        self._tally: Counter[tuple[int, str]] = Counter()
        self._span: dict[tuple[int, str], tuple[int, int]] = {}
        self._latest: dict[tuple[str, str], int] = {}
        self._kept: dict[str, bytes | None] = {}
        self._details: list[dict[str, Any]] = []
        mails = [one for job in jobs for one in job.written if one.kind in _MAILS]
        tokens = sorted({one.subject for one in mails})
        self._passages = dict(_passages(on, tokens))
        news = {one.subject for one in mails if one.kind == Intended.kind}
        self._orphans = _orphans(on, sorted(news - self._passages.keys()))

    def look_at_the_clock(self, now: datetime) -> None:
        """Say so if the clock was set back since the last entry was written."""
        before = moment(self._clock)
        if now < before - CLOCK_SLACK:
            what = (
                f"the clock was set back: it is {now:%Y-%m-%d %H:%M:%S} UTC, and the "
                f"entry before this one was written at {before:%Y-%m-%d %H:%M:%S}; "
                "sequence numbers keep the true order"
            )
            self._add(write(Alarmed(at=now, what=what)))

    def enter(self, job: Job, now: datetime) -> LedgerError | None:
        """Add what a job wants, or say why nothing of it may be added."""
        seen: set[str] = set()
        for one in job.written:
            if one.kind != Intended.kind:
                continue
            if one.subject in self._passages or one.subject in seen:
                message = f"the mail {one.subject[:80]} was intended before; "
                return LedgerError(message + "no token is sent twice")
            seen.add(one.subject)
        for one in job.written:
            self._add(one)
            if one.kind in _MAILS:
                self._follow(one, now)
        for one, detail in job.details:
            self._add(one)
            self._details.append(_detail_row(self._seq, one, detail))
        self._kept.update(job.keep)
        if job.prune is not None:
            self._prune(job.prune)
        return None

    def _prune(self, now: datetime) -> None:
        """Remove reports whose time is up; the entry says so in the same breath."""
        removed = self._on.run(_PRUNE, [{"now": micros(now)}])
        if removed:
            self._add(write(Pruned(at=now, removed=removed)))

    def _add(self, one: Written) -> None:
        self._seq += 1
        link = Link(
            seq=self._seq,
            at=one.at,
            kind=one.kind,
            subject=one.subject,
            body=one.body,
        )
        self._digest = link.digest(self._digest)
        self._entries.append(
            {
                "seq": self._seq,
                "at": one.at,
                "kind": one.kind,
                "subject": one.subject,
                "body": one.body,
                "digest": self._digest,
            }
        )
        key = (day_of(one.at), one.kind)
        self._tally[key] += 1
        first, _ = self._span.get(key, (self._seq, 0))
        self._span[key] = (first, self._seq)
        if has_latest(one.kind):
            self._latest[one.kind, one.subject] = self._seq

    def _follow(self, one: Written, now: datetime) -> None:
        """Let the passage and the balance follow from an entry about a mail."""
        entry: MailEntry = one.entry  # type: ignore[assignment]
        before = self._passages.get(one.subject)
        if before is not None:
            after = fates.fold(before, entry)
        elif isinstance(entry, Intended):
            after = begun(entry, self._orphans.pop(one.subject, ()))
        else:  # its intent is not known (yet); the entry is there, and waits for it
            self._orphans.setdefault(one.subject, []).append(entry)
            return
        if after == before:
            return
        self._passages[one.subject] = after
        self._changed.add(one.subject)
        key = key_of(after)
        balance = self._balance(key)
        self._balances[key] = new = fates.account(balance, before, after)
        if new.imbalance not in (0, balance.imbalance):
            what = (
                f"the books of the route {after.route!r} do not balance: "
                f"{new.imbalance} mails are unaccounted for since {one.subject}"
            )
            self._add(write(Alarmed(at=now, what=what)))

    def _balance(self, key: tuple[str, int]) -> Balance:
        if key not in self._balances:
            values = {"route": key[0], "day": key[1]}
            rows = self._on.rows(_BALANCE, values)
            counts = dict(zip(schema.COUNTS, rows[0], strict=True)) if rows else {}
            self._balances[key] = Balance(**counts)
        return self._balances[key]

    def write(self, upserts: Upserts, clock: int) -> None:
        """Write it all down, one statement for each table that has news."""
        passages = [passage_row(self._passages[token]) for token in self._changed]
        balances = [
            {"route": route, "day": day, **_counts(balance)}
            for (route, day), balance in self._balances.items()
        ]
        tally = [
            {"day": day, "kind": kind, "entries": count, "first": first, "last": last}
            for (day, kind), count in self._tally.items()
            for first, last in (self._span[day, kind],)
        ]
        latest = [
            {"kind": kind, "subject": subject, "seq": seq}
            for (kind, subject), seq in self._latest.items()
        ]
        kept = [{"key": k, "value": v} for k, v in self._kept.items() if v is not None]
        gone = [{"gone": k} for k, v in self._kept.items() if v is None]
        for statement, rows in (
            (_INSERT_ENTRY, self._entries),
            (upserts.passage, passages),
            (upserts.balance, balances),
            (upserts.tally, tally),
            (upserts.latest, latest),
            (upserts.kept, kept),
            (_FORGET, gone),
            (_INSERT_DETAIL, self._details),
        ):
            if rows:
                self._on.run(statement, rows)
        if self._entries:
            end = {"seq": self._seq, "digest": self._digest, "clock": clock}
            self._on.run(_UPDATE_HEAD, [end])


_MAILS: Final = frozenset(MAIL_KINDS)
_NO_LATEST: Final = _MAILS | {Attached.kind}
"""There are as many subjects as mails: the newest of each would be all of them."""

_HEAD: Final = sa.select(
    schema.head.c.seq, schema.head.c.digest, schema.head.c.clock
).with_for_update()
_UPDATE_HEAD: Final = schema.head.update()
_INSERT_ENTRY: Final = schema.entry.insert()
_INSERT_DETAIL: Final = schema.detail.insert()
_FORGET: Final = schema.kept.delete().where(schema.kept.c.key == sa.bindparam("gone"))
_PRUNE: Final = schema.detail.delete().where(
    schema.detail.c.until <= sa.bindparam("now")
)
_WITH_BODY: Final = sa.select(schema.passage.c.token, schema.passage.c.body)
_PASSAGE: Final = _WITH_BODY.where(schema.passage.c.token == sa.bindparam("one"))
_PASSAGES: Final = _WITH_BODY.where(
    schema.passage.c.token.in_(sa.bindparam("all", expanding=True))
)
_OF_SUBJECT: Final = sa.select(
    schema.entry.c.subject, schema.entry.c.kind, schema.entry.c.body
).order_by(schema.entry.c.seq)
_ABOUT: Final = _OF_SUBJECT.where(schema.entry.c.subject == sa.bindparam("one"))
_ABOUT_ALL: Final = _OF_SUBJECT.where(
    schema.entry.c.subject.in_(sa.bindparam("all", expanding=True))
)
_BALANCE: Final = sa.select(*(schema.balance.c[name] for name in schema.COUNTS)).where(
    schema.balance.c.route == sa.bindparam("route"),
    schema.balance.c.day == sa.bindparam("day"),
)


def has_latest(kind: str) -> bool:
    """Whether the newest entry about each subject is looked up by that."""
    return kind not in _NO_LATEST


def begun(intent: Intended, others: Iterable[MailEntry]) -> Passage:
    """Return the passage of a mail some of whose entries came before its intent."""
    passage = fates.begin(intent)
    for one in others:
        passage = fates.fold(passage, one)
    return passage


def key_of(passage: Passage) -> tuple[str, int]:
    """Return in which balance it is counted: its route and the day of its intent."""
    return storable(passage.route), day_of(micros(passage.intended_at))


def passage_row(passage: Passage) -> dict[str, Any]:
    """Return the row of a passage."""
    return {
        "token": storable(passage.token),
        "route": storable(passage.route),
        "recipient": storable(passage.recipient),
        "intended_at": micros(passage.intended_at),
        "pending": passage.pending,
        "body": write_passage(passage),
    }


def _counts(balance: Balance) -> dict[str, int]:
    return {name: getattr(balance, name) for name in schema.COUNTS}


def _detail_row(seq: int, one: Written, detail: Detail) -> dict[str, Any]:
    entry: Entry = one.entry
    if not isinstance(entry, Attached):
        raise TypeError(entry)
    return {
        "seq": seq,
        "about": one.subject,
        "until": micros(entry.until),
        "report": pack(detail.report),
    }


def _passages(on: Straight, tokens: Sequence[str]) -> Iterable[tuple[str, Passage]]:
    for token, body in on.of_each(_PASSAGE, _PASSAGES, tokens):
        yield token, read_passage(body)


def _orphans(on: Straight, tokens: Sequence[str]) -> dict[str, list[MailEntry]]:
    """Return entries that came before the intents of their mails."""
    found: dict[str, list[MailEntry]] = {}
    for subject, kind, body in on.of_each(_ABOUT, _ABOUT_ALL, tokens):
        if kind in _MAILS:
            found.setdefault(subject, []).append(read(kind, body))  # type: ignore[arg-type]
    return found
