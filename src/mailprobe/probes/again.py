"""A conversation held once more, where a single attempt could lie."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from typing import TYPE_CHECKING, TypeVar

from mailprobe.judge.passing import worth_repeating
from mailprobe.model.failure import Kind
from mailprobe.model.report import Report

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from mailprobe.probes.vantage import Vantage

S = TypeVar("S", bound=Report)


async def insist(
    vantage: Vantage, timeout: float, hold: Callable[[float], Awaitable[S]]
) -> S:
    """
    Hold a conversation; again, if its failure may be a passing one.

    Args:
        vantage: How many attempts are made, and how far apart.
        timeout: Seconds for all attempts together.
        hold: Holds the conversation within the given seconds.

    Returns:
        The report of the last attempt; how earlier ones failed stands in
        `Report.earlier`, and its times count from the first.
    """
    began = vantage.clock.monotonic()
    report = await hold(timeout)
    for _ in range(1, vantage.attempts):
        pause = vantage.limits.again_after
        left = timeout - (vantage.clock.monotonic() - began) - pause
        if left <= 0 or not worth_repeating(report):
            break
        await asyncio.sleep(pause)
        shift = vantage.clock.monotonic() - began
        another = await hold(left)
        if another.failure and another.failure.kind is Kind.TIMED_OUT:
            break  # our own time was up: the attempt before says more
        report = _after(report, another, shift)
    return report


def _after(before: S, report: S, shift: float) -> S:
    """Return the later report as a continuation of the earlier one."""
    assert before.failure is not None  # noqa: S101 - else it was not repeated
    steps = (replace(step, began=step.began + shift) for step in report.steps)
    said = before.transcript
    return replace(
        report,
        started_at=before.started_at,
        duration=shift + report.duration,
        steps=tuple(steps),
        transcript=(*said, "-- once more", *report.transcript) if said else (),
        earlier=(*before.earlier, before.failure),
    )
