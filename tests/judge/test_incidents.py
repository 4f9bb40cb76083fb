"""Incidents over time: what opens them, what does not, and when they are over."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Final

import pytest

from mailprobe.model.entry import Stated
from mailprobe.model.failure import Kind
from mailprobe.model.incident import Maintenance, Planned, State, Statement, Tick
from mailprobe.model.sample import Backlog, Function, Outcome, Sample
from mailprobe.model.verdict import Blame
from tests.judge.streams import (
    ACCEPT,
    ALL,
    BRANDS,
    DELIVER,
    GMAIL,
    LIBERO,
    NO_STORE,
    READ,
    REFUSED,
    SILENT,
    SUBMIT,
    TIMEOUT,
    UNKNOWN,
    WORK,
    Ill,
    Look,
    noise,
    stream,
    told,
)

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from mailprobe.judge.incidents import Fact
    from mailprobe.model.incident import Incident
    from tests.judge.streams import Told

QUARTER: Final = timedelta(minutes=15)
TURN: Final = timedelta(minutes=36)  # all canaries were looked at
LOST: Final = Ill(Kind.CANARY_MISSING)


def jan(day: int, hour: int = 0, minute: int = 0) -> datetime:
    """Return a time in January 2023; days after the 31st are of February."""
    start = datetime(2023, 1, 1, hour, minute, tzinfo=UTC)
    return start + timedelta(days=day - 1)


def jun(day: int, hour: int = 0, minute: int = 0) -> datetime:
    """Return a time in June 2023."""
    return datetime(2023, 6, day, hour, minute, tzinfo=UTC)


def number(look: Look) -> int:
    """Return which of its provider's canaries it is."""
    return int("".join(c for c in look.account.split("@")[0] if c.isdigit()) or 0)


def mixed(*sources: Iterable[Fact]) -> list[Fact]:
    """Put facts in the order in which they are known."""

    def known(fact: Fact) -> datetime:
        if isinstance(fact, Maintenance):
            return datetime(2023, 1, 1, tzinfo=UTC)
        return fact.at if isinstance(fact, (Backlog, Stated, Tick)) else fact.known_at

    return sorted((fact for source in sources for fact in source), key=known)


def failing(told: Told, at: datetime) -> set[Function]:
    """Return what failed at a time, as it is known in the end."""
    return {
        one.function
        for incident in told.incidents
        for one in incident.impairments
        if one.since <= at and (one.until is None or at < one.until)
    }


def only(told: Told) -> Incident:
    """Return the one incident there was."""
    assert [one.culprit for one in told.incidents] == ["italiaonline"]
    return told.incidents[0]


# --- January 2023 -------------------------------------------------------------------

JAN: Final = jan(22, 23)


def january(look: Look) -> Ill | None:
    """Script the storage failure, row by row."""
    at = look.at
    if look.party.name not in BRANDS or at < JAN:
        return None
    if look.function is SUBMIT:
        return SILENT if at < jan(26, 15) else None
    if look.function is ACCEPT:
        return TIMEOUT if jan(23, 16) <= at < jan(26, 15) else None
    if look.function is READ:  # in batches, the last ones on the 28th
        return (
            NO_STORE if at < jan(26, 15) + timedelta(hours=8 * number(look)) else None
        )
    return LOST if at < jan(34) else None


def backlogs(
    begin: datetime, drained: datetime, fast: datetime, end: datetime
) -> Iterable[Backlog]:
    """Count every ten minutes what waits: it drains in the day before *drained*."""
    at = begin
    while at < end:
        left = (drained - at).total_seconds() / 86400
        waiting = max(0, min(400, int(400 * left)))
        yield Backlog(
            at=at,
            platform="italiaonline",
            waiting=waiting,
            arrived=3 if 0 < waiting < 400 else 0,
            tail=40.0 if at >= fast else 7200.0,
            usual=35.0,
        )
        at += timedelta(minutes=10)


@pytest.fixture(scope="module")
def in_january() -> Told:
    """January as it was folded."""
    counts = backlogs(JAN, jan(30), jan(34, 3), jan(37))
    return told(mixed(stream(jan(21), 16, january), counts))


def test_january_is_one_incident_of_the_platform_within_a_quarter(
    in_january: Told,
) -> None:
    """Both brands fail as one incident, which is opened within fifteen minutes."""
    incident = only(in_january)
    assert incident.blame is Blame.PROVIDER
    assert incident.parties == ("libero", "virgilio")
    assert incident.opened_at - JAN <= QUARTER
    assert JAN <= incident.began_at <= JAN + timedelta(minutes=5)
    assert incident.id == "2023-01-22-italiaonline"
    assert incident.planned is Planned.UNANNOUNCED
    assert incident.confidence > 0.9
    assert incident.evidence


@pytest.mark.parametrize(
    ("begin", "end", "expected"),
    [
        (JAN, jan(23, 16), {SUBMIT, DELIVER, READ}),
        (jan(23, 16), jan(26, 15), set(ALL)),
        (jan(26, 15), jan(27, 6), {DELIVER, READ}),
        (jan(28, 8), jan(34), {DELIVER}),
        (jan(34, 1), jan(36), set()),
    ],
)
def test_january_impairs_the_right_functions_in_each_window(
    in_january: Told, begin: datetime, end: datetime, expected: set[Function]
) -> None:
    """In each window of the table just those functions fail that did."""
    at = begin + TURN
    while at < end:
        assert failing(in_january, at) == expected
        at += TURN


def test_january_recovers_in_batches_and_ends_with_the_tail(in_january: Told) -> None:
    """It recovers once, and is closed when nothing waits and mail is fast."""
    assert in_january.changes[0] == "opened"
    assert in_january.changes[-2:] == ["recovering", "closed"]
    assert in_january.changes.count("recovering") == 1
    recovering = in_january.events[-2]
    assert jan(26, 15) <= recovering.at <= jan(26, 16)
    incident = only(in_january)
    assert incident.state is State.CLOSED
    assert incident.closed_at
    assert jan(34, 3) <= incident.closed_at <= jan(34, 12)
    assert not incident.relapses


def test_while_it_drains_there_is_a_rate_and_an_estimate() -> None:
    """Half drained, an incident says how fast, and when nothing will wait."""
    counts = backlogs(JAN, jan(30), jan(34, 3), jan(29, 12))
    facts = mixed(stream(jan(22, 12), 7, january), counts)
    (incident,) = told(facts).book.open
    assert incident.state is State.RECOVERING
    assert incident.drain_rate == pytest.approx(18.0)
    assert incident.drained_by
    assert incident.drained_by > jan(29, 12)
    assert "still waits to be delivered, probably until" in incident.why


def holding(begin: datetime, *waiting: int) -> list[Backlog]:
    """Count every ten minutes; as many arrive as do in an hour of sixty."""
    return [
        Backlog(
            at=begin + timedelta(minutes=10 * number),
            platform="italiaonline",
            waiting=one,
            arrived=10,
        )
        for number, one in enumerate(waiting)
    ]


def test_no_end_is_in_sight_while_as_much_is_held_as_comes() -> None:
    """Mail that comes in is no end by itself: less and less must wait."""
    every = stream(jan(1), 2, down((jan(2), jan(2, 12))))
    looks = [s for s in every if s.known_at < jan(2, 12, 40)]
    for waiting, end in (
        ((90, 90, 90), False),
        ((90, 80, 85), False),
        ((90, 80), True),
    ):
        seen = told(mixed(looks, holding(jan(2, 12, 10), *waiting)))
        (incident,) = seen.book.open
        assert incident.state is State.RECOVERING
        assert incident.drain_rate == pytest.approx(60.0)
        assert (incident.drained_by is not None) is end
        assert ("probably until" in incident.why) is end


def test_a_relapse_knows_no_rate_of_the_recovery_before_it() -> None:
    """How fast mail came in before it failed again says nothing of now."""
    spans = (jan(2), jan(2, 12)), (jan(2, 13), jan(2, 20))
    looks = [s for s in stream(jan(1), 2, down(*spans)) if s.known_at < jan(2, 16)]
    counts = [*holding(jan(2, 12, 20), 90, 80, 70), *holding(jan(2, 15), 60, 50)]
    seen = told(mixed(looks, counts))
    assert not any(e.incident.drain_rate for e in seen.events if e.at >= jan(2, 13))
    (incident,) = seen.book.open
    assert (incident.state, len(incident.relapses)) == (State.OPEN, 1)
    assert (incident.drain_rate, incident.drained_by) == (None, None)
    assert "probably until" not in incident.why


def test_the_sentence_says_who_since_when_and_what(in_january: Told) -> None:
    """The sentence can be read out: not us, who it is, since when, what fails."""
    assert in_january.events[0].incident.why == (
        "It is not us, it is italiaonline (libero and virgilio): since 23:00 UTC on "
        "22 January 2023 its users cannot send mail and cannot open their mailboxes."
    )


# --- June 2023 ----------------------------------------------------------------------

JUN: Final = jun(13, 23)
DECLARED: Final = jun(14, 15)


def june(look: Look) -> Ill | None:  # noqa: PLR0911 - row by row
    """Script the maintenance that failed, row by row."""
    at = look.at
    if look.party.name not in BRANDS or at < JUN or look.function is ACCEPT:
        return None
    if jun(15, 15) <= at < jun(16, 15):
        return UNKNOWN
    if look.function is DELIVER:
        if at < DECLARED or jun(15, 3) <= at < jun(15, 15):
            return LOST
        return Ill(Kind.SMTP_PERMANENT) if jun(16, 15) <= at < jun(19) else None
    opened = jun(18, 12) + timedelta(hours=5 * number(look))
    if jun(14) <= at < DECLARED:
        return WORK
    if jun(15, 3) <= at < opened:
        return REFUSED
    return None


@pytest.fixture(scope="module")
def in_june() -> Told:
    """June as it was folded."""
    window = Maintenance(party="libero", begins_at=JUN, ends_at=jun(14, 6))
    claim = Statement(at=DECLARED, text="fully working", resolved=True)
    said = Stated(at=DECLARED, party="virgilio", statement=claim)
    counts = backlogs(JUN, jun(19, 12), jun(19, 18), jun(23))
    return told(mixed([window, said], stream(jun(12), 11, june), counts))


def test_june_is_one_incident_that_relapses(in_june: Told) -> None:
    """What came back hours after the declared end is the same incident."""
    incident = only(in_june)
    assert incident.opened_at - JUN <= QUARTER
    assert incident.blame is Blame.PROVIDER
    assert incident.parties == ("libero", "virgilio")
    assert len(incident.relapses) == 1
    assert jun(15, 3) <= incident.relapses[0] <= jun(15, 3) + QUARTER
    assert incident.state is State.CLOSED


def test_june_is_not_over_when_it_is_declared_to_be(in_june: Told) -> None:
    """The provider's word is noted beside ours, and closes nothing."""
    assert "closed" not in in_june.changes[:-1]
    incident = only(in_june)
    assert incident.declared_at == DECLARED
    assert incident.closed_at
    assert incident.closed_at > jun(19, 18)


def test_june_was_planned_and_overran(in_june: Told) -> None:
    """Within its window it is planned; after the end of that, it overran."""
    assert in_june.events[0].incident.planned is Planned.PLANNED
    overrun = next(e for e in in_june.events if e.change == "overrun")
    assert jun(14, 6) < overrun.at < jun(14, 7)
    assert "takes longer than announced" in overrun.incident.why


@pytest.mark.parametrize(
    ("begin", "end", "expected"),
    [
        (JUN, jun(14), {DELIVER}),
        (jun(14), DECLARED, {SUBMIT, DELIVER, READ}),
        (DECLARED + TURN, jun(15, 3) - TURN, set()),
        (jun(15, 3), jun(18, 12), {SUBMIT, DELIVER, READ}),
        (jun(19, 14), jun(22), set()),
    ],
)
def test_june_impairs_the_right_functions_in_each_window(
    in_june: Told, begin: datetime, end: datetime, expected: set[Function]
) -> None:
    """In each window just those functions fail that did; the unknown day ends none."""
    at = begin + TURN
    while at < end:
        assert failing(in_june, at) == expected
        at += TURN


def test_an_unknown_day_counts_for_nothing() -> None:
    """Looks that cannot tell are neither counted, nor do they end or close anything."""

    def counted(until: datetime) -> Incident:
        return only(told(stream(jun(12), (until - jun(12)).days, june)))

    before = told(s for s in stream(jun(12), 4, june) if s.known_at <= jun(15, 15, 5))
    after = told(s for s in stream(jun(12), 5, june) if s.known_at <= jun(16, 15))
    assert only(before).impairments == only(after).impairments
    assert only(after).state is State.OPEN
    assert counted(jun(16)).state is State.OPEN


# --- relapses -----------------------------------------------------------------------


def down(*spans: tuple[datetime, datetime]) -> Callable[[Look], Ill | None]:
    """Script that logins fail at both brands in these spans."""

    def script(look: Look) -> Ill | None:
        hit = look.party.name in BRANDS and look.function in {SUBMIT, READ}
        return WORK if hit and any(a <= look.at < b for a, b in spans) else None

    return script


def test_a_relapse_joins_its_incident_within_two_days() -> None:
    """What comes back a day after it was closed is the same incident, open again."""
    script = down((jan(2), jan(2, 4)), (jan(3, 8), jan(3, 12)))
    seen = told(stream(jan(1), 4, script))
    assert seen.changes == [
        "opened",
        "spread",
        "recovering",
        "closed",
        "relapsed",
        "spread",
        "recovering",
        "closed",
    ]
    assert len({e.incident.id for e in seen.events}) == 1
    assert len(only(seen).impairments) == 4


def test_what_comes_back_after_two_days_is_another_incident() -> None:
    """After the stated time a failure is a new incident of its own."""
    script = down((jan(2), jan(2, 4)), (jan(6), jan(6, 4)))
    seen = told(stream(jan(1), 6, script))
    ids = [e.incident.id for e in seen.events if e.change == "opened"]
    assert ids == ["2023-01-02-italiaonline", "2023-01-06-italiaonline"]


def test_the_first_success_neither_closes_nor_recovers() -> None:
    """One canary that opens once, amid an outage, changes nothing."""
    base = down((jan(2), jan(3)))

    def script(look: Look) -> Ill | None:
        lucky = look.account.startswith("libero0") and look.at.hour == 12
        return None if lucky else base(look)

    seen = told(stream(jan(1), 2, script))
    assert seen.changes == ["opened", "spread"]


def test_half_of_the_mailboxes_is_an_outage_of_the_platform() -> None:
    """Mailboxes that open do not exonerate a platform that keeps others shut."""

    def script(look: Look) -> Ill | None:
        hit = look.party.name in BRANDS and look.function is READ and number(look) < 3
        return SILENT if hit and look.at >= jan(2) else None

    incident = only(told(stream(jan(1), 2, script)))
    assert incident.blame is Blame.PROVIDER
    assert incident.opened_at - jan(2) < timedelta(hours=2)
    assert incident.functions == (READ,)
    assert "some of its users" in incident.why


# --- news of the past ---------------------------------------------------------------


def opening(gap: timedelta, gone: Ill = LOST) -> Callable[[Look], Ill | None]:
    """Script mailboxes that open one after the other, each with the mail it missed."""

    def script(look: Look) -> Ill | None:
        opens = jan(2, 12) + gap * number(look)
        if look.party.name not in BRANDS or not jan(2) <= look.at < opens:
            return None
        return {READ: WORK, DELIVER: gone}.get(look.function)

    return script


@pytest.mark.parametrize("gap", [timedelta(0), timedelta(hours=1)], ids=str)
def test_held_mail_that_is_found_later_is_told_once(gap: timedelta) -> None:
    """Mailboxes that open one by one with late mail neither spread it nor relapse."""
    looks = stream(jan(1), 4, opening(gap))
    seen = told(looks)
    assert seen.changes == ["opened", "spread", "recovering", "closed"]
    incident = only(seen)
    assert not incident.relapses
    assert [one.function for one in incident.impairments] == [READ, DELIVER]
    # It is not said to work before somebody could look into the last mailbox.
    last = jan(2, 12) + 5 * gap
    assert all(one.until and one.until >= last for one in incident.impairments)
    late = sum(s.function is DELIVER and s.kind is not None for s in looks)
    assert late - 12 <= incident.impairments[1].failed <= late


def held(since: datetime, known: datetime, number: int) -> Sample:
    """Tell at one time of a mail that was handed over at another, and held."""
    return Sample(
        at=since + timedelta(minutes=number),
        known_at=known,
        function=DELIVER,
        outcome=Outcome.FAIL,
        party=LIBERO,
        account=f"libero{number % 3 * 2}@libero.test",
        sender=GMAIL,
        blame=Blame.PROVIDER,
        kind=Kind.CANARY_MISSING,
    )


@pytest.mark.parametrize(
    ("known", "state", "counted"),
    [(jan(2, 23), State.RECOVERING, 30), (jan(4), State.CLOSED, 0)],
    ids=str,
)
def test_what_a_queue_gives_up_later_is_no_new_failure(
    known: datetime, state: State, counted: int
) -> None:
    """Mail of the outage that comes when new mail is fast again reopens nothing."""
    base = down((jan(2), jan(2, 20)))

    def script(look: Look) -> Ill | None:
        late = look.function is DELIVER and look.party.name in BRANDS
        return LOST if late and jan(2) <= look.at < jan(2, 20) else base(look)

    seen = told(s for s in stream(jan(1), 3, script) if s.known_at < known)
    (before,), changes = seen.book.incidents, [*seen.changes]
    assert (before.state, before.functions) == (state, ())
    told((held(jan(2, 1), known, number) for number in range(30)), seen)
    (after,) = seen.book.incidents
    assert (after.state, after.functions, seen.changes) == (state, (), changes)
    # Until it is closed it corrects what is known of the past.
    mails = [sum(m.failed for m in one.impairments) for one in (before, after)]
    assert mails[1] - mails[0] == counted


def test_mail_that_had_been_on_its_way_moves_the_beginning() -> None:
    """An incident began with the first mail that was held, whenever that is known."""

    def script(look: Look) -> Ill | None:
        late = look.function is DELIVER and look.party.name in BRANDS
        return LOST if late and look.at >= jan(2) else None

    seen = told(s for s in stream(jan(1), 2, script) if s.known_at < jan(2, 12))
    told([held(jan(1, 23), jan(2, 12), 0)], seen)
    (incident,) = seen.book.incidents
    assert incident.began_at == jan(1, 23)
    assert [one.since for one in incident.impairments] == [jan(1, 23)]


def test_what_fails_after_it_had_worked_is_a_relapse() -> None:
    """Mail that is handed over after the end, and held, is a failure of its own."""
    script = down((jan(2), jan(2, 20)))
    seen = told(s for s in stream(jan(1), 2, script) if s.known_at < jan(2, 23))
    told((held(jan(2, 23), jan(2, 23, 40), number) for number in range(30)), seen)
    assert only(seen).functions == (DELIVER,)


# --- not their fault ----------------------------------------------------------------


def ours(kind: Kind, *functions: Function) -> Callable[[Look], Ill | None]:
    """Script that everything fails everywhere, for three hours."""

    def script(look: Look) -> Ill | None:
        if look.function is DELIVER or look.function not in functions:
            return None
        hit = jan(2, 3) <= look.at < jan(2, 6)
        return Ill(kind, Blame.VANTAGE) if hit else None

    return script


@pytest.mark.parametrize(
    ("kind", "functions", "culprit"),
    [
        (Kind.TCP_UNREACHABLE, ALL, "this network"),
        (Kind.TCP_TIMEOUT, ALL, "this network"),
        (Kind.TCP_REFUSED, ALL, "this network"),
        (Kind.DNS_TIMEOUT, ALL, "this resolver"),
        (Kind.DNS_SERVFAIL, ALL, "this resolver"),
        (Kind.TCP_TIMEOUT, (ACCEPT,), "this network, to accept"),
    ],
)
def test_what_fails_everywhere_is_ours(
    kind: Kind, functions: tuple[Function, ...], culprit: str
) -> None:
    """With our own network, resolver or port failing, no provider is accused."""
    seen = told(stream(jan(1), 2, ours(kind, *functions)))
    assert seen.changes == ["opened", "closed"]
    (incident,) = seen.incidents
    assert incident.culprit == culprit
    assert incident.blame is Blame.VANTAGE
    assert incident.opened_at - jan(2, 3) <= QUARTER + timedelta(minutes=1)
    assert incident.why.startswith("It was us")


@pytest.mark.parametrize("seed", range(20))
def test_chance_before_our_own_outage_accuses_nobody(seed: int) -> None:
    """Failures by chance do not tip the balance when our own network fails as well."""
    chance, network = noise(seed), ours(Kind.TCP_TIMEOUT, *ALL)
    seen = told(stream(jan(1), 2, lambda look: network(look) or chance(look)))
    assert seen.changes == ["opened", "closed"]
    assert seen.incidents[0].blame is Blame.VANTAGE


@pytest.mark.parametrize("kind", [Kind.AUTH_REFUSED, Kind.IMAP_NO])
def test_one_canary_alone_is_not_its_provider(kind: Kind) -> None:
    """A canary that fails while its siblings work has an incident of its own."""

    def script(look: Look) -> Ill | None:
        hit = look.account.startswith("libero2") and look.function in {READ, SUBMIT}
        ill = Ill(kind, Blame.ACCOUNT)
        return ill if hit and jan(2) <= look.at < jan(3) else None

    seen = told(stream(jan(1), 3, script))
    assert seen.changes == ["opened", "closed"]
    (incident,) = seen.incidents
    assert incident.culprit == "libero2@libero.test"
    assert incident.blame is Blame.ACCOUNT
    assert seen.events[0].incident.why == (
        "It is not libero: since 00:10 UTC on 2 January 2023 only our test mailbox "
        "libero2@libero.test cannot be used for sending or opened, while others of "
        "libero can."
    )


def test_an_account_left_alone_after_one_refusal_is_known_by_its_siblings() -> None:
    """After a refusal nobody logs in for hours; siblings that can decide meanwhile."""

    def script(look: Look) -> Ill | None:
        if not look.account.startswith("libero2") or look.function is DELIVER:
            return None
        if look.at < jan(2) or look.at >= jan(3):
            return None
        return REFUSED if look.at < jan(2, 0, 30) else UNKNOWN

    seen = told(stream(jan(1), 3, script))
    assert seen.changes == ["opened", "closed"]
    assert seen.events[0].incident.culprit == "libero2@libero.test"
    assert seen.events[0].at <= jan(2, 0, 45)


def test_a_sender_whose_mail_never_leaves_is_to_blame() -> None:
    """Mail of one platform that reaches nobody is its own fault, not the receivers'."""

    def script(look: Look) -> Ill | None:
        sent = look.sender is not None and look.sender.name in BRANDS
        away = look.function is DELIVER and look.party.name not in BRANDS
        return LOST if sent and away and look.at >= jan(2) else None

    incident = only(told(stream(jan(1), 2, script)))
    assert incident.functions == (SUBMIT,)
    assert incident.opened_at - jan(2) < timedelta(hours=1)


@pytest.mark.parametrize("seeds", [range(n, n + 10) for n in range(0, 30, 10)], ids=str)
def test_a_quiet_fortnight_has_no_incident(seeds: range) -> None:
    """One look in a hundred that fails by chance opens nothing."""
    for seed in seeds:
        assert told(stream(jan(1), 14, noise(seed))).changes == []
