"""One folder in the course of a visit: how far it was read, and how far it is now."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final, Literal

from mailprobe.model.bookmark import Page
from mailprobe.model.visit import FolderRead

if TYPE_CHECKING:
    from datetime import datetime

    from mailprobe.model.failure import Failure

OWED_MAX: Final = 50  # mails looked at again; with more, reading is what is broken


@dataclass(slots=True)
class Shelf:
    """
    One folder, and how far it is read.

    Attributes:
        name: Its name as LIST gave it.
        shown: Its name for people.
        landed: Which kind of folder it is.
        before: How far it was read at the last visit.
        fresh: There was no last visit: only what is expected counts of the
            mails below *known*.
    """

    name: bytes
    shown: str
    landed: Literal["inbox", "junk"]
    before: Page | None
    fresh: bool
    uidvalidity: int = 0
    uidnext: int = 0
    end: int | None = None
    known: int = 0
    looked_at: datetime | None = None
    owed: set[int] = field(default_factory=set)
    again: list[int] = field(default_factory=list)
    messages: int | None = None
    looked: int = 0
    bad: set[int] = field(default_factory=set)
    wary: int = 0
    opened: bool = False
    renumbered: bool = False
    failure: Failure | None = None

    @property
    def more(self) -> bool:
        """Whether something new was not looked at yet."""
        return self.end is not None and self.uidnext < self.end

    def facts(self) -> FolderRead:
        """Return what was read of it."""
        return FolderRead(
            name=self.shown,
            landed=self.landed,
            messages=self.messages,
            looked=self.looked,
            unread=len(self.bad),
            more=self.more,
            renumbered=self.renumbered,
            failure=self.failure,
        )

    def page(self) -> Page | None:
        """Return how far it is read now."""
        if not self.opened:
            return self.before
        return Page(
            folder=self.shown,
            uidvalidity=self.uidvalidity,
            uidnext=self.uidnext,
            looked_at=self.looked_at,
            owed=tuple(sorted(self.owed | set(self.again)))[-OWED_MAX:],
            wary=self.wary if self.wary >= self.uidnext else 0,
        )
