"""What a busy program and a lost network of ours do to what is seen."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from mailprobe.judge.case import lasting
from mailprobe.judge.rule import Rule
from mailprobe.model.failure import Kind, Phase
from mailprobe.model.verdict import Blame, Finding, Status

if TYPE_CHECKING:
    from collections.abc import Iterator

    from mailprobe.judge.case import Case
    from mailprobe.model.report import Report

# Of the time measured: what is off by more is said, and decides nothing alone.
SHARE: Final = 0.2
_TIMED: Final = frozenset({Phase.TCP, Phase.TLS, Phase.GREETING})
_LATE: Final = frozenset(
    {
        Kind.DNS_TIMEOUT,
        Kind.TCP_TIMEOUT,
        Kind.TLS_TIMEOUT,
        Kind.GREETING_TIMEOUT,
        Kind.REPLY_TIMEOUT,
        Kind.TIMED_OUT,
        Kind.CANARY_MISSING,
    }
)
NETWORK: Final = frozenset(
    {
        *_LATE - {Kind.CANARY_MISSING},
        Kind.DNS_SERVFAIL,
        Kind.DNS_REFUSED,
        Kind.TCP_REFUSED,
        Kind.TCP_RESET,
        Kind.TCP_UNREACHABLE,
        Kind.TLS_HANDSHAKE,
        Kind.PEER_CLOSED,
    }
)
"""Failures that a network of ours that is down or filters can cause."""


def _strained(case: Case) -> bool:
    lag, step = case.report.prober.lag, case.step
    if lag is None or step is None or case.kind not in _LATE:
        return False
    return lag > SHARE * step.took


def _lag(case: Case) -> dict[str, object]:
    return {"lag": lasting(case.report.prober.lag or 0.0)}


STRAIN_RULES: Final = (
    Rule(
        name="prober_strained",
        condition="nothing came in time, and our own program was late by a fifth of it",
        when=_strained,
        status=Status.UNKNOWN,
        blame=Blame.PROBER,
        why="{peer} had not answered in time, but mailprobe itself was late by {lag}: "
        "it was too busy to tell.",
        words=_lag,
        advice="Look at fewer targets at once, or from a faster machine.",
    ),
    Rule(
        name="vantage_lost",
        condition="a failure of the network, while the control could not be reached",
        when=lambda c: c.report.prober.control is False and c.kind in NETWORK,
        status=Status.UNKNOWN,
        blame=Blame.VANTAGE,
        why="{peer} could not be reached ({said}), and neither could a server that is "
        "known to work: our own network is at fault.",
        advice="Check the network of this machine.",
    ),
)


def strain_findings(report: Report) -> Iterator[Finding]:
    """Say so where times are less true than they look."""
    lag = report.prober.lag
    timed = sum(step.took for step in report.steps if step.phase in _TIMED)
    if lag is not None and timed and lag > SHARE * timed:
        text = f"Times may be {lasting(lag)} too long: mailprobe itself was busy."
        yield Finding("timings_strained", text)
