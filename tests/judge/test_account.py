"""What goes into the report of an incident, piece by piece."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Final

import pytest

from mailprobe.judge import account
from mailprobe.judge.account import POINTS_MAX, SAYINGS, Extents, Mails, window
from mailprobe.judge.gaps import GAPS_MAX, Shifts, silences
from mailprobe.judge.standing import standing, watching
from mailprobe.model.account import Blindness, Gap
from mailprobe.model.answer import Watching
from mailprobe.model.entry import Ran
from mailprobe.model.incident import Impairment, Incident, State
from mailprobe.model.passage import Balance, Fate, Passage, Submission
from mailprobe.model.sample import Function, Outcome, Party, Sample
from mailprobe.model.verdict import Blame, Status

NOON: Final = datetime(2023, 1, 23, 12, tzinfo=UTC)
HOUR: Final = timedelta(hours=1)
MINUTE: Final = timedelta(minutes=1)
LIBERO: Final = Party(name="libero", platform="italiaonline")
READ, DELIVER = Function.READ, Function.DELIVER


def incident(*marks: Impairment, blame: Blame = Blame.PROVIDER) -> Incident:
    """Return an incident that began at noon and is open."""
    return Incident(
        id="x",
        culprit="italiaonline",
        blame=blame,
        parties=("libero",),
        state=State.OPEN,
        began_at=NOON,
        opened_at=NOON,
        changed_at=NOON,
        impairments=marks,
        why="It is them.",
    )


def sample(
    at: datetime,
    outcome: Outcome = Outcome.FAIL,
    function: Function = READ,
    account: str = "a",
) -> Sample:
    """Return a look."""
    return Sample(
        at=at,
        known_at=at,
        function=function,
        outcome=outcome,
        party=LIBERO,
        account=account,
    )


def mail(number: int, **facts: object) -> Passage:
    """Return a mail that is on its way."""
    of = {
        "submission": Submission.ACCEPTED,
        "submitted_at": NOON,
        "fate": Fate.IN_FLIGHT,
        **facts,
    }
    return Passage(
        token=f"t{number}",
        route="r",
        sender="a",
        recipient="b",
        intended_at=NOON + number * MINUTE,
        late_after=60.0,
        **of,  # type: ignore[arg-type]
    )


def test_overlapping_failures_are_one() -> None:
    """A function that is found to fail again while it fails is told once."""
    marks = (
        Impairment(function=READ, since=NOON, until=NOON + HOUR),
        Impairment(function=DELIVER, since=NOON + HOUR, until=NOON + 2 * HOUR),
        Impairment(function=READ, since=NOON + HOUR / 2, until=NOON + 2 * HOUR),
        Impairment(function=READ, since=NOON + 5 * HOUR),
    )
    found = Extents(incident(*marks)).reaches()
    assert [(one.function, one.since, one.until) for one in found] == [
        (READ, NOON, NOON + 2 * HOUR),
        (DELIVER, NOON + HOUR, NOON + 2 * HOUR),
        (READ, NOON + 5 * HOUR, None),
    ]


def test_only_looks_of_its_time_count() -> None:
    """What was looked at before, after, elsewhere or in vain is not counted."""
    mark = Impairment(function=READ, since=NOON, until=NOON + HOUR)
    extents = Extents(incident(mark))
    looks = [
        sample(NOON - MINUTE, account="before"),
        sample(NOON, account="a"),
        sample(NOON + MINUTE, Outcome.PASS, account="b"),
        sample(NOON + MINUTE, Outcome.UNKNOWN, account="c"),
        sample(NOON + MINUTE, function=DELIVER, account="d"),
        sample(NOON + HOUR, account="after"),
    ]
    for look in looks:
        extents.add(look)
    (one,) = extents.reaches()
    assert (one.failed, one.looked, one.hit, one.canaries) == (1, 2, 1, 2)
    assert 0 < one.low < 0.5 < one.high < 1
    assert extents.unknown == 1


def test_a_relay_shows_in_the_mail_of_others() -> None:
    """Without looks of its own the numbers are those that opened the incident."""
    mark = Impairment(function=Function.SUBMIT, since=NOON, failed=7, looked=9)
    (one,) = Extents(incident(mark)).reaches()
    assert (one.failed, one.looked, one.canaries) == (7, 9, 0)
    assert (one.low, one.high) == (0.0, 1.0)


def test_a_plot_is_bounded() -> None:
    """Of many mails a choice is drawn, spread over all of them; all are counted."""
    mails = Mails()
    for number in range(3 * POINTS_MAX):
        mails.add(mail(number))
    assert POINTS_MAX / 2 <= len(mails.points) <= POINTS_MAX
    assert mails.balance.submitted == 3 * POINTS_MAX
    assert mails.points[0].sent_at == NOON
    (only,) = mails.fates()
    assert (only.fate, only.count, only.middle) == (
        Fate.IN_FLIGHT,
        3 * POINTS_MAX,
        None,
    )


def test_mails_that_were_overtaken(monkeypatch: pytest.MonkeyPatch) -> None:
    """They are counted, as long as there are few enough to be compared."""
    mails = Mails()
    for number, came in enumerate((9, 5, 6)):
        at, sent = NOON + came * HOUR, NOON + number * HOUR
        mails.add(mail(number, fate=Fate.LATE, arrived_at=at, submitted_at=sent))
    assert mails.overtaken() == 1
    monkeypatch.setattr(account, "ORDERED_MAX", 3)
    mails.add(mail(4, fate=Fate.LATE, arrived_at=NOON))
    assert mails.overtaken() is None


def test_what_servers_said_is_bounded() -> None:
    """The commonest words are told, however many others there were."""
    mails = Mails()
    for number in range(3000):
        text = "550 no" if number % 3 else f"550 no {number}"
        mails.add(mail(number, fate=Fate.BOUNCED, said=text * 100))
    said = mails.said()
    assert len(said) == SAYINGS
    assert said[0].count == 2000
    assert len(said[0].text) == 200


def test_window() -> None:
    """An open incident is about the time until now, even if the clock went back."""
    assert window(incident(), NOON + HOUR) == (NOON, NOON + HOUR)
    assert window(incident(), NOON - HOUR) == (NOON, NOON)


# --- gaps -----------------------------------------------------------------------------


def shifts(*entries: Ran | datetime, end: datetime = NOON + 10 * HOUR) -> list[Gap]:
    """Return when no monitor ran."""
    found = Shifts(NOON, end)
    for entry in entries:
        if isinstance(entry, Ran):
            found.ran(entry)
        else:
            found.worked(entry)
    return list(found.gaps())


def ran(hours: float, *, running: bool) -> Ran:
    """Return that one started or stopped."""
    return Ran(at=NOON + hours * HOUR, running=running)


WORK: Final = [NOON + n * HOUR / 12 for n in range(121)]


@pytest.mark.parametrize(
    ("entries", "found"),
    [
        (WORK, []),
        (WORK[:60], [(59 / 12, 10)]),  # killed, and never started again
        ((*WORK[:49], ran(7, running=True), *WORK[84:]), [(4, 7)]),  # killed
        (
            (*WORK[:49], ran(4, running=False), ran(5, running=True), *WORK[60:]),
            [(4, 5)],
        ),
        ((*WORK[:49], ran(4.05, running=True), *WORK[49:]), []),  # a restart
        ((*WORK[:49], ran(4, running=False)), [(4, 10)]),
    ],
)
def test_when_no_monitor_ran(
    entries: tuple[Ran | datetime, ...], found: list[tuple[float, float]]
) -> None:
    """A stop, a death and a silence are gaps; a restart is none."""
    assert [
        ((gap.begin - NOON) / HOUR, (gap.end - NOON) / HOUR) for gap in shifts(*entries)
    ] == [pytest.approx(one) for one in found]


def quiet(looks: list[Sample], known: tuple[Gap, ...] = ()) -> list[Gap]:
    """Return when no look told anything within ten hours."""
    extents = Extents(incident(Impairment(function=READ, since=NOON)))
    for look in looks:
        extents.add(look)
    return list(silences(extents, NOON, NOON + 10 * HOUR, known))


def test_a_stretch_without_an_answer() -> None:
    """It is told from when until when, and whether anybody tried."""
    told = [sample(NOON + n * HOUR / 12) for n in range(121)]
    assert quiet(told) == []
    holed = told[:36] + told[72:]
    (gap,) = quiet(holed)
    assert gap.reason is Blindness.NO_LOOK
    assert (gap.begin, gap.end) == (told[35].at, told[72].at)
    vain = sample(NOON + 4 * HOUR, Outcome.UNKNOWN)
    (gap,) = quiet([*holed, vain])
    assert gap.reason is Blindness.NO_ANSWER
    whole = Gap(
        begin=NOON + 3 * HOUR, end=NOON + 6 * HOUR, reason=Blindness.NOT_RUNNING
    )
    assert quiet([*holed, vain], (whole,)) == []


def test_seldom_looks_are_no_gaps() -> None:
    """Who looks every two hours misses nothing by not looking every hour."""
    assert quiet([sample(NOON + n * 2 * HOUR) for n in range(6)]) == []
    assert [gap.begin for gap in quiet([])] == [NOON]


def test_gaps_are_bounded() -> None:
    """A report with hundreds of gaps tells a hundred."""
    extents = Extents(incident(Impairment(function=READ, since=NOON)))
    for n in range(4000):  # two looks a minute apart, then two hours of nothing
        extents.add(sample(NOON + n // 5 * 2 * HOUR + n % 5 * MINUTE))
    found = silences(extents, NOON, NOON + 2000 * HOUR, ())
    assert len(found) == GAPS_MAX


# --- standing -------------------------------------------------------------------------


def test_whoever_writes_looks() -> None:
    """A look after a stop shows that another monitor runs."""
    stop = Ran(at=NOON, running=False)
    watch = watching(NOON + HOUR, stop, NOON + HOUR, 900.0)
    assert watch.state is Watching.RUNNING
    assert watching(NOON, stop, NOON - MINUTE, 900.0).state is Watching.STOPPED


def test_the_worst_is_told() -> None:
    """What we cannot see hides no outage, and a fault of ours is one."""
    watch = watching(NOON, Ran(at=NOON, running=True), NOON, 900.0)
    ours = incident(blame=Blame.VANTAGE)
    for given, status in (
        ((), Status.OK),
        ((ours,), Status.UNKNOWN),
        ((ours, incident()), Status.DEGRADED),
        ((incident(blame=Blame.ACCOUNT),), Status.DEGRADED),
    ):
        assert standing(watch, (), given, Balance(), ())[0] is status
    lost = Balance(submitted=1)
    word, why = standing(watch, (), (), lost, ())
    assert word is Status.DEGRADED
    assert "1 mails are unaccounted for" in why
