"""When what is due: slots, budgets, and accounts that are left alone. Pure."""

from __future__ import annotations

import hashlib
from collections import deque
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Collection

DAY: Final = timedelta(days=1)
_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)


def next_slot(after: datetime, interval: float, place: float) -> datetime:
    """
    Return the first slot that is later than *after*.

    Slots are counted from 1970, not from the start of a process: after a restart
    everything goes on at its place, and two monitors agree.

    Args:
        after: A time, UTC.
        interval: Seconds between two slots.
        place: Where in each interval the slot lies, from 0 to 1.
    """
    passed = (after - _EPOCH).total_seconds()
    offset = place * interval
    number = (passed - offset) // interval + 1
    slot = _EPOCH + timedelta(seconds=number * interval + offset)
    # Floating point may have put it onto *after* itself.
    return slot if slot > after else slot + timedelta(seconds=interval)


def place_of(name: str) -> float:
    """Return the place of something in every interval, from 0 to 1: by its name."""
    digest = hashlib.blake2b(name.encode(), digest_size=8).digest()
    return int.from_bytes(digest) / 2**64


@dataclass(slots=True)
class Budget:
    """
    How many mails an account may still send.

    Attributes:
        limit: Mails in any 24 hours.
        sent: When those of the last 24 hours were sent, oldest first.
    """

    limit: int
    sent: deque[datetime] = field(default_factory=deque)

    def take(self, at: datetime) -> bool:
        """Count one mail, if it is within the budget."""
        # After a clock was set back by hours, mails of the future still count; after
        # one that was wrong by years they must not count for years.
        while self.sent and not at - DAY < self.sent[0] <= at + DAY:
            self.sent.popleft()
        if len(self.sent) >= self.limit:
            return False
        self.sent.append(at)
        return True


@dataclass(slots=True)
class Breaker:
    """
    Which accounts are left alone, since their login was refused.

    One refusal may mean a wrong password, and a second try may lock the account.
    But if siblings of one brand are refused as well, it is the provider: then they
    take turns, one account at a time, and the first that gets in frees them all.

    Attributes:
        hold: Seconds that an account is left alone.
        until: When each account may be tried again.
    """

    hold: float
    until: dict[str, datetime] = field(default_factory=dict)

    def closed(self, account: str, at: datetime) -> bool:
        """Whether the account may be used."""
        if account not in self.until:
            return True
        # Never longer than a hold from now, even if the clock was set back.
        latest = at + timedelta(seconds=self.hold)
        self.until[account] = min(self.until[account], latest)
        return at >= self.until[account]

    def trip(
        self, account: str, at: datetime, siblings: Collection[str] = ()
    ) -> datetime:
        """
        Leave an account alone; return until when.

        Args:
            account: Whose login was refused.
            at: When.
            siblings: All accounts of its brand, in a fixed order.
        """
        others = [one for one in siblings if one != account]
        refused = [one for one in others if one in self.until]
        share = 1.0
        if refused and len(refused) == len(others):
            # Each has its own place in the hold: there is a scout every hold / n.
            places = sorted(siblings)
            share = (places.index(account) + 1) / len(places)
        self.until[account] = at + timedelta(seconds=self.hold * share)
        return self.until[account]

    def passed(self, account: str, siblings: Collection[str] = ()) -> None:
        """Take note that a login worked: siblings refused with it may try again."""
        if self.until.pop(account, None) is not None:
            for one in siblings:
                self.until.pop(one, None)
