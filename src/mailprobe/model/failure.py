"""What can go wrong, as data: a closed list of kinds, always with its phase."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


class Phase(StrEnum):
    """The operations that are timed, in the order a conversation meets them."""

    DNS = "dns"
    TCP = "tcp"
    TLS = "tls"
    GREETING = "greeting"
    EHLO = "ehlo"
    STARTTLS = "starttls"
    AUTH = "auth"
    MAIL = "mail"
    RCPT = "rcpt"
    DATA = "data"
    ACCEPT = "accept"
    QUIT = "quit"
    CAPABILITY = "capability"
    ID = "id"
    LOGIN = "login"
    SELECT = "select"
    LIST = "list"
    QUOTA = "quota"
    SEARCH = "search"
    FETCH = "fetch"
    STORE = "store"
    LOGOUT = "logout"
    TRANSIT = "transit"


class Kind(StrEnum):
    """
    Every failure mailprobe can name; ``mailprobe explain KIND`` says more.

    The list is closed: a report never carries a kind that is not in it.
    """

    DNS_NXDOMAIN = "dns_nxdomain"
    DNS_NO_DATA = "dns_no_data"
    DNS_SERVFAIL = "dns_servfail"
    DNS_BOGUS = "dns_bogus"
    DNS_REFUSED = "dns_refused"
    DNS_TIMEOUT = "dns_timeout"
    DNS_MALFORMED = "dns_malformed"
    MX_NULL = "mx_null"
    MX_UNUSABLE = "mx_unusable"
    TCP_REFUSED = "tcp_refused"
    TCP_TIMEOUT = "tcp_timeout"
    TCP_RESET = "tcp_reset"
    TCP_UNREACHABLE = "tcp_unreachable"
    TLS_EXPIRED = "tls_expired"
    TLS_NOT_YET_VALID = "tls_not_yet_valid"
    TLS_WRONG_HOST = "tls_wrong_host"
    TLS_SELF_SIGNED = "tls_self_signed"
    TLS_UNTRUSTED = "tls_untrusted"
    TLS_INCOMPLETE = "tls_incomplete"
    TLS_WEAK = "tls_weak"
    TLS_HANDSHAKE = "tls_handshake"
    TLS_TIMEOUT = "tls_timeout"
    SECURITY_MISMATCH = "security_mismatch"
    STARTTLS_NOT_OFFERED = "starttls_not_offered"
    STARTTLS_INJECTION = "starttls_injection"
    GREETING_TIMEOUT = "greeting_timeout"
    SMTP_TEMPORARY = "smtp_temporary"
    SMTP_PERMANENT = "smtp_permanent"
    SMTP_PROTOCOL = "smtp_protocol"
    AUTH_REFUSED = "auth_refused"
    AUTH_UNAVAILABLE = "auth_unavailable"
    AUTH_NOT_OFFERED = "auth_not_offered"
    CREDENTIAL_MISSING = "credential_missing"
    TARGET_UNUSABLE = "target_unusable"
    IMAP_BYE = "imap_bye"
    IMAP_NO = "imap_no"
    IMAP_BAD = "imap_bad"
    IMAP_PROTOCOL = "imap_protocol"
    PEER_CLOSED = "peer_closed"
    REPLY_TIMEOUT = "reply_timeout"
    TIMED_OUT = "timed_out"
    SUBMISSION_UNCONFIRMED = "submission_unconfirmed"
    CANARY_MISSING = "canary_missing"
    BUG = "bug"
    UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True)
class Reply:
    """
    What a server answered, kept verbatim but bounded and free of secrets.

    Attributes:
        code: The SMTP reply code (550), or the IMAP condition ("NO", "BYE").
        enhanced: The RFC 3463 code ("5.7.1"), or the IMAP response code
            ("UNAVAILABLE", RFC 5530); None if the server gave none.
        text: The text, lines joined by a newline.
    """

    code: int | str
    enhanced: str | None
    text: str

    def __str__(self) -> str:
        """Give the reply on one line, as a person would quote it."""
        mark = self.enhanced
        if mark is not None and isinstance(self.code, str):
            mark = f"[{mark}]"
        parts = (str(self.code), mark, " ".join(self.text.split()))
        return " ".join(part for part in parts if part)


@dataclass(frozen=True, slots=True, kw_only=True)
class Failure:
    """
    Why a step failed.

    Attributes:
        kind: What went wrong.
        phase: The operation during which it was noticed.
        reply: What the server said, if it said anything.
        detail: What our side saw (an operating system error, a certificate
            complaint, the time waited); bounded, never a secret.
    """

    kind: Kind
    phase: Phase
    reply: Reply | None = None
    detail: str = ""

    def __str__(self) -> str:
        said = f": {self.reply}" if self.reply else ""
        seen = f" ({self.detail})" if self.detail else ""
        return f"{self.kind} at {self.phase}{said}{seen}"
