"""Exceptions of the wire, turned into failures beside the call they belong to."""

from __future__ import annotations

import errno
import os
import ssl
from typing import TYPE_CHECKING, Final

from mailprobe.mail.imap_stream import StreamError
from mailprobe.model.failure import Failure, Kind, Phase

if TYPE_CHECKING:
    from mailprobe.model.failure import Reply


class Trouble(Exception):  # noqa: N818 - it is a fact about the peer, no error of ours
    """A step that failed in a way we can name; raised by the adapters."""

    def __init__(
        self, kind: Kind, *, reply: Reply | None = None, detail: str = ""
    ) -> None:
        """Name what went wrong, with what the server said, if it said anything."""
        super().__init__(kind)
        self.kind = kind
        self.reply = reply
        self.detail = detail


class Ended(Exception):  # noqa: N818 - the conversation is over, which is no error
    """A step failed and was recorded: the conversation is over."""

    def __init__(self, failure: Failure) -> None:
        """Carry the failure that ended it."""
        super().__init__(str(failure.kind))
        self.failure = failure


# OpenSSL's X509_V_ERR_* numbers (x509_vfy.h), by what a person would call them.
_CERTIFICATE: Final = {
    9: Kind.TLS_NOT_YET_VALID,
    10: Kind.TLS_EXPIRED,
    18: Kind.TLS_SELF_SIGNED,
    62: Kind.TLS_WRONG_HOST,
    63: Kind.TLS_WRONG_HOST,
    64: Kind.TLS_WRONG_HOST,
    66: Kind.TLS_WEAK,  # the key of the certificate, of a CA, a CA's signature
    67: Kind.TLS_WEAK,
    68: Kind.TLS_WEAK,
}
# After these a second handshake tells more: with which certificate, how weak.
TELLING: Final = frozenset(
    {*_CERTIFICATE.values(), Kind.TLS_UNTRUSTED, Kind.TLS_HANDSHAKE}
)
_UNREACHABLE: Final = frozenset(
    {
        errno.ENETUNREACH,
        errno.EHOSTUNREACH,
        errno.EADDRNOTAVAIL,
        errno.EAFNOSUPPORT,
        errno.EPERM,  # a local packet filter
        errno.EACCES,
    }
)
# What OpenSSL calls an answer that is no TLS record at all.
_NOT_TLS: Final = ("WRONG_VERSION_NUMBER", "HTTP_REQUEST", "PACKET_LENGTH_TOO_LONG")
_TIMEOUTS: Final = {
    Phase.DNS: Kind.DNS_TIMEOUT,
    Phase.TCP: Kind.TCP_TIMEOUT,
    Phase.TLS: Kind.TLS_TIMEOUT,
    Phase.GREETING: Kind.GREETING_TIMEOUT,
    Phase.ACCEPT: Kind.SUBMISSION_UNCONFIRMED,
}


def timeout_kind(phase: Phase) -> Kind:
    """Name the failure of a phase that used up its own budget."""
    return _TIMEOUTS.get(phase, Kind.REPLY_TIMEOUT)


def failure_of(error: Exception, phase: Phase) -> Failure | None:
    """Turn an exception of the wire into a failure; None if it is not one."""
    if isinstance(error, Trouble):
        return Failure(
            kind=error.kind, phase=phase, reply=error.reply, detail=error.detail
        )
    if isinstance(error, StreamError):
        return Failure(kind=Kind.IMAP_PROTOCOL, phase=phase, detail=str(error))
    kind = _kind(error, phase)
    if kind is None:
        return None
    return Failure(kind=kind, phase=phase, detail=_detail(error))


TLS_IN_CLEAR: Final = "a TLS record in place of a greeting"


def tls_record(data: bytes) -> bool:
    """Whether bytes begin like a TLS alert or handshake (RFC 8446 5.1)."""
    return data[:2] in {b"\x15\x03", b"\x16\x03"}


def no_tls(error: ssl.SSLError) -> bool:
    """Whether the other side's bytes were no TLS at all."""
    return any(name in str(error) for name in _NOT_TLS)


def _kind(  # noqa: PLR0911 - a table in words
    error: Exception, phase: Phase
) -> Kind | None:
    match error:
        case ssl.SSLCertVerificationError():
            return _CERTIFICATE.get(error.verify_code, Kind.TLS_UNTRUSTED)
        case ssl.SSLError():
            return Kind.SECURITY_MISMATCH if no_tls(error) else Kind.TLS_HANDSHAKE
        case ConnectionRefusedError():
            return Kind.TCP_REFUSED
        case ConnectionResetError() | BrokenPipeError() | ConnectionAbortedError():
            # asyncio says "reset" for a clean close in mid-handshake as well.
            return Kind.TLS_HANDSHAKE if phase is Phase.TLS else Kind.TCP_RESET
        case TimeoutError():  # the kernel's own, ETIMEDOUT
            return timeout_kind(phase)
        case OSError() if error.errno in _UNREACHABLE:
            return Kind.TCP_UNREACHABLE
        case OSError():
            return Kind.UNKNOWN
        case _:
            return None


def _detail(error: Exception) -> str:
    if isinstance(error, ssl.SSLCertVerificationError):
        return error.verify_message
    if isinstance(error, ssl.SSLError):
        # Only OpenSSL's own errors have a reason, not those that Python adds.
        reason = getattr(error, "reason", None) or str(error) or type(error).__name__
        return str(reason).replace("_", " ").lower()
    if isinstance(error, OSError) and error.errno and error.errno > 0:
        return os.strerror(error.errno)  # asyncio's own words quote a Python tuple
    if isinstance(error, OSError) and error.strerror:
        return error.strerror
    return str(error) or type(error).__name__
