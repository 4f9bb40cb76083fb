"""An incident, as tests of what is said about one need it."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Final

from mailprobe.model.incident import Change, Event, Incident, State
from mailprobe.model.verdict import Blame

NOON: Final = datetime(2026, 11, 24, 12, 0, tzinfo=UTC)
INCIDENT: Final = Incident(
    id="2026-11-24-italiaonline",
    culprit="italiaonline",
    blame=Blame.PROVIDER,
    parties=("libero", "virgilio"),
    state=State.OPEN,
    began_at=NOON,
    opened_at=NOON,
    changed_at=NOON,
    why="italiaonline fails since 12:00: mailboxes cannot be opened.",
)
OPENED: Final = Event(at=NOON, change=Change.OPENED, incident=INCIDENT)
