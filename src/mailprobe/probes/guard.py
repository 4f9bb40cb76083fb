"""A fault of ours ends one report, not the program."""

from __future__ import annotations

import traceback
from typing import TYPE_CHECKING, Final, TypeVar

from mailprobe.model.errors import MailprobeError
from mailprobe.model.failure import Failure, Kind, Phase
from mailprobe.model.report import Report, Step

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Iterator

    from mailprobe.model.secret import Secret
    from mailprobe.model.target import Target
    from mailprobe.probes.vantage import Vantage

S = TypeVar("S", bound=Report)

_BOXES: Final = ("mailbox", "sender", "recipient")

TRACEBACK_MAX: Final = 4000  # characters kept of a fault of ours: its last frames


async def guarded(
    vantage: Vantage,
    probe: Awaitable[S],
    kind: Callable[..., S],
    target: Target,
    **fields: object,
) -> S:
    """
    Await a probe; turn a fault of ours into a report that says so.

    Args:
        vantage: From where it is made.
        probe: The probe.
        kind: The class of its report.
        target: What it looks at.
        fields: What that class needs besides.

    Raises:
        MailprobeError: What the caller got wrong passes through.
    """
    began, started = vantage.clock.monotonic(), vantage.clock.now()
    try:
        return await probe
    except MailprobeError:
        raise
    except Exception:  # noqa: BLE001 - the promise: never a traceback for theirs
        took = vantage.clock.monotonic() - began
        detail = traceback.format_exc()
        # Whatever failed may have quoted what it was given.
        for secret in _secrets(target):
            detail = secret.masked(detail)
        detail = detail[-TRACEBACK_MAX:]
        failure = Failure(kind=Kind.BUG, phase=Phase.TRANSIT, detail=detail)
        step = Step(phase=Phase.TRANSIT, peer="", began=0.0, took=took, failure=failure)
        return kind(
            started_at=started,
            duration=took,
            prober=vantage.facts,
            steps=(step,),
            target=target,
            **fields,
        )


def _secrets(target: Target) -> Iterator[Secret]:
    boxes = (getattr(target, name, None) for name in _BOXES)
    yield from (box.password for box in boxes if box and box.password)
