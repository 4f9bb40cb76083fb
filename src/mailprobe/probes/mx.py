"""MX: who takes mail for a domain, and whether every address of it answers."""

from __future__ import annotations

import asyncio
from contextlib import suppress
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Final

from mailprobe.judge.passing import may_pass
from mailprobe.mail.domain import is_address
from mailprobe.mail.mx import MailRoute, confined, mail_route
from mailprobe.model.failure import Failure, Kind, Phase
from mailprobe.model.report import MxAddress, MxHost, MxReport
from mailprobe.probes.abreast import abreast
from mailprobe.probes.control import control_for
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


@dataclass
class MxNotes:
    """What the lookups and greetings have shown so far."""

    route: MailRoute | None = None
    ttl: int | None = None
    hosts: Sequence[MxHost] = ()
    control: bool | None = None


async def probe_mx(
    vantage: Vantage,
    target: MxTarget,
    timeout: float,
    on_step: Callable[[Step], None] | None = None,
) -> MxReport:
    """Look up MX hosts and addresses; with ``connect``, greet every address."""
    recorder = vantage.recorder(timeout, on_step)
    notes = MxNotes()
    with suppress(Ended):
        route = await look_up(vantage, recorder, target.domain, notes)
        notes.hosts = await abreast(
            *(
                resolve(vantage, recorder, name, preference, notes.ttl)
                for preference, name in route.hosts
            )
        )
        if target.connect:
            notes.hosts = await greet_all(vantage, recorder, notes.hosts)
            notes.control = await silence(vantage, recorder, notes.hosts)
    return MxReport(
        **vantage.common(recorder),
        target=target,
        delivery=notes.route.delivery if notes.route else None,
        hosts=tuple(notes.hosts),
        null_mx_beside=bool(notes.route and notes.route.null_mx_beside),
        control=notes.control,
    )


async def look_up(
    vantage: Vantage, recorder: Recorder, domain: str, notes: MxNotes
) -> MailRoute:
    """Ask for the MX records; their absence is an answer, a null MX an end."""
    from mailprobe.wire.resolver import KINDS, Outcome  # noqa: PLC0415 - if asked

    server = str(vantage.resolver.servers[0])
    with recorder.step(Phase.DNS, server, vantage.limits.dns) as step:
        found = await vantage.resolver.lookup(domain, "MX")
        step.peer = found.server
        if found.outcome not in {Outcome.ANSWER, Outcome.NO_DATA}:
            raise Trouble(KINDS[found.outcome], detail=found.detail)
        records = [
            (int(record.preference), str(record.exchange))  # type: ignore[attr-defined]
            for record in found.records
        ]
        notes.route = route = mail_route(domain, records)
        notes.ttl = found.ttl if records else None
        said = (f"{preference} {name}" for preference, name in route.hosts)
        step.saw(f"{domain} MX {', '.join(said) or '0 .'} ({route.delivery})")
        if route.delivery == "refused":
            raise Trouble(Kind.MX_NULL)
        return route
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
        if not vantage.loopback and confined(entry.address) == "self":
            return _points_here(entry)
        async with gate:
            return await greet_twice(vantage, recorder, entry)

    done: list[MxHost] = []
    plan = []
    for host in hosts:
        chosen, room = host.addresses[:room], max(room - len(host.addresses), 0)
        plan.append((host, chosen))
    answers = iter(await abreast(*(tried(a) for _, few in plan for a in few)))
    for host, chosen in plan:
        greeted = tuple(next(answers) for _ in chosen)
        rest = host.addresses[len(chosen) :]
        done.append(replace(host, addresses=(*greeted, *rest)))
    return tuple(done)


async def silence(
    vantage: Vantage, recorder: Recorder, hosts: Sequence[MxHost]
) -> bool | None:
    """Ask the control, if no address answered our dialling."""
    tried = [e for host in hosts for e in host.addresses if e.answered is not None]
    kinds = {entry.failure.kind if entry.failure else None for entry in tried}
    control = control_for(vantage, vantage.mx_port)
    if kinds != {Kind.TCP_TIMEOUT} or control is None:
        return None
    try:
        found = await addresses(vantage, recorder, control.host, optional=True)
    except Ended:
        return False
    # It must greet as well: some networks answer on port 25 in everybody's place.
    address, ttl = found.found[0]
    entry = MxAddress(address=address, ttl=ttl)
    return (await greet_one(vantage, recorder, entry)).answered


async def greet_twice(
    vantage: Vantage, recorder: Recorder, entry: MxAddress
) -> MxAddress:
    """Greet one address; again, if it failed in a way that may pass."""
    found = await greet_one(vantage, recorder, entry)
    for _ in range(1, vantage.attempts):
        pause = vantage.limits.again_after
        if not may_pass(found.failure) or recorder.remaining() <= pause:
            break
        await asyncio.sleep(pause)
        before = found
        found = await greet_one(vantage, recorder, entry)
        if found.failure and found.failure.kind is Kind.TIMED_OUT:
            return before
        assert before.failure is not None  # noqa: S101 - for the type checker
        found = replace(found, earlier=(*before.earlier, before.failure))
    return found


async def greet_one(
    vantage: Vantage, recorder: Recorder, entry: MxAddress
) -> MxAddress:
    """Dial one address, wait for its banner, say EHLO and QUIT."""
    port = vantage.mx_port
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


def _points_here(entry: MxAddress) -> MxAddress:
    """Not dialled: whatever answers on this machine is not the domain's server."""
    detail = f"{entry.address} sends every sender to its own machine"
    failure = Failure(kind=Kind.MX_UNUSABLE, phase=Phase.DNS, detail=detail)
    return replace(entry, answered=False, failure=failure)
