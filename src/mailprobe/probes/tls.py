"""TLS: the certificate and handshake of one service, as served."""

from __future__ import annotations

import asyncio
from contextlib import suppress
from typing import TYPE_CHECKING, Final, cast

from mailprobe.model.failure import Phase
from mailprobe.model.report import TlsReport
from mailprobe.model.target import Endpoint, Security
from mailprobe.probes import imap, smtp
from mailprobe.probes.reach import dial, peer, reach
from mailprobe.wire.dial import attach
from mailprobe.wire.tls import tls_facts
from mailprobe.wire.trouble import TELLING, Ended

if TYPE_CHECKING:
    import ssl
    from collections.abc import Callable

    from mailprobe.model.report import Step, TlsFacts
    from mailprobe.model.target import TlsTarget
    from mailprobe.probes.vantage import Vantage
    from mailprobe.wire.recorder import Recorder

IMAP_PORT: Final = 143  # RFC 9051 2.1: the one with STARTTLS


async def probe_tls(
    vantage: Vantage,
    target: TlsTarget,
    timeout: float,
    on_step: Callable[[Step], None] | None = None,
) -> TlsReport:
    """
    Come as far as the handshake.

    TLS from the first byte needs no mail protocol at all; for STARTTLS, port
    143 is taken for IMAP and any other for SMTP.
    """
    recorder = vantage.recorder(timeout, on_step)
    endpoint = Endpoint(target.host, target.port, target.security)
    if endpoint.security is Security.TLS:
        address, facts = await from_first_byte(vantage, recorder, endpoint)
    elif target.port == IMAP_PORT:
        address, facts = await by_imap(vantage, recorder, endpoint)
    else:
        address, facts = await by_smtp(vantage, recorder, endpoint)
    common = vantage.common(recorder)
    return TlsReport(**common, target=target, address=address, tls=facts)


async def from_first_byte(
    vantage: Vantage, recorder: Recorder, endpoint: Endpoint
) -> tuple[str | None, TlsFacts | None]:
    """Shake hands at once; after a refused certificate, read it once more."""
    address: str | None = None
    try:
        sock, address = await reach(vantage, recorder, endpoint.host, endpoint.port)
        at = peer(endpoint.host, endpoint.port)
        async with recorder.step(Phase.TLS, at, vantage.limits.tls) as step:
            verifying = vantage.trust.verifying
            bare = await attach(sock, _Bare(), verifying, endpoint.host)
            step.saw(bare.seen)
        return address, bare.facts(vantage)
    except Ended as ended:
        if address is None or ended.failure.kind not in TELLING:
            return address, None
    second = vantage.recorder(min(recorder.remaining(), vantage.limits.tls))
    with suppress(Ended):
        sock = await dial(vantage, second, address, endpoint.port)
        async with second.step(Phase.TLS, address, vantage.limits.tls):
            bare = await attach(sock, _Bare(), vantage.trust.reading, endpoint.host)
        return address, bare.facts(vantage)
    return address, None


async def by_imap(
    vantage: Vantage, recorder: Recorder, endpoint: Endpoint
) -> tuple[str | None, TlsFacts | None]:
    """Ask for TLS in IMAP."""
    notes = imap.ImapNotes()
    try:
        with suppress(Ended):
            await imap.open_imap(vantage, recorder, endpoint, notes)
        await imap.leave(vantage, recorder, notes)
        await imap.read_refused_certificate(vantage, recorder, endpoint, notes)
    finally:
        imap.close(notes)
    return notes.address, notes.tls


async def by_smtp(
    vantage: Vantage, recorder: Recorder, endpoint: Endpoint
) -> tuple[str | None, TlsFacts | None]:
    """Ask for TLS in SMTP."""
    notes = smtp.SmtpNotes()
    try:
        with suppress(Ended):
            await smtp.open_smtp(vantage, recorder, endpoint, notes)
        await smtp.leave(vantage, recorder, notes)
        await smtp.read_refused_certificate(vantage, recorder, endpoint, notes)
    finally:
        smtp.close(notes)
    return notes.address, notes.tls


class _Bare(asyncio.Protocol):
    """Nothing but a handshake: what the service says is not listened to."""

    def __init__(self) -> None:
        self._transport: asyncio.BaseTransport | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = transport

    @property
    def tls(self) -> ssl.SSLObject | None:
        """The TLS connection."""
        transport = self._transport
        return transport.get_extra_info("ssl_object") if transport else None

    @property
    def seen(self) -> str:
        """Version and cipher."""
        tls = self.tls
        return f"{tls.version()} {(tls.cipher() or ('',))[0]}" if tls else ""

    def facts(self, vantage: Vantage) -> TlsFacts | None:
        """Read what the handshake showed, and close at once."""
        tls = self.tls
        found = tls_facts(tls, vantage.clock.now()) if tls else None
        if self._transport is not None:
            cast("asyncio.Transport", self._transport).abort()
        return found
