"""SMTP: dial, banner, EHLO, STARTTLS, EHLO again, the login, QUIT."""

from __future__ import annotations

from contextlib import suppress
from dataclasses import dataclass
from typing import TYPE_CHECKING

from mailprobe.mail import sasl
from mailprobe.model.failure import Kind, Phase
from mailprobe.model.report import SmtpReport
from mailprobe.model.target import Endpoint, Security
from mailprobe.probes.control import ask_control
from mailprobe.probes.login import credential
from mailprobe.probes.reach import peer, reach
from mailprobe.probes.second_look import settle, wanted
from mailprobe.probes.swapped import knocking
from mailprobe.wire.dial import attach
from mailprobe.wire.smtp import SmtpProtocol, SmtpSession
from mailprobe.wire.tls import tls_facts
from mailprobe.wire.trouble import Ended, Trouble

if TYPE_CHECKING:
    import socket
    import ssl
    from collections.abc import Callable

    from mailprobe.mail.ehlo import Offer
    from mailprobe.model.failure import Reply
    from mailprobe.model.report import Step, TlsFacts
    from mailprobe.model.target import Mailbox, SmtpTarget
    from mailprobe.probes.vantage import Vantage
    from mailprobe.wire.recorder import Recorder


@dataclass
class SmtpNotes:
    """What a conversation has shown so far."""

    peer: str = ""
    address: str | None = None
    banner: Reply | None = None
    clear: Offer | None = None
    offer: Offer | None = None
    tls: TlsFacts | None = None
    mechanism: str | None = None
    authenticated: bool | None = None
    control: bool | None = None
    session: SmtpSession | None = None


async def probe_smtp(
    vantage: Vantage,
    target: SmtpTarget,
    timeout: float,
    on_step: Callable[[Step], None] | None = None,
) -> SmtpReport:
    """Hold one SMTP conversation; with a mailbox, log in as well."""
    recorder = vantage.recorder(timeout, on_step)
    endpoint = Endpoint(target.host, target.port, target.security)
    notes = SmtpNotes()
    try:
        with suppress(Ended):
            await open_smtp(vantage, recorder, endpoint, notes)
            if target.mailbox is not None:
                await log_in(vantage, recorder, notes, target.mailbox)
        await leave(vantage, recorder, notes)
        await read_refused_certificate(vantage, recorder, endpoint, notes)
        notes.control = await ask_control(vantage, recorder, endpoint.port)
    finally:
        close(notes)
    offer = notes.offer
    return SmtpReport(
        **vantage.common(recorder),
        target=target,
        address=notes.address,
        banner=notes.banner,
        ehlo_name=offer.name if offer else None,
        capabilities=offer.keywords if offer else (),
        capabilities_in_clear=notes.clear.keywords if notes.clear else (),
        size_limit=offer.size_limit if offer else None,
        auth_mechanisms=offer.auth if offer else (),
        auth_mechanism=notes.mechanism,
        authenticated=notes.authenticated,
        tls=notes.tls,
        control=notes.control,
    )


async def open_smtp(
    vantage: Vantage, recorder: Recorder, endpoint: Endpoint, notes: SmtpNotes
) -> None:
    """Come as far as the last EHLO, by the endpoint's security mode."""
    notes.peer = peer(endpoint.host, endpoint.port)
    sock, notes.address = await reach(vantage, recorder, endpoint.host, endpoint.port)
    await greet(vantage, recorder, endpoint, notes, sock, vantage.trust.verifying)


async def greet(  # noqa: PLR0913 - the conversation's cast
    vantage: Vantage,
    recorder: Recorder,
    endpoint: Endpoint,
    notes: SmtpNotes,
    sock: socket.socket,
    context: ssl.SSLContext,
) -> None:
    """Banner, EHLO and TLS on an open connection."""
    limits, at = vantage.limits, notes.peer
    protocol = SmtpProtocol(recorder)
    notes.session = session = SmtpSession(protocol)
    if endpoint.security is Security.TLS:
        with recorder.step(Phase.TLS, at, limits.tls) as step:
            await attach(sock, protocol, context, endpoint.host)
            step.saw(_handshake(session.ssl_object))
        notes.tls = _tls(vantage, endpoint, session)
        await banner(vantage, recorder, notes)
    else:
        await attach(sock, protocol)
        # Where mail servers meet, banners are held back, and TLS never comes first.
        relay = endpoint.port == vantage.mx_port
        await banner(vantage, recorder, notes, knock=None if relay else endpoint)
    name = vantage.ehlo_name or literal(sock)
    await ehlo(vantage, recorder, notes, name)
    if endpoint.security is not Security.STARTTLS:
        return
    notes.clear = notes.offer
    with recorder.step(Phase.STARTTLS, at, limits.command) as step:
        if notes.offer is None or not notes.offer.has("STARTTLS"):
            raise Trouble(Kind.STARTTLS_NOT_OFFERED)
        step.saw(await session.starttls())
    with recorder.step(Phase.TLS, at, limits.tls) as step:
        step.saw(_handshake(await session.upgrade(context, endpoint.host)))
    notes.tls = _tls(vantage, endpoint, session)
    await ehlo(vantage, recorder, notes, name)


async def banner(
    vantage: Vantage,
    recorder: Recorder,
    notes: SmtpNotes,
    *,
    optional: bool = False,
    knock: Endpoint | None = None,
) -> None:
    """Wait for the greeting; *knock* is tried for TLS if it is late."""
    budget = vantage.limits.greeting
    with recorder.step(Phase.GREETING, notes.peer, budget, optional=optional) as step:
        session = notes.session
        assert session  # noqa: S101 - for the type checker
        if knock and notes.address:
            async with knocking(vantage, notes.address, knock, session.fail):
                notes.banner = await session.greeting()
        else:
            notes.banner = await session.greeting()
        step.saw(notes.banner)


async def ehlo(
    vantage: Vantage,
    recorder: Recorder,
    notes: SmtpNotes,
    name: str,
    *,
    optional: bool = False,
) -> None:
    """Greet, and note what is offered."""
    budget = vantage.limits.command
    with recorder.step(Phase.EHLO, notes.peer, budget, optional=optional) as step:
        assert notes.session  # noqa: S101 - for the type checker
        notes.offer = await notes.session.ehlo(name)
        step.saw(", ".join(notes.offer.keywords))


async def log_in(
    vantage: Vantage, recorder: Recorder, notes: SmtpNotes, mailbox: Mailbox
) -> None:
    """Make the one attempt to log in."""
    session, offer = notes.session, notes.offer
    assert session  # noqa: S101 - for the type checker
    assert offer  # noqa: S101 - for the type checker
    with recorder.step(Phase.AUTH, notes.peer, vantage.limits.command) as step:
        token = mailbox.token is not None
        mechanism = sasl.choose(offer.auth, token=token, wanted=mailbox.auth)
        if mechanism is None:
            said = ", ".join(offer.auth) or "none"
            raise Trouble(Kind.AUTH_NOT_OFFERED, detail=f"offered: {said}")
        notes.mechanism, notes.authenticated = mechanism, False
        user = mailbox.smtp_user or mailbox.address
        step.saw(await session.auth(mechanism, user, await credential(mailbox)))
        notes.authenticated = True


async def leave(vantage: Vantage, recorder: Recorder, notes: SmtpNotes) -> None:
    """Say QUIT, if the conversation came so far and still stands."""
    session = notes.session
    if session is None or not session.usable:
        return
    with (
        suppress(Ended),
        recorder.step(
            Phase.QUIT, notes.peer, vantage.limits.farewell, optional=True
        ) as step,
    ):
        step.saw(await session.quit())


async def read_refused_certificate(
    vantage: Vantage, recorder: Recorder, endpoint: Endpoint, notes: SmtpNotes
) -> None:
    """
    After a refused certificate, read it on a second connection without secrets.

    What was wrong is known by then; this says with which certificate.
    """
    if notes.tls is not None or notes.address is None or not wanted(recorder):
        return
    recorder.remark("once more without verification, to read the certificate")
    second = vantage.recorder(min(recorder.remaining(), vantage.limits.tls))
    again = SmtpNotes(peer=notes.peer)
    try:
        with suppress(Ended, OSError):
            sock, _ = await reach(vantage, second, notes.address, endpoint.port)
            context = vantage.trust.reading
            await greet(vantage, second, endpoint, again, sock, context)
    finally:
        close(again)
    notes.tls = again.tls
    settle(recorder, notes.tls)


def close(notes: SmtpNotes) -> None:
    """Leave nothing open."""
    if notes.session is not None:
        notes.session.abort()


def literal(sock: socket.socket) -> str:
    """Name ourselves by our own address (RFC 5321 4.1.3)."""
    try:
        address = str(sock.getsockname()[0])
    except OSError:  # closed by the other side in the meantime
        address = "127.0.0.1"
    return f"[IPv6:{address}]" if ":" in address else f"[{address}]"


def _handshake(tls: ssl.SSLObject | None) -> str:
    return f"{tls.version()} {(tls.cipher() or ('',))[0]}" if tls else ""


def _tls(vantage: Vantage, endpoint: Endpoint, session: SmtpSession) -> TlsFacts | None:
    tls = session.ssl_object
    if tls is None:
        return None
    return tls_facts(tls, vantage.trust, endpoint.host, vantage.clock.now())
