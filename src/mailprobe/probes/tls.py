"""TLS: the certificate and handshake of one service, as served."""

from __future__ import annotations

from contextlib import suppress
from typing import TYPE_CHECKING, Final

from mailprobe.model.report import TlsReport
from mailprobe.model.target import Endpoint
from mailprobe.probes import imap, smtp
from mailprobe.wire.trouble import Ended

if TYPE_CHECKING:
    from collections.abc import Callable

    from mailprobe.model.report import Step
    from mailprobe.model.target import TlsTarget
    from mailprobe.probes.vantage import Vantage

IMAP_PORTS: Final = frozenset({143, 993})  # RFC 9051 2.1, RFC 8314 3.2


async def probe_tls(
    vantage: Vantage,
    target: TlsTarget,
    timeout: float,
    on_step: Callable[[Step], None] | None = None,
) -> TlsReport:
    """Come as far as the handshake; the protocol follows the port, else it is SMTP."""
    recorder = vantage.recorder(timeout, on_step)
    endpoint = Endpoint(target.host, target.port, target.security)
    if target.port in IMAP_PORTS:
        seen = imap.ImapNotes()
        try:
            with suppress(Ended):
                await imap.open_imap(vantage, recorder, endpoint, seen)
            await imap.leave(vantage, recorder, seen)
            await imap.read_refused_certificate(vantage, recorder, endpoint, seen)
        finally:
            imap.close(seen)
        address, facts = seen.address, seen.tls
    else:
        notes = smtp.SmtpNotes()
        try:
            with suppress(Ended):
                await smtp.open_smtp(vantage, recorder, endpoint, notes)
            await smtp.leave(vantage, recorder, notes)
            await smtp.read_refused_certificate(vantage, recorder, endpoint, notes)
        finally:
            smtp.close(notes)
        address, facts = notes.address, notes.tls
    common = vantage.common(recorder)
    return TlsReport(**common, target=target, address=address, tls=facts)
