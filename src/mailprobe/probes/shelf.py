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

    def unknown(self, validity: int, *, expecting: bool) -> bool:
        """Whether UIDs of before do not tell where what is new begins."""
        if self.opened or self.before is None:
            return self.opened or not self.fresh or expecting
        return self.before.uidvalidity != validity

    def begin(self, validity: int, end: int, newest: int = 0) -> None:
        """
        Note where what is new begins, when the folder is looked into first.

        Args:
            validity: Its UIDVALIDITY.
            end: The UID that the next mail gets.
            newest: The first UID of the newest mails, as many as one visit looks at:
                where UIDs of before mean nothing they stand for all that may have
                come since.
        """
        page = self.before
        self.renumbered |= self.opened or bool(page and page.uidvalidity != validity)
        self.opened, self.end = True, end
        self.uidvalidity, self.owed = validity, set()
        if page and not self.renumbered:
            self.uidnext, self.looked_at = page.uidnext, page.looked_at
            self.again, self.wary = list(page.owed), page.wary
            return
        self.looked_at, self.again, self.wary = None, [], 0
        self.known = end if self.fresh and not self.renumbered else 0
        self.uidnext = newest or end

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
