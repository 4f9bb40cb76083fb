"""A running monitor on a screen and in a log."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

from mailprobe.model.availability import Availability
from mailprobe.model.sample import Function, Party
from mailprobe.model.snapshot import Notice, PartyStanding, Slot, Snapshot
from mailprobe.model.verdict import Status
from mailprobe.render import watch
from mailprobe.render.spans import Look, plain
from tests.incidents import INCIDENT, NOON, OPENED

LIBERO = Party(name="libero", platform="italiaonline")


def works(function: Function, working: int, of: int, status: Status) -> Availability:
    """Return how a function of libero stands."""
    return Availability(
        party=LIBERO,
        function=function,
        working=working,
        of=of,
        low=0.0,
        high=1.0,
        status=status,
    )


SNAPSHOT = Snapshot(
    at=NOON + timedelta(hours=3, minutes=12),
    since=NOON,
    ledger="/var/lib/mailprobe/ledger.db",
    parties=(
        PartyStanding(
            party=LIBERO,
            functions=(
                works(Function.SUBMIT, 2, 2, Status.OK),
                works(Function.DELIVER, 1, 2, Status.DEGRADED),
                works(Function.READ, 0, 2, Status.DOWN),
            ),
        ),
        PartyStanding(party=Party(name="posta", platform="posta"), functions=()),
    ),
    incidents=(INCIDENT,),
    in_flight=7,
    overdue=3,
    sent=96,
    held=(("libero1", NOON + timedelta(hours=6)),),
    events=(OPENED,),
    trouble=("the heartbeat was not taken: the server answered 500",),
    slots=(Slot(at=NOON + timedelta(hours=3, minutes=15), route="around: a to b"),),
)


def test_the_whole_screen() -> None:
    """Functions with k of n, incidents, mails, trouble, what comes and what was."""
    assert (
        plain(watch.lines(SNAPSHOT))
        == """\
mailprobe monitor  2026-11-24 15:12:00 UTC
  watching for 3 h 12 min, ledger /var/lib/mailprobe/ledger.db

          submit  accept  deliver  read
  libero  2 of 2  -       1 of 2   0 of 2
  posta   -       -       -        -

incidents
  open  2026-11-24-italiaonline: italiaonline fails since 12:00: mailboxes cannot be
    opened.

mails
  7 in flight, 3 overdue, 96 sent in 24 h

left alone
  libero1 until 18:00 UTC: its login was refused

trouble
  the heartbeat was not taken: the server answered 500

next
  15:15:00  around: a to b

last
  11-24 12:00  opened  2026-11-24-italiaonline"""
    )


def test_where_all_is_well_there_is_little() -> None:
    """No heading without something below it."""
    quiet = Snapshot(at=NOON, since=NOON, ledger="l.db")
    assert plain(watch.lines(quiet)).split("\n")[2:] == [
        "",
        "    submit  accept  deliver  read",
        "",
        "mails",
        "  0 in flight, 0 overdue, 0 sent in 24 h",
    ]


def test_no_line_is_wider_than_the_window() -> None:
    """Whatever the names are; what does not fit is cut or folded."""
    long = replace(
        SNAPSHOT,
        ledger="/x" * 100,
        incidents=(replace(INCIDENT, why="word " * 300),),
        slots=(Slot(at=NOON, route="r" * 200),),
        trouble=("trouble " * 50,),
    )
    for width in (60, 88, 100):
        text = plain(watch.lines(long, Look(width)))
        assert max(map(len, text.split("\n"))) <= width


def test_strangers_do_not_move_the_cursor() -> None:
    """What servers and files say is made visible before it is shown."""
    bad = "\x1b]0;owned\x07\r\n2026 opened fake"
    shown = replace(
        SNAPSHOT,
        incidents=(replace(INCIDENT, why=bad),),
        held=((bad, NOON),),
        trouble=(bad,),
        slots=(Slot(at=NOON, route=bad),),
    )
    lines = [
        *plain(watch.lines(shown)).split("\n"),
        watch.event_line(replace(OPENED, incident=replace(INCIDENT, why=bad))),
        watch.notice_line(Notice(at=NOON, word="held", text=bad)),
    ]
    assert not any(set(line) & set("\x1b\x07\r\n") for line in lines)
    assert not any(line.startswith("2026 opened") for line in lines)


def test_a_log_has_a_line_for_each_thing() -> None:
    """A time as RFC 3339 has it, a word, and what happened."""
    assert watch.event_line(OPENED) == (
        "2026-11-24T12:00:00Z opened 2026-11-24-italiaonline: "
        "italiaonline fails since 12:00: mailboxes cannot be opened."
    )
    notice = Notice(at=NOON, word="trouble", text="webhook: the server answered 500")
    assert watch.notice_line(notice) == (
        "2026-11-24T12:00:00Z trouble webhook: the server answered 500"
    )


def test_a_long_time_is_told_in_its_unit() -> None:
    """Seconds, minutes, hours, days: what one would say."""
    for seconds, said in ((3, "3 s"), (600, "10 min"), (7200, "2 h 0 min")):
        young = replace(SNAPSHOT, since=SNAPSHOT.at - timedelta(seconds=seconds))
        assert f"watching for {said}" in plain(watch.lines(young))
    old = replace(SNAPSHOT, since=SNAPSHOT.at - timedelta(days=90, hours=5))
    assert "watching for 90 days" in plain(watch.lines(old))
