"""DNS questions with typed outcomes; nothing that a name server does is raised."""

from __future__ import annotations

import asyncio
import math
import os
import socket
from dataclasses import dataclass
from enum import StrEnum
from functools import cached_property
from typing import TYPE_CHECKING, Final

from mailprobe.mail import plain_dns
from mailprobe.mail.text import readable
from mailprobe.model.errors import ConfigError, UsageError
from mailprobe.model.failure import Kind
from mailprobe.model.target import PORT_MAX

if TYPE_CHECKING:
    from collections.abc import Sequence

    from mailprobe.model.limits import Limits
    from mailprobe.wire.whole_dns import Question as WholeQuestion

UDP_PAYLOAD: Final = 1232  # the DNS flag day 2020 size: never fragmented
DATAGRAM_MAX: Final = 65_535  # what one UDP datagram can carry
RECORDS_MAX: Final = 100  # records kept of one answer; large MX sets have ten
DNS_PORT: Final = 53


class Outcome(StrEnum):
    """How a lookup ended; distinct things that are never merged."""

    ANSWER = "answer"
    NO_DATA = "no_data"
    NXDOMAIN = "nxdomain"
    SERVFAIL = "servfail"
    BOGUS = "bogus"
    REFUSED = "refused"
    TIMEOUT = "timeout"
    MALFORMED = "malformed"


KINDS: Final = {
    Outcome.NO_DATA: Kind.DNS_NO_DATA,
    Outcome.NXDOMAIN: Kind.DNS_NXDOMAIN,
    Outcome.SERVFAIL: Kind.DNS_SERVFAIL,
    Outcome.BOGUS: Kind.DNS_BOGUS,
    Outcome.REFUSED: Kind.DNS_REFUSED,
    Outcome.TIMEOUT: Kind.DNS_TIMEOUT,
    Outcome.MALFORMED: Kind.DNS_MALFORMED,
}


@dataclass(frozen=True, slots=True, kw_only=True)
class NameServer:
    """Where questions are sent: an address and a port."""

    address: str
    port: int = DNS_PORT

    def __str__(self) -> str:
        host = f"[{self.address}]" if ":" in self.address else self.address
        return f"{host}:{self.port}"

    @classmethod
    def parse(cls, text: str) -> NameServer:
        """
        Read ``ADDRESS``, ``ADDRESS:PORT`` or ``[IPv6]:PORT``.

        Raises:
            UsageError: If it is none of these.
        """
        from ipaddress import ip_address  # noqa: PLC0415 - once per prober

        host, port = text, str(DNS_PORT)
        if text.startswith("["):
            host, _, rest = text[1:].partition("]")
            port = rest.removeprefix(":") if rest else port
        elif text.count(":") == 1:
            host, _, port = text.partition(":")
        legible = (
            port.isascii() and port.isdecimal() and len(port) <= len(str(PORT_MAX))
        )
        try:
            address, number = str(ip_address(host)), int(port) if legible else 0
        except ValueError:
            address, number = "", 0
        if not 1 <= number <= PORT_MAX:
            message = (
                f"name server {text!r} is not an IP address with an optional port, "
                "such as 127.0.0.53 or 127.0.0.1:5300"
            )
            raise UsageError(message)
        return cls(address=address, port=number)


@dataclass(frozen=True, slots=True, kw_only=True)
class Lookup:
    """
    One question and how it ended.

    Attributes:
        outcome: How it ended.
        server: The name server that decided, as ``address:port``.
        records: The answer's records; empty unless the outcome is ANSWER. As text
            all read as in a zone file; MX and SRV have their fields by name.
        ttl: Seconds the answer may be cached, the smallest along its path.
        canonical: The name at the end of a CNAME chain, if there was one.
        detail: The extended error (RFC 8914) or what was wrong.
    """

    outcome: Outcome
    server: str
    records: tuple[object, ...] = ()
    ttl: int = 0
    canonical: str | None = None
    detail: str = ""


class Resolver:
    """
    Asks name servers one after another until one of them knows.

    Answers are not cached: a probe measures what is served now.
    """

    def __init__(self, servers: Sequence[str], limits: Limits) -> None:
        """
        Use these servers, or those of the system if there are none.

        Raises:
            UsageError: If a server is not an address with an optional port.
            ConfigError: If none is given and the system has none.
        """
        self._limits = limits
        self.servers = tuple(map(NameServer.parse, servers)) or _system_servers()

    def kept(self, name: str, record_type: str) -> Lookup | None:  # noqa: ARG002
        """Return an answer that is known already; None: it has to be asked for."""
        return None

    async def lookup(self, name: str, record_type: str) -> Lookup:
        """
        Ask for the records of one type; bounded by the limits, never raises.

        An answer, "no data", "no such name" and a failed validation are believed
        at once; a server that fails, refuses or is silent gives way to the next.
        """
        question = Question.put(name, record_type)
        if question is None:
            detail = f"{readable(name, 100)!r} cannot stand in DNS"
            return Lookup(outcome=Outcome.MALFORMED, server="", detail=detail)
        tries = math.ceil(self._limits.dns / self._limits.dns_try)
        # Every server is asked at least once, and a lone one several times.
        rounds = max(1, -(-tries // len(self.servers)))
        last: Lookup | None = None
        loop = asyncio.get_running_loop()
        ends = loop.time() + self._limits.dns
        for server in self.servers * rounds:
            left = ends - loop.time()
            if left <= 0:
                break
            found = await self._ask(question, server, min(self._limits.dns_try, left))
            if found.outcome in _FINAL:
                return found
            # What one server said tells more than another's silence.
            if last is None or found.outcome is not Outcome.TIMEOUT:
                last = found
            if found.outcome is not Outcome.TIMEOUT and len(self.servers) == 1:
                return found
        return last or Lookup(outcome=Outcome.TIMEOUT, server=str(self.servers[0]))

    async def _ask(self, question: Question, at: NameServer, seconds: float) -> Lookup:
        try:
            return await _exchange(question, at, seconds)
        except TimeoutError:
            return Lookup(outcome=Outcome.TIMEOUT, server=str(at))
        except (OSError, EOFError) as error:
            # Nobody listens at the name server's address: it is silent to us.
            detail = readable(str(error), 200)
            return Lookup(outcome=Outcome.TIMEOUT, server=str(at), detail=detail)


class Question:
    """
    One question as it is sent, read again in each answer to it.

    Written and read by `plain_dns` if it can be. Else dnspython does it, and is
    loaded for that: it takes some 50 ms to load, and four times as long to read.
    """

    def __init__(self, name: str, record_type: str, wire: bytes | None) -> None:
        self._asked = name, record_type
        self._plain = wire
        self.wire = wire or self.whole.wire

    @classmethod
    def put(cls, name: str, record_type: str) -> Question | None:
        """Put the question; None if the name cannot be asked for."""
        number = int.from_bytes(os.urandom(2), "big")
        wire = plain_dns.question(number, name, record_type, UDP_PAYLOAD)
        try:
            return cls(name, record_type, wire)
        except ValueError:
            return None

    @cached_property
    def whole(self) -> WholeQuestion:
        """
        The same question for dnspython.

        Raises:
            ValueError: If it cannot be asked.
        """
        from mailprobe.wire.whole_dns import Question  # noqa: PLC0415 - dnspython

        number = int.from_bytes(self._plain[:2], "big") if self._plain else None
        return Question(*self._asked, number)

    def read(self, wire: bytes, server: str) -> Lookup | None:
        """
        Read a datagram; None if it does not answer this question.

        Raises:
            CutOffError: If it does, and the whole answer is to be had by TCP.
        """
        plain = plain_dns.read(self._plain, wire) if self._plain else None
        if plain is None:
            return self.whole.read(wire, server)
        outcome = Outcome.ANSWER if plain.records else Outcome.NO_DATA
        return Lookup(
            outcome=outcome if plain.exists else Outcome.NXDOMAIN,
            server=server,
            records=plain.records,
            ttl=plain.ttl,
            canonical=plain.canonical,
        )


class CutOffError(Exception):
    """An answer did not fit into its datagram."""


async def _exchange(question: Question, at: NameServer, seconds: float) -> Lookup:
    """
    Ask by UDP, and again by TCP if the answer was cut short.

    Raises:
        TimeoutError: If there is no answer within so many seconds.
        OSError: If the name server cannot be asked.
        EOFError: If it hangs up.
    """
    loop = asyncio.get_running_loop()
    ends = loop.time() + seconds
    try:
        return await _by_udp(question, at, seconds)
    except CutOffError:
        async with asyncio.timeout_at(ends):
            return await question.whole.by_tcp(at)


async def _by_udp(question: Question, at: NameServer, seconds: float) -> Lookup:
    """
    Ask from a fresh port, and wait for the answer to this question.

    The socket is connected: the kernel drops datagrams of anybody else, and a
    port where nobody listens is known at once. A datagram that is no answer to
    the question is passed over, since a spoofed one must not end the wait.

    Raises:
        CutOffError: If the whole answer is to be had by TCP; else as `_exchange`.
    """
    loop = asyncio.get_running_loop()
    answer: asyncio.Future[Lookup] = loop.create_future()
    family = socket.AF_INET6 if ":" in at.address else socket.AF_INET
    with socket.socket(family, socket.SOCK_DGRAM) as sock:
        sock.settimeout(0)
        sock.connect((at.address, at.port))
        sock.send(question.wire)  # never has to wait: nothing was sent before

        def take_in() -> None:
            try:
                found = question.read(sock.recv(DATAGRAM_MAX), str(at))
            except (BlockingIOError, InterruptedError):
                return
            except Exception as error:  # noqa: BLE001 - it is raised where it is awaited
                end(error)
                return
            if found is not None and not answer.done():
                answer.set_result(found)

        def end(error: Exception) -> None:
            if not answer.done():
                answer.set_exception(error)

        descriptor = sock.fileno()  # see `Channel`: its repr is dear
        loop.add_reader(descriptor, take_in)
        late = loop.call_later(seconds, end, TimeoutError())
        try:
            return await answer
        finally:
            late.cancel()
            loop.remove_reader(descriptor)


_FINAL: Final = frozenset(
    {Outcome.ANSWER, Outcome.NO_DATA, Outcome.NXDOMAIN, Outcome.BOGUS}
)


def _system_servers() -> tuple[NameServer, ...]:
    from mailprobe.wire.whole_dns import system_servers  # noqa: PLC0415 - dnspython

    found = system_servers()
    if not found:
        message = "the system has no name server; give one with nameservers=[...]"
        raise ConfigError(message)
    return tuple(NameServer(address=address) for address in found)
