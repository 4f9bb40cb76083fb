"""TLS: the certificate and handshake of one service, as served."""

from __future__ import annotations

from contextlib import suppress
from typing import TYPE_CHECKING, Final

from mailprobe.model.failure import Phase
from mailprobe.model.report import TlsReport
from mailprobe.model.target import Endpoint, Security
from mailprobe.probes import imap, smtp
from mailprobe.probes.control import ask_control
from mailprobe.probes.reach import dial, peer, reach
from mailprobe.probes.second_look import settle
from mailprobe.wire.dial import attach
from mailprobe.wire.handshake import Handshake
from mailprobe.wire.tls import tls_facts
from mailprobe.wire.trouble import TELLING, Ended

if TYPE_CHECKING:
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
    control = await ask_control(vantage, recorder, endpoint.port)
    return TlsReport(
        **vantage.common(recorder),
        target=target,
        address=address,
        tls=facts,
        control=control,
    )


async def from_first_byte(
    vantage: Vantage, recorder: Recorder, endpoint: Endpoint
) -> tuple[str | None, TlsFacts | None]:
    """Shake hands at once; after a refused certificate, read it once more."""
    address: str | None = None
    try:
        sock, address = await reach(vantage, recorder, endpoint.host, endpoint.port)
        at = peer(endpoint.host, endpoint.port)
        with recorder.step(Phase.TLS, at, vantage.limits.tls) as step:
            verifying = vantage.trust.verifying
            hand = await attach(sock, Handshake(), verifying, endpoint.host)
            step.saw(_seen(hand))
        return address, _facts(vantage, endpoint.host, hand)
    except Ended as ended:
        if address is None or ended.failure.kind not in TELLING:
            return address, None
    second = vantage.recorder(min(recorder.remaining(), vantage.limits.tls))
    with suppress(Ended):
        sock = await dial(vantage, second, address, endpoint.port)
        with second.step(Phase.TLS, address, vantage.limits.tls):
            hand = await attach(sock, Handshake(), vantage.trust.reading, endpoint.host)
        facts = _facts(vantage, endpoint.host, hand)
        settle(recorder, facts)
        return address, facts
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


def _seen(hand: Handshake) -> str:
    tls = hand.ssl_object
    return f"{tls.version()} {(tls.cipher() or ('',))[0]}" if tls else ""


def _facts(vantage: Vantage, name: str, hand: Handshake) -> TlsFacts | None:
    """Read what the handshake showed, and close at once."""
    tls = hand.ssl_object
    now = vantage.clock.now()
    found = tls_facts(tls, vantage.trust, name, now) if tls else None
    hand.close()
    return found
