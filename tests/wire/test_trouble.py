"""Exceptions of the wire, turned into failures."""

from __future__ import annotations

import errno
import os
import socket
import ssl

import pytest

from mailprobe.mail.imap_stream import StreamError
from mailprobe.model.failure import Failure, Kind, Phase, Reply
from mailprobe.wire.trouble import Ended, Trouble, failure_of, timeout_kind


def refused_certificate(code: int) -> ssl.SSLCertVerificationError:
    """Return what OpenSSL's verification raises."""
    error = ssl.SSLCertVerificationError(1, "certificate verify failed")
    error.verify_code = code
    error.verify_message = "because"
    return error


def tls_error(reason: str) -> ssl.SSLError:
    """Return what a handshake raises."""
    return ssl.SSLError(1, f"[SSL: {reason}] {reason.lower()} (_ssl.c:1000)")


@pytest.mark.parametrize(
    ("error", "phase", "kind"),
    [
        (ConnectionRefusedError(), Phase.TCP, Kind.TCP_REFUSED),
        (ConnectionResetError(), Phase.TCP, Kind.TCP_RESET),
        (ConnectionResetError(), Phase.MAIL, Kind.TCP_RESET),
        (ConnectionResetError(), Phase.TLS, Kind.TLS_HANDSHAKE),
        (BrokenPipeError(), Phase.MAIL, Kind.TCP_RESET),
        (ConnectionAbortedError(), Phase.MAIL, Kind.TCP_RESET),
        (TimeoutError(), Phase.TCP, Kind.TCP_TIMEOUT),
        (TimeoutError(), Phase.GREETING, Kind.GREETING_TIMEOUT),
        (TimeoutError(), Phase.MAIL, Kind.REPLY_TIMEOUT),
        (OSError(errno.ETIMEDOUT, "x"), Phase.TCP, Kind.TCP_TIMEOUT),
        (OSError(errno.ENETUNREACH, "x"), Phase.TCP, Kind.TCP_UNREACHABLE),
        (OSError(errno.EHOSTUNREACH, "x"), Phase.TCP, Kind.TCP_UNREACHABLE),
        (OSError(errno.EAFNOSUPPORT, "x"), Phase.TCP, Kind.TCP_UNREACHABLE),
        (OSError(errno.EADDRNOTAVAIL, "x"), Phase.TCP, Kind.TCP_UNREACHABLE),
        (PermissionError(errno.EPERM, "x"), Phase.TCP, Kind.TCP_UNREACHABLE),
        (PermissionError(errno.EACCES, "x"), Phase.TCP, Kind.TCP_UNREACHABLE),
        (OSError(errno.EMFILE, "x"), Phase.TCP, Kind.UNKNOWN),
        (OSError("odd"), Phase.TCP, Kind.UNKNOWN),
        (refused_certificate(9), Phase.TLS, Kind.TLS_NOT_YET_VALID),
        (refused_certificate(10), Phase.TLS, Kind.TLS_EXPIRED),
        (refused_certificate(18), Phase.TLS, Kind.TLS_SELF_SIGNED),
        (refused_certificate(19), Phase.TLS, Kind.TLS_UNTRUSTED),
        (refused_certificate(20), Phase.TLS, Kind.TLS_UNTRUSTED),
        (refused_certificate(62), Phase.TLS, Kind.TLS_WRONG_HOST),
        (refused_certificate(64), Phase.TLS, Kind.TLS_WRONG_HOST),
        (refused_certificate(999), Phase.TLS, Kind.TLS_UNTRUSTED),
        (tls_error("WRONG_VERSION_NUMBER"), Phase.TLS, Kind.SECURITY_MISMATCH),
        (tls_error("HTTP_REQUEST"), Phase.TLS, Kind.SECURITY_MISMATCH),
        (tls_error("PACKET_LENGTH_TOO_LONG"), Phase.TLS, Kind.SECURITY_MISMATCH),
        (tls_error("NO_PROTOCOLS_AVAILABLE"), Phase.TLS, Kind.TLS_HANDSHAKE),
        (ssl.SSLEOFError(8, "EOF"), Phase.TLS, Kind.TLS_HANDSHAKE),
        (StreamError("too long"), Phase.SELECT, Kind.IMAP_PROTOCOL),
        (Trouble(Kind.PEER_CLOSED, detail="x"), Phase.MAIL, Kind.PEER_CLOSED),
    ],
    ids=lambda value: type(value).__name__ if isinstance(value, Exception) else value,
)
def test_every_exception_of_the_wire_has_a_kind(
    error: Exception, phase: Phase, kind: Kind
) -> None:
    """By its type, its number and the phase it came in."""
    found = failure_of(error, phase)
    assert found is not None
    assert (found.kind, found.phase) == (kind, phase)
    assert found.detail


@pytest.mark.parametrize(
    "error",
    [ValueError("x"), RuntimeError("x"), KeyError("x"), AssertionError("x")],
)
def test_other_exceptions_are_faults_of_our_own(error: Exception) -> None:
    """They are not blamed on the server."""
    assert failure_of(error, Phase.MAIL) is None


def test_a_trouble_keeps_what_was_said() -> None:
    """Reply and detail come through as they are."""
    reply = Reply(550, None, "no")
    trouble = Trouble(Kind.SMTP_PERMANENT, reply=reply, detail="d")
    assert failure_of(trouble, Phase.RCPT) == Failure(
        kind=Kind.SMTP_PERMANENT, phase=Phase.RCPT, reply=reply, detail="d"
    )


@pytest.mark.parametrize(
    ("error", "detail"),
    [
        (ConnectionRefusedError(111, "Connection refused"), "Connection refused"),
        (ConnectionRefusedError(), "ConnectionRefusedError"),
        (
            ConnectionRefusedError(111, "Connect call failed ('192.0.2.1', 25)"),
            "Connection refused",
        ),
        (socket.gaierror(-2, "Name unknown"), "Name unknown"),
        (OSError("odd"), "odd"),
        (refused_certificate(10), "because"),
        (
            OSError(errno.EHOSTUNREACH, os.strerror(errno.EHOSTUNREACH)),
            "No route to host",
        ),
    ],
)
def test_the_detail_is_what_a_person_can_use(error: Exception, detail: str) -> None:
    """The operating system's words, without numbers and addresses."""
    found = failure_of(error, Phase.TCP)
    assert found is not None
    assert found.detail == detail


def test_exceptions_say_their_kind_and_nothing_else() -> None:
    """Their text and repr hold no word of a server and no secret."""
    reply = Reply(535, None, "hunter2")
    trouble = Trouble(Kind.AUTH_REFUSED, reply=reply, detail="hunter2")
    failure = failure_of(trouble, Phase.AUTH)
    assert failure is not None
    for error in (trouble, Ended(failure)):
        assert "hunter2" not in str(error) + repr(error)
        assert "auth_refused" in str(error)


@pytest.mark.parametrize("phase", Phase)
def test_every_phase_has_a_kind_of_timeout(phase: Phase) -> None:
    """Running out of its own budget always has a name; after the mail it is open."""
    kind = timeout_kind(phase)
    assert kind.value.endswith("_timeout") or kind is Kind.SUBMISSION_UNCONFIRMED
    assert (kind is Kind.SUBMISSION_UNCONFIRMED) is (phase is Phase.ACCEPT)
