"""What a visit found, on disk before it is removed from the mailbox."""

from __future__ import annotations

from typing import TYPE_CHECKING

from mailprobe.judge.returns import entry_of
from mailprobe.model.entry import Seen
from mailprobe.model.passage import Copy
from mailprobe.model.visit import Sighting

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence

    from mailprobe.model.entry import Entry
    from mailprobe.model.passage import Passage
    from mailprobe.model.visit import Return
    from mailprobe.monitor.desk import Desk


class Noted:
    """The canaries and bounces that one visit has written down so far."""

    def __init__(
        self,
        desk: Desk,
        mailbox: str,
        also: Callable[[tuple[Passage, ...]], Sequence[Entry]],
    ) -> None:
        """
        Set up.

        Args:
            desk: Whose books it is written to.
            mailbox: The address of the mailbox.
            also: Given the mails that arrived, returns what follows from it.
        """
        self._desk, self._mailbox, self._also = desk, mailbox, also
        self._known: set[tuple[str, str, int, int]] = set()

    async def write(self, found: tuple[Sighting | Return, ...]) -> None:
        """Write down what is about to be removed."""
        entries = await self.news(found)
        if entries:
            await self._desk.books.record(*entries, also=self._also)

    async def news(self, found: Iterable[Sighting | Return]) -> list[Entry]:
        """Return the entries of what was not written down yet."""
        entries: list[Entry] = []
        for one in found:
            key = (one.token, one.folder, one.uidvalidity, one.uid)
            if key in self._known:
                continue
            self._known.add(key)
            if isinstance(one, Sighting):
                entries.append(seen(self._mailbox, one))
            else:
                # Of any mail: one that was given up may be returned at last.
                passage = await self._desk.books.passage(one.token)
                entry = passage and entry_of(one, passage, self._mailbox)
                entries += [entry] if entry else []
        return entries


def seen(mailbox: str, sighting: Sighting) -> Seen:
    """Return the entry of one copy."""
    return Seen(
        at=sighting.seen_at,
        token=sighting.token,
        copy=Copy(
            mailbox=mailbox,
            folder=sighting.folder,
            landed=sighting.landed,
            uid=sighting.uid,
            uidvalidity=sighting.uidvalidity,
            seen_at=sighting.seen_at,
            unseen_at=sighting.unseen_at,
            stored_at=sighting.internal_date,
        ),
    )
