"""A mail server known to work: if it cannot be reached either, silence is ours."""

from __future__ import annotations

from typing import TYPE_CHECKING

from mailprobe.model.failure import Kind
from mailprobe.probes.abreast import abreast
from mailprobe.probes.reach import addresses, dial, reach
from mailprobe.wire.trouble import Ended

if TYPE_CHECKING:
    from mailprobe.model.failure import Failure
    from mailprobe.model.target import Endpoint
    from mailprobe.probes.vantage import Vantage
    from mailprobe.wire.recorder import Recorder


def control_for(vantage: Vantage, port: int) -> Endpoint | None:
    """Return the control of a port: one for another port proves nothing."""
    return next((one for one in vantage.controls if one.port == port), None)


async def any_control(vantage: Vantage) -> bool | None:
    """
    Ask all controls at once, with nothing of it in any report.

    Returns:
        Whether one of them answered; None if there are none.
    """
    failures = await control_failures(vantage)
    return None in failures if failures else None


async def control_failures(vantage: Vantage) -> tuple[Failure | None, ...]:
    """Ask all controls at once; say of each why it could not be reached, or None."""
    return await abreast(*(_failure(vantage, one) for one in vantage.controls))


async def _failure(vantage: Vantage, control: Endpoint) -> Failure | None:
    aside = vantage.recorder(vantage.limits.dns + vantage.limits.tcp)
    try:
        sock, _ = await reach(vantage, aside, control.host, control.port)
    except Ended as ended:
        return ended.failure
    sock.close()
    return None


async def ask_control(vantage: Vantage, recorder: Recorder, port: int) -> bool | None:
    """
    If nobody answered our dialling, ask whether the port can be reached at all.

    Returns:
        Whether the control answered; None if there is none for this port, or
        nothing to be asked.
    """
    failed = next((s for s in recorder.steps if s.failure and not s.optional), None)
    silent = failed and failed.failure and failed.failure.kind is Kind.TCP_TIMEOUT
    control = control_for(vantage, port)
    if not silent or control is None:
        return None
    try:
        found = await addresses(vantage, recorder, control.host, optional=True)
        address, _ = found.found[0]
        sock = await dial(vantage, recorder, address, port, optional=True)
    except Ended:
        return False
    sock.close()
    return True
