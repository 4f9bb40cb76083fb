"""
What can be made to go wrong, as frozen values: where it strikes, and what it does.

A fault strikes at a *moment*: an SMTP or IMAP command, or one of the moments
around it. Several faults may be active at once: delays add up, and the fault
that was injected last decides what is sent.
"""

from __future__ import annotations

import datetime as dt
from dataclasses import KW_ONLY, dataclass
from typing import Final

from mailprobe.model.errors import UsageError

_SMTP: Final = (
    "CONNECT TLS GREETING EHLO HELO STARTTLS AUTH MAIL RCPT DATA ACCEPT QUIT "
    "RSET NOOP VRFY"
)
SMTP_MOMENTS: Final = frozenset(_SMTP.split())
"""ACCEPT is the reply to the final dot, DATA the 354 before the text."""

_IMAP: Final = (
    "CONNECT TLS GREETING CAPABILITY STARTTLS ID AUTH LOGIN AUTHENTICATE SELECT "
    "EXAMINE LIST STATUS NAMESPACE NOOP CHECK FETCH STORE SEARCH EXPUNGE APPEND "
    "IDLE PUSH GETQUOTA GETQUOTAROOT CLOSE UNSELECT LOGOUT"
)
IMAP_MOMENTS: Final = frozenset(_IMAP.split())
"""PUSH is what an idling client is told unasked; AUTH is any way to log in."""

_INSTANT: Final = dt.timedelta(microseconds=1)

DNS_MOMENTS: Final = frozenset({"QUERY"})

MOMENTS: Final = {
    "mx": SMTP_MOMENTS - {"AUTH"},
    "submission": SMTP_MOMENTS,
    "imap": IMAP_MOMENTS,
    "dns": DNS_MOMENTS,
}

CERTIFICATE_KINDS: Final = (
    "expired",
    "not_yet_valid",
    "wrong_host",
    "self_signed",
    "untrusted",
    "missing_intermediate",
    "weak_key",
)


@dataclass(frozen=True, slots=True)
class Fault:
    """
    Where a fault strikes; what is left out means everywhere.

    Attributes:
        service: "mx", "submission", "imap" or "dns".
        domain: The brand whose servers are hit; for what becomes of accepted
            mail, the domain of the recipient.
        platform: Also hit the brands that share *domain*'s platform; without a
            domain, the brands of the shared platform.
        host: One server only ("mx2.libero.test").
        security: One listener only: "tls", "starttls" or "none".
        mailboxes: These mailboxes only, by address: a conversation is hit once it
            is known whose it is, a mail if it is for one of them.
        chance: How often it strikes, from 0 to 1: drawn anew each time, from the
            switchboard's seed. Listeners, names and capabilities know no chance.
    """

    _: KW_ONLY
    service: str | None = None
    domain: str | None = None
    platform: bool = False
    host: str | None = None
    security: str | None = None
    mailboxes: tuple[str, ...] = ()
    chance: float = 1.0

    def __post_init__(self) -> None:
        lowered = tuple(address.lower() for address in self.mailboxes)
        object.__setattr__(self, "mailboxes", lowered)
        if self.service is not None and self.service not in MOMENTS:
            known = ", ".join(MOMENTS)
            message = (
                f"service {self.service!r} is not in the lab; write one of {known}"
            )
            raise UsageError(message)


@dataclass(frozen=True, slots=True)
class Moment(Fault):
    """A fault that strikes at one moment of a conversation."""

    where: str

    def __post_init__(self) -> None:
        Fault.__post_init__(self)
        chosen = [self.service] if self.service else list(MOMENTS)
        known = frozenset[str]().union(*(MOMENTS[name] for name in chosen))
        if self.where not in known:
            message = (
                f"{self.where!r} is no moment of {self.service or 'any service'}; "
                f"write one of {', '.join(sorted(known))}"
            )
            raise UsageError(message)


@dataclass(frozen=True, slots=True)
class Stall(Moment):
    """
    The server falls silent: users see a spinning wheel, then a timeout.

    The command is carried out, its reply never comes. After *seconds* the
    connection is closed; None means when the client goes.
    """

    seconds: float | None = None


@dataclass(frozen=True, slots=True)
class Drop(Moment):
    """
    The line goes dead in place of a reply: users see "connection lost".

    The command is carried out all the same: at ACCEPT the mail is delivered and
    its sender not told. With *reset* the connection ends with a TCP reset.
    """

    reset: bool = False


@dataclass(frozen=True, slots=True)
class Reply(Moment):
    """
    The server refuses: users see its words, or a wrong guess at them.

    The command is not carried out. A number is an SMTP code and strikes SMTP
    only; "NO", "BAD", "BYE" and "OK" strike IMAP only. 421 and BYE also close.
    """

    code: int | str
    text: str = ""

    def __post_init__(self) -> None:
        Moment.__post_init__(self)
        fits = (
            200 <= self.code <= 599  # noqa: PLR2004 - all that RFC 5321 knows
            if isinstance(self.code, int)
            else self.code in {"NO", "BAD", "BYE", "OK"}
        )
        if not fits:
            message = (
                f"reply {self.code!r} is neither an SMTP code nor NO, BAD, BYE, OK"
            )
            raise UsageError(message)


@dataclass(frozen=True, slots=True)
class Raw(Moment):
    """
    Something else answers: users see "unexpected response from the server".

    Exactly *data* is sent in place of the reply; the command is carried out. At
    CONNECT it is sent before anything else, at TLS in place of the handshake.
    """

    data: bytes


@dataclass(frozen=True, slots=True)
class Drip(Moment):
    """The right reply byte by byte, *interval* seconds apart: endless waiting."""

    interval: float

    def __post_init__(self) -> None:
        Moment.__post_init__(self)
        if self.where == "TLS":
            message = "a TLS handshake cannot be dripped; use Slow('TLS', seconds)"
            raise UsageError(message)


@dataclass(frozen=True, slots=True)
class Garble(Moment):
    """The reply arrives as noise: users see "unexpected response"."""


@dataclass(frozen=True, slots=True)
class Slow(Moment):
    """The right reply, *seconds* later: users find the service sluggish."""

    seconds: float


@dataclass(frozen=True, slots=True)
class Refuse(Fault):
    """Nobody listens: users see "cannot connect to the server" at once."""

    def __post_init__(self) -> None:
        Fault.__post_init__(self)
        if self.service == "dns":
            message = "the name server cannot refuse connections; use DnsRefused()"
            raise UsageError(message)


@dataclass(frozen=True, slots=True)
class Withhold(Fault):
    """A capability is not offered: users' programs do without, or give up."""

    capability: str


@dataclass(frozen=True, slots=True)
class BadCertificate(Fault):
    """A certificate that does not hold: users see a security warning."""

    kind: str

    def __post_init__(self) -> None:
        Fault.__post_init__(self)
        if self.kind not in CERTIFICATE_KINDS:
            known = ", ".join(CERTIFICATE_KINDS)
            message = f"certificate fault {self.kind!r} is not one of {known}"
            raise UsageError(message)


# --- what becomes of accepted mail: `domain` is the recipient's, `service` is ignored


@dataclass(frozen=True, slots=True)
class Lose(Fault):
    """Accepted and thrown away: senders see success, nobody sees the mail."""


@dataclass(frozen=True, slots=True)
class Delay(Fault):
    """
    Accepted and delivered later: mail "on its way" for hours or days.

    Delivered *seconds* later; None holds it until this fault is withdrawn.
    """

    seconds: float | None = None


@dataclass(frozen=True, slots=True)
class Hold(Fault):
    """
    Accepted, kept aside, and stored days later, whatever is wrong by then.

    What came first comes out first: mail accepted at *since* is stored at *first*,
    mail accepted at *until* at *last*, and between them in proportion. All four are
    times of day with their zone.
    """

    since: dt.datetime
    until: dt.datetime
    first: dt.datetime
    last: dt.datetime

    def release(self, accepted: dt.datetime) -> dt.datetime:
        """Return when a mail is stored that was accepted at this time."""
        share = (accepted - self.since) / max(self.until - self.since, _INSTANT)
        return self.first + (self.last - self.first) * min(max(share, 0.0), 1.0)


@dataclass(frozen=True, slots=True)
class Duplicate(Fault):
    """Delivered more than once: users see the same mail *copies* times."""

    copies: int = 2


@dataclass(frozen=True, slots=True)
class Junk(Fault):
    """Delivered to the Junk folder: users say it never came."""


@dataclass(frozen=True, slots=True)
class Bounce(Fault):
    """
    Accepted, then returned: senders get "Undelivered Mail" with *text*.

    Where no MX answers, it is the sender's queue that gives up, at once. Else it
    takes *after* seconds, be this fault withdrawn by then or not.
    """

    text: str = "550 5.2.0 the mailbox is not available"
    after: float = 0.0


@dataclass(frozen=True, slots=True)
class Full(Fault):
    """No room in the mailbox: mail is accepted, then returned; the quota says why."""


# --- the name server ------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Servfail(Fault):
    """
    Lookups fail: users see "server not found" now and then.

    Strikes *name* and all below it; None means every name. *ede* is an extended
    error code (RFC 8914).
    """

    name: str | None = None
    ede: int | None = None


@dataclass(frozen=True, slots=True)
class NxDomain(Fault):
    """The name is gone, and all below it: users see "server not found"."""

    name: str


@dataclass(frozen=True, slots=True)
class NoData(Fault):
    """The name has no records (of *type*, if given): "server not found"."""

    name: str
    type: str | None = None


@dataclass(frozen=True, slots=True)
class DnsStall(Fault):
    """The name server does not answer (for *name* and below): long waits."""

    name: str | None = None


@dataclass(frozen=True, slots=True)
class DnsRefused(Fault):
    """The name server answers REFUSED (for *name* and below)."""

    name: str | None = None


@dataclass(frozen=True, slots=True)
class Records(Fault):
    """
    Other records than usual: users are led astray, or nowhere.

    Replaces the record set of *name* and *type* by *values*, written as in a
    zone file: ``Records("libero.test", "MX", ["0 ."])``.
    """

    name: str
    type: str
    values: tuple[str, ...]

    def __post_init__(self) -> None:
        Fault.__post_init__(self)
        object.__setattr__(self, "values", tuple(self.values))
