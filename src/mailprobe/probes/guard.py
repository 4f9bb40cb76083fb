"""A fault of ours ends one report, not the program."""

from __future__ import annotations

import traceback
from typing import TYPE_CHECKING, Any, Final, TypeVar, cast

from mailprobe.model.dispatch import DispatchReport
from mailprobe.model.errors import MailprobeError
from mailprobe.model.failure import Failure, Kind, Phase
from mailprobe.model.report import (
    ImapReport,
    MxReport,
    ProviderReport,
    Report,
    SmtpReport,
    Step,
    TlsReport,
    TripReport,
)
from mailprobe.model.target import (
    DispatchTarget,
    ImapTarget,
    Mailbox,
    MxTarget,
    ProviderTarget,
    SmtpTarget,
    Target,
    TlsTarget,
    TripTarget,
    VisitTarget,
)
from mailprobe.model.visit import VisitReport

if TYPE_CHECKING:
    from collections.abc import Awaitable, Iterator

    from mailprobe.model.secret import Secret
    from mailprobe.probes.vantage import Vantage

S = TypeVar("S", bound=Report)

TRACEBACK_MAX: Final = 4000  # characters kept of a fault of ours: its last frames
_REPORTS: Final[dict[type[Target], tuple[type[Report], dict[str, Any]]]] = {
    MxTarget: (MxReport, {"delivery": None}),
    SmtpTarget: (SmtpReport, {}),
    ImapTarget: (ImapReport, {}),
    TlsTarget: (TlsReport, {}),
    TripTarget: (TripReport, {}),
    ProviderTarget: (ProviderReport, {}),
    DispatchTarget: (DispatchReport, {}),
    VisitTarget: (VisitReport, {}),
}
_BOXES: Final = ("mailbox", "sender", "recipient")


async def guarded(vantage: Vantage, probe: Awaitable[S], target: Target) -> S:
    """
    Await a probe; turn a fault of ours into a report that says so.

    Raises:
        MailprobeError: What the caller got wrong passes through.
    """
    began = vantage.clock.monotonic()
    try:
        return await probe
    except MailprobeError:
        raise
    except Exception:  # noqa: BLE001 - the promise: never a traceback for theirs
        detail = traceback.format_exc()
        # Whatever failed may have quoted what it was given.
        for secret in _secrets(target):
            detail = secret.masked(detail)
        failure = Failure(
            kind=Kind.BUG, phase=Phase.TRANSIT, detail=detail[-TRACEBACK_MAX:]
        )
        took = vantage.clock.monotonic() - began
        return cast("S", fruitless(vantage, target, failure, took))


def fruitless(
    vantage: Vantage, target: Target, failure: Failure, took: float = 0.0
) -> Report:
    """Return the report of a probe that came to nothing for a reason of ours."""
    kind, fields = _REPORTS[type(target)]
    step = Step(phase=failure.phase, peer="", began=0.0, took=took, failure=failure)
    return kind(
        started_at=vantage.clock.now(),
        duration=took,
        prober=vantage.facts,
        steps=(step,),
        target=target,  # type: ignore[call-arg]  # every class of a target has it
        **fields,
    )


def _secrets(target: Target) -> Iterator[Secret]:
    boxes = (getattr(target, name, None) for name in _BOXES)
    for box in boxes:
        if isinstance(box, Mailbox) and box.password:
            yield box.password
