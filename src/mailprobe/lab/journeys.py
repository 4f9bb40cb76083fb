"""What the lab did with each mail: the truth that a prober's findings are held to."""

from __future__ import annotations

import datetime as dt
import itertools
import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Iterator

JOURNEYS_MAX: Final = 200_000
"""Mails remembered; twelve days of a monitor are some 7,000. The oldest go first."""

_MESSAGE_ID: Final = re.compile(rb"(?im)^Message-ID:\s*<([^<>\s]+)>")


@dataclass(slots=True, eq=False)
class Journey:
    """
    One mail on its way to one recipient.

    Attributes:
        message_id: Its Message-ID, without angle brackets; its queue id without one.
        sender: The envelope sender.
        recipient: The envelope recipient.
        accepted_at: When a server of the lab took it.
        entered: The service that took it: "submission" or "mx".
        tries: How often a queue of the lab tried in vain to hand it on.
        stored: Each copy: when it was put into a mailbox, and into which folder.
        returned_at: When it was returned to its sender, and the bounce was there.
        said: Why it was returned.
        lost_at: When it was thrown away.
    """

    message_id: str
    sender: str
    recipient: str
    accepted_at: dt.datetime
    entered: str
    tries: int = 0
    stored: list[tuple[dt.datetime, str]] = field(default_factory=list)
    returned_at: dt.datetime | None = None
    said: str = ""
    lost_at: dt.datetime | None = None

    @property
    def pending(self) -> bool:
        """Whether nothing has become of it yet."""
        return not (self.stored or self.returned_at or self.lost_at)


class Journeys:
    """All mail that the servers of a lab took, in the order in which it came."""

    def __init__(self) -> None:
        self._all: dict[str, list[Journey]] = {}

    def __iter__(self) -> Iterator[Journey]:
        return itertools.chain.from_iterable(self._all.values())

    def begin(self, journey: Journey) -> Journey:
        """Remember a journey."""
        self._all.setdefault(journey.message_id, []).append(journey)
        if len(self._all) > JOURNEYS_MAX:
            del self._all[next(iter(self._all))]
        return journey

    def of(self, message_id: str) -> tuple[Journey, ...]:
        """Return what became of a mail, one journey for each time it was taken."""
        return tuple(self._all.get(message_id.strip("<>"), ()))

    def clear(self) -> None:
        """Forget all of them."""
        self._all.clear()


def message_id(text: bytes) -> str:
    """Return the Message-ID of a mail, without angle brackets; empty without one."""
    head = text.partition(b"\r\n\r\n")[0]
    found = _MESSAGE_ID.search(head)
    return found[1].decode("ascii", "replace") if found else ""
