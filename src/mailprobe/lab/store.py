"""The mail of the lab: accounts, folders, messages; and what the servers counted."""

from __future__ import annotations

import datetime as dt
import itertools
import secrets
from bisect import bisect_left
from collections import Counter
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final

from mailprobe.model.errors import UsageError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

MESSAGE_MAX: Final = 25 * 1024 * 1024
"""Bytes of one message: what large providers accept; announced as SIZE."""

QUOTA_KIB: Final = 1024 * 1024
"""One GiB, as free accounts have it."""

SPECIAL_USE: Final = {
    "INBOX": "",
    "Junk": "\\Junk",
    "Sent": "\\Sent",
    "Trash": "\\Trash",
}


def system_time() -> dt.datetime:
    """Return the time of day of this machine, UTC."""
    return dt.datetime.now(dt.UTC)


@dataclass(slots=True, eq=False)
class Message:
    """
    One message in a folder.

    Attributes:
        uid: Its UID.
        raw: Its bytes, exactly as delivered.
        arrived: Its INTERNALDATE.
        flags: System flags and keywords.
        recent: Whether no session was told of it yet.
        spoilt: Whether its bytes cannot be read: its disk is damaged.
    """

    uid: int
    raw: bytes
    arrived: dt.datetime
    flags: frozenset[str] = frozenset()
    recent: bool = True
    spoilt: bool = False


@dataclass(slots=True, eq=False)
class Folder:
    """
    One IMAP mailbox; UIDs only grow, and are never used twice (RFC 3501 2.3.1.1).

    Attributes:
        name: Its name.
        special_use: Its attribute (RFC 6154), or nothing.
        uid_validity: Its UIDVALIDITY.
        uid_next: Its UIDNEXT.
        messages: Oldest first, ascending by UID.
        version: Grows with every change.
        watchers: Called after every change.
    """

    name: str
    special_use: str
    uid_validity: int
    uid_next: int = 1
    messages: list[Message] = field(default_factory=list)
    version: int = 0
    watchers: set[Callable[[], None]] = field(default_factory=set)

    def add(
        self,
        raw: bytes,
        at: dt.datetime,
        flags: Iterable[str] = (),
    ) -> Message:
        """Append a message and tell the watchers."""
        message = Message(self.uid_next, raw, at, frozenset(flags))
        self.uid_next += 1
        self.messages.append(message)
        self.touch()
        return message

    def get(self, uid: int) -> Message | None:
        """Return the message with this UID, if it is there."""
        place = bisect_left(self.messages, uid, key=lambda message: message.uid)
        found = self.messages[place : place + 1]
        return found[0] if found and found[0].uid == uid else None

    def remove(self, gone: set[int]) -> None:
        """Remove the messages with these UIDs."""
        self.messages = [m for m in self.messages if m.uid not in gone]
        self.touch()

    def touch(self) -> None:
        """Tell the watchers that something changed."""
        self.version += 1
        for watcher in tuple(self.watchers):
            watcher()


@dataclass(slots=True, eq=False)
class Account:
    """
    One mailbox of one user.

    Attributes:
        address: The mail address, which is the login name as well.
        folders: By name.
        quota_kib: The storage limit told by GETQUOTA.
        password: In clear: CRAM-MD5 needs it so.
        token: The OAuth 2 access token that is accepted; empty for none.
        any_sender: Whether its mail may come from other addresses than its own, as
            with the account of an application at a relay.
    """

    address: str
    folders: dict[str, Folder]
    quota_kib: int = QUOTA_KIB
    password: str = field(default="", repr=False)
    token: str = field(default="", repr=False)
    any_sender: bool = False

    @property
    def domain(self) -> str:
        """The domain of the address."""
        return self.address.rpartition("@")[2]

    @property
    def used_bytes(self) -> int:
        """Bytes of all messages."""
        return sum(len(m.raw) for f in self.folders.values() for m in f.messages)

    def folder(self, name: str) -> Folder | None:
        """Return the folder called *name*; INBOX is the same in any case."""
        return self.folders.get("INBOX" if name.upper() == "INBOX" else name)


@dataclass(slots=True)
class Counters:
    """
    What clients of one service did, so that a prober's conduct can be tested.

    Attributes:
        connections: Connections accepted.
        peak: The most that were open at the same time.
        handshakes: TLS handshakes that succeeded.
        auth_attempts: Times credentials were presented.
        logins: Times they were right.
        transactions: MAIL commands accepted.
        messages: Messages accepted at the final dot.
        commands: All commands, by verb.
    """

    connections: int = 0
    peak: int = 0
    handshakes: int = 0
    auth_attempts: int = 0
    logins: int = 0
    transactions: int = 0
    messages: int = 0
    commands: Counter[str] = field(default_factory=Counter)

    def reset(self) -> None:
        """Count from zero again."""
        for name in self.__slots__:
            setattr(self, name, Counter() if name == "commands" else 0)

    def opened(self, at_once: int) -> None:
        """Count a connection; *at_once* are open with it."""
        self.connections += 1
        self.peak = max(self.peak, at_once)


class Store:
    """
    All mail of the lab by address, and the counters of its services.

    Args:
        domains: Where there can be accounts.
        now: Gives the time of day, with its zone.

    Attributes:
        counters: By service: "mx", "submission", "imap", "dns".
    """

    def __init__(
        self, domains: tuple[str, ...], now: Callable[[], dt.datetime] = system_time
    ) -> None:
        self._domains = domains
        self._now = now
        self._accounts: dict[str, Account] = {}
        self._validity = itertools.count(int(now().timestamp()))
        self.counters = {
            name: Counters() for name in ("mx", "submission", "imap", "dns")
        }

    @property
    def addresses(self) -> tuple[str, ...]:
        """The addresses of all accounts."""
        return tuple(self._accounts)

    def find(self, address: str) -> Account | None:
        """Return the account of *address*, if there is one; case does not count."""
        return self._accounts.get(address.lower())

    def account(self, address: str) -> Account:
        """
        Return the account of *address*, made with a random password if missing.

        Raises:
            UsageError: If its domain is not one of the lab's.
        """
        known = self.find(address)
        if known is not None:
            return known
        local, at, domain = address.lower().rpartition("@")
        if not (local and at) or domain not in self._domains:
            message = (
                f"{address!r} is not an address of the lab; "
                f"its domains are {', '.join(self._domains)}"
            )
            raise UsageError(message)
        folders = {
            name: Folder(name, use, next(self._validity))
            for name, use in SPECIAL_USE.items()
        }
        account = Account(
            address.lower(),
            folders,
            password=secrets.token_urlsafe(12),
            token=secrets.token_urlsafe(24),
        )
        self._accounts[account.address] = account
        return account

    def deliver(
        self,
        address: str,
        raw: bytes,
        folder: str = "INBOX",
        *,
        at: dt.datetime | None = None,
        flags: Iterable[str] = (),
    ) -> Message:
        """
        Put a message into a mailbox, byte for byte; idling sessions are told.

        Args:
            address: Whose mailbox; made if missing.
            raw: The message.
            folder: Which folder; made if missing.
            at: Its INTERNALDATE; now by default.
            flags: Its flags.
        """
        account = self.account(address)
        box = account.folder(folder)
        if box is None:
            box = Folder(folder, "", next(self._validity))
            account.folders[folder] = box
        return box.add(raw, at or self._now(), flags)

    def messages(self, address: str, folder: str = "INBOX") -> tuple[Message, ...]:
        """Return the messages in a folder, oldest first."""
        account = self.find(address)
        box = account.folder(folder) if account else None
        return tuple(box.messages) if box else ()

    def everything(self) -> Iterator[tuple[str, str, Message]]:
        """Return all mail: the address and the folder it is in, and the message."""
        for account in self._accounts.values():
            for folder in account.folders.values():
                for message in folder.messages:
                    yield account.address, folder.name, message

    def clear(self) -> None:
        """Empty every mailbox (UIDs go on growing) and count from zero again."""
        for account in self._accounts.values():
            for folder in account.folders.values():
                folder.remove({m.uid for m in folder.messages})
        self._count_anew()

    def forget(self) -> None:
        """Remove every mailbox and count from zero again."""
        self._accounts.clear()
        self._count_anew()

    def _count_anew(self) -> None:
        for counters in self.counters.values():
            counters.reset()
