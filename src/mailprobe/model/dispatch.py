"""What handing over one canary mail has shown."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from mailprobe.model.failure import Failure, Reply
from mailprobe.model.report import Report, TlsFacts
from mailprobe.model.target import DispatchTarget


class HandOver(StrEnum):
    """How handing a mail over ended."""

    ACCEPTED = "accepted"  # the server took responsibility for it
    REFUSED = "refused"  # a reply to MAIL, RCPT, DATA or the final dot said no
    NEVER = "never_handed_over"  # it ended before the final dot: the mail is nowhere
    UNCONFIRMED = "unconfirmed"  # the final dot was written, and no answer came


@dataclass(frozen=True, slots=True, kw_only=True)
class DispatchReport(Report):
    """
    One canary mail, handed over once and never again.

    Attributes:
        target: Which mail, and through whom.
        outcome: How it ended. Until the final dot is written it is
            "never_handed_over".
        server: Who was spoken to last: ``host:port``; empty if nobody was.
        authenticated: Whether the login worked; None if not tried.
        submitted_at: When the last byte of the mail was written, UTC.
        accepted: The reply to the mail; None if none came.
        acceptance: Seconds from the last byte to that reply.
        tls: What the handshake showed; None if it never came to one. At an MX
            host it is not verified.
        passed_over: MX hosts that could not be used, and why, in the order in
            which they were tried: the mail went to the next one.
    """

    target: DispatchTarget
    outcome: HandOver = HandOver.NEVER
    server: str = ""
    authenticated: bool | None = None
    submitted_at: datetime | None = None
    accepted: Reply | None = None
    acceptance: float | None = None
    tls: TlsFacts | None = None
    passed_over: tuple[Failure, ...] = ()
