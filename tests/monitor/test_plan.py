"""What a file says of monitoring, and when things are due."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mailprobe.config import Config
from mailprobe.model.errors import ConfigError
from mailprobe.monitor.schedule import Breaker, Budget, next_slot
from mailprobe.monitor.settings import read_plan

if TYPE_CHECKING:
    from pathlib import Path

NOON = datetime(2026, 11, 24, 12, 0, tzinfo=UTC)
MOMENTS = st.datetimes(
    datetime(2000, 1, 1),  # noqa: DTZ001 - hypothesis wants them so
    datetime(2100, 1, 1),  # noqa: DTZ001
    timezones=st.just(UTC),
)
BOXES = """
[prober]
canary_key = "env:ONE"
[mailbox.one]
address = "one@libero.it"
password = "env:ONE"
[mailbox.two]
address = "two@virgilio.it"
password = "env:ONE"
"""
WHOLE = (
    BOXES
    + """
[monitor]
ledger = "books.sqlite"
late_after = 60
outside = "canary@example.org"
[monitor.cohort.libero]
mailboxes = ["one"]
[monitor.cohort.virgilio]
mailboxes = ["two"]
[monitor.route.around]
from = ["one", "two", "outside"]
to = ["one", "two"]
self = true
interval = 900
[[monitor.maintenance]]
party = "libero"
begins = 2026-12-01T23:00:00+01:00
ends = 2026-12-02T06:00:00+01:00
"""
)


@pytest.fixture(autouse=True)
def _secret(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ONE", "one")


def config(folder: Path, text: str) -> Config:
    """Read a file with this text."""
    path = folder / "mailprobe.toml"
    path.write_text(text)
    return Config.load(path)


def test_a_plan_is_read_with_what_presets_know(tmp_path: Path) -> None:
    """Brands share the platform that their presets name; routes are each to each."""
    plan = read_plan(config(tmp_path, WHOLE))
    assert plan.ledger == tmp_path / "books.sqlite"
    platforms = {cohort.party.platform for cohort in plan.cohorts}
    assert len(platforms) == 1
    assert [cohort.party.name for cohort in plan.cohorts] == ["libero", "virgilio"]
    pairs = {(route.sender, route.recipient) for route in plan.routes}
    assert len(pairs) == len(plan.routes) == 6
    assert {(route.interval, route.late_after) for route in plan.routes} == {(900, 60)}
    (window,) = plan.maintenance
    assert window.begins_at == datetime(2026, 12, 1, 22, 0, tzinfo=UTC)


@pytest.mark.parametrize("path", ["alive", "{}/alive"])
def test_a_heartbeat_is_a_file_beside_the_settings(tmp_path: Path, path: str) -> None:
    """As every path in them: wherever the monitor was started."""
    said = f'heartbeat = "file:{path.format(tmp_path)}"\noutside ='
    plan = read_plan(config(tmp_path, WHOLE.replace("outside =", said)))
    assert plan.heartbeat == f"file:{tmp_path / 'alive'}"


@pytest.mark.parametrize(
    ("change", "complaint"),
    [
        (("[monitor]", "[monitr]"), "monitr"),
        (('canary_key = "env:ONE"', ""), "needs canary_key"),
        (("late_after = 60", "late_after = -1"), "late_after"),
        (("late_after = 60", 'late_after = "soon"'), "a number"),
        (('mailboxes = ["two"]', 'mailboxes = ["tow"]'), "no [mailbox.tow]"),
        (('mailboxes = ["two"]', "mailboxes = []"), "at least one"),
        (('to = ["one", "two"]', 'to = ["three"]'), "'three' is in no cohort"),
        (('outside = "canary@example.org"', ""), "comes from outside"),
        (("interval = 900", "interval = 1"), "interval of 1 s"),
        (("ends = 2026-12-02", "ends = 2026-11-02"), "not after it begins"),
        (("T23:00:00+01:00", "T23:00:00"), "offset from UTC"),
        (("interval = 900", "interval = 860"), "'one' take 202 mails a day"),
        (("late_after = 60", "budget = 0"), "line 13, monitor.budget"),
        (("late_after = 60", 'webhook = "https://x"'), "secret"),
        (("late_after = 60", 'heartbeat = "beat"'), "neither a URL nor"),
    ],
)
def test_a_mistake_is_named_with_its_place(
    tmp_path: Path, change: tuple[str, str], complaint: str
) -> None:
    """The message names the file and says what is wrong."""
    text = WHOLE.replace(*change)
    assert text != WHOLE
    with pytest.raises(ConfigError) as raised:
        read_plan(config(tmp_path, text))
    assert complaint in str(raised.value)
    assert "mailprobe.toml" in str(raised.value)


def test_no_mailbox_is_called_outside(tmp_path: Path) -> None:
    """In a route the word means the world, and nobody else."""
    text = WHOLE.replace("[mailbox.two]", "[mailbox.outside]")
    text = text.replace('mailboxes = ["two"]', 'mailboxes = ["outside"]')
    with pytest.raises(ConfigError, match="no mailbox may be called 'outside'"):
        read_plan(config(tmp_path, text))


def test_a_mailbox_has_one_cohort(tmp_path: Path) -> None:
    """A mailbox in two cohorts is a mistake: its failures would tell of the first."""
    text = WHOLE.replace('mailboxes = ["two"]', 'mailboxes = ["two", "one"]')
    with pytest.raises(ConfigError, match="mailbox 'one' is in two cohorts"):
        read_plan(config(tmp_path, text))


def test_without_a_table_it_says_so(tmp_path: Path) -> None:
    """A file that says nothing of monitoring is no plan."""
    with pytest.raises(ConfigError, match=r"no \[monitor\] table"):
        read_plan(config(tmp_path, BOXES))


def test_without_a_file_it_says_where_it_looked(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Not that a file that is not there lacks a table."""
    monkeypatch.delenv("MAILPROBE_CONFIG", raising=False)
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path))
    with pytest.raises(ConfigError, match=r"there is no mailprobe\.toml \(") as no:
        read_plan(Config.find(tmp_path))
    for place in (tmp_path, tmp_path / "mailprobe"):
        assert str(place / "mailprobe.toml") in str(no.value)


@given(MOMENTS, st.floats(10, 86_400), st.floats(0, 1, exclude_max=True))
def test_a_slot_is_the_next_one_and_stays_where_it_is(
    after: datetime, interval: float, place: float
) -> None:
    """It is later, within one interval, and the same for whoever asks before it."""
    slot = next_slot(after, interval, place)
    slack = timedelta(milliseconds=1)  # floats of fifty years
    assert after < slot <= after + timedelta(seconds=interval) + slack
    middle = after + (slot - after) / 2
    assert abs(next_slot(middle, interval, place) - slot) <= slack


def test_a_budget_is_for_any_day() -> None:
    """What was sent a day ago counts no more."""
    budget = Budget(2)
    assert budget.take(NOON)
    assert budget.take(NOON + timedelta(hours=1))
    assert not budget.take(NOON + timedelta(hours=2))
    assert budget.take(NOON + timedelta(hours=24))
    assert not budget.take(NOON + timedelta(hours=24))


def test_a_refused_account_is_held_alone() -> None:
    """Its siblings go on; after the hold it may be tried again."""
    breaker = Breaker(hold=21_600.0)
    until = breaker.trip("a", NOON, ("a", "b", "c"))
    assert until == NOON + timedelta(hours=6)
    assert not breaker.closed("a", NOON + timedelta(hours=5))
    assert breaker.closed("a", until)
    assert breaker.closed("b", NOON)


def test_refused_siblings_take_turns_and_one_frees_them() -> None:
    """When all are refused it is the provider: one scout at a time finds its end."""
    breaker = Breaker(hold=21_600.0)
    names = ("a", "b", "c")
    for name in names:
        breaker.trip(name, NOON, names)
    assert breaker.until["c"] == NOON + timedelta(hours=6)
    scout = breaker.trip("a", NOON, names)
    assert scout == NOON + timedelta(hours=2)
    breaker.passed("a", names)
    assert all(breaker.closed(name, NOON) for name in names)


def test_a_login_that_works_frees_nobody_without_need() -> None:
    """One account's refusal is not undone by the login of another."""
    breaker = Breaker(hold=21_600.0)
    breaker.trip("a", NOON, ("a", "b"))
    breaker.passed("b", ("a", "b"))
    assert not breaker.closed("a", NOON)
