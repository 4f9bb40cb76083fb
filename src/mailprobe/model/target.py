"""What is to be probed: hosts, mailboxes and the targets made of them."""

from __future__ import annotations

import re
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from enum import StrEnum
from typing import TYPE_CHECKING, Any, Final, Literal, TypeAlias

from mailprobe.model.bookmark import Bookmark, Sentinel
from mailprobe.model.errors import UsageError
from mailprobe.model.secret import Secret

if TYPE_CHECKING:
    from mailprobe.model.provider import Catalogue

SecurityName: TypeAlias = Literal["tls", "starttls", "none"]
Lookup: TypeAlias = Callable[[str], tuple[str, str] | None]
Remember: TypeAlias = Callable[[tuple[Any, ...]], Awaitable[None]]  # of `model.visit`
TokenSource: TypeAlias = Callable[[], Secret | str | Awaitable[Secret | str]]

PORT_MAX: Final = 65535
_UNPRINTABLE: Final = re.compile(r"[\s\x00-\x1f\x7f]")


class Security(StrEnum):
    """How a connection is protected."""

    TLS = "tls"  # from the first byte: ports 465 and 993 (RFC 8314)
    STARTTLS = "starttls"  # upgraded by command: ports 25, 143 and 587
    NONE = "none"  # never; no password is ever sent over it


def _security(value: str) -> Security:
    try:
        return Security(value)
    except ValueError:
        names = ", ".join(Security)
        message = f"security {value!r} is not known; write one of {names}"
        raise UsageError(message) from None


def _port(value: int) -> int:
    if type(value) is not int or not 1 <= value <= PORT_MAX:
        message = f"port {value!r} is out of range; write a number from 1 to {PORT_MAX}"
        raise UsageError(message)
    return value


def _host(value: str) -> str:
    if not value or _UNPRINTABLE.search(value):
        message = f"host {value!r} is not a host name or an address"
        raise UsageError(message)
    return value


@dataclass(frozen=True, slots=True)
class Endpoint:
    """
    One service on one host.

    Raises:
        UsageError: If the port or the security mode cannot be meant.
    """

    host: str
    port: int
    security: SecurityName | Security = Security.TLS

    def __post_init__(self) -> None:
        _host(self.host)
        _port(self.port)
        object.__setattr__(self, "security", _security(self.security))

    def __str__(self) -> str:
        host = f"[{self.host}]" if ":" in self.host else self.host
        return f"{host}:{self.port}"


@dataclass(frozen=True, slots=True)
class Mailbox:
    """
    A canary mailbox: its address, where it is served and how to log in.

    Endpoints left out are found when the mailbox is probed: from the preset of
    its domain, else from the domain's SRV records (RFC 6186).

    Attributes:
        address: The full mail address.
        password: The password or application password.
        imap: Where it is read.
        smtp: Where it submits mail.
        token: Called for a fresh OAuth 2 access token when logging in; may be
            async. Used instead of the password when given.
        imap_user: Login name for IMAP; the address if empty.
        smtp_user: Login name for submission; the address if empty.
        auth: The SASL mechanism to insist on (``PLAIN``, ``LOGIN``,
            ``CRAM-MD5``, ``XOAUTH2``, ``OAUTHBEARER``; for IMAP also the
            ``LOGIN`` command); empty to take the best one that is offered.

    Raises:
        UsageError: If the address has no local part or no domain.
    """

    address: str
    password: Secret | None = field(default=None, kw_only=True)
    imap: Endpoint | None = field(default=None, kw_only=True)
    smtp: Endpoint | None = field(default=None, kw_only=True)
    token: TokenSource | None = field(default=None, kw_only=True, repr=False)
    imap_user: str = field(default="", kw_only=True)
    smtp_user: str = field(default="", kw_only=True)
    auth: str = field(default="", kw_only=True)

    def __post_init__(self) -> None:
        local, at, domain = self.address.rpartition("@")
        if not (local and at and domain) or _UNPRINTABLE.search(self.address):
            message = f"{self.address!r} is not a mail address; write name@domain"
            raise UsageError(message)
        if isinstance(self.password, str):
            message = "a password is given as mailprobe.Secret(...), not as a string"
            raise UsageError(message)

    @classmethod
    def at(
        cls,
        address: str,
        *,
        password: Secret | None = None,
        token: TokenSource | None = None,
        auth: str = "",
        catalogue: Catalogue | None = None,
    ) -> Mailbox:
        """
        Make a mailbox whose hosts and login names come from its provider's preset.

        A domain without a preset is no error: its endpoints stay empty and are
        looked up when the mailbox is probed.

        Args:
            address: The full mail address.
            password: The password or application password.
            token: Called for a fresh OAuth 2 access token when logging in.
            auth: The SASL mechanism to insist on.
            catalogue: Presets to look in; the built-in ones by default.
        """
        # The one arrow that points up: the contract wants presets behind this
        # name, and nobody who gives hosts by hand pays for loading them.
        from mailprobe.providers import builtin  # noqa: PLC0415

        box = cls(address, password=password, token=token, auth=auth)
        return (catalogue or builtin()).complete(box)

    @property
    def domain(self) -> str:
        """The part behind the last ``@``, as it was written."""
        return self.address.rpartition("@")[2]


@dataclass(frozen=True, slots=True)
class MxTarget:
    """
    Who takes mail for a domain.

    Attributes:
        domain: The mail domain.
        connect: Also take every address through banner and EHLO.
    """

    domain: str
    connect: bool = False


@dataclass(frozen=True, slots=True)
class SmtpTarget:
    """An SMTP service; with a mailbox, the login is tried as well."""

    host: str
    port: int = 25
    security: SecurityName | Security = Security.STARTTLS
    mailbox: Mailbox | None = None

    def __post_init__(self) -> None:
        _host(self.host)
        _port(self.port)
        object.__setattr__(self, "security", _security(self.security))


@dataclass(frozen=True, slots=True)
class ImapTarget:
    """
    An IMAP service: of a mailbox (with login), or a host by name (without).

    Attributes:
        mailbox: The mailbox to open; its ``imap`` endpoint is used unless a
            host is given here.
        host: The host, if there is no mailbox or another host is wanted.
        port: Its port.
        security: Its protection.
    """

    mailbox: Mailbox | None = None
    host: str = ""
    port: int = 993
    security: SecurityName | Security = Security.TLS

    def __post_init__(self) -> None:
        if self.mailbox is None:
            _host(self.host)
        _port(self.port)
        object.__setattr__(self, "security", _security(self.security))


@dataclass(frozen=True, slots=True)
class TlsTarget:
    """A certificate as served; for STARTTLS the protocol follows the port."""

    host: str
    port: int
    security: SecurityName | Security = Security.TLS

    def __post_init__(self) -> None:
        _host(self.host)
        _port(self.port)
        object.__setattr__(self, "security", _security(self.security))


@dataclass(frozen=True, slots=True)
class TripTarget:
    """A mail sent by one mailbox and awaited in another (or the same)."""

    sender: Mailbox
    recipient: Mailbox


@dataclass(frozen=True, slots=True)
class ProviderTarget:
    """A whole provider, by preset name or by domain."""

    name: str
    mailbox: Mailbox | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class DispatchTarget:
    """
    One canary mail to be handed over.

    Attributes:
        token: The canary's token.
        sender: Its envelope sender.
        recipient: Its envelope recipient.
        mailbox: Through whose submission service; None to go to the MX hosts of
            the recipient's domain, as a mail server outside does.
    """

    token: str
    sender: str
    recipient: str
    mailbox: Mailbox | None = None


@dataclass(frozen=True, slots=True)
class VisitTarget:
    """
    A mailbox to be visited, and what is looked for there.

    Attributes:
        mailbox: The mailbox.
        bookmark: How far it was read at the last visit; None at the first.
        expected: Tokens that are waited for. At a first visit they are looked for
            among the newest mails that are there already, too.
        patience: Seconds to wait for them.
        remove: Whether canaries and bounces of ours are removed.
        sentinels: Old mails to be looked for, or to be read for the first time.
        lookup: Tells sender and recipient of a token, None if it is not known.
            Without it, or where it does not know, the mail's own headers count.
        remember: Awaited with what was found before it is removed: whoever dies
            in between has it written down, or finds it there again.
    """

    mailbox: Mailbox
    bookmark: Bookmark | None = None
    expected: tuple[str, ...] = ()
    patience: float = 0.0
    remove: bool = True
    sentinels: tuple[Sentinel, ...] = ()
    lookup: Lookup | None = field(default=None, repr=False, compare=False)
    remember: Remember | None = field(default=None, repr=False, compare=False)


Target: TypeAlias = (
    MxTarget
    | SmtpTarget
    | ImapTarget
    | TlsTarget
    | TripTarget
    | ProviderTarget
    | DispatchTarget
    | VisitTarget
)
