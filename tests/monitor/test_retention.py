"""Reports are kept for a while; that they were there stays in the chain."""

from __future__ import annotations

from datetime import timedelta

import pytest

from mailprobe.model.entry import Attached, Pruned
from mailprobe.model.errors import UsageError
from mailprobe.monitor.detail import SIZE_MAX, Detail, unpack
from tests.monitor.stories import NOON, Hand, Place, intended, told

DAY = timedelta(days=1)


@pytest.mark.asyncio
async def test_successes_go_after_a_week_and_failures_after_ninety_days(
    place: Place,
) -> None:
    """No report goes before its time, no entry ever, and the rest verifies."""
    async with place.open() as ledger:
        await told(ledger, 1)
        await ledger.attach("t0", b'{"good": 1}', failed=False)
        await ledger.append(
            intended("t1"),
            details=[Detail(about="t1", report=b'{"bad": 1}', failed=True)],
        )
        left = []
        for days in (6.9, 7, 89.9, 90, 91):
            removed = await ledger.prune(NOON + days * DAY)
            reports = [*await ledger.reports("t0"), *await ledger.reports("t1")]
            left.append((removed, reports))
            assert (await ledger.verify()).sound
        kinds = [one.kind async for _, one in ledger.entries(after=5)]
    assert left == [
        (0, [b'{"good": 1}', b'{"bad": 1}']),
        (1, [b'{"bad": 1}']),
        (0, [b'{"bad": 1}']),
        (1, []),
        (0, []),
    ]
    assert kinds == ["attached", "intended", "attached", Pruned.kind, Pruned.kind]


@pytest.mark.asyncio
@pytest.mark.parametrize(
    ("statement", "first"),
    [
        ("DELETE FROM ledger_detail", 1),
        ("UPDATE ledger_detail SET report = :other", 1),
        ("UPDATE ledger_detail SET seq = 9", 1),
    ],
)
async def test_reports_that_were_tampered_with(
    place: Place, statement: str, first: int
) -> None:
    """A report that was changed, or is gone before its time, is found."""
    async with place.open(clock=Hand()) as ledger:
        await ledger.attach("t", b"{}", failed=True)
        values = {"other": b"other"} if ":other" in statement else {}
        place.tamper(statement, **values)
        found = await ledger.verify()
    assert found.first_bad == first
    assert "report" in found.faults[0].what


@pytest.mark.asyncio
async def test_the_chain_has_the_hash(place: Place) -> None:
    """The entry says what was attached, how long it is, and until when it is kept."""
    async with place.open() as ledger:
        await ledger.attach("t", b"{}", failed=True)
        found = [entry async for _, entry in ledger.entries(token="t")]
    digest = "44136fa355b3678a1146ad16f7e8649e94fb4fc21fe77e8310c060f61caaff8a"
    until = NOON + 90 * DAY
    assert found == [
        Attached(at=NOON, about="t", digest=digest, size=2, failed=True, until=until)
    ]


def test_a_report_has_a_bound() -> None:
    """More than any transcript has is refused, and never unpacked."""
    with pytest.raises(UsageError, match="longer than"):
        Detail(about="t", report=bytes(SIZE_MAX + 1), failed=True)
    import zlib  # noqa: PLC0415 - what a tamperer would do

    with pytest.raises(ValueError, match="too long"):
        unpack(zlib.compress(bytes(SIZE_MAX + 1)))
