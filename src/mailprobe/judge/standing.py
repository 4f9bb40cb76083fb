"""How everything is at one time: the worst of what is known, and who looks."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, Final

from mailprobe.model.answer import Watch, Watching
from mailprobe.model.verdict import Blame, Status

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from datetime import datetime

    from mailprobe.model.answer import Alarm
    from mailprobe.model.availability import Availability
    from mailprobe.model.entry import Ran
    from mailprobe.model.incident import Incident
    from mailprobe.model.passage import Balance

CERTAIN: Final = 2  # one canary that fails alone is no news of its provider

Opinion = tuple[Status, str]


def watching(
    at: datetime, ran: Ran | None, looked_at: datetime | None, stale: float
) -> Watch:
    """
    Say whether somebody looks.

    Args:
        at: Now.
        ran: The last note that a monitor started or stopped.
        looked_at: When anything was last looked at or counted.
        stale: Seconds without a look after which nobody looks.
    """
    if ran is None and looked_at is None:
        return Watch(state=Watching.NEVER)
    noted = ran.at if ran else None
    newest = max(one for one in (noted, looked_at) if one is not None)
    state = Watching.RUNNING
    if ran is not None and not ran.running and newest == noted:
        state = Watching.STOPPED
    elif at - newest > timedelta(seconds=stale):
        state = Watching.SILENT
    return Watch(
        state=state,
        since=ran.at if ran else None,
        looked_at=looked_at,
        version=ran.version if ran else "",
    )


def standing(
    watch: Watch,
    availabilities: Sequence[Availability],
    incidents: Sequence[Incident],
    balance: Balance,
    alarms: Sequence[Alarm],
) -> Opinion:
    """
    Return the status of everything, and one sentence for why; empty if it is ok.

    Looks that failed by chance do not count: what fails for one canary alone and in
    no incident leaves it ok.
    """
    if watch.state is not Watching.RUNNING:
        return Status.UNKNOWN, _UNWATCHED[watch.state]
    found = [
        *(_incident(one, availabilities) for one in incidents),
        *_suspected(availabilities, incidents),
        *_ours(balance, alarms),
    ]
    return max(found, key=lambda one: one[0].gravity, default=(Status.OK, ""))


_UNWATCHED: Final = {
    Watching.NEVER: "No monitor has written to this ledger yet.",
    Watching.STOPPED: "The monitor was stopped, so nothing is known of now.",
    Watching.SILENT: "The monitor has not looked for too long; see whether it runs.",
}


def _incident(one: Incident, availabilities: Sequence[Availability]) -> Opinion:
    if one.blame is Blame.VANTAGE:
        return Status.UNKNOWN, one.why
    if one.blame is Blame.ACCOUNT:
        return Status.DEGRADED, one.why
    hit = any(
        entry.status is Status.DOWN and entry.function in one.functions
        for entry in availabilities
        if one.culprit in {entry.party.platform, entry.party.name}
    )
    return Status.DOWN if hit else Status.DEGRADED, one.why


def _suspected(
    availabilities: Sequence[Availability], incidents: Sequence[Incident]
) -> Iterator[Opinion]:
    known = {one.culprit for one in incidents}
    for one in availabilities:
        if one.status is Status.DOWN and one.of >= CERTAIN:
            if known & {one.party.platform, one.party.name}:
                continue
            what = f"{one.function} fails for all {one.of} canaries of {one.party.name}"
            yield Status.DEGRADED, f"{what}; it is not certain yet whose fault it is."


def _ours(balance: Balance, alarms: Sequence[Alarm]) -> Iterator[Opinion]:
    if balance.imbalance:
        what = f"{balance.imbalance} mails are unaccounted for: a fault of ours"
        yield Status.DEGRADED, f"{what}; run `mailprobe ledger verify`."
    elif alarms:
        yield Status.DEGRADED, f"Something is wrong with us: {alarms[0].what}"
