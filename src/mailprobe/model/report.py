"""What a probe saw. Facts only, no status: `mailprobe.judge` decides what they mean."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Literal

from mailprobe.model.failure import Failure, Kind, Phase, Reply
from mailprobe.model.target import (
    ImapTarget,
    MxTarget,
    ProviderTarget,
    SmtpTarget,
    Target,
    TlsTarget,
    TripTarget,
)
from mailprobe.model.verdict import Check


@dataclass(frozen=True, slots=True, kw_only=True)
class Step:
    """
    One timed operation and how it ended.

    It succeeded exactly when *failure* is None.

    Attributes:
        phase: Which operation this was.
        peer: Whom we asked: ``host:port``, for DNS the name server.
        began: Seconds since the probe began.
        took: Seconds until the operation ended, well or badly.
        failure: Why it failed; None on success.
        seen: What the peer said or showed, bounded and free of secrets.
        optional: The conversation goes on without it: one address of several,
            or a courtesy such as QUIT.
    """

    phase: Phase
    peer: str
    began: float
    took: float
    failure: Failure | None = None
    seen: tuple[str, ...] = ()
    optional: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class ProberFacts:
    """
    Who asked.

    Attributes:
        version: The version of mailprobe.
        ehlo_name: The name it greeted with.
        mx_port: Where it dials MX hosts: 25 everywhere but in a lab. What is
            usual there is not usual at a service for users, and the other way
            round.
        lag: Seconds by which our own program was late at worst while the check
            was made; measured in sweeps only.
        control: Whether a server known to work could be reached from here at
            the time; asked in sweeps only, after a failure that may be ours.
    """

    version: str
    ehlo_name: str
    mx_port: int = 25
    lag: float | None = None
    control: bool | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Report:
    """
    What every probe reports. A report has no status.

    Attributes:
        started_at: When the probe began, UTC.
        duration: Seconds from beginning to end.
        prober: Who asked.
        steps: The conversation in order. It ends at its first failed step; the
            later phases are absent, not unknown.
        earlier: How earlier attempts at it ended: what one attempt cannot prove
            is tried again. Their steps are not kept.
        transcript: The lines exchanged, bounded and free of secrets; empty
            unless it was asked for.
    """

    started_at: datetime
    duration: float
    prober: ProberFacts
    steps: tuple[Step, ...]
    earlier: tuple[Failure, ...] = ()
    transcript: tuple[str, ...] = ()

    if TYPE_CHECKING:
        # Every probe's report has it as a field of its own type.
        @property
        def target(self) -> Target:
            """What was asked."""

    @property
    def failure(self) -> Failure | None:
        """Why the conversation ended early; None if it did not."""
        step = self.failed_step
        return step.failure if step else None

    @property
    def failed_step(self) -> Step | None:
        """The step that ended the conversation early, if one did."""
        ended = (s for s in self.steps if s.failure and not s.optional)
        return next(ended, None)

    def step(self, phase: Phase | str) -> Step | None:
        """Return the first step of *phase*, if the conversation came to it."""
        return next((step for step in self.steps if step.phase == phase), None)


# --- certificates ---------------------------------------------------------------


@dataclass(frozen=True, slots=True, kw_only=True)
class Certificate:
    """
    What one certificate says.

    Attributes:
        subject: The subject's common name, else its whole name.
        names: DNS names and addresses it is valid for.
        issuer: The issuer's common name, else its whole name.
        not_before: Start of its validity, UTC.
        not_after: End of its validity, UTC.
        key: Algorithm and size, such as ``RSA 2048`` or ``EC P-256``.
        signature: Hash of its signature, such as ``sha256``; empty if none.
        self_signed: Whether it names itself as its issuer.
        sha256: Fingerprint of the whole certificate, hexadecimal.
    """

    subject: str
    names: tuple[str, ...]
    issuer: str
    not_before: datetime
    not_after: datetime
    key: str
    signature: str
    self_signed: bool
    sha256: str


@dataclass(frozen=True, slots=True, kw_only=True)
class TlsFacts:
    """
    What a TLS handshake showed.

    Attributes:
        version: Such as ``TLSv1.3``; None if the handshake failed.
        cipher: The suite that was agreed on.
        verified: Whether name, dates and chain were checked and hold.
        certificate: The server's own certificate.
        chain: What the server sent, its own certificate first; empty where
            Python cannot tell (before 3.13 only through private interfaces).
        days_left: Whole days until the server's certificate ends, negative if
            it has ended.
        complaints: All that is wrong with a certificate that was refused; the
            handshake itself stops at the first of them.
    """

    version: str | None
    cipher: str | None
    verified: bool
    certificate: Certificate | None = None
    chain: tuple[Certificate, ...] = ()
    days_left: int | None = None
    complaints: tuple[Kind, ...] = ()

    @property
    def old(self) -> bool:
        """Whether a version was agreed on that RFC 8996 forbids."""
        return self.version in {"SSLv3", "TLSv1", "TLSv1.1"}


# --- MX -------------------------------------------------------------------------


@dataclass(frozen=True, slots=True, kw_only=True)
class MxAddress:
    """
    One address of one MX host.

    Attributes:
        address: IPv4 or IPv6, as text.
        ttl: Seconds the name server lets it be cached.
        answered: Whether banner and EHLO were seen; None if not tried.
        failure: Why not, if it was tried in vain.
        banner: Its greeting.
        capabilities: Its EHLO lines, sorted.
        took: Seconds from dialling to the EHLO reply.
        earlier: How an earlier attempt at it ended.
    """

    address: str
    ttl: int
    answered: bool | None = None
    failure: Failure | None = None
    banner: Reply | None = None
    capabilities: tuple[str, ...] = ()
    took: float | None = None
    earlier: tuple[Failure, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class MxHost:
    """
    One host that takes mail for the domain.

    Attributes:
        name: Its name, lower case, without the final dot.
        preference: Lower is tried first; 0 for an implicit MX.
        ttl: Seconds the MX record may be cached; None for an implicit MX.
        alias_of: What it is a CNAME for (RFC 2181 10.3 forbids that).
        failure: Why its addresses could not be had, if so.
        addresses: All of its A and AAAA records.
    """

    name: str
    preference: int
    ttl: int | None
    alias_of: str | None = None
    failure: Failure | None = None
    addresses: tuple[MxAddress, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class MxReport(Report):
    """
    Who takes mail for a domain.

    Attributes:
        target: What was asked.
        delivery: "explicit" (MX records), "implicit" (none, so the domain's own
            address, RFC 5321 5.1), "refused" (null MX, RFC 7505); None if the
            lookup failed.
        hosts: Best first; equal preferences by name.
        null_mx_beside: A null MX stands beside other records (RFC 7505 3).
        control: Whether the control greeted us, asked only when no address
            answered; None if there is none, or it was not asked.
    """

    target: MxTarget
    delivery: Literal["explicit", "implicit", "refused"] | None
    hosts: tuple[MxHost, ...] = ()
    null_mx_beside: bool = False
    control: bool | None = None


# --- SMTP and IMAP --------------------------------------------------------------


@dataclass(frozen=True, slots=True, kw_only=True)
class SmtpReport(Report):
    """
    One SMTP conversation, up to the login if a mailbox was given.

    Attributes:
        target: What was asked.
        address: The address that was dialled; None if none was found.
        banner: The greeting.
        ehlo_name: The name the server gives itself in its EHLO reply.
        capabilities: EHLO lines of the last EHLO, sorted.
        capabilities_in_clear: EHLO lines before STARTTLS, sorted.
        size_limit: Bytes of the largest mail it takes (RFC 1870); None if it
            does not say, 0 if it says there is no limit.
        auth_mechanisms: The SASL mechanisms it offers, sorted.
        auth_mechanism: The one that was tried.
        authenticated: Whether the login worked; None if not tried.
        tls: What the handshake showed; None if it never came to one.
        control: Whether the control of this port answered, asked only when the
            service did not; None if there is none, or it was not asked.
    """

    target: SmtpTarget
    address: str | None = None
    banner: Reply | None = None
    ehlo_name: str | None = None
    capabilities: tuple[str, ...] = ()
    capabilities_in_clear: tuple[str, ...] = ()
    size_limit: int | None = None
    auth_mechanisms: tuple[str, ...] = ()
    auth_mechanism: str | None = None
    authenticated: bool | None = None
    tls: TlsFacts | None = None
    control: bool | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Folder:
    """A mailbox folder and its role (RFC 6154: "junk", "sent", ...)."""

    name: str
    role: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Inbox:
    """What EXAMINE said of INBOX; None where the server was silent."""

    messages: int | None
    uidvalidity: int | None
    uidnext: int | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Quota:
    """Storage used and allowed, bytes (RFC 9208 counts in KiB)."""

    used: int
    limit: int


@dataclass(frozen=True, slots=True, kw_only=True)
class ImapReport(Report):
    """
    One IMAP conversation; it stops before the login without a mailbox.

    Attributes:
        target: What was asked.
        address: The address that was dialled; None if none was found.
        greeting: The greeting.
        capabilities: As last announced, sorted.
        capabilities_in_clear: Before STARTTLS, sorted.
        server_id: What ID told (RFC 2971), as pairs.
        auth_mechanism: How the login was made ("LOGIN" is the command).
        authenticated: Whether the login worked; None if not tried.
        inbox: What EXAMINE said of INBOX.
        quota: Storage of the account, where offered.
        folders: Folders with a special use.
        alerts: Texts marked ALERT, which a person must see (RFC 9051 7.1).
        tls: What the handshake showed; None if it never came to one.
        control: As in `SmtpReport`.
    """

    target: ImapTarget
    address: str | None = None
    greeting: Reply | None = None
    capabilities: tuple[str, ...] = ()
    capabilities_in_clear: tuple[str, ...] = ()
    server_id: tuple[tuple[str, str], ...] = ()
    auth_mechanism: str | None = None
    authenticated: bool | None = None
    inbox: Inbox | None = None
    quota: Quota | None = None
    folders: tuple[Folder, ...] = ()
    alerts: tuple[str, ...] = ()
    tls: TlsFacts | None = None
    control: bool | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class TlsReport(Report):
    """
    The certificate and handshake of one service, as served.

    Attributes:
        target: What was asked.
        address: The address that was dialled; None if none was found.
        tls: What the handshake showed; None if it never came to one.
        control: As in `SmtpReport`.
    """

    target: TlsTarget
    address: str | None = None
    tls: TlsFacts | None = None
    control: bool | None = None


# --- round trip -----------------------------------------------------------------


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


# --- provider -------------------------------------------------------------------


@dataclass(frozen=True, slots=True, kw_only=True)
class ProviderReport(Report):
    """
    Everything that could be tried at one provider.

    It has no steps of its own: they stand in the reports of its checks.

    Attributes:
        target: What was asked.
        preset: The id of the preset that was used; None without one.
        mx: Its mail domain's MX hosts.
        submission: Its submission services.
        imap: Its IMAP services.
        trip: A mail of the mailbox to itself.
    """

    target: ProviderTarget
    preset: str | None = None
    mx: Check[MxReport] | None = None
    submission: tuple[Check[SmtpReport], ...] = ()
    imap: tuple[Check[ImapReport], ...] = ()
    trip: Check[TripReport] | None = None

    @property
    def checks(self) -> tuple[Check[Report], ...]:
        """All checks that were made, in the order MX, submission, IMAP, trip."""
        single = (self.mx,) if self.mx else ()
        last = (self.trip,) if self.trip else ()
        return (*single, *self.submission, *self.imap, *last)
