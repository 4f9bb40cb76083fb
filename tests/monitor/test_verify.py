"""Verification: whatever is altered, missing, moved or slipped in is found."""

from __future__ import annotations

from dataclasses import replace

import pytest

from mailprobe.monitor import verifying
from mailprobe.monitor.chain import Head
from tests.monitor.stories import Place, after, intended, sampled, told

pytestmark = pytest.mark.asyncio


@pytest.fixture(autouse=True)
def _small_pages(monkeypatch: pytest.MonkeyPatch) -> None:
    """The borders between pages are crossed by few entries."""
    monkeypatch.setattr(verifying, "PAGE", 3)


TAMPERED = {
    "body": (
        ("UPDATE ledger_entry SET body = replace(body, '250', '550') WHERE seq = 3"),
        3,
    ),
    "time": ("UPDATE ledger_entry SET at = at + 1 WHERE seq = 8", 8),
    "subject": ("UPDATE ledger_entry SET subject = 't9' WHERE seq = 2", 2),
    "kind": ("UPDATE ledger_entry SET kind = 'seen' WHERE seq = 4", 4),
    "digest": (
        (
            "UPDATE ledger_entry SET digest = (SELECT digest FROM ledger_entry "
            "WHERE seq = 5) WHERE seq = 7"
        ),
        7,
    ),
    "missing": ("DELETE FROM ledger_entry WHERE seq = 6", 6),
    "first missing": ("DELETE FROM ledger_entry WHERE seq = 1", 1),
    "some missing": ("DELETE FROM ledger_entry WHERE seq BETWEEN 3 AND 7", 3),
    "last missing": ("DELETE FROM ledger_entry WHERE seq = 21", 21),
    "slipped in": (
        (
            "INSERT INTO ledger_entry SELECT 22, at, kind, subject, body, "
            "digest FROM ledger_entry WHERE seq = 4"
        ),
        22,
    ),
    "before the first": (
        (
            "INSERT INTO ledger_entry SELECT 0, at, kind, subject, body, "
            "digest FROM ledger_entry WHERE seq = 4"
        ),
        0,
    ),
    "head": ("UPDATE ledger_head SET seq = 20", 21),
    "name": ("UPDATE ledger_head SET ledger = 'other'", 1),
    "fate": (
        (
            "UPDATE ledger_passage SET body = replace(body, 'delivered', 'late') "
            "WHERE token = 't1'"
        ),
        9,
    ),
    "column": ("UPDATE ledger_passage SET route = 'x' WHERE token = 't0'", 5),
    "no record": ("DELETE FROM ledger_passage WHERE token = 't2'", 10),
    "record of nothing": (
        ("UPDATE ledger_passage SET token = 'zz' WHERE token = 't2'"),
        10,
    ),
    "balance": ("UPDATE ledger_balance SET delivered = 4", 21),
    "balance missing": ("DELETE FROM ledger_balance", 21),
    "tally": (
        ("UPDATE ledger_tally SET entries = entries + 1 WHERE kind = 'seen'"),
        21,
    ),
    "newest": ("UPDATE ledger_latest SET seq = 4 WHERE kind = 'sampled'", 20),
    "newest missing": ("DELETE FROM ledger_latest WHERE kind = 'ran'", 1),
}


async def test_a_whole_ledger_is_sound(place: Place) -> None:
    """What nobody touched verifies, empty or not, and the end is named."""
    async with place.open() as ledger:
        assert (await ledger.verify()).sound
        await told(ledger)
        found = await ledger.verify()
        assert found.head == await ledger.head()
    assert (found.entries, found.faults, found.first_bad) == (21, (), None)


@pytest.mark.parametrize("what", TAMPERED)
async def test_what_was_tampered_with_is_found(place: Place, what: str) -> None:
    """The first sequence number concerned is named."""
    statement, first = TAMPERED[what]
    async with place.open() as ledger:
        await told(ledger)
        assert place.tamper(statement)
        found = await ledger.verify()
    assert not found.sound
    assert found.first_bad == first


async def test_two_entries_that_changed_places(place: Place) -> None:
    """Order is part of the chain."""
    async with place.open() as ledger:
        await told(ledger)
        for old, new in ((4, -4), (5, 4), (-4, 5)):
            change = "UPDATE ledger_entry SET seq = :new WHERE seq = :old"
            place.tamper(change, old=old, new=new)
        assert (await ledger.verify()).first_bad == 4


async def test_each_altered_entry_is_told_once(place: Place) -> None:
    """What follows an altered entry is not blamed for it; twenty faults suffice."""
    async with place.open() as ledger:
        await told(ledger, 20)
        place.tamper("UPDATE ledger_entry SET at = at + 1 WHERE seq IN (2, 5)")
        few = await ledger.verify()
        place.tamper("UPDATE ledger_entry SET at = at + 1")
        many = await ledger.verify()
    assert [fault.seq for fault in few.faults] == [2, 5]
    assert len(many.faults) == verifying.FAULTS_MAX


async def cut_off(place: Place) -> Head:
    """Write, note the head, and then take the last mail away with all its traces."""
    async with place.open() as ledger:
        await ledger.append(sampled(1), sampled(2))
        kept = await ledger.head()
        await ledger.append(sampled(3), sampled(4))
        head = await ledger.head()
    place.tamper("DELETE FROM ledger_entry WHERE seq > 2")
    place.tamper("UPDATE ledger_tally SET entries = 2, last = 2")
    place.tamper("UPDATE ledger_latest SET seq = 2")
    digest = bytes.fromhex(kept.digest)
    place.tamper("UPDATE ledger_head SET seq = 2, digest = :digest", digest=digest)
    return head


async def test_a_cut_tail_is_found_by_a_later_head(place: Place) -> None:
    """A ledger shortened with care looks whole, but not to who kept a head."""
    head = await cut_off(place)
    async with place.open() as ledger:
        assert (await ledger.verify()).sound
        found = await ledger.verify([head])
    assert found.first_bad == 3
    assert "went on to the entry 4" in found.faults[0].what


async def test_a_head_of_a_rewritten_chain_is_found(place: Place) -> None:
    """A chain that was computed anew does not have the digest that was kept."""
    async with place.open() as ledger:
        await ledger.append(sampled(1), sampled(2))
        head = await ledger.head()
        assert (await ledger.verify([head])).sound
        other = replace(head, digest="00" * 32)
        strange = replace(head, ledger="another")
        assert (await ledger.verify([other])).first_bad == 2
        assert (await ledger.verify([strange])).first_bad == 0


async def test_the_head_of_a_day(place: Place) -> None:
    """It is the last entry that bears the day's date, and stays as it was."""
    async with place.open() as ledger:
        first = await ledger.head(after(0).date())
        await ledger.append(intended("t"), sampled(1))
        today = await ledger.head(after(0).date())
        await ledger.append(sampled(60 * 24))
        assert await ledger.head(after(0).date()) == today
        tomorrow = await ledger.head(after(60 * 24).date())
        before = await ledger.head(after(-60 * 24).date())
    assert [head.seq for head in (first, today, tomorrow, before)] == [0, 2, 3, 0]
    assert first == before
