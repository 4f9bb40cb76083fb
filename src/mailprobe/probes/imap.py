"""IMAP: greeting, capabilities, STARTTLS, the login, ID, EXAMINE, quota, folders."""

from __future__ import annotations

from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from mailprobe.mail import imap as read
from mailprobe.mail import sasl
from mailprobe.mail.imap_stream import StreamError
from mailprobe.model.failure import Kind, Phase
from mailprobe.model.report import Folder, ImapReport, Inbox, Quota
from mailprobe.model.target import Endpoint, Security
from mailprobe.probes.control import ask_control
from mailprobe.probes.login import credential
from mailprobe.probes.reach import peer, reach
from mailprobe.probes.second_look import settle, wanted
from mailprobe.probes.swapped import knocking
from mailprobe.wire.dial import attach
from mailprobe.wire.imap import ImapSession
from mailprobe.wire.imap_protocol import ImapProtocol
from mailprobe.wire.tls import tls_facts
from mailprobe.wire.trouble import Ended, Trouble

if TYPE_CHECKING:
    import socket
    import ssl
    from collections.abc import Callable, Iterator

    from mailprobe.mail.imap_stream import Response
    from mailprobe.model.failure import Reply
    from mailprobe.model.report import Step, TlsFacts
    from mailprobe.model.target import ImapTarget, Mailbox
    from mailprobe.probes.vantage import Vantage
    from mailprobe.wire.recorder import Recorder

COMMAND = "LOGIN"  # the command; SASL LOGIN is chosen only where it is offered
# What a conversation can go on after; a connection that is lost ends it.
REFUSALS = frozenset({Kind.IMAP_NO, Kind.IMAP_BAD})
KIB = 1024  # RFC 9208 counts storage in units of 1024 octets


@dataclass
class ImapNotes:
    """What a conversation has shown so far."""

    peer: str = ""
    address: str | None = None
    greeting: Reply | None = None
    clear: tuple[str, ...] = ()
    server_id: tuple[tuple[str, str], ...] = ()
    tls: TlsFacts | None = None
    mechanism: str | None = None
    authenticated: bool | None = None
    inbox: Inbox | None = None
    quota: Quota | None = None
    folders: list[tuple[bytes, Folder]] = field(default_factory=list)
    control: bool | None = None
    session: ImapSession | None = None


async def probe_imap(
    vantage: Vantage,
    target: ImapTarget,
    timeout: float,
    on_step: Callable[[Step], None] | None = None,
) -> ImapReport:
    """Hold one IMAP conversation; without a mailbox it stops before the login."""
    recorder = vantage.recorder(timeout, on_step)
    endpoint = endpoint_of(target)
    notes = ImapNotes()
    try:
        with suppress(Ended):
            await open_imap(vantage, recorder, endpoint, notes)
            if target.mailbox is not None:
                await log_in(vantage, recorder, notes, target.mailbox)
                await identify(vantage, recorder, notes)
                await examine_inbox(vantage, recorder, notes)
                await read_quota(vantage, recorder, notes)
                await list_folders(vantage, recorder, notes)
        await leave(vantage, recorder, notes)
        await read_refused_certificate(vantage, recorder, endpoint, notes)
        notes.control = await ask_control(vantage, recorder, endpoint.port)
    finally:
        close(notes)
    session = notes.session
    return ImapReport(
        **vantage.common(recorder),
        target=target,
        address=notes.address,
        greeting=notes.greeting,
        capabilities=session.capabilities if session else (),
        capabilities_in_clear=notes.clear,
        server_id=notes.server_id,
        auth_mechanism=notes.mechanism,
        authenticated=notes.authenticated,
        inbox=notes.inbox,
        quota=notes.quota,
        folders=tuple(folder for _, folder in notes.folders if folder.role),
        alerts=session.alerts if session else (),
        tls=notes.tls,
        control=notes.control,
    )


def endpoint_of(target: ImapTarget) -> Endpoint:
    """Return where a target is served: its own host, else its mailbox's."""
    if not target.host and target.mailbox and target.mailbox.imap:
        return target.mailbox.imap
    return Endpoint(target.host, target.port, target.security)


async def open_imap(
    vantage: Vantage, recorder: Recorder, endpoint: Endpoint, notes: ImapNotes
) -> None:
    """Come as far as the last CAPABILITY before the login."""
    notes.peer = peer(endpoint.host, endpoint.port)
    sock, notes.address = await reach(vantage, recorder, endpoint.host, endpoint.port)
    await greet(vantage, recorder, endpoint, notes, sock, vantage.trust.verifying)


async def greet(  # noqa: PLR0913 - the conversation's cast
    vantage: Vantage,
    recorder: Recorder,
    endpoint: Endpoint,
    notes: ImapNotes,
    sock: socket.socket,
    context: ssl.SSLContext,
) -> None:
    """Greeting, capabilities and TLS on an open connection."""
    limits, at = vantage.limits, notes.peer
    protocol = ImapProtocol(recorder)
    notes.session = session = ImapSession(protocol)
    if endpoint.security is Security.TLS:
        with recorder.step(Phase.TLS, at, limits.tls) as step:
            await attach(sock, protocol, context, endpoint.host)
            step.saw(_handshake(session.ssl_object))
        notes.tls = _tls(vantage, endpoint, session)
    else:
        await attach(sock, protocol)
    await welcome(vantage, recorder, endpoint, notes)
    await capability(vantage, recorder, notes)
    if endpoint.security is not Security.STARTTLS:
        return
    notes.clear = session.capabilities
    with recorder.step(Phase.STARTTLS, at, limits.command) as step:
        if session.preauth or not session.offers("STARTTLS"):
            detail = "the greeting was PREAUTH" if session.preauth else ""
            raise Trouble(Kind.STARTTLS_NOT_OFFERED, detail=detail)
        await session.starttls()
    with recorder.step(Phase.TLS, at, limits.tls) as step:
        step.saw(_handshake(await session.upgrade(context, endpoint.host)))
    notes.tls = _tls(vantage, endpoint, session)
    await capability(vantage, recorder, notes)


async def welcome(
    vantage: Vantage, recorder: Recorder, endpoint: Endpoint, notes: ImapNotes
) -> None:
    """Wait for the greeting; in clear, TLS is tried if it is late."""
    session = _session(notes)
    budget = vantage.limits.greeting
    with recorder.step(Phase.GREETING, notes.peer, budget) as step:
        if endpoint.security is Security.TLS or notes.address is None:
            notes.greeting = await session.greeting()
        else:
            async with knocking(vantage, notes.address, endpoint, session.fail):
                notes.greeting = await session.greeting()
        step.saw(notes.greeting)


async def capability(vantage: Vantage, recorder: Recorder, notes: ImapNotes) -> None:
    """Ask what the server can do, unless it has said so by itself."""
    session = _session(notes)
    if session.capabilities:
        return
    with recorder.step(Phase.CAPABILITY, notes.peer, vantage.limits.command) as step:
        step.saw(" ".join(await session.capability()))


async def identify(vantage: Vantage, recorder: Recorder, notes: ImapNotes) -> None:
    """Exchange ID where it is offered; no answer to it decides anything."""
    session = _session(notes)
    if not session.offers("ID"):
        return
    with (
        tolerated(),
        recorder.step(
            Phase.ID, notes.peer, vantage.limits.command, optional=REFUSALS
        ) as step,
    ):
        done = await session.command("ID", b'("name" "mailprobe")')
        found = (read.id_pairs(response) for response in done)
        pairs = next((pairs for pairs in found if pairs), ())
        notes.server_id = tuple((n, recorder.clean(text)) for n, text in pairs)
        step.saw(" ".join(f"{name}={value}" for name, value in notes.server_id))


async def log_in(
    vantage: Vantage, recorder: Recorder, notes: ImapNotes, mailbox: Mailbox
) -> None:
    """Make the one attempt to log in."""
    session = _session(notes)
    if session.preauth:
        return
    with recorder.step(Phase.LOGIN, notes.peer, vantage.limits.command) as step:
        token = mailbox.token is not None
        offered = [c[5:] for c in session.capabilities if c.startswith("AUTH=")]
        # The LOGIN command needs no announcement, only not to be forbidden.
        wanted = mailbox.auth.upper()
        plain = not token and not session.offers("LOGINDISABLED")
        mechanism = sasl.choose(offered, token=token, wanted=wanted)
        if mechanism is None and plain and wanted in {"", "LOGIN"}:
            mechanism = COMMAND
        if mechanism is None:
            said = ", ".join(offered) or "none"
            raise Trouble(Kind.AUTH_NOT_OFFERED, detail=f"offered: {said}")
        notes.mechanism, notes.authenticated = mechanism, False
        user = mailbox.imap_user or mailbox.address
        await session.login(mechanism, user, await credential(mailbox))
        notes.authenticated = True
        step.saw(mechanism)
    if not session.capabilities:
        await capability(vantage, recorder, notes)


async def examine_inbox(vantage: Vantage, recorder: Recorder, notes: ImapNotes) -> None:
    """Open INBOX without changing anything in it."""
    with recorder.step(Phase.SELECT, notes.peer, vantage.limits.command) as step:
        done = await _session(notes).select(b"INBOX", read_only=True)
        notes.inbox = inbox_facts(done)
        step.saw(f"messages: {notes.inbox.messages}")


async def read_quota(vantage: Vantage, recorder: Recorder, notes: ImapNotes) -> None:
    """Ask for the storage quota where it is offered."""
    session = _session(notes)
    if not any(c.startswith("QUOTA") for c in session.capabilities):
        return
    with (
        tolerated(),
        recorder.step(
            Phase.QUOTA, notes.peer, vantage.limits.command, optional=REFUSALS
        ) as step,
    ):
        done = await session.command("GETQUOTAROOT", b'"INBOX"')
        pairs = (read.storage_quota(response) for response in _readable(done))
        found = next((pair for pair in pairs if pair), None)
        if found:
            notes.quota = Quota(used=found[0] * KIB, limit=found[1] * KIB)
            step.saw(f"{found[0]} of {found[1]} KiB used")


async def list_folders(
    vantage: Vantage,
    recorder: Recorder,
    notes: ImapNotes,
    *,
    optional: bool | frozenset[Kind] = False,
) -> None:
    """List the folders, with their special uses where those are told."""
    session = _session(notes)
    with recorder.step(
        Phase.LIST, notes.peer, vantage.limits.command, optional=optional
    ) as step:
        marked = session.offers("SPECIAL-USE") and session.offers("LIST-EXTENDED")
        wanted = b'"" "*"' + (b" RETURN (SPECIAL-USE)" if marked else b"")
        done = await session.command("LIST", wanted)
        found = (read.folder(response) for response in _readable(done))
        notes.folders = [one for one in found if one]
        roles = (f"{f.role}: {f.name}" for _, f in notes.folders if f.role)
        step.saw(", ".join(roles))


async def leave(vantage: Vantage, recorder: Recorder, notes: ImapNotes) -> None:
    """Say LOGOUT, if the conversation still stands."""
    session = notes.session
    if session is None or not session.usable:
        return
    with (
        suppress(Ended),
        recorder.step(Phase.LOGOUT, notes.peer, vantage.limits.farewell, optional=True),
    ):
        await session.logout()


async def read_refused_certificate(
    vantage: Vantage, recorder: Recorder, endpoint: Endpoint, notes: ImapNotes
) -> None:
    """
    After a refused certificate, read it on a second connection without secrets.

    What was wrong is known by then; this says with which certificate.
    """
    if notes.tls is not None or notes.address is None or not wanted(recorder):
        return
    recorder.remark("once more without verification, to read the certificate")
    second = vantage.recorder(min(recorder.remaining(), vantage.limits.tls))
    again = ImapNotes(peer=notes.peer)
    try:
        with suppress(Ended, OSError):
            sock, _ = await reach(vantage, second, notes.address, endpoint.port)
            context = vantage.trust.reading
            await greet(vantage, second, endpoint, again, sock, context)
    finally:
        close(again)
    notes.tls = again.tls
    settle(recorder, notes.tls)


def close(notes: ImapNotes) -> None:
    """Leave nothing open."""
    if notes.session is not None:
        notes.session.abort()


def inbox_facts(responses: list[Response]) -> Inbox:
    """Read what SELECT or EXAMINE said."""
    counts = (read.count(response, "EXISTS") for response in responses)
    return Inbox(
        messages=next((n for n in counts if n is not None), None),
        uidvalidity=read.code_number(responses, "UIDVALIDITY"),
        uidnext=read.code_number(responses, "UIDNEXT"),
    )


@contextmanager
def tolerated() -> Iterator[None]:
    """Let a conversation go on after a refusal of something optional."""
    try:
        yield
    except Ended as ended:
        if ended.failure.kind not in REFUSALS:
            raise


def _readable(responses: list[Response]) -> list[Response]:
    # A line that cannot be read is somebody's odd folder name: it is skipped.
    good = []
    for response in responses:
        with suppress(StreamError):
            read.items(response)
            good.append(response)
    return good


def _session(notes: ImapNotes) -> ImapSession:
    assert notes.session  # noqa: S101 - for the type checker: it is open by now
    return notes.session


def _handshake(tls: ssl.SSLObject | None) -> str:
    return f"{tls.version()} {(tls.cipher() or ('',))[0]}" if tls else ""


def _tls(vantage: Vantage, endpoint: Endpoint, session: ImapSession) -> TlsFacts | None:
    tls = session.ssl_object
    if tls is None:
        return None
    return tls_facts(tls, vantage.trust, endpoint.host, vantage.clock.now())
