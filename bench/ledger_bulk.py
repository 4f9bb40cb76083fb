"""A ledger of any size in minutes: true links, true records, from templates."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from dataclasses import asdict
from datetime import UTC, datetime, timedelta
from typing import Any, Final

from mailprobe.judge import fates
from mailprobe.model.entry import Accepted, Entry, Intended, MailEntry, Sampled, Seen
from mailprobe.model.passage import Balance, Copy, Passage
from mailprobe.model.sample import Function, Outcome, Party, Sample
from mailprobe.monitor.booking import has_latest, passage_row
from mailprobe.monitor.chain import Link, day_of, genesis, micros
from mailprobe.monitor.entries import Written, write

START: Final = datetime(2025, 1, 1, tzinfo=UTC)
ROUTES: Final = 12
DAYS: Final = 365
PENDING: Final = 100  # the last mails are not seen yet
AT_A_TIME: Final = 50_000  # rows in memory

_ENTRY: Final = "INSERT INTO ledger_entry VALUES (?, ?, ?, ?, ?, ?)"
_PASSAGE: Final = "INSERT INTO ledger_passage VALUES (?, ?, ?, ?, ?, ?)"


def fill(connection: sqlite3.Connection, ledger: str, mails: int) -> None:
    """Fill an empty ledger with the stories of so many mails, five entries each."""
    connection.execute("PRAGMA synchronous = OFF")
    connection.execute("PRAGMA cache_size = -400000")
    query = "SELECT name, sql FROM sqlite_master WHERE type = 'index' AND sql NOT NULL"
    indexes = connection.execute(query).fetchall()
    for name, _ in indexes:
        connection.execute(f"DROP INDEX {name}")
    book = _Book(genesis(ledger))
    connection.execute("BEGIN")
    for entries, passages in book.pages(mails):
        connection.executemany(_ENTRY, entries)
        connection.executemany(_PASSAGE, passages)
    book.close(connection)
    for _, sql in indexes:
        connection.execute(sql)
    connection.execute("COMMIT")
    connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")


class _Book:
    """The chain, and all that follows from it, as far as it is filled."""

    def __init__(self, digest: bytes) -> None:
        self._seq, self._digest, self._clock = 0, digest, 0
        self._tally: dict[tuple[int, str], list[int]] = {}
        self._latest: dict[tuple[str, str], int] = {}
        self._balances: dict[tuple[str, int], Balance] = {}

    def pages(self, mails: int) -> Iterator[tuple[list[Any], list[Any]]]:
        """Yield rows of entries and of passages."""
        step = timedelta(days=DAYS) / mails
        templates = [_Templates(f"route{n:02}") for n in range(ROUTES)]
        entries: list[Any] = []
        passages: list[Any] = []
        for number in range(mails):
            at = START + number * step
            template = templates[number % ROUTES]
            seen = number < mails - PENDING
            told, passage, count = template.of(f"mp1-{number:09}", at, seen=seen)
            entries += map(self._link, told)
            passages.append(passage)
            key = passage[1], day_of(passage[3])
            before = self._balances.get(key, Balance())
            self._balances[key] = fates.account(before, None, count)
            if len(entries) >= AT_A_TIME:
                yield entries, passages
                entries, passages = [], []
        yield entries, passages

    def _link(self, one: tuple[int, str, str, str]) -> tuple[Any, ...]:
        at, kind, subject, body = one
        self._seq += 1
        link = Link(seq=self._seq, at=at, kind=kind, subject=subject, body=body)
        self._digest = link.digest(self._digest)
        self._clock = max(self._clock, at)
        counted = self._tally.setdefault((day_of(at), kind), [0, self._seq, 0])
        counted[0] += 1
        counted[2] = self._seq
        if has_latest(kind):
            self._latest[kind, subject] = self._seq
        return self._seq, at, kind, subject, body, self._digest

    def close(self, connection: sqlite3.Connection) -> None:
        """Write what follows from it all."""
        connection.executemany(
            "INSERT INTO ledger_tally VALUES (?, ?, ?, ?, ?)",
            [(*key, *counted) for key, counted in self._tally.items()],
        )
        connection.executemany(
            "INSERT INTO ledger_latest VALUES (?, ?, ?)",
            [(*key, seq) for key, seq in self._latest.items()],
        )
        marks = ", ".join("?" * (2 + len(asdict(Balance()))))
        connection.executemany(
            f"INSERT INTO ledger_balance VALUES ({marks})",  # noqa: S608 - marks only
            [(*key, *asdict(one).values()) for key, one in self._balances.items()],
        )
        connection.execute(
            "UPDATE ledger_head SET seq = ?, digest = ?, clock = ?",
            (self._seq, self._digest, self._clock),
        )


class _Templates:
    """The story of one mail, to be told of others: token and times are replaced."""

    TOKEN: Final = "mp1-template"  # noqa: S105 - no password
    TIMES: Final = tuple(
        datetime(2001, 1, 1, 1, 1, second, 100_000, tzinfo=UTC) for second in (0, 2, 9)
    )

    def __init__(self, route: str) -> None:
        self._sent = _story(self.TOKEN, self.TIMES, route)
        self._kinds = {}
        for seen in (True, False):
            told = self._sent if seen else self._sent[:2] + self._sent[3:]
            mails = [one for one in told if not isinstance(one, Sampled)]
            passage = _fold(mails)
            self._kinds[seen] = ([write(one) for one in told], passage)

    def of(
        self, token: str, at: datetime, *, seen: bool
    ) -> tuple[list[tuple[int, str, str, str]], tuple[Any, ...], Passage]:
        """Return rows of entries, the row of the passage, and one that counts alike."""
        told, passage = self._kinds[seen]
        at = at.replace(microsecond=100_000)
        shift = micros(at) - micros(self.TIMES[0])
        swaps = [(self.TOKEN, token)]
        for then in self.TIMES:
            now = at + (then - self.TIMES[0])
            swaps.append((_text(then), _text(now)))
        row = passage_row(passage)
        changed = (
            token,
            row["route"],
            row["recipient"],
            row["intended_at"] + shift,
            row["pending"],
            _swapped(row["body"], swaps),
        )
        return [_moved(one, shift, swaps) for one in told], changed, passage


def _moved(
    one: Written, shift: int, swaps: list[tuple[str, str]]
) -> tuple[int, str, str, str]:
    subject = _swapped(one.subject, swaps[:1])
    return one.at + shift, one.kind, subject, _swapped(one.body, swaps)


def _swapped(text: str, swaps: list[tuple[str, str]]) -> str:
    for old, new in swaps:
        text = text.replace(old, new)
    return text


def _text(at: datetime) -> str:
    return at.isoformat().replace("+00:00", "Z")


def _story(token: str, times: tuple[datetime, ...], route: str) -> list[Entry]:
    intended, accepted, seen = times
    copy = Copy(
        mailbox="bob@libero.it",
        folder="INBOX",
        landed="inbox",
        uid=7,
        uidvalidity=1,
        seen_at=seen,
    )
    return [
        Intended(
            at=intended,
            token=token,
            route=route,
            sender="ada@example.org",
            recipient="bob@libero.it",
            late_after=300.0,
        ),
        Accepted(at=accepted, token=token, submitted_at=accepted, said="250 2.0.0 ok"),
        Seen(at=seen, token=token, copy=copy),
        *(
            Sampled(at=at, sample=_sample(at, function, route))
            for at, function in ((accepted, Function.SUBMIT), (seen, Function.READ))
        ),
    ]


def _sample(at: datetime, function: Function, route: str) -> Sample:
    return Sample(
        at=at,
        known_at=at,
        function=function,
        outcome=Outcome.PASS,
        party=Party(name="libero", platform="italiaonline"),
        route=route,
    )


def _fold(entries: list[Any]) -> Passage:
    first, *others = entries
    passage = fates.begin(first)
    for one in others:
        mail: MailEntry = one
        passage = fates.fold(passage, mail)
    return passage
