"""Mails and what is known of them, for tests: seconds after one moment."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from functools import reduce
from typing import TYPE_CHECKING, Any, Final

from mailprobe.judge.fates import begin, fold
from mailprobe.model.entry import (
    Accepted,
    Bounced,
    Expired,
    Held,
    Intended,
    MailEntry,
    Rejected,
    Seen,
    Unconfirmed,
)
from mailprobe.model.passage import Copy

if TYPE_CHECKING:
    from mailprobe.model.passage import Passage

NOON: Final = datetime(2023, 6, 15, 12, tzinfo=UTC)
DAY: Final = 86_400
LATE_AFTER: Final = 300.0
TOKEN: Final = "mp1-a"


def at(seconds: float) -> datetime:
    """Return the time so many seconds after noon."""
    return NOON + timedelta(seconds=seconds)


def intended(seconds: float = 0, token: str = TOKEN) -> Intended:
    """Return the beginning of a mail."""
    return Intended(
        at=at(seconds),
        token=token,
        route="a-b",
        sender="ada@libero.test",
        recipient="bob@posta.test",
        late_after=LATE_AFTER,
    )


def accepted(seconds: float = 1, token: str = TOKEN) -> Accepted:
    """Return that it was taken then."""
    return Accepted(at=at(seconds), token=token, submitted_at=at(seconds))


def rejected(seconds: float = 1, said: str = "550 no") -> Rejected:
    """Return that it was refused then."""
    return Rejected(at=at(seconds), token=TOKEN, failure="smtp_permanent", said=said)


def unconfirmed(seconds: float = 1, submitted: float | None = None) -> Unconfirmed:
    """Return that the answer was lost."""
    over = None if submitted is None else at(submitted)
    return Unconfirmed(at=at(seconds), token=TOKEN, submitted_at=over)


def held(seconds: float = 3600) -> Held:
    """Return that a server still tries."""
    return Held(at=at(seconds), token=TOKEN, said="451 later")


def bounced(seconds: float = 7200, said: str = "554 too old") -> Bounced:
    """Return that it came back then."""
    return Bounced(at=at(seconds), token=TOKEN, status="5.4.7", said=said)


def expired(seconds: float = 5 * DAY) -> Expired:
    """Return that it was given up then."""
    return Expired(at=at(seconds), token=TOKEN)


def seen(seconds: float = 10, **facts: Any) -> Seen:  # noqa: ANN401 - of a copy
    """Return that a copy was seen then; *stored* and *unseen* are seconds too."""
    times = {
        f"{name}_at": at(facts.pop(name))
        for name in ("stored", "unseen")
        if name in facts
    }
    of = {"mailbox": "bob@posta.test", "folder": "INBOX", "landed": "inbox"}
    copy = Copy(
        **{**of, "uid": 7, "uidvalidity": 1, **times, **facts}, seen_at=at(seconds)
    )
    return Seen(at=at(seconds), token=TOKEN, copy=copy)


def junked(seconds: float = 10, **facts: Any) -> Seen:  # noqa: ANN401 - of a copy
    """Return that a copy was seen in the junk folder then."""
    return seen(seconds, **{"folder": "Spam", "landed": "junk", **facts})


def passage(*entries: MailEntry) -> Passage:
    """Return what a mail is after these."""
    return reduce(fold, entries, begin(intended()))
