"""A mailbox as a test sees it: what is in it, and waiting for more."""

from __future__ import annotations

import math
from email import message_from_bytes
from email.message import EmailMessage
from email.policy import SMTP, default
from typing import TYPE_CHECKING, Final

from mailprobe.model.errors import UsageError
from mailprobe.testing.services import Access
from mailprobe.testing.waiting import loop_runs_here, wait_async, wait_blocking
from mailprobe.testing.wanted import Matching, Text, Wanted

if TYPE_CHECKING:
    from collections.abc import Callable
    from contextlib import AbstractContextManager

    from mailprobe.lab import Message
    from mailprobe.model.target import SecurityName
    from mailprobe.testing.services import Services
    from mailprobe.testing.world import MailLab

TIMEOUT: Final = 5.0
"""Seconds: a thousand times what a mail takes in the lab, and still soon."""

QUIET: Final = 0.2
"""Seconds without mail that prove something: it arrives within some milliseconds."""


class Inbox(Access):
    """
    One mailbox of the test's mail world; as a string, its address.

    It belongs to the test that asked for it.

    Args:
        world: The world it is in.
        address: Its address.
        folder: The folder looked at.

    Attributes:
        address: Its address, which is the login name as well.
        folder: The folder looked at: "INBOX", or another one by `in_folder`.
    """

    def __init__(self, world: MailLab, address: str, folder: str = "INBOX") -> None:
        self._world = world
        self._parsed: dict[int, EmailMessage] = {}
        self.address = address
        self.folder = folder

    def __str__(self) -> str:
        return self.address

    def __repr__(self) -> str:
        return f"<Inbox {self.address} {self.folder}>"

    # --- the account ------------------------------------------------------------

    @property
    def password(self) -> str:
        """The password of this mailbox."""
        return self._world.password(self.address)

    def services(self, security: SecurityName) -> Services:
        """Return the servers, as this mailbox uses them."""
        return self._world.services_of(self.address, security)

    # --- what is in it ----------------------------------------------------------

    def in_folder(self, name: str) -> Inbox:
        """Return another folder of this mailbox: "Junk", "Sent", "Trash" ..."""
        return Inbox(self._world, self.address, name)

    @property
    def messages(self) -> list[EmailMessage]:
        """The mails in this folder, oldest first."""
        __tracebackhide__ = True
        return [self._parse(m) for m in self._world.messages(self.address, self.folder)]

    def _parse(self, message: Message) -> EmailMessage:
        if message.uid not in self._parsed:
            self._parsed[message.uid] = parse(message.raw)
        return self._parsed[message.uid]

    def deliver(self, message: EmailMessage | bytes) -> None:
        """
        Put a mail into this folder, for code under test that reads mail.

        Args:
            message: A message, or its bytes, which stay as they are.
        """
        __tracebackhide__ = True
        if isinstance(message, EmailMessage):
            message = message.as_bytes(policy=SMTP)
        if not isinstance(message, bytes):
            complaint = (
                f"a {type(message).__name__} is no mail; "
                "write an email.message.EmailMessage or bytes"
            )
            raise UsageError(complaint)
        self._world.deliver(self.address, message, self.folder)

    # --- waiting ----------------------------------------------------------------

    def wait_for(
        self,
        *,
        subject: Text | None = None,
        sender: Text | None = None,
        to: Text | None = None,
        matching: Matching | None = None,
        timeout: float = TIMEOUT,
    ) -> EmailMessage:
        """
        Return the oldest mail that fits, as soon as it is there.

        Args:
            subject: A part of its subject, in any case, or a compiled pattern.
            sender: Its sender's address, or a pattern found in From.
            to: An address it is to, or a pattern found in To or Cc.
            matching: Called with a mail; says whether it fits.
            timeout: Seconds to wait.

        Raises:
            AssertionError: If none came; it says what did.
            UsageError: If an event loop runs here, which this would block.
        """
        __tracebackhide__ = True
        _outside_loops("wait_for(...)", "await inbox.wait(...)")
        wanted = Wanted(subject=subject, sender=sender, to=to, matching=matching)
        self._check(timeout)
        found = wait_blocking(self._watch, lambda: self._first(wanted), timeout)
        return self._got(found, wanted, timeout)

    async def wait(
        self,
        *,
        subject: Text | None = None,
        sender: Text | None = None,
        to: Text | None = None,
        matching: Matching | None = None,
        timeout: float = TIMEOUT,
    ) -> EmailMessage:
        """Do the same as `wait_for` under asyncio or trio, while the loop runs on."""
        __tracebackhide__ = True
        wanted = Wanted(subject=subject, sender=sender, to=to, matching=matching)
        self._check(timeout)
        found = await wait_async(self._watch, lambda: self._first(wanted), timeout)
        return self._got(found, wanted, timeout)

    def assert_no_mail(
        self,
        *,
        subject: Text | None = None,
        sender: Text | None = None,
        to: Text | None = None,
        matching: Matching | None = None,
        within: float = QUIET,
    ) -> None:
        """
        Fail as soon as a mail that fits is there; return after *within* seconds.

        Raises:
            AssertionError: If one came; it says which.
            UsageError: If an event loop runs here, which this would block.
        """
        __tracebackhide__ = True
        _outside_loops("assert_no_mail(...)", "await inbox.stays_empty(...)")
        wanted = Wanted(subject=subject, sender=sender, to=to, matching=matching)
        self._check(within)
        found = wait_blocking(self._watch, lambda: self._first(wanted), within)
        self._got_none(found, wanted)

    async def stays_empty(
        self,
        *,
        subject: Text | None = None,
        sender: Text | None = None,
        to: Text | None = None,
        matching: Matching | None = None,
        within: float = QUIET,
    ) -> None:
        """Do the same as `assert_no_mail` while the loop runs on."""
        __tracebackhide__ = True
        wanted = Wanted(subject=subject, sender=sender, to=to, matching=matching)
        self._check(within)
        found = await wait_async(self._watch, lambda: self._first(wanted), within)
        self._got_none(found, wanted)

    def _check(self, seconds: float) -> None:
        __tracebackhide__ = True
        self._world.check_open(self.address)
        number = isinstance(seconds, int | float) and not isinstance(seconds, bool)
        if not number or math.isnan(seconds) or seconds < 0:
            complaint = f"{seconds!r} is no time to wait; write seconds, from 0 on"
            raise UsageError(complaint)

    def _watch(self, notice: Callable[[], None]) -> AbstractContextManager[None]:
        return self._world.watch(self.address, notice)

    def _first(self, wanted: Wanted) -> EmailMessage | None:
        return next((m for m in self.messages if not wanted.misses(m)), None)

    def _got(
        self, found: EmailMessage | None, wanted: Wanted, timeout: float
    ) -> EmailMessage:
        __tracebackhide__ = True
        if found is None:
            lines = self._world.story(self, wanted)
            where = "" if self.folder == "INBOX" else f", folder {self.folder},"
            head = f"no {wanted} came to {self.address}{where} within {timeout:g} s"
            raise AssertionError("\n".join([head, *lines]))
        return found

    def _got_none(self, found: EmailMessage | None, wanted: Wanted) -> None:
        __tracebackhide__ = True
        if found is not None:
            head = f"{wanted} came to {self.address}, though none was expected"
            raise AssertionError("\n".join([head, *self._world.story(self, wanted)]))


def _outside_loops(blocking: str, instead: str) -> None:
    __tracebackhide__ = True
    if loop_runs_here():
        complaint = (
            f"{blocking} would block the event loop that runs this test; "
            f"write {instead}"
        )
        raise UsageError(complaint)


def parse(raw: bytes) -> EmailMessage:
    """Read a mail as the standard library's modern message."""
    return message_from_bytes(raw, policy=default)
