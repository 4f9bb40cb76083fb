"""The lab's name server: UDP and TCP on one port number (RFC 1035, 7766)."""

from __future__ import annotations

import asyncio
import contextlib
import socket
from typing import TYPE_CHECKING, Final

import dns.exception
import dns.message
import dns.rdatatype

from mailprobe.lab.channel import Hangup
from mailprobe.lab.conversation import noise
from mailprobe.lab.faults import (
    DnsRefused,
    DnsStall,
    NoData,
    NxDomain,
    Records,
    Servfail,
)
from mailprobe.lab.listener import LOOPBACK, PORT_TRIES, LabError, Listener, bind
from mailprobe.lab.switchboard import NOTHING, Site
from mailprobe.lab.zone import to_wire

if TYPE_CHECKING:
    from mailprobe.lab.channel import Channel
    from mailprobe.lab.store import Counters
    from mailprobe.lab.switchboard import Plan, Switchboard
    from mailprobe.lab.zone import Zone

SITE: Final = Site("dns", "ns.lab.test", (), "none")
QUERY_MAX: Final = 65_535
"""Bytes of one datagram, into a room that is made once; see `listener.READ_MAX`."""

ID_BYTES: Final = 2
"""The query id stays readable in noise: resolvers throw away what has another."""

ON_NAMES: Final = (DnsRefused, DnsStall, NoData, NxDomain, Records, Servfail)
"""The faults that change what is said of a name."""

KNOWN_MAX: Final = 1000
"""
Answers kept as they were written: composing one costs ten times as much as sending it.
The lab has some 50 names, and programs ask in two or three ways.
"""


def _pair() -> tuple[socket.socket, socket.socket]:
    """Bind TCP and UDP to one free port number."""
    for _ in range(PORT_TRIES):
        tcp = bind(LOOPBACK)
        udp = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        try:
            udp.bind(tcp.getsockname())
            udp.settimeout(0)
        except OSError:
            udp.close()
            tcp.close()
        else:
            return tcp, udp
    message = f"no port is free on {LOOPBACK} for TCP and UDP; close some programs"
    raise LabError(message)


class NameServer:
    """
    Answers for a `Zone`.

    Args:
        zone: What there is.
        faults: The active faults.
        counters: Where queries are counted.
    """

    def __init__(self, zone: Zone, faults: Switchboard, counters: Counters) -> None:
        self._zone = zone
        self._faults = faults
        self._counters = counters
        self._udp: socket.socket | None = None
        self._room = memoryview(bytearray(QUERY_MAX))
        self._timers: set[asyncio.TimerHandle] = set()
        self._known: dict[bytes, tuple[str, bytes]] = {}
        self.port = 0
        self._listener: Listener | None = None

    def start(self) -> None:
        """Answer from now on, in the loop that is running."""
        tcp, self._udp = _pair()
        self.port = tcp.getsockname()[1]
        self._listener = Listener(SITE, tcp, self._serve)
        self._listener.open()
        loop = asyncio.get_running_loop()
        loop.add_reader(self._udp.fileno(), self._take_in, self._udp)

    async def hang_up(self) -> None:
        """Forget the answers that are due, and close the connections."""
        for timer in self._timers:
            timer.cancel()
        self._timers.clear()
        if self._listener is not None:
            await self._listener.hang_up()

    async def stop(self) -> None:
        """Close both sockets."""
        for timer in self._timers:
            timer.cancel()
        udp, self._udp = self._udp, None
        if udp is not None:
            asyncio.get_running_loop().remove_reader(udp.fileno())
            udp.close()
        if self._listener is not None:
            await self._listener.shut()

    def _respond(self, wire: bytes, *, datagram: bool) -> tuple[Plan, bytes | None]:
        """Return what the faults say, and the answer; None for silence."""
        plan = self._faults.plan(SITE, "QUERY")
        asked = wire[ID_BYTES:]
        usual = datagram and plan == NOTHING and not self._faults.named(*ON_NAMES)
        if usual and asked in self._known:
            question, told = self._known[asked]
            self._counters.commands[question] += 1
            return plan, wire[:ID_BYTES] + told
        try:
            query = dns.message.from_wire(wire)
        except dns.exception.DNSException:
            return plan, None
        question = _question(query)
        self._counters.commands[question] += 1
        response = self._zone.answer(query)
        if response is None or plan.stall or plan.drop:
            return plan, None
        answer = to_wire(query, response) if datagram else response.to_wire()
        if usual and len(self._known) < KNOWN_MAX:
            self._known[asked] = question, answer[ID_BYTES:]
        if plan.raw is not None:
            answer = wire[:ID_BYTES] + plan.raw
        if plan.garble:
            answer = answer[:ID_BYTES] + noise(answer[ID_BYTES:])
        return plan, answer

    # --- UDP --------------------------------------------------------------------

    def _take_in(self, udp: socket.socket) -> None:
        """Answer one datagram."""
        try:
            size, address = udp.recvfrom_into(self._room)
        except OSError:  # it is gone, or tells that nobody waits for an answer of ours
            return
        plan, answer = self._respond(bytes(self._room[:size]), datagram=True)
        if answer is None:
            return
        if not plan.delay:
            self._send(answer, address)
            return

        def send() -> None:
            self._timers.discard(timer)
            self._send(answer, address)

        timer = asyncio.get_running_loop().call_later(plan.delay, send)
        self._timers.add(timer)

    def _send(self, answer: bytes, address: tuple[str, int]) -> None:
        if self._udp is not None:
            with contextlib.suppress(OSError):  # lost, as datagrams may be
                self._udp.sendto(answer, address)

    # --- TCP --------------------------------------------------------------------

    async def _serve(self, channel: Channel, _: Listener) -> None:
        while True:
            size = int.from_bytes(await channel.exactly(2), "big")
            plan, answer = self._respond(await channel.exactly(size), datagram=False)
            if plan.delay:
                await channel.idle(plan.delay)
            if plan.drop:
                raise Hangup
            if answer is not None:
                await channel.send(len(answer).to_bytes(2, "big") + answer)


def _question(query: dns.message.Message) -> str:
    """Name a query as counters do: ``MX libero.test``."""
    if not query.question:
        return "NONE"
    first = query.question[0]
    name = first.name.to_text(omit_final_dot=True).lower()
    return f"{dns.rdatatype.to_text(first.rdtype)} {name}"
