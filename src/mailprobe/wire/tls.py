"""TLS policies and what a handshake showed."""

from __future__ import annotations

import ssl
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from mailprobe.model.errors import ConfigError
from mailprobe.model.report import Certificate, TlsFacts

if TYPE_CHECKING:
    from datetime import datetime

    from mailprobe.mail.chain import Roots
    from mailprobe.model.failure import Kind

CHAIN_MAX: Final = 10  # certificates read of a chain; real ones have two to four
_ENCODING_DER: Final = 2  # _ssl.ENCODING_DER


class Trust:
    """
    The two policies of a prober, each built once and only if it is needed.

    Building a context with the system's roots takes 30 to 50 ms.
    """

    def __init__(self, ca_file: str | Path | None = None) -> None:
        """
        Trust the roots in *ca_file*, or those of the system.

        Raises:
            ConfigError: If the file cannot be read or holds no certificate.
        """
        self._ca_file = Path(ca_file) if ca_file is not None else None
        if self._ca_file is not None:
            _ = self.verifying

    @cached_property
    def verifying(self) -> ssl.SSLContext:
        """
        Checks name, dates and chain: for every connection that matters.

        TLS 1.2 or newer (RFC 8996): some distributions ship a Python that leaves
        the floor to OpenSSL's configuration, and that may have none.
        """
        context = self._rooted()
        context.minimum_version = ssl.TLSVersion.TLSv1_2
        return context

    def _rooted(self) -> ssl.SSLContext:
        path = self._ca_file
        if path is None:
            return ssl.create_default_context()
        try:
            # Comments may be in any language; the certificates are ASCII. Never
            # empty: without a root of ours Python would take the system's.
            pem = path.read_bytes().decode("ascii", "ignore").strip() or "-"
            return ssl.create_default_context(cadata=pem)
        except (ssl.SSLError, ValueError):
            message = f"CA file {path} holds no PEM certificate"
            raise ConfigError(message) from None
        except OSError as error:
            message = f"CA file {path} cannot be read: {error.strerror}"
            raise ConfigError(message) from None

    @cached_property
    def roots(self) -> Roots:
        """The roots of `verifying`, to say what is wrong with a refused chain."""
        from mailprobe.mail.chain import Roots  # noqa: PLC0415 - only if one was

        return Roots(self.verifying.get_ca_certs(binary_form=True))

    @cached_property
    def reading(self) -> ssl.SSLContext:
        """
        Checks nothing: only to read a certificate, where no secret is sent.

        It also agrees to what is too old or too weak for anything else, so that
        "weak TLS" can be told from "no TLS".
        """
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
        context.check_hostname = False
        context.verify_mode = ssl.CERT_NONE
        context.minimum_version = ssl.TLSVersion.MINIMUM_SUPPORTED
        # A server that lost its key offers TLS without a certificate, which is none.
        context.set_ciphers("ALL:!aNULL:@SECLEVEL=0")
        return context


def tls_facts(tls: ssl.SSLObject, trust: Trust, name: str, at: datetime) -> TlsFacts:
    """
    Return what a finished handshake showed.

    Args:
        tls: The connection.
        trust: Whose roots a certificate that was not verified is held against.
        name: The host that was dialled.
        at: When.
    """
    from mailprobe.mail.certificate import days_left, read_certificate  # noqa: PLC0415

    leaf = tls.getpeercert(binary_form=True)
    certificate = read_certificate(leaf) if leaf else None
    cipher = tls.cipher()
    sent = _chain(tls)
    chain: tuple[Certificate | None, ...] = tuple(map(read_certificate, sent))
    verified = tls.context.verify_mode is ssl.CERT_REQUIRED
    wrong: tuple[Kind, ...] = ()
    if sent and not verified:
        from mailprobe.mail.chain import complaints  # noqa: PLC0415 - only if refused

        wrong = complaints(sent, name, trust.roots, at)
    return TlsFacts(
        version=tls.version(),
        cipher=cipher[0] if cipher else None,
        verified=verified,
        certificate=certificate,
        chain=tuple(one for one in chain if one is not None),
        days_left=days_left(certificate, at) if certificate else None,
        complaints=wrong,
    )


def _chain(tls: ssl.SSLObject) -> list[bytes]:
    # Public from Python 3.13; before, the same method sits on a private object
    # and gives objects instead of bytes.
    public = hasattr(tls, "get_unverified_chain")
    source: Any = tls if public else getattr(tls, "_sslobj", None)
    try:
        sent = list(source.get_unverified_chain() or ())[:CHAIN_MAX]
        return sent if public else [one.public_bytes(_ENCODING_DER) for one in sent]
    except (AttributeError, TypeError, ValueError):
        return []
