"""The ledger: what is appended is there, in order, and what follows from it."""

from __future__ import annotations

import asyncio
from datetime import timedelta

import pytest

from mailprobe.model.entry import Alarmed, Entry, Intended, Sampled
from mailprobe.model.errors import LedgerError, UsageError
from mailprobe.model.passage import Balance, Fate, Submission
from mailprobe.model.sample import Outcome
from mailprobe.monitor.ledger import Ledger
from tests.monitor.stories import (
    NOON,
    Hand,
    Place,
    accepted,
    after,
    intended,
    sampled,
    seen,
    told,
)

pytestmark = pytest.mark.asyncio


async def everything(ledger: Ledger) -> list[tuple[int, Entry]]:
    """Return all entries."""
    return [pair async for pair in ledger.entries()]


async def test_what_is_appended_is_there_after_opening_again(place: Place) -> None:
    """Entries come back as they were, numbered from 1 in the order of appending."""
    wanted: list[Entry] = [intended("t"), accepted("t"), sampled(3), seen("t")]
    async with place.open() as ledger:
        await ledger.append(*wanted[:2])
        await ledger.append(*wanted[2:])
    async with place.open() as ledger:
        assert await everything(ledger) == list(enumerate(wanted, 1))


async def test_the_passage_follows_from_its_entries(place: Place) -> None:
    """What became of a mail is known as soon as the entry is stored."""
    async with place.open() as ledger:
        await ledger.append(intended("t"))
        first = await ledger.passage("t")
        await ledger.append(accepted("t"), seen("t"))
        last = await ledger.passage("t")
        assert await ledger.passage("other") is None
    assert first is not None
    assert last is not None
    assert (first.fate, first.submission) == (Fate.UNCONFIRMED, Submission.UNCONFIRMED)
    assert (last.fate, last.submission) == (Fate.DELIVERED, Submission.ACCEPTED)


async def test_entries_before_the_intent_count_once_it_is_known(place: Place) -> None:
    """Whatever the order in which two processes write, the fate is the same."""
    async with place.open() as ledger:
        await ledger.append(seen("t"))
        assert await ledger.passage("t") is None
        await ledger.append(accepted("t"), intended("t"), intended("u"))
        passage = await ledger.passage("t")
        assert (await ledger.verify()).sound
    assert passage is not None
    assert passage.fate is Fate.DELIVERED


async def test_a_token_is_intended_once(place: Place) -> None:
    """A second intent is refused with all that came with it; its group goes on."""
    async with place.open() as ledger:
        await ledger.append(intended("t"))
        results = await asyncio.gather(
            ledger.append(sampled(1), intended("t")),
            ledger.append(intended("u")),
            ledger.append(intended("v"), intended("v")),
            return_exceptions=True,
        )
        stored = [entry for _, entry in await everything(ledger)]
    assert [type(one) for one in results] == [LedgerError, type(None), LedgerError]
    assert "no token is sent twice" in str(results[0])
    assert stored == [intended("t"), intended("u")]


async def test_balances_by_route_and_time(place: Place) -> None:
    """Whole days and parts of days add up to what happened in them."""
    days = [NOON - timedelta(days=1), NOON, after(30), NOON + timedelta(days=1)]
    async with place.open() as ledger:
        for number, at in enumerate(days):
            await ledger.append(intended(f"t{number}", "a to b", at))
            await ledger.append(intended(f"u{number}", "b to a", at))
        await ledger.append(accepted("t1"), seen("t1"))
        total = await ledger.balance()
        one = await ledger.balance("a to b")
        within = await ledger.balance("a to b", NOON, after(30))
        rest = await ledger.balance(since=after(1))
        early = await ledger.balance(until=NOON)
        none = await ledger.balance("nowhere")
    assert (total.submitted, one.submitted, none) == (8, 4, Balance())
    assert (within.submitted, within.delivered) == (1, 1)
    assert (rest.submitted, early.submitted) == (4, 2)
    assert total.imbalance == 0


async def test_passages_are_found_by_what_is_known_of_them(place: Place) -> None:
    """Route, mailbox, time and whether it is waited for narrow the answer."""
    async with place.open() as ledger:
        await ledger.append(*(intended(f"t{n}", at=after(n)) for n in range(4)))
        await ledger.append(intended("x", "other", after(9)))
        await ledger.append(accepted("t1"), seen("t1"))
        pending = await ledger.passages(pending=True, mailbox="bob@libero.it")
        settled = await ledger.passages(pending=False)
        window = await ledger.passages(since=after(1), until=after(3), route="a to b")
        few = await ledger.passages(limit=2)
    assert [one.token for one in pending] == ["t0", "t2", "t3", "x"]
    assert [one.token for one in settled] == ["t1"]
    assert [one.token for one in window] == ["t1", "t2"]
    assert [one.token for one in few] == ["t0", "t1"]


async def test_entries_are_found_by_kind_time_subject_and_number(place: Place) -> None:
    """Each of them narrows the answer, and pages are put together."""
    async with place.open() as ledger:
        await told(ledger, 3)
        await ledger.append(sampled(60 * 24))
        await ledger.append(*(sampled(2000 + n / 100) for n in range(2500)))

        async def numbers(**wanted: object) -> list[int]:
            return [seq async for seq, _ in ledger.entries(**wanted)]  # type: ignore[arg-type]

        assert await numbers(kinds=["intended"]) == [2, 6, 10]
        assert await numbers(token="t1") == [6, 7, 9]
        assert await numbers(token="t1", kinds=["seen", "intended"]) == [6, 9]
        assert await numbers(kinds=["seen", "ran"]) == [1, 5, 9, 13]
        assert len(await numbers(kinds=["seen", "sampled", "held"])) == 2507
        assert await numbers(kinds=["sampled"], until=after(2)) == [4, 8]
        assert await numbers(since=after(60), until=after(1500)) == [14]
        assert len(await numbers(after=14)) == 2500


async def test_newest_entries_and_counts(place: Place) -> None:
    """The present is known without reading the past."""
    async with place.open() as ledger:
        await told(ledger, 2)
        await ledger.append(sampled(9, Outcome.FAIL, "no answer"))
        (newest,) = await ledger.latest("sampled")
        tally = await ledger.tally()
        assert await ledger.tally(until=NOON - timedelta(days=1)) == {}
    assert newest == (10, sampled(9, Outcome.FAIL, "no answer"))
    assert tally == {"accepted": 2, "intended": 2, "ran": 1, "sampled": 3, "seen": 2}


async def test_what_is_kept_is_replaced_and_forgotten(place: Place) -> None:
    """A bookmark moves with the entries it belongs to, or not at all."""
    async with place.open() as ledger:
        await ledger.keep("a", b"1")
        await ledger.append(intended("t"), keep={"a": b"2", "b": b"\x00\xff"})
        with pytest.raises(LedgerError):
            await ledger.append(intended("t"), keep={"a": b"3"})
        assert await ledger.kept("a") == b"2"
        await ledger.append(keep={"a": None})
        assert await ledger.kept("a") is None
        assert await ledger.kept("b") == b"\x00\xff"


async def test_a_clock_set_back_is_told_once(place: Place) -> None:
    """Entries keep their order, and an alarm says that the times do not."""
    clock = Hand()
    async with place.open(clock=clock) as ledger:
        await ledger.append(intended("t"))
        clock.at = after(-60)
        await ledger.append(sampled(-60))
        await ledger.append(sampled(-59))
        found = await everything(ledger)
        assert (await ledger.verify()).sound
    alarms = [(seq, one) for seq, one in found if isinstance(one, Alarmed)]
    assert [seq for seq, _ in alarms] == [2]
    assert "the clock was set back: it is 2023-01-23 11:00:00 UTC" in alarms[0][1].what
    assert [type(one) for _, one in found] == [Intended, Alarmed, Sampled, Sampled]


async def test_clocks_of_two_machines_may_differ_a_little(place: Place) -> None:
    """Some seconds are no alarm."""
    clock = Hand()
    async with place.open(clock=clock) as ledger:
        await ledger.append(sampled(0))
        clock.at = NOON - timedelta(seconds=4)
        await ledger.append(sampled(1))
        assert "alarmed" not in await ledger.tally()


async def test_books_that_do_not_balance_are_an_alarm(
    place: Place, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A fault of ours in counting is noted in the transaction that shows it, once."""
    from mailprobe.judge import fates  # noqa: PLC0415 - the one it looks up

    monkeypatch.setattr(fates, "account", lambda *_: Balance(submitted=1))
    async with place.open() as ledger:
        await ledger.append(intended("t"))
        await ledger.append(accepted("t"))
        found = [entry async for _, entry in ledger.entries(kinds=["alarmed"])]
    assert len(found) == 1
    assert "'a to b' do not balance: 1" in str(found[0])


async def test_text_that_no_database_takes(place: Place) -> None:
    """Half a surrogate pair and NUL are written out, and the chain stays whole."""
    odd = "caf\udce9 \0"
    async with place.open() as ledger:
        await ledger.append(sampled(1, Outcome.FAIL, odd), intended(odd, odd))
        await ledger.append(accepted(odd))
        passage = await ledger.passage(odd)
        assert (await ledger.verify()).sound
    assert passage is not None
    assert passage.submission is Submission.ACCEPTED


async def test_what_cannot_be_meant_is_refused_at_once(place: Place) -> None:
    """A time without an offset and a text without end are errors of usage."""
    naive = intended("t", at=NOON.replace(tzinfo=None))
    async with place.open() as ledger:
        for wrong in (naive, sampled(1, Outcome.FAIL, "x" * 300_000)):
            with pytest.raises(UsageError):
                await ledger.append(wrong)
        with pytest.raises(UsageError, match="10000 of one transaction"):
            await ledger.append(*[sampled(1)] * 10_001)
        assert await everything(ledger) == []


async def test_many_tasks_share_transactions(place: Place) -> None:
    """A thousand appends at once are all stored, each once, and the chain is whole."""
    async with place.open() as ledger:
        await asyncio.gather(*(ledger.append(intended(f"t{n}")) for n in range(1000)))
        assert ledger.idle
        verification = await ledger.verify()
    assert (verification.entries, verification.sound) == (1000, True)


async def test_without_a_thread_nothing_waits(place: Place) -> None:
    """A replay's event loop never sees a call of the ledger pause."""
    ledger = place.open(threaded=False)

    async def story() -> int:
        async with ledger:
            await told(ledger, 2)
            assert ledger.idle
            return (await ledger.verify()).entries

    steps = story()
    with pytest.raises(StopIteration) as ended:
        steps.send(None)
    assert ended.value.value == 9


async def test_closing_writes_what_was_taken(place: Place) -> None:
    """Appends that are under way when the ledger is closed are stored."""
    async with place.open() as ledger:
        tasks = [asyncio.create_task(ledger.append(sampled(n))) for n in range(50)]
        await asyncio.sleep(0)
        assert not ledger.idle
    await asyncio.gather(*tasks)
    async with place.open() as again:
        assert len(await everything(again)) == 50
    with pytest.raises(LedgerError, match="is not open"):
        await again.append(sampled(1))


async def test_a_cancelled_append_harms_nobody(place: Place) -> None:
    """Others of its group are stored, and the ledger goes on."""
    async with place.open() as ledger:
        gone = asyncio.create_task(ledger.append(sampled(1)))
        stays = asyncio.create_task(ledger.append(sampled(2)))
        await asyncio.sleep(0)
        gone.cancel()
        await stays
        await ledger.append(sampled(3))
        minutes = [entry.at for _, entry in await everything(ledger)]
    assert minutes[-2:] == [after(2), after(3)]


async def test_the_newest_of_a_kind(place: Place) -> None:
    """They come newest first, a page at a time, and nothing else is read."""
    async with place.open() as ledger:
        await told(ledger, 3)
        first = await ledger.newest("sampled", limit=2)
        assert [entry.at for _, entry in first] == [after(2), after(1)]
        rest = await ledger.newest("sampled", before=first[-1][0], limit=2)
        assert [entry.at for _, entry in rest] == [after(0)]
        assert await ledger.newest("sampled", before=rest[-1][0]) == ()
        assert await ledger.newest("alarmed") == ()
