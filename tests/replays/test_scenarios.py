"""The scenario files: complete, consistent, and nothing in them invented unmarked."""

from __future__ import annotations

from datetime import timedelta
from itertools import pairwise

import pytest

from mailprobe.lab.faults import MOMENTS
from mailprobe.model.incident import State
from mailprobe.model.sample import Function
from tests.replays.scenario import NAMES, Row, load

OUTAGES = ("libero-2023-01", "libero-2023-06")
ROWS = [(name, row) for name in NAMES for row in load(name).rows]


def test_names() -> None:
    """There are the two outages, three runs in which we fail, and a quiet one."""
    ours = {"own-network", "own-resolver", "wrong-password", "quiet"}
    assert set(NAMES) == {*OUTAGES, *ours}


@pytest.mark.parametrize("name", NAMES)
def test_canaries(name: str) -> None:
    """Twelve canaries on two brands and a third party, and those of certified mail."""
    scenario = load(name)
    counts = {brand.domain: len(brand.canaries) for brand in scenario.brands}
    third = ("libero.test", "virgilio.test", "posta.test")
    assert [counts[domain] for domain in third] == [4, 4, 4]
    platforms = {brand.domain: brand.platform for brand in scenario.brands}
    assert platforms["libero.test"] == platforms["virgilio.test"]
    assert len(set(platforms.values())) == 3
    known = {address for brand in scenario.brands for address in brand.addresses}
    assert all({r.sender, r.recipient} <= known for r in scenario.routes)
    trips = [route for route in scenario.routes if route.every == 1800]
    assert {route.sender for route in trips} == known - {
        "c1@certificata.test",
        "c2@certificata.test",
    }
    read = {route.recipient for route in scenario.routes}
    assert {a for a in known if "libero" in a or "virgilio" in a} <= read


@pytest.mark.parametrize("name", OUTAGES)
def test_days(name: str) -> None:
    """An outage is watched for twelve days, over some seven thousand trips."""
    scenario = load(name)
    length = scenario.ends - scenario.begins
    assert length == timedelta(days=12)
    assert 7000 <= sum(length.total_seconds() / r.every for r in scenario.routes) < 8000


@pytest.mark.parametrize("name", OUTAGES)
def test_no_gap(name: str) -> None:
    """From its beginning to its end an outage has a row for every minute."""
    rows = [row for row in load(name).rows if row.source]
    reached = rows[0].begins
    for row in sorted(rows, key=lambda one: one.begins):
        assert row.begins <= reached
        reached = max(reached, row.ends)
    assert all(one.begins <= two.begins or one.source for one, two in pairwise(rows))


@pytest.mark.parametrize(("name", "row"), ROWS)
def test_row(name: str, row: Row) -> None:
    """A row lies within its run, its faults within the row, its words are known."""
    scenario = load(name)
    assert scenario.begins <= row.begins < row.ends <= scenario.ends
    for span in row.spans:
        assert row.begins <= span.begins < span.ends <= row.ends
        assert span.fault.service is None or span.fault.service in MOMENTS
    assert set(row.expected) <= {str(function) for function in Function}
    assert set(row.expected.values()) <= {"up", "down", "partly", "late"}
    assert set(row.states) <= {str(state) for state in State}
    assert row.begins.utcoffset() == scenario.begins.utcoffset() != timedelta()


def test_nothing_is_asserted() -> None:
    """Of the day that nobody described, nothing is asserted."""
    (row,) = [row for row in load("libero-2023-06").rows if not row.described]
    assert (row.expected, row.states) == ({}, ())
    assert f"{row.begins:%d %b %H:%M}/{row.ends:%d %b %H:%M}" == (
        "15 Jun 15:00/16 Jun 15:00"
    )


def test_certified_mail_is_never_struck() -> None:
    """In the outages nothing strikes the certified mail but what is usual."""
    for name in OUTAGES:
        for row in load(name).rows:
            for span in row.spans:
                assert row.name == "usual" or span.fault.domain == "libero.test"
