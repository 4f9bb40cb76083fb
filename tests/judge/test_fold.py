"""The fold of incidents, given anything in any order."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Final

import msgspec
from hypothesis import given, settings
from hypothesis import strategies as st

from mailprobe.judge.culprits import EVIDENCE_MAX
from mailprobe.judge.incidents import fold
from mailprobe.judge.policy import POLICY
from mailprobe.judge.watchbook import (
    CELLS_MAX,
    SILENT_MAX,
    STREAMS_MAX,
    WATCHED_MAX,
    WORDS_MAX,
    Watchbook,
)
from mailprobe.model.entry import Stated
from mailprobe.model.failure import Kind
from mailprobe.model.incident import Change, Maintenance, State, Statement, Tick
from mailprobe.model.sample import Backlog, Function, Outcome, Party, Sample
from mailprobe.model.verdict import Blame

if TYPE_CHECKING:
    from mailprobe.judge.incidents import Fact
    from mailprobe.model.incident import Event

BEGIN: Final = datetime(2023, 1, 1, tzinfo=UTC)
PARTIES: Final = tuple(
    Party(name=name, platform=platform)
    for name, platform in (("a", "one"), ("b", "one"), ("c", "two"), ("d", "three"))
)
# Days of any order: the clock may go back by any time at any fact.
times = st.integers(0, 4 * 86400).map(lambda s: BEGIN + timedelta(seconds=s))
parties = st.sampled_from(PARTIES)
outcomes = st.sampled_from((Outcome.FAIL, Outcome.FAIL, Outcome.PASS, Outcome.UNKNOWN))


@st.composite
def looks(draw: st.DrawFn) -> Sample:
    """Draw one look; where the outcome is bad, one of a few kinds."""
    known = draw(times)
    outcome = draw(outcomes)
    fine = outcome is Outcome.PASS
    kinds = (Kind.TCP_TIMEOUT, Kind.AUTH_REFUSED, Kind.DNS_TIMEOUT, Kind.IMAP_NO, None)
    return Sample(
        at=known - timedelta(seconds=draw(st.sampled_from((0, 30, 86400)))),
        known_at=known,
        function=draw(st.sampled_from(Function)),
        outcome=outcome,
        party=draw(parties),
        account=draw(st.sampled_from(("", "x", "y"))),
        sender=draw(st.none() | parties),
        blame=None if fine else draw(st.sampled_from(Blame)),
        kind=None if fine else draw(st.sampled_from(kinds)),
        why="w" * draw(st.sampled_from((0, 500))),
        control=draw(st.booleans()),
    )


statements = st.builds(
    Statement, at=times, text=st.just("well"), resolved=st.booleans()
)
names = st.sampled_from(("a", "c", "one", "two", "nobody"))
facts = st.one_of(
    looks(),
    looks(),
    looks(),
    st.builds(Tick, at=times),
    st.builds(
        Backlog,
        at=times,
        platform=names,
        waiting=st.integers(0, 9),
        arrived=st.integers(0, 9),
        tail=st.none() | st.floats(0, 9),
        usual=st.none() | st.floats(0, 9),
    ),
    st.builds(Stated, at=times, party=names, statement=statements),
    st.builds(Maintenance, party=names, begins_at=times, ends_at=times),
)


def _consistent(open_ones: dict[str, str], event: Event) -> None:
    incident, key = event.incident, f"{event.incident.culprit} {event.incident.blame}"
    if event.change is Change.OPENED:
        assert key not in open_ones
        open_ones[key] = incident.id
    elif event.change is Change.RELAPSED:
        assert open_ones.setdefault(key, incident.id) == incident.id
    else:
        assert open_ones.get(key) == incident.id
    if event.change is Change.CLOSED:
        assert incident.closed_at
        assert incident.ended_at
        del open_ones[key]
    assert (incident.state is State.CLOSED) is (event.change is Change.CLOSED)
    assert incident.why.endswith(".")
    assert incident.opened_at >= incident.began_at
    assert all(one.failed <= one.looked for one in incident.impairments)
    assert all(
        one.until is None or one.until >= one.since for one in incident.impairments
    )


@settings(max_examples=150, deadline=None)
@given(st.lists(facts, max_size=120))
def test_any_order_of_facts_is_folded_into_consistent_events(
    stream: list[Fact],
) -> None:
    """Nothing raises; each event is of an incident that is open, one for a culprit."""
    book, open_ones = Watchbook(), dict[str, str]()
    for fact in stream:
        book, events = fold(book, fact)
        for event in events:
            _consistent(open_ones, event)
        assert all(m.since >= i.began_at for i in book.incidents for m in i.impairments)
        still = [f"{one.culprit} {one.blame}" for one in book.open]
        assert sorted(still) == sorted(open_ones)


@settings(max_examples=60, deadline=None)
@given(st.lists(facts, max_size=80), st.lists(facts, max_size=20))
def test_what_is_remembered_survives_json(first: list[Fact], then: list[Fact]) -> None:
    """A book that was written and read again gives the same events as the first."""
    book = Watchbook()
    for fact in first:
        book, _ = fold(book, fact)
    again = msgspec.json.decode(msgspec.json.encode(book), type=Watchbook)
    assert again == book
    for fact in then:
        book, events = fold(book, fact)
        again, same = fold(again, fact)
        assert same == events
    assert again == book


@settings(max_examples=40, deadline=None)
@given(st.lists(facts, max_size=60))
def test_the_book_given_is_left_as_it_was(stream: list[Fact]) -> None:
    """A fold returns a new book and changes nothing of the old one."""
    book = Watchbook()
    for fact in stream:
        before = msgspec.json.encode(book)
        after, _ = fold(book, fact)
        assert msgspec.json.encode(book) == before
        book = after


def _one(name: str, account: str, second: int, outcome: Outcome) -> Sample:
    at = BEGIN + timedelta(seconds=second)
    fine = outcome is Outcome.PASS
    return Sample(
        at=at,
        known_at=at,
        function=Function.READ,
        outcome=outcome,
        party=Party(name=name, platform=name),
        account=account,
        kind=None if fine else Kind.IMAP_NO,
        blame=None if fine else Blame.PROVIDER,
        why="x" * 9999,
    )


def test_what_is_remembered_is_bounded() -> None:
    """However many canaries, platforms and incidents: the book stays small."""
    many = [("one", f"c{n}", Outcome.PASS) for n in range(CELLS_MAX + 50)]
    wide = [(f"p{n}", f"q{n}", Outcome.PASS) for n in range(STREAMS_MAX + 50)]
    bad = [
        (f"p{n}", f"{who}@p{n}", Outcome.FAIL)
        for n in range(WATCHED_MAX + 6)
        for who in ("x", "y", "x", "y")
    ]
    book = Watchbook()
    for second, (name, account, outcome) in enumerate([*many, *wide, *bad]):
        book, _ = fold(book, _one(name, account, second, outcome))
        assert len(book.streams) <= STREAMS_MAX
        assert len(book.watched) <= WATCHED_MAX
    assert len(book.watched) == WATCHED_MAX
    assert max(len(one.cells) for one in book.streams.values()) <= CELLS_MAX
    assert all(len(one.looks) <= POLICY.looks for one in book.streams.values())
    assert len(book.silence) <= SILENT_MAX
    assert all(len(i.evidence) <= EVIDENCE_MAX for i in book.incidents)
    kept = [cell.last.why for s in book.streams.values() for cell in s.cells.values()]
    assert max(map(len, kept)) <= WORDS_MAX
