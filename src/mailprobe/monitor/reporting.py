"""The report of one incident, read from the ledger."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Final

from mailprobe.judge.account import Extents, Mails, addresses, window
from mailprobe.judge.gaps import Shifts, silences
from mailprobe.judge.policy import POLICY
from mailprobe.model.account import IncidentReport
from mailprobe.model.entry import Changed, Counted, Ran, Sampled, Stated
from mailprobe.model.errors import UsageError
from mailprobe.model.verdict import Blame
from mailprobe.monitor.answers import incidents, latest_samples, mails
from mailprobe.monitor.plan import HORIZON
from mailprobe.wire.clock import SystemClock

if TYPE_CHECKING:
    from mailprobe.model.account import Gap
    from mailprobe.model.incident import Event, Incident
    from mailprobe.model.provider import Catalogue
    from mailprobe.monitor.ledger import Ledger

LOOKS_MAX: Final = 1_000_000  # of an incident: 200 canaries for two weeks
MAILS_MAX: Final = 500_000  # the same
LISTED: Final = 5  # incidents that are offered in place of one that is not there


async def report(
    ledger: Ledger,
    incident: str,
    *,
    at: datetime | None = None,
    catalogue: Catalogue | None = None,
) -> IncidentReport:
    """
    Say all that is known of one incident.

    Args:
        ledger: An open ledger.
        incident: Its id, such as ``2023-01-22-italiaonline``; ``last`` is the one
            that began last.
        at: When the report is made; now if left out.
        catalogue: Presets, for what people call the parties.

    Raises:
        LedgerError: If the ledger cannot be read.
        UsageError: If there is no such incident.
    """
    at = at or SystemClock().now()
    found = await _find(ledger, incident)
    begin, end = window(found, at)
    events = await _events(ledger, found.id)
    extents, cut = await _extents(ledger, found, begin, end)
    told, more = await _mails(ledger, found, begin, end)
    idle = await _shifts(ledger, begin, end)
    found = await _with_statements(ledger, found, begin, end)
    return IncidentReport(
        at=at,
        incident=found,
        names=_names(found, catalogue),
        events=events,
        reaches=extents.reaches(),
        balance=told.balance,
        fates=told.fates(),
        overtaken=told.overtaken(),
        said=told.said(),
        points=told.points,
        gaps=(*idle, *silences(extents, begin, end, idle)),
        unknown_looks=extents.unknown,
        partial=" ".join(one for one in (cut, more) if one),
    )


async def _find(ledger: Ledger, name: str) -> Incident:
    known = await incidents(ledger)
    if name == "last" and known:
        return known[-1]
    for one in known:
        if one.id == name:
            return one
    if not known:
        message = "the ledger has no incident"
        raise UsageError(message)
    ids = ", ".join(one.id for one in known[-LISTED:])
    message = f"there is no incident {name[:60]!r}; the last ones are {ids}"
    raise UsageError(message)


async def _events(ledger: Ledger, name: str) -> tuple[Event, ...]:
    noted = ledger.entries(kinds=(Changed.kind,), token=name)
    return tuple([e.event async for _, e in noted if isinstance(e, Changed)])


async def _extents(
    ledger: Ledger, incident: Incident, begin: datetime, end: datetime
) -> tuple[Extents, str]:
    """Return what the looks of that time showed; of mail, it is known days later."""
    extents, number = Extents(incident), 0
    late = end + timedelta(seconds=HORIZON)
    looks = ledger.entries(kinds=(Sampled.kind,), since=begin, until=late)
    async for _, entry in looks:
        if isinstance(entry, Sampled) and begin <= entry.sample.at <= end:
            extents.add(entry.sample)
            number += 1
            if number >= LOOKS_MAX:
                return extents, f"Only the first {number:,} looks were read."
    return extents, ""


async def _mails(
    ledger: Ledger, incident: Incident, begin: datetime, end: datetime
) -> tuple[Mails, str]:
    """Return what became of the mails of that time, from or to whom it is about."""
    ours = incident.blame is Blame.VANTAGE
    boxes = addresses(incident, await latest_samples(ledger)) | {incident.culprit}
    told = Mails()
    async for one in mails(ledger, begin, end):
        if ours or one.sender in boxes or one.recipient in boxes:
            told.add(one)
            if told.balance.submitted >= MAILS_MAX:
                return told, f"Only the first {MAILS_MAX:,} mails were read."
    return told, ""


async def _shifts(ledger: Ledger, begin: datetime, end: datetime) -> tuple[Gap, ...]:
    """Return when no monitor ran."""
    shifts = Shifts(begin, end)
    kinds = (Ran.kind, Counted.kind)
    # What is done after its end shows that it ran until then.
    late = end + timedelta(days=1)
    async for _, entry in ledger.entries(kinds=kinds, since=begin, until=late):
        if isinstance(entry, Ran):
            shifts.ran(entry)
        else:
            shifts.worked(entry.at)
    return shifts.gaps()


async def _with_statements(
    ledger: Ledger, incident: Incident, begin: datetime, end: datetime
) -> Incident:
    """Add what was noted since, which the monitor has not taken in yet."""
    names = {incident.culprit, *incident.parties}
    said = set(incident.statements)
    late = end + timedelta(seconds=POLICY.rejoin)
    async for _, entry in ledger.entries(kinds=(Stated.kind,), since=begin):
        if not isinstance(entry, Stated) or entry.party not in names:
            continue
        if begin <= entry.statement.at <= late:
            said.add(entry.statement)
    ordered = sorted(said, key=lambda one: one.at)
    return replace(incident, statements=tuple(ordered))


def _names(
    incident: Incident, catalogue: Catalogue | None
) -> tuple[tuple[str, str], ...]:
    """Return what people call whom it is about, by the presets."""
    if catalogue is None:
        return ()
    found = {}
    for one in (incident.culprit, *incident.parties):
        preset, platform = catalogue.find(one), catalogue.platform(one)
        if platform is not None:
            # "Italiaonline (Libero and Virgilio)": its brands are named anyway.
            found[one] = platform.name.partition(" (")[0]
        elif preset is not None:
            found[one] = preset.name
    return tuple(found.items())
