"""Work side by side leaves nothing behind."""

from __future__ import annotations

import asyncio

import pytest

from mailprobe.probes.abreast import abreast


async def after(turns: int, result: str, done: list[str]) -> str:
    """Give way some times, then return; note how it ended."""
    try:
        for _ in range(turns):
            await asyncio.sleep(0)
    except asyncio.CancelledError:
        done.append(f"{result} was cancelled")
        raise
    if result == "fault":
        message = "a fault of ours"
        raise RuntimeError(message)
    done.append(result)
    return result


@pytest.mark.asyncio
async def test_results_come_in_the_order_of_the_work() -> None:
    """Whoever ends first."""
    done: list[str] = []
    found = await abreast(after(3, "a", done), after(1, "b", done), after(2, "c", done))
    assert found == ("a", "b", "c")
    assert done == ["b", "c", "a"]


@pytest.mark.asyncio
async def test_a_fault_ends_the_others_first() -> None:
    """What was raised comes out as it is, when nothing runs any more."""
    done: list[str] = []
    with pytest.raises(RuntimeError, match="a fault of ours"):
        await abreast(after(50, "slow", done), after(1, "fault", done))
    assert done == ["slow was cancelled"]


@pytest.mark.asyncio
async def test_cancellation_reaches_all_of_it() -> None:
    """Whoever is cancelled has ended its work when it says so."""
    done: list[str] = []
    task = asyncio.ensure_future(
        abreast(after(50, "one", done), after(50, "two", done))
    )
    await asyncio.sleep(0)
    await asyncio.sleep(0)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert sorted(done) == ["one was cancelled", "two was cancelled"]
