"""What a ledger with an outage in it answers."""

from __future__ import annotations

import json
import shutil
from dataclasses import replace
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Literal

import pytest

from mailprobe.model.account import Blindness
from mailprobe.model.answer import Watching
from mailprobe.model.entry import Alarmed, Changed, Intended, Ran, Sampled, Stated
from mailprobe.model.errors import UsageError
from mailprobe.model.incident import Change, Event, State, Statement, Tick
from mailprobe.model.passage import Fate
from mailprobe.model.sample import Function
from mailprobe.model.verdict import Blame, Status
from mailprobe.monitor import (
    answers,
    export,
    history,
    incidents,
    mails,
    note,
    report,
    status,
)
from mailprobe.monitor.books import Books
from mailprobe.monitor.ledger import Ledger
from tests.judge.streams import (
    ALL,
    BRANDS,
    REFUSED,
    TIMEOUT,
    UNKNOWN,
    WORK,
    Ill,
    Look,
    stream,
)
from tests.monitor import outages
from tests.monitor.outages import BEGIN, DOWN, END, HOUR, UP, built, write

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

pytestmark = pytest.mark.asyncio
MINUTE = timedelta(minutes=1)
PLATFORM = "2023-01-22-italiaonline"


@pytest.fixture(scope="module")
def over(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A ledger in which the outage is over; nobody writes to it."""
    return built(tmp_path_factory.mktemp("over") / "ledger.db")


@pytest.fixture(scope="module")
def under_way(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A ledger in which the outage has lasted for four hours."""
    return built(tmp_path_factory.mktemp("now") / "ledger.db", DOWN + 4 * HOUR)


def reading(path: Path) -> Ledger:
    """Open a ledger to ask it."""
    return Ledger.open(path, write=False)


def fresh(path: Path) -> Ledger:
    """Open a new ledger that is quick to fill."""
    return Ledger.open(path / "ledger.db", durable=False, threaded=False)


# --- status -------------------------------------------------------------------------


async def test_status_in_an_outage(under_way: Path) -> None:
    """It says who is down, what still works, whose fault it is, and since when."""
    async with reading(under_way) as ledger:
        told = await status(ledger, at=DOWN + 4 * HOUR + MINUTE)
    assert told.status is Status.DOWN
    assert told.why.startswith("It is not us, it is italiaonline (libero and virgilio)")
    (one,) = told.incidents
    assert (one.id, one.blame, one.began_at) == (PLATFORM, Blame.PROVIDER, DOWN)
    found = {(a.party.name, a.function): a for a in told.availabilities}
    for brand in BRANDS:
        assert found[brand, Function.READ].status is Status.DOWN
        assert found[brand, Function.SUBMIT].status is Status.OK
    gmail = found["gmail", Function.READ]
    assert (gmail.working, gmail.of, gmail.status) == (3, 3, Status.OK)
    assert 0.4 < gmail.low < gmail.high == 1.0
    assert told.balance.imbalance == 0
    assert told.balance.in_flight == 48
    assert told.watch.state is Watching.RUNNING


async def test_status_when_it_is_over(over: Path) -> None:
    """All is well, and no incident is left."""
    async with reading(over) as ledger:
        told = await status(ledger, at=END + MINUTE)
    assert (told.status, told.why, told.incidents) == (Status.OK, "", ())


@pytest.mark.parametrize(
    ("late", "state"),
    [(MINUTE, Watching.RUNNING), (2 * HOUR, Watching.SILENT)],
)
async def test_who_looks(over: Path, late: timedelta, state: Watching) -> None:
    """Without a look for too long nothing is known, whatever was known before."""
    async with reading(over) as ledger:
        told = await status(ledger, at=END + late)
    assert told.watch.state is state
    assert told.watch.looked_at == END
    unknown = state is not Watching.RUNNING
    assert (told.status is Status.UNKNOWN) is unknown


async def test_a_monitor_that_was_stopped(tmp_path: Path) -> None:
    """A stop that was noted is told from a silence, and an empty ledger from both."""
    async with fresh(tmp_path) as ledger:
        told = await status(ledger, at=BEGIN)
        assert (told.watch.state, told.status) == (Watching.NEVER, Status.UNKNOWN)
        await ledger.append(Ran(at=BEGIN, running=True), Ran(at=END, running=False))
        told = await status(ledger, at=END)
    assert (told.watch.state, told.status) == (Watching.STOPPED, Status.UNKNOWN)


async def test_what_is_wrong_with_us(tmp_path: Path) -> None:
    """An alarm of the last day shows, an older one does not."""
    async with fresh(tmp_path) as ledger:
        await ledger.append(Ran(at=BEGIN, running=True))
        await ledger.append(Alarmed(at=BEGIN, what="The clock jumped."))
        young = await status(ledger, at=BEGIN + MINUTE)
        old = await status(ledger, at=BEGIN + 25 * HOUR, stale=1e6)
    assert [one.what for one in young.alarms] == ["The clock jumped."]
    assert (young.status, old.status) == (Status.DEGRADED, Status.OK)
    assert old.alarms == ()


async def test_status_without_a_snapshot(under_way: Path, tmp_path: Path) -> None:
    """What the last audit kept is only a short cut: without it incidents are known."""
    copy = shutil.copy(under_way, tmp_path / "copy.db")
    async with Ledger.open(copy, durable=False) as ledger:
        await ledger.keep("watchbook", b"of another version")
        told = await status(ledger, at=DOWN + 4 * HOUR)
    assert [one.id for one in told.incidents] == [PLATFORM]


async def test_what_came_after_the_snapshot(under_way: Path, tmp_path: Path) -> None:
    """A change that no audit has kept yet counts more than what the last one kept."""
    copy = shutil.copy(under_way, tmp_path / "copy.db")
    at = DOWN + 4 * HOUR
    async with Ledger.open(copy, durable=False) as ledger:
        (one,) = await incidents(ledger)
        over = replace(one, state=State.CLOSED, closed_at=at)
        event = Event(at=at, change=Change.CLOSED, incident=over)
        await ledger.append(Changed(at=at, event=event))
        assert await incidents(ledger) == (over,)
        assert (await status(ledger, at=at)).incidents == ()


# --- incidents and days ---------------------------------------------------------------


async def test_incidents(over: Path) -> None:
    """Incidents stand as they are now, and can be chosen."""
    async with reading(over) as ledger:
        (one,) = await incidents(ledger)
        for name in ("libero", "virgilio", "italiaonline"):
            assert await incidents(ledger, party=name) == (one,)
        assert await incidents(ledger, party="gmail") == ()
        assert await incidents(ledger, until=DOWN) == ()
        assert await incidents(ledger, since=END) == ()
    assert one.state is State.CLOSED
    assert one.ended_at is not None
    assert UP <= one.ended_at <= UP + HOUR


async def test_history(over: Path) -> None:
    """Each day has its looks, mails and changes, and each mail is in one of them."""
    async with reading(over) as ledger:
        told = await history(ledger, since=BEGIN, until=END)
        brand = await history(ledger, party="libero", since=BEGIN, until=END)
    assert [day.begins_at.day for day in told.days] == [22, 23, 24]
    assert [day.balance.submitted for day in told.days] == [288, 576, 288]
    assert [day.balance.late for day in told.days] == [19, 100, 0]
    assert [event.change for event in told.days[0].events] == [Change.OPENED]
    assert told.days[1].events[-1].change is Change.CLOSED
    first = {(one.party.name, one.function): one for one in told.days[0].looks}
    read = first["libero", Function.READ]
    assert (read.passed, read.failed, read.hit, read.canaries) == (60, 12, 3, 3)
    assert {one.party.name for day in brand.days for one in day.looks} == {"libero"}
    assert [day.balance.submitted for day in brand.days] == [126, 252, 126]


async def test_history_of_nothing(over: Path) -> None:
    """A day without anything is there; what cannot be meant is refused in words."""
    async with reading(over) as ledger:
        told = await history(ledger, since=END + 48 * HOUR, until=END + 60 * HOUR)
        assert [(day.looks, day.events) for day in told.days] == [((), ())]
        for wrong in (
            {"since": END, "until": BEGIN},
            {"since": BEGIN, "until": BEGIN + timedelta(days=400)},
            {"party": "nobody", "since": BEGIN, "until": END},
        ):
            with pytest.raises(UsageError):
                await history(ledger, **wrong)


# --- the report -----------------------------------------------------------------------


async def test_every_mail_of_an_incident_is_counted(over: Path) -> None:
    """Fates and delays are those of the mails sent in its time, to the last one."""
    async with reading(over) as ledger:
        told = await report(ledger, PLATFORM, at=END)
    ended = {one.fate: one for one in told.fates}
    counts = {fate: one.count for fate, one in ended.items()}
    del counts[Fate.DELIVERED]  # those sent when it had passed
    assert counts == {Fate.LATE: 119, Fate.BOUNCED: 24, Fate.PRESUMED_LOST: 1}
    late = ended[Fate.LATE]
    noon = UP + 2 * HOUR
    assert late.longest == pytest.approx((noon - DOWN).total_seconds(), abs=600)
    assert late.shortest == pytest.approx((noon - UP).total_seconds(), abs=600)
    assert (late.shortest or 0) < (late.middle or 0) < (late.longest or 0)
    over_at = told.incident.closed_at or END
    theirs = [
        one
        for one in outages.mails()
        if isinstance(one, Intended)
        and DOWN <= one.at < over_at
        and any(name in one.sender + one.recipient for name in BRANDS)
    ]
    assert told.balance.submitted == len(theirs) < 12 * 2 * 19
    assert sum(one.count for one in told.fates) == told.balance.submitted
    assert len(told.points) == told.balance.submitted
    assert [one.count for one in told.said] == [24]


async def test_what_failed_and_for_how_many(over: Path) -> None:
    """Each function that failed is told once, with when and for how many canaries."""
    async with reading(over) as ledger:
        told = await report(ledger, "last", at=END)
    reaches = {one.function: one for one in told.reaches}
    assert set(reaches) == {Function.READ, Function.DELIVER}
    assert len(told.reaches) == 2
    read = reaches[Function.READ]
    assert read.since == DOWN
    assert (read.failed, read.hit, read.canaries) == (144, 6, 6)
    assert told.events[0].change is Change.OPENED
    assert told.gaps == ()
    assert told.partial == ""


async def test_no_such_incident(over: Path, tmp_path: Path) -> None:
    """What there is not is refused, and what there is is named."""
    async with reading(over) as ledger:
        with pytest.raises(UsageError, match=PLATFORM):
            await report(ledger, "2023-01-01-nobody")
    async with fresh(tmp_path) as ledger:
        with pytest.raises(UsageError, match="no incident"):
            await report(ledger, "last")


async def test_times_nobody_saw(tmp_path: Path) -> None:
    """Looks that cannot tell, and a monitor that was stopped, are told as unknown."""
    blind = DOWN + 3 * HOUR

    def script(look: Look) -> Ill | None:
        if look.party.name not in BRANDS or not DOWN <= look.at < UP:
            return None
        unknown = blind <= look.at < blind + 4 * HOUR
        return UNKNOWN if unknown else WORK

    async with fresh(tmp_path) as ledger:
        await write(ledger, script, DOWN + 9 * HOUR, ends=True)
        told = await report(ledger, "last", at=DOWN + 12 * HOUR)
    whole = [gap for gap in told.gaps if gap.function is None]
    assert [gap.reason for gap in whole] == [Blindness.NOT_RUNNING]
    assert whole[0].begin == DOWN + 9 * HOUR
    parts = {gap.function: gap for gap in told.gaps if gap.function is not None}
    assert Function.READ in parts
    assert parts[Function.READ].reason is Blindness.NO_ANSWER
    assert abs(parts[Function.READ].begin - blind) < HOUR
    assert abs(parts[Function.READ].end - blind - 4 * HOUR) < HOUR
    assert told.unknown_looks > 0


@pytest.mark.parametrize(
    ("script", "blame"),
    [
        (lambda look: TIMEOUT if look.function in ALL[:2] else UNKNOWN, Blame.VANTAGE),
        (
            lambda look: REFUSED if look.account == "libero0@libero.test" else None,
            Blame.ACCOUNT,
        ),
    ],
)
async def test_incidents_of_ours(
    tmp_path: Path, script: Callable[[Look], Ill | None], blame: Blame
) -> None:
    """What is our fault has a report that blames us, and is no outage of theirs."""

    def then(look: Look) -> Ill | None:
        return script(look) if look.at >= DOWN else None

    async with fresh(tmp_path) as ledger:
        await write(ledger, then, DOWN + 6 * HOUR)
        told = await report(ledger, "last", at=DOWN + 6 * HOUR)
        word = await status(ledger, at=DOWN + 6 * HOUR)
    assert told.incident.blame is blame
    assert told.balance.submitted > 0
    assert word.status is not Status.DOWN


# --- notes ----------------------------------------------------------------------------


async def test_what_a_provider_said_is_compared(over: Path, tmp_path: Path) -> None:
    """A note is in the report at once, though no monitor has taken it in."""
    copy = shutil.copy(over, tmp_path / "copy.db")
    async with Ledger.open(copy, durable=False) as ledger:
        early = UP - 3 * HOUR
        await note(ledger, "libero", " all\nwell ", resolved=True, said_at=early)
        await note(ledger, "gmail", "not about it", said_at=early)
        told = await report(ledger, "last", at=END)
    (said,) = told.incident.statements
    assert (said.text, said.resolved) == ("all well", True)
    assert told.incident.declared_at == early


@pytest.mark.parametrize(
    ("party", "text"), [("nobody", "well"), ("libero", " "), ("libero", "x" * 1001)]
)
async def test_a_note_that_cannot_be_meant(over: Path, party: str, text: str) -> None:
    """A slip of the pen is refused before anything is written."""
    async with reading(over) as ledger:
        with pytest.raises(UsageError):
            await note(ledger, party, text)


async def test_a_running_monitor_takes_notes_in(tmp_path: Path) -> None:
    """A note is in its incident at once, or after the next audit, once, and lasts."""
    async with fresh(tmp_path) as ledger:
        books = await write(ledger, until=DOWN + 4 * HOUR)
        at = DOWN + 4 * HOUR
        await note(ledger, "libero", "we work on it", now=at, said_at=at)
        said = Statement(at=at, text="of its own")
        await books.record(Stated(at=at, party="libero", statement=said))
        (now,) = books.watchbook.open
        assert said in now.statements
        for minutes in (1, 2, 3):
            await books.tick(Tick(at=at + minutes * MINUTE))
        again = Books(ledger, lambda _: None, lambda _: None)
        await again.open()
        await again.tick(Tick(at=at + 4 * MINUTE))
    for one in (books, again):
        (incident,) = one.watchbook.open
        texts = sorted(each.text for each in incident.statements)
        assert texts == ["of its own", "we work on it"]


async def test_what_a_killed_run_did_not_tell_is_told(tmp_path: Path) -> None:
    """Facts on disk of which nothing followed yet are judged after a restart, once."""
    down = stream(DOWN, 0.25, lambda look: WORK if look.party.name in BRANDS else None)
    told: list[Event] = []
    async with fresh(tmp_path) as ledger:
        for sample in down:  # as a run that dies each time before it judges
            await ledger.append(Sampled(at=sample.known_at, sample=sample))
        for _ in range(2):
            books = Books(ledger, told.append, lambda _: None)
            await books.open()
        kept = [entry async for _, entry in ledger.entries(kinds=[Changed.kind])]
    assert told[0].change is Change.OPENED
    assert [entry.event for entry in kept if isinstance(entry, Changed)] == told


# --- mails ----------------------------------------------------------------------------


@pytest.mark.parametrize("page", [1, 2, 3, 7])
async def test_mails_are_read_in_pages(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, page: int
) -> None:
    """Each mail comes once, though more than a page were intended at one moment."""
    monkeypatch.setattr(answers, "PAGE", page)
    moments = [BEGIN, BEGIN + MINUTE, *[BEGIN + 2 * MINUTE] * 5, BEGIN + 3 * MINUTE]
    async with fresh(tmp_path) as ledger:
        await ledger.append(*(_intent(n, at) for n, at in enumerate(moments)))
        tokens = [one.token async for one in mails(ledger)]
        some = [one.token async for one in mails(ledger, BEGIN + MINUTE, END)]
    assert tokens == [f"t{n}" for n in range(len(moments))]
    assert some == tokens[1:]


def _intent(number: int, at: datetime) -> Intended:
    return Intended(
        at=at,
        token=f"t{number}",
        route="a to b",
        sender="ada@example.org",
        recipient="bob@example.org",
        late_after=60.0,
    )


# --- export -------------------------------------------------------------------------


async def test_everything_is_exported(over: Path) -> None:
    """Each mail and each entry is one line; CSV begins with its head."""
    async with reading(over) as ledger:
        known = [mail.token async for mail in mails(ledger)]
        lines = [json.loads(line) async for line in export(ledger, "mails")]
        assert [line["token"] for line in lines] == known
        table = [line async for line in export(ledger, "mails", form="csv")]
        assert len(table) == len(known) + 1
        assert table[0].startswith("token,")
        changed = [
            json.loads(line)
            async for line in export(ledger, "entries", kinds=["changed"])
        ]
        assert {line["kind"] for line in changed} == {"changed"}
        assert changed[0]["event"]["incident"]["id"] == PLATFORM


@pytest.mark.parametrize(
    ("what", "kind", "complaint"),
    [("mails", "changed", "have none"), ("entries", "change", "no kind")],
)
async def test_an_export_that_cannot_be_meant(
    over: Path, what: Literal["entries", "mails"], kind: str, complaint: str
) -> None:
    """A kind that there is not, or that mails do not have, is said."""
    async with reading(over) as ledger:
        with pytest.raises(UsageError, match=complaint):
            await anext(export(ledger, what, kinds=[kind]))
