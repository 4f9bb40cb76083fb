"""Keeps an old mail of a mailbox in sight, to tell whether an outage did it harm."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Final

import msgspec

from mailprobe.mail.canary import tokens
from mailprobe.model.bookmark import Sentinel
from mailprobe.model.entry import Planted, Reread
from mailprobe.monitor.schedule import DAY

if TYPE_CHECKING:
    from mailprobe.model.entry import Entry
    from mailprobe.model.visit import SentinelRead, VisitReport
    from mailprobe.monitor.ledger import Ledger

GIVEN_UP: Final = timedelta(days=30)
"""A mail lost for that long does not come back; another one is kept in sight then."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Watch:
    """
    What is remembered of a mailbox.

    Attributes:
        sentinel: The mail as it was last read; None if none is known yet.
        looked_at: When it was looked for last.
        lost_at: Since when it is not there; None while it is.
    """

    sentinel: Sentinel | None = None
    looked_at: datetime | None = None
    lost_at: datetime | None = None


class Sentry:
    """Looks for the old mail of one mailbox every day, and whenever it is asked to."""

    def __init__(self, ledger: Ledger, address: str, *, wanted: bool) -> None:
        self._ledger, self._address, self._wanted = ledger, address, wanted
        self._key = f"sentinel {address}"
        self._watch = Watch()
        self._asked = False

    async def open(self) -> None:
        """Come back to the mail that the last run kept in sight."""
        kept = await self._ledger.kept(self._key) if self._wanted else None
        if kept is not None:
            self._watch = msgspec.json.decode(kept, type=Watch)

    def ask(self) -> None:
        """Have it looked for at the next visit."""
        self._asked = True

    def due(self, now: datetime) -> tuple[Sentinel, ...]:
        """Return what a visit has to look for now."""
        looked = self._watch.looked_at
        daily = looked is None or not timedelta() <= now - looked < DAY
        if not self._wanted or not (daily or self._asked):
            return ()
        return (self._watch.sentinel or Sentinel(),)

    def note(self, report: VisitReport, at: datetime) -> list[Entry]:
        """Take in what a visit found; return what is to be written of it."""
        entries: list[Entry] = []
        for read in report.sentinels:
            if read.found is None:
                continue  # it could not be told: asked for again at the next visit
            self._asked = False
            if read.was.digest:
                entries.append(self._reread(read, at))
            elif (planted := self._planted(read, at)) is not None:
                entries.append(planted)
        if any(folder.renumbered for folder in report.folders):
            self._asked = not report.sentinels
        return entries

    def keep(self) -> dict[str, bytes]:
        """Return what the ledger is to keep beside it."""
        if self._watch.looked_at is None:
            return {}
        return {self._key: msgspec.json.encode(self._watch)}

    def _planted(self, read: SentinelRead, at: datetime) -> Planted | None:
        now = read.now
        self._watch = Watch(looked_at=at)
        if now is None or not now.digest or tokens(now.message_id.encode()):
            return None  # empty, too large, or one of ours, which is removed soon
        self._watch = Watch(sentinel=now, looked_at=at)
        return Planted(
            at=at,
            mailbox=self._address,
            folder=now.folder,
            uid=now.uid,
            uidvalidity=now.uidvalidity,
            size=now.size,
            digest=now.digest,
        )

    def _reread(self, read: SentinelRead, at: datetime) -> Reread:
        before, now = self._watch, read.now
        if read.found and now is not None and now.digest:
            # As it is now: each alteration is told once.
            self._watch = Watch(sentinel=now, looked_at=at)
        elif read.found:
            self._watch = Watch(sentinel=read.was, looked_at=at)
        elif before.lost_at is not None and at - before.lost_at > GIVEN_UP:
            self._watch = Watch(looked_at=at)
        else:
            lost_at = before.lost_at or at
            self._watch = replace(before, looked_at=at, lost_at=lost_at)
        return Reread(
            at=at,
            mailbox=self._address,
            uid=read.was.uid,
            found=bool(read.found),
            changed=tuple(read.changed),
        )
