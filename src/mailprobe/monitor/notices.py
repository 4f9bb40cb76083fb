"""Which entries are worth a line in a log, and what it says."""

from __future__ import annotations

from typing import TYPE_CHECKING

from mailprobe.model.entry import Alarmed, Ran, Reread, Tripped
from mailprobe.model.snapshot import Notice

if TYPE_CHECKING:
    from mailprobe.model.entry import Entry
    from mailprobe.monitor.plan import Plan


def of(entry: Entry, plan: Plan) -> Notice | None:
    """Return what is to be said of an entry; None if that is nothing."""
    match entry:
        case Ran(running=True):
            boxes, routes = len(plan.mailboxes), len(plan.routes)
            text = f"watching {boxes} mailboxes over {routes} routes"
            return Notice(at=entry.at, word="start", text=text)
        case Ran():
            return Notice(at=entry.at, word="stop", text="in order")
        case Tripped():
            until = f"{entry.until:%Y-%m-%dT%H:%M:%SZ}"
            text = f"{entry.account} until {until}, its login was refused: {entry.said}"
            return Notice(at=entry.at, word="held", text=text)
        case Alarmed():
            return Notice(at=entry.at, word="alarm", text=entry.what)
        case Reread() if not entry.found or entry.changed:
            what = " and ".join(entry.changed)
            said = f"has another {what}" if entry.found else "is not there any more"
            text = f"{entry.mailbox}: the mail with UID {entry.uid} {said}"
            return Notice(at=entry.at, word="sentinel", text=text)
        case _:
            return None
