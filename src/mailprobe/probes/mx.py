"""MX: who takes mail for a domain, and whether every address of it answers."""

from __future__ import annotations

import asyncio
from contextlib import suppress
from dataclasses import replace
from typing import TYPE_CHECKING, Final

from mailprobe.mail.domain import is_address
from mailprobe.mail.mx import MailRoute, mail_route
from mailprobe.model.failure import Failure, Kind, Phase
from mailprobe.model.report import MxAddress, MxHost, MxReport
from mailprobe.probes.reach import addresses, dial, peer
from mailprobe.probes.smtp import SmtpNotes, banner, close, ehlo, leave, literal
from mailprobe.wire.dial import attach
from mailprobe.wire.smtp import SmtpProtocol, SmtpSession
from mailprobe.wire.trouble import Ended, Trouble

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from mailprobe.model.report import Step
    from mailprobe.model.target import MxTarget
    from mailprobe.probes.vantage import Vantage
    from mailprobe.wire.recorder import Recorder

# Addresses dialled side by side: a silent one must not use up the time of the
# others, and no fleet minds four connections (Internet.nl opens ten).
AT_ONCE: Final = 4


async def probe_mx(
    vantage: Vantage,
    target: MxTarget,
    timeout: float,
    on_step: Callable[[Step], None] | None = None,
) -> MxReport:
    """Look up MX hosts and addresses; with ``connect``, greet every address."""
    recorder = vantage.recorder(timeout, on_step)
    route: MailRoute | None = None
    hosts: Sequence[MxHost] = ()
    control: bool | None = None
    with suppress(Ended):
        route, ttl = await look_up(vantage, recorder, target.domain)
        hosts = await asyncio.gather(
            *(
                resolve(vantage, recorder, name, preference, ttl)
                for preference, name in route.hosts
            )
        )
        if target.connect:
            hosts = await greet_all(vantage, recorder, hosts)
            control = await ask_control(vantage, recorder, hosts)
    return MxReport(
        **vantage.common(recorder),
        target=target,
        delivery=route.delivery if route else None,
        hosts=tuple(hosts),
        null_mx_beside=bool(route and route.null_mx_beside),
        control=control,
    )


async def look_up(
    vantage: Vantage, recorder: Recorder, domain: str
) -> tuple[MailRoute, int | None]:
    """Ask for the MX records; their absence is an answer too."""
    from mailprobe.wire.resolver import KINDS, Outcome  # noqa: PLC0415 - 80 ms

    server = str(vantage.resolver.servers[0])
    async with recorder.step(Phase.DNS, server, vantage.limits.dns) as step:
        found = await vantage.resolver.lookup(domain, "MX")
        step.peer = found.server
        if found.outcome not in {Outcome.ANSWER, Outcome.NO_DATA}:
            raise Trouble(KINDS[found.outcome], detail=found.detail)
        records = [
            (int(record.preference), str(record.exchange))  # type: ignore[attr-defined]
            for record in found.records
        ]
        route = mail_route(domain, records)
        said = (f"{preference} {name}" for preference, name in route.hosts)
        step.saw(f"{domain} MX {', '.join(said) or '0 .'} ({route.delivery})")
        return route, found.ttl if records else None
    raise AssertionError  # pragma: no cover - the step returns or raises


async def resolve(
    vantage: Vantage,
    recorder: Recorder,
    name: str,
    preference: int,
    ttl: int | None,
) -> MxHost:
    """Look up one MX host; a host without an address is a fact, not an end."""
    host = MxHost(name=name, preference=preference, ttl=ttl)
    if is_address(name):
        # An address where RFC 5321 5.1 wants a name: senders do not use it.
        failure = Failure(
            kind=Kind.MX_UNUSABLE, phase=Phase.DNS, detail=f"{name} is not a name"
        )
        return replace(host, failure=failure)
    try:
        found = await addresses(vantage, recorder, name, optional=True)
    except Ended as ended:
        return replace(host, failure=ended.failure)
    return replace(
        host,
        alias_of=found.alias_of,
        addresses=tuple(
            MxAddress(address=address, ttl=seconds) for address, seconds in found.found
        ),
    )


async def greet_all(
    vantage: Vantage, recorder: Recorder, hosts: Sequence[MxHost]
) -> tuple[MxHost, ...]:
    """Take every address through banner and EHLO."""
    gate = asyncio.Semaphore(AT_ONCE)
    room = vantage.limits.addresses

    async def tried(entry: MxAddress) -> MxAddress:
        async with gate:
            return await greet_one(vantage, recorder, entry)

    done: list[MxHost] = []
    plan = []
    for host in hosts:
        chosen, room = host.addresses[:room], max(room - len(host.addresses), 0)
        plan.append((host, chosen))
    answers = iter(await asyncio.gather(*(tried(a) for _, few in plan for a in few)))
    for host, chosen in plan:
        greeted = tuple(next(answers) for _ in chosen)
        rest = host.addresses[len(chosen) :]
        done.append(replace(host, addresses=(*greeted, *rest)))
    return tuple(done)


async def ask_control(
    vantage: Vantage, recorder: Recorder, hosts: Sequence[MxHost]
) -> bool | None:
    """
    Ask the control target, if no address answered our dialling.

    Silence from everywhere is most likely a network of ours that lets nobody
    out to port 25; a control that answers proves the way.
    """
    tried = [e for host in hosts for e in host.addresses if e.answered is not None]
    silent = {e.failure.kind for e in tried if e.failure} <= {Kind.TCP_TIMEOUT}
    if vantage.control is None or not tried or not silent:
        return None
    if any(entry.answered for entry in tried):
        return None
    host, port = vantage.control.host, vantage.control.port
    try:
        found = await addresses(vantage, recorder, host, optional=True)
    except Ended:
        return False
    address, ttl = found.found[0]
    entry = MxAddress(address=address, ttl=ttl)
    return (await greet_one(vantage, recorder, entry, port)).answered


async def greet_one(
    vantage: Vantage, recorder: Recorder, entry: MxAddress, port: int | None = None
) -> MxAddress:
    """Dial one address, wait for its banner, say EHLO and QUIT."""
    port = port or vantage.mx_port
    notes = SmtpNotes(peer=peer(entry.address, port), address=entry.address)
    began = recorder.elapsed()
    failure: Failure | None = None
    try:
        sock = await dial(vantage, recorder, entry.address, port, optional=True)
        protocol = SmtpProtocol(recorder)
        notes.session = SmtpSession(protocol)
        await attach(sock, protocol)
        await banner(vantage, recorder, notes, optional=True)
        name = vantage.ehlo_name or literal(sock)
        await ehlo(vantage, recorder, notes, name, optional=True)
    except Ended as ended:
        failure = ended.failure
    finally:
        took = recorder.elapsed() - began
        try:
            await leave(vantage, recorder, notes)
        finally:
            close(notes)
    return replace(
        entry,
        answered=failure is None,
        failure=failure,
        banner=notes.banner,
        capabilities=notes.offer.keywords if notes.offer else (),
        took=took,
    )
