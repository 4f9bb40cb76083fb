"""How far a mailbox has been read, and which old mails in it are kept in sight."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Page:
    """
    How far one folder has been read.

    Attributes:
        folder: The folder's name.
        uidvalidity: Its UIDVALIDITY, within which UIDs hold (RFC 9051 2.3.1.1);
            0 if the server tells none.
        uidnext: The first UID that was not looked at yet.
        looked_at: When all that was in it had been looked at last, UTC; None if
            it never had.
        owed: UIDs below *uidnext* to be looked at again: mails that could not be
            read, and mails of ours that could not be removed.
        wary: Up to this UID mails are asked for one by one: the server ended the
            conversation when it was asked for them together.
    """

    folder: str
    uidvalidity: int
    uidnext: int
    looked_at: datetime | None = None
    owed: tuple[int, ...] = ()
    wary: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Bookmark:
    """How far a mailbox has been read, folder by folder."""

    pages: tuple[Page, ...] = ()

    def page(self, folder: str) -> Page | None:
        """Return how far *folder* has been read; None if it never was."""
        return next((page for page in self.pages if page.folder == folder), None)


@dataclass(frozen=True, slots=True, kw_only=True)
class Sentinel:
    """
    An old mail whose loss shall be noticed.

    Without a *digest* it is planted: read for the first time, as it is now.

    Attributes:
        folder: The folder it is in.
        uid: Its UID; 0 stands for the oldest mail of the folder.
        uidvalidity: The folder's UIDVALIDITY at that time.
        size: Its size, bytes.
        digest: SHA-256 of the whole mail, hexadecimal.
        message_id: Its Message-ID, by which it is looked for where its UID does
            not lead to it any more; empty if it has none.
    """

    folder: str = "INBOX"
    uid: int = 0
    uidvalidity: int = 0
    size: int = 0
    digest: str = ""
    message_id: str = ""
