"""What a probe saw. Facts only, no status: `mailprobe.judge` decides what they mean."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from mailprobe.model.conversation import (
    Certificate,
    ProberFacts,
    Quota,
    Report,
    Step,
    TlsFacts,
)
from mailprobe.model.failure import Failure, Reply
from mailprobe.model.target import (
    ImapTarget,
    MxTarget,
    ProviderTarget,
    SmtpTarget,
    TlsTarget,
)
from mailprobe.model.trip import Hop, TripReport
from mailprobe.model.verdict import Check

__all__ = [
    "Certificate",
    "Folder",
    "Hop",
    "ImapReport",
    "Inbox",
    "MxAddress",
    "MxHost",
    "MxReport",
    "ProberFacts",
    "ProviderReport",
    "Quota",
    "Report",
    "SmtpReport",
    "Step",
    "TlsFacts",
    "TlsReport",
    "TripReport",
]

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
