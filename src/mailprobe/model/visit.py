"""What a visit to a mailbox has shown."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Literal

from mailprobe.model.bookmark import Bookmark, Sentinel
from mailprobe.model.failure import Failure, Kind, Reply
from mailprobe.model.report import Report, TlsFacts
from mailprobe.model.target import VisitTarget


@dataclass(frozen=True, slots=True, kw_only=True)
class Sighting:
    """
    A canary of ours that was found, its MAC checked.

    Attributes:
        token: Its token.
        folder: The folder's name.
        landed: Which kind of folder it is.
        uid: Its UID.
        uidvalidity: The folder's UIDVALIDITY, within which the UID holds.
        internal_date: When the store says that it came, UTC; None if unknown.
        seen_at: When it was seen, UTC.
        unseen_at: When the last look was begun that did not show it; None if
            there was none.
        renumbered: The folder was numbered anew since the last visit: it may be
            a copy that was seen before.
        removed: Whether it was removed again; None if that was not tried.
    """

    token: str
    folder: str
    landed: Literal["inbox", "junk"]
    uid: int
    uidvalidity: int
    internal_date: datetime | None
    seen_at: datetime
    unseen_at: datetime | None = None
    renumbered: bool = False
    removed: bool | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Return:
    """
    A bounce of a canary of ours, for one of its recipients.

    Attributes:
        token: The token of the mail it is about; its MAC was right.
        folder: The folder the bounce is in.
        uid: Its UID.
        uidvalidity: The folder's UIDVALIDITY.
        internal_date: When the store says that it came, UTC; None if unknown.
        seen_at: When it was read, UTC.
        action: What the server did (RFC 3464 2.3.3): "delayed" is no end.
        recipient: The address it could not be brought to; empty if not told.
        original: The address it was sent to, where that is another; None if not told.
        status: The enhanced code (RFC 3463); None if it has none.
        said: What the server said that refused it; None if not told.
        reporting_mta: The server that gave up, or still tries.
        removed: Whether the bounce was removed again; None if not tried.
    """

    token: str
    folder: str
    uid: int
    uidvalidity: int
    internal_date: datetime | None
    seen_at: datetime
    action: Literal["failed", "delayed", "delivered", "relayed", "expanded"]
    recipient: str = ""
    original: str | None = None
    status: str | None = None
    said: Reply | None = None
    reporting_mta: str | None = None
    removed: bool | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class FolderRead:
    """
    What was read of one folder.

    Attributes:
        name: The folder's name.
        landed: Which kind of folder it is.
        messages: How many mails are in it; None if it was not told.
        looked: How many of them were looked at.
        unread: How many could not be read; they are tried again next time.
        more: New mails are left for the next visit.
        renumbered: Its UIDVALIDITY is not that of the last visit: UIDs noted
            then mean nothing, and its newest mails were looked at instead.
        failure: Why it could not be opened or read, if so.
    """

    name: str
    landed: Literal["inbox", "junk"]
    messages: int | None = None
    looked: int = 0
    unread: int = 0
    more: bool = False
    renumbered: bool = False
    failure: Failure | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class SentinelRead:
    """
    An old mail, looked for again.

    Attributes:
        was: As it was remembered.
        found: Whether it is there; None if that could not be told.
        now: As it is now; None if it was not read.
        changed: What differs: of "uid", "uidvalidity", "size", "digest".
        trouble: Why it could not be told, in words; empty if it could.
    """

    was: Sentinel
    found: bool | None
    now: Sentinel | None = None
    changed: tuple[Literal["uid", "uidvalidity", "size", "digest"], ...] = ()
    trouble: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class VisitReport(Report):
    """
    What is new in a mailbox.

    Attributes:
        target: Whose mailbox, and what is expected there.
        authenticated: Whether the login worked; None if not tried.
        folders: What was read, INBOX first; empty if INBOX was never opened.
        sightings: Canaries of ours, every copy, in the order of sight.
        returns: Bounces of canaries of ours.
        foreign: New mails with a token that is no arrival here: of another
            prober, of a mail to somebody else, or an answer to one of ours.
        forged: New mails with a token that names our key, and that nothing
            proves: neither the lookup nor the mail's own addresses.
        bookmark: How far the mailbox is read now; that of the target if nothing
            could be read.
        sentinels: The old mails that were to be looked for.
        waited: Seconds spent waiting for what was expected; None if nothing was.
        tls: What the handshake showed; None if it never came to one.
        alerts: Texts marked ALERT, which a person must see (RFC 9051 7.1).
    """

    target: VisitTarget
    authenticated: bool | None = None
    folders: tuple[FolderRead, ...] = ()
    sightings: tuple[Sighting, ...] = ()
    returns: tuple[Return, ...] = ()
    foreign: int = 0
    forged: int = 0
    bookmark: Bookmark | None = None
    sentinels: tuple[SentinelRead, ...] = ()
    waited: float | None = None
    tls: TlsFacts | None = None
    alerts: tuple[str, ...] = ()

    @property
    def access(
        self,
    ) -> Literal[
        "unreachable", "refused", "unavailable", "unopened", "partial", "complete"
    ]:
        """
        How far the visit came.

        The login was not reached, refused, or could not be checked; or INBOX was
        not opened; or not all that is new could be looked at; or it was.
        """
        if self.authenticated is not True:
            kind = self.failure.kind if self.failure else None
            if kind is Kind.AUTH_REFUSED:
                return "refused"
            return "unavailable" if kind is Kind.AUTH_UNAVAILABLE else "unreachable"
        if not self.folders:
            return "unopened"
        whole = not self.failure and all(
            not (folder.failure or folder.unread or folder.more)
            for folder in self.folders
        )
        return "complete" if whole else "partial"

    @property
    def missing(self) -> tuple[str, ...]:
        """The expected tokens that were not seen."""
        seen = {sighting.token for sighting in self.sightings}
        return tuple(t for t in self.target.expected if t.lower() not in seen)
