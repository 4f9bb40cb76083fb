"""From a name to an open TCP connection: DNS, then one address at a time."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from mailprobe.mail.domain import is_address
from mailprobe.model.failure import Kind, Phase
from mailprobe.probes.abreast import abreast
from mailprobe.wire.dial import connect
from mailprobe.wire.trouble import Ended, Trouble

if TYPE_CHECKING:
    import socket

    from mailprobe.probes.vantage import Vantage
    from mailprobe.wire.recorder import Recorder
    from mailprobe.wire.resolver import Lookup, Resolver


@dataclass(frozen=True, slots=True, kw_only=True)
class Addresses:
    """What A and AAAA together gave: ``(address, ttl)`` pairs, IPv4 first."""

    found: tuple[tuple[str, int], ...]
    alias_of: str | None


def peer(host: str, port: int) -> str:
    """Write a peer as reports do."""
    return f"[{host}]:{port}" if ":" in host else f"{host}:{port}"


async def addresses(
    vantage: Vantage, recorder: Recorder, host: str, *, optional: bool = False
) -> Addresses:
    """
    Look up all addresses of a host, both families at once.

    Raises:
        Ended: If there is none; a family that fails beside one that answers
            is noted in the step.
    """
    if is_address(host):
        return Addresses(found=((host, 0),), alias_of=None)
    if host == "localhost":  # RFC 6761 6.3: never asked of a name server
        return Addresses(found=(("127.0.0.1", 0), ("::1", 0)), alias_of=None)
    resolver = vantage.resolver
    server = str(resolver.servers[0])
    budget = vantage.limits.dns
    with recorder.step(Phase.DNS, server, budget, optional=optional) as step:
        lookups = await both_families(resolver, host)
        step.peer = lookups[0].server
        found = [(str(r), one.ttl) for one in lookups for r in one.records]
        if not found:
            # The first family that says more than "no data" tells why.
            worse = [one for one in lookups if one.outcome != "no_data"]
            raise _no_address(host, (worse or list(lookups))[0])
        step.saw(f"{host} {' '.join(address for address, _ in found)}")
        for one in lookups:
            if one.outcome not in {"answer", "no_data"}:
                step.saw(f"{one.outcome} for the other family {one.detail}".rstrip())
        alias = next((one.canonical for one in lookups if one.canonical), None)
        return Addresses(found=tuple(found), alias_of=alias)
    raise AssertionError  # pragma: no cover - the step returns or raises


async def both_families(resolver: Resolver, host: str) -> tuple[Lookup, ...]:
    """Return what A and AAAA gave; nothing is waited for that is known."""
    four, six = resolver.kept(host, "A"), resolver.kept(host, "AAAA")
    if four is not None and six is not None:
        return four, six
    return await abreast(resolver.lookup(host, "A"), resolver.lookup(host, "AAAA"))


async def reach(
    vantage: Vantage, recorder: Recorder, host: str, port: int
) -> tuple[socket.socket, str]:
    """
    Connect to the first address of a host that answers.

    Every address that does not is a step of its own.

    Raises:
        Ended: If none does.
    """
    found = (await addresses(vantage, recorder, host)).found[: vantage.limits.addresses]
    for number, (address, _) in enumerate(found, 1):
        more = number < len(found)
        try:
            return await dial(vantage, recorder, address, port, optional=more), address
        except Ended:
            if not more:
                raise
    raise AssertionError  # pragma: no cover - there is at least one address


async def dial(
    vantage: Vantage,
    recorder: Recorder,
    address: str,
    port: int,
    *,
    optional: bool = False,
) -> socket.socket:
    """Connect to one address, as a step."""
    with recorder.step(
        Phase.TCP, peer(address, port), vantage.limits.tcp, optional=optional
    ):
        return await connect(address, port)


def _no_address(host: str, lookup: Lookup) -> Trouble:
    from mailprobe.wire.resolver import KINDS  # noqa: PLC0415 - loaded by now

    said = f"{host} has no address" if lookup.outcome == "no_data" else host
    detail = f"{said}: {lookup.detail}" if lookup.detail else said
    return Trouble(KINDS.get(lookup.outcome, Kind.DNS_NO_DATA), detail=detail)
