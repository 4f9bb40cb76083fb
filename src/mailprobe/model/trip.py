"""What a round trip has shown."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Literal

from mailprobe.model.conversation import Quota, Report, TlsFacts
from mailprobe.model.failure import Reply
from mailprobe.model.target import TripTarget


@dataclass(frozen=True, slots=True, kw_only=True)
class Hop:
    """
    One Received header.

    Other hosts' clocks are not ours, and they write whole seconds. What two
    headers say is kept as it is, negative delays too; how far it can be
    trusted stands beside it.

    Attributes:
        by: The host that wrote the header.
        sender: The host it took the mail from, as that one called itself.
        protocol: Such as ``ESMTPS`` or ``LMTP``.
        at: The time it states, UTC; None if it cannot be read.
        delay: Seconds since the hop before, by their own clocks; None at the
            first hop or where a time is missing.
        delay_error: If the two clocks agree, the true delay differs from
            *delay* by less than this many seconds; None without a delay.
        clock_off: Seconds by which its clock is wrong at least, positive if it
            is ahead: the mail was there after we sent and before we saw it, by
            our clock. 0 if the stated time is possible; None if unknown.
    """

    by: str
    sender: str
    protocol: str
    at: datetime | None
    delay: float | None
    delay_error: float | None = None
    clock_off: float | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class TripReport(Report):
    """
    One canary mail, from its submission to its sight.

    All durations are seconds on one monotonic clock of ours, and count from
    the moment the last byte of the mail was written.

    Attributes:
        target: Who sent to whom.
        canary: The Message-ID of the mail; None if it was never made.
        sender_authenticated: Whether the sender's login worked; None: not tried.
        recipient_authenticated: The same for the recipient.
        submitted_at: When the last byte was written, UTC.
        accepted: The reply to the mail; None if none came.
        unconfirmed: The mail was handed over, but the reply was lost: it may
            or may not arrive. It is never sent again.
        acceptance: Until the server took responsibility for it.
        visible: Until a poll of ours showed it.
        visible_error: It was there at most this much earlier: the last look
            that did not show it was made then.
        notified: Until the server told us of it by IDLE; None if it did not
            within a second of sight, or does not offer IDLE.
        idle: Whether the recipient's server offers IDLE.
        landed: "inbox" or "junk"; None if it was not seen.
        folder: The folder's name.
        internal_date: When the receiving store says it came, UTC.
        copies: How many copies were seen.
        foreign: Mails with a canary token that is not of this trip (old, of
            another prober, or forged): evidence, never an arrival.
        hops: Its Received headers, first hop first.
        authentication_results: The receiver's own Authentication-Results,
            such as ``("spf", "pass")``.
        deleted: Whether our mail was removed again; None if it was not seen.
        sending_tls: TLS of the submission.
        receiving_tls: TLS of the IMAP connection.
        watched_through: How the mailbox was watched: "own" connections, or one
            that trips to one mailbox share, "opened" by this trip or "joined".
            What a joined one knows of the login and of TLS was found by the
            trip that opened it, in whose report those steps stand. None if the
            watching did not begin.
        waited: Seconds the mail was watched for.
        quota: Storage of the recipient, asked when the mail did not come.
        alerts: Texts of the recipient's server marked ALERT.
    """

    target: TripTarget
    canary: str | None = None
    sender_authenticated: bool | None = None
    recipient_authenticated: bool | None = None
    submitted_at: datetime | None = None
    accepted: Reply | None = None
    unconfirmed: bool = False
    acceptance: float | None = None
    visible: float | None = None
    visible_error: float | None = None
    notified: float | None = None
    idle: bool | None = None
    landed: Literal["inbox", "junk"] | None = None
    folder: str | None = None
    internal_date: datetime | None = None
    copies: int = 0
    foreign: int = 0
    hops: tuple[Hop, ...] = ()
    authentication_results: tuple[tuple[str, str], ...] = ()
    deleted: bool | None = None
    sending_tls: TlsFacts | None = None
    receiving_tls: TlsFacts | None = None
    watched_through: Literal["own", "opened", "joined"] | None = None
    waited: float | None = None
    quota: Quota | None = None
    alerts: tuple[str, ...] = ()

    @property
    def transit(self) -> float | None:
        """Seconds from submission to sight (`visible`); None if not seen."""
        return self.visible

    @property
    def acceptance_to_sight(self) -> float | None:
        """Seconds from acceptance to sight: the receiving side's own share."""
        if self.visible is None or self.acceptance is None:
            return None
        return self.visible - self.acceptance
