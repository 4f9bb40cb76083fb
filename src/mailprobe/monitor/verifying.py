"""
Verification: the chain is computed anew, and all that should follow from it.

Memory is bounded: entries and mails are read by the page, and what is held grows with
routes, days and subjects alone.
"""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final

import sqlalchemy as sa

from mailprobe.judge import fates
from mailprobe.model.entry import Attached, Intended, MailEntry, Pruned
from mailprobe.model.errors import LedgerError
from mailprobe.model.passage import Balance, Passage
from mailprobe.monitor import schema
from mailprobe.monitor.booking import (
    begun,
    has_latest,
    key_of,
    passage_row,
)
from mailprobe.monitor.chain import Head, Link, day_of, genesis, moment
from mailprobe.monitor.detail import unpack
from mailprobe.monitor.entries import MAIL_KINDS, read
from mailprobe.monitor.straight import sliced

PAGE: Final = 500
FAULTS_MAX: Final = 20
"""Told at most: whoever rewrote a million entries did not do it by mistake."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Fault:
    """
    Something that is not as it was written.

    Attributes:
        seq: The sequence number of the entry it is about.
        what: What is wrong, in a sentence.
    """

    seq: int
    what: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Verification:
    """
    What a verification found.

    Attributes:
        entries: How many entries there are.
        head: Where the chain ends.
        faults: What is wrong; the first twenty. Those of the chain stand first, for
            what should follow from a broken chain cannot be right; then by number.
    """

    entries: int
    head: Head
    faults: tuple[Fault, ...]

    @property
    def sound(self) -> bool:
        """Whether everything is as it was written."""
        return not self.faults

    @property
    def first_bad(self) -> int | None:
        """The sequence number of the first fault."""
        return self.faults[0].seq if self.faults else None


@dataclass(slots=True)
class _Found:
    """What is held while the chain is walked."""

    faults: list[Fault] = field(default_factory=list)
    entries: int = 0
    seq: int = 0
    digest: bytes = b""
    at: int = 0
    pruned_at: int | None = None
    tally: Counter[tuple[int, str]] = field(default_factory=Counter)
    span: dict[tuple[int, str], tuple[int, int]] = field(default_factory=dict)
    latest: dict[tuple[str, str], int] = field(default_factory=dict)
    balances: dict[tuple[str, int], Balance] = field(default_factory=dict)

    def fault(self, seq: int, what: str) -> None:
        # Walks find theirs in order, so each keeps its own first ones.
        self.faults.append(Fault(seq=seq, what=what))

    @property
    def full(self) -> bool:
        return len(self.faults) >= FAULTS_MAX * 4


def verify(on: sa.Connection, heads: Sequence[Head] = ()) -> Verification:
    """Verify the ledger, and that it still has what the *heads* vouch for."""
    found = _Found()
    row = on.execute(sa.select(schema.head)).one()
    _walk_chain(on, found, row.ledger, heads)
    if (row.seq, row.digest) != (found.seq, found.digest):
        seq = min(row.seq, found.seq) + 1
        found.fault(seq, f"the chain should end with the entry {row.seq}")
    broken, found.faults = sorted(found.faults, key=lambda one: one.seq), []
    _walk_passages(on, found)
    _compare_balances(on, found)
    _compare_counts(on, found)
    _walk_details(on, found)
    head = Head(
        ledger=row.ledger, seq=found.seq, at=moment(found.at), digest=found.digest.hex()
    )
    faults = [*broken, *sorted(found.faults, key=lambda one: one.seq)][:FAULTS_MAX]
    return Verification(entries=found.entries, head=head, faults=tuple(faults))


# --- the chain ---------------------------------------------------------------------


def _pages(on: sa.Connection) -> Iterator[Sequence[Any]]:
    table, after = schema.entry, -(2**62)
    while True:
        query = sa.select(table).where(table.c.seq > after)
        rows = on.execute(query.order_by(table.c.seq).limit(PAGE)).all()
        if not rows:
            return
        yield rows
        after = rows[-1].seq


def _walk_chain(
    on: sa.Connection, found: _Found, ledger: str, heads: Sequence[Head]
) -> None:
    signed = {head.seq: head for head in heads}
    found.digest = genesis(ledger)
    for head in heads:
        if head.ledger != ledger:
            found.fault(0, f"a signed head is of another ledger, {head.ledger}")
        elif not head.seq and head.digest != found.digest.hex():
            found.fault(0, "a signed head does not fit this ledger")
    for rows in _pages(on):
        for row in rows:
            _link(found, row)
            head_ = signed.pop(row.seq, None)
            if head_ and head_.digest != row.digest.hex():
                found.fault(row.seq, "a signed head says otherwise: it was rewritten")
        _intents(on, found, rows)
    for seq in sorted(signed):
        if seq > found.seq:
            what = f"a signed head says that the chain went on to the entry {seq}"
            found.fault(found.seq + 1, what)


def _link(found: _Found, row: Any) -> None:  # noqa: ANN401 - a row
    if row.seq != found.seq + 1 and not found.full:
        found.fault(found.seq + 1, _gap(found.seq + 1, row.seq))
    link = Link(
        seq=row.seq, at=row.at, kind=row.kind, subject=row.subject, body=row.body
    )
    if link.digest(found.digest) != row.digest and not found.full:
        what = "the entry was altered, or is not the one that was written here"
        found.fault(row.seq, what)
    found.entries += 1
    # On with what is stored: each altered entry is told once, not all that follow.
    found.seq, found.digest, found.at = row.seq, row.digest, row.at
    key = (day_of(row.at), row.kind)
    found.tally[key] += 1
    first, _ = found.span.get(key, (row.seq, 0))
    found.span[key] = (first, row.seq)
    if has_latest(row.kind):
        found.latest[row.kind, row.subject] = row.seq
    if row.kind == Pruned.kind:
        found.pruned_at = max(row.at, found.pruned_at or row.at)


def _gap(expected: int, came: int) -> str:
    if came < expected:
        return f"an entry numbered {came} was slipped in"
    if came == expected + 1:
        return "the entry is missing"
    return f"the entries up to {came - 1} are missing"


def _intents(on: sa.Connection, found: _Found, rows: Sequence[Any]) -> None:
    """Every mail that was intended has a record."""
    intents = {row.subject: row.seq for row in rows if row.kind == Intended.kind}
    table = schema.passage
    for part in sliced(list(intents)):
        query = sa.select(table.c.token).where(table.c.token.in_(part))
        known = set(on.execute(query).scalars())
        for token in part:
            if token not in known:
                found.fault(
                    intents[token], f"the record of the mail {token} is missing"
                )


# --- what follows from it ----------------------------------------------------------


def _walk_passages(on: sa.Connection, found: _Found) -> None:
    table, after = schema.passage, ""
    while True:
        query = sa.select(table).where(table.c.token > after)
        rows = on.execute(query.order_by(table.c.token).limit(PAGE)).all()
        if not rows:
            return
        histories = _histories(on, [row.token for row in rows])
        for row in rows:
            _passage(found, row, histories.get(row.token, []))
        after = rows[-1].token


def _histories(
    on: sa.Connection, tokens: Sequence[str]
) -> Mapping[str, list[tuple[int, str, str]]]:
    table = schema.entry
    found: dict[str, list[tuple[int, str, str]]] = {}
    for part in sliced(tokens):
        query = (
            sa.select(table.c.subject, table.c.seq, table.c.kind, table.c.body)
            .where(table.c.subject.in_(part))
            .order_by(table.c.seq)
        )
        for subject, *rest in on.execute(query):
            if rest[1] in MAIL_KINDS:
                found.setdefault(subject, []).append((rest[0], rest[1], rest[2]))
    return found


def _passage(
    found: _Found,
    row: Any,  # noqa: ANN401 - a row
    history: Sequence[tuple[int, str, str]],
) -> None:
    last = history[-1][0] if history else 0
    try:
        passage = _fold([read(kind, body) for _, kind, body in history])  # type: ignore[misc]
    except LedgerError as error:
        found.fault(last, str(error))
        return
    if passage is None:
        found.fault(last, f"there is a record of the mail {row.token}, but no intent")
        return
    key = key_of(passage)
    before = found.balances.get(key, Balance())
    found.balances[key] = fates.account(before, None, passage)
    if passage_row(passage) != row._asdict() and not found.full:
        found.fault(last, f"the record of the mail {row.token} is not what follows")


def _fold(history: Sequence[MailEntry]) -> Passage | None:
    intents = [one for one in history if isinstance(one, Intended)]
    if not intents:
        return None
    others = [one for one in history if one is not intents[0]]
    return begun(intents[0], others)


def _compare_balances(on: sa.Connection, found: _Found) -> None:
    stored = {
        (row.route, row.day): Balance(**{n: getattr(row, n) for n in schema.COUNTS})
        for row in on.execute(sa.select(schema.balance))
    }
    for key in sorted(stored.keys() | found.balances.keys()):
        if stored.get(key, Balance()) != found.balances.get(key, Balance()):
            day = moment(key[1] * 86_400_000_000).date()
            what = f"the balance of the route {key[0]!r} on {day} is not what follows"
            found.fault(found.seq, what)


def _compare_counts(on: sa.Connection, found: _Found) -> None:
    stored = {
        (row.day, row.kind): (row.entries, row.first, row.last)
        for row in on.execute(sa.select(schema.tally))
    }
    should = {key: (count, *found.span[key]) for key, count in found.tally.items()}
    if stored != should:
        found.fault(found.seq, "the counts of entries are not what follows")
    newest = {
        (row.kind, row.subject): row.seq for row in on.execute(sa.select(schema.latest))
    }
    for key in sorted(newest.keys() ^ found.latest.keys()) + sorted(
        key for key in newest.keys() & found.latest.keys()
        if newest[key] != found.latest[key]
    ):  # fmt: skip
        seq = found.latest.get(key, newest.get(key, 0))
        found.fault(seq, f"the newest {key[0]} entry about {key[1]!r} is another one")


# --- reports -----------------------------------------------------------------------


def _walk_details(on: sa.Connection, found: _Found) -> None:
    """Every report is the one whose hash is in the chain, or its time was up."""
    chained, stored = schema.entry, schema.detail
    query = (
        sa.select(chained.c.seq, chained.c.kind, chained.c.body, stored.c.report)
        .join(stored, stored.c.seq == chained.c.seq, isouter=True)
        .where(chained.c.kind == Attached.kind)
        .order_by(chained.c.seq)
    )
    after = 0
    while rows := on.execute(query.where(chained.c.seq > after).limit(PAGE)).all():
        for seq, kind, body, report in rows:
            what = _detail(found, kind, body, report)
            if what and not found.full:
                found.fault(seq, what)
        after = rows[-1][0]
    known = sa.select(chained.c.seq).where(chained.c.kind == Attached.kind)
    strange = sa.select(sa.func.min(stored.c.seq)).where(stored.c.seq.not_in(known))
    seq_ = on.execute(strange).scalar()
    if seq_ is not None:
        found.fault(seq_, "there is a report that no entry speaks of")


def _detail(found: _Found, kind: str, body: str, report: bytes | None) -> str:
    try:
        entry = read(kind, body)
    except LedgerError:
        return ""  # the chain has told it
    if not isinstance(entry, Attached):
        return ""
    if report is None:
        due = found.pruned_at is not None and entry.until <= moment(found.pruned_at)
        return "" if due else "the report is missing before its time"
    try:
        whole = unpack(report)
    except ValueError as error:
        return f"the report was altered: {error}"
    same = hashlib.sha256(whole).hexdigest() == entry.digest
    return "" if same else "the report was altered"
