"""DNS questions with typed outcomes; nothing that a name server does is raised."""

from __future__ import annotations

import asyncio
import math
import socket
from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING, Final

import dns.asyncquery
import dns.edns
import dns.exception
import dns.message
import dns.name
import dns.rcode
import dns.rdatatype
import dns.resolver

from mailprobe.mail.text import readable
from mailprobe.model.errors import ConfigError, UsageError
from mailprobe.model.failure import Kind
from mailprobe.model.target import PORT_MAX

if TYPE_CHECKING:
    from collections.abc import Sequence

    from dns.rdata import Rdata

    from mailprobe.model.limits import Limits

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
        records: The answer's records; empty unless the outcome is ANSWER.
        ttl: Seconds the answer may be cached, the smallest along its path.
        canonical: The name at the end of a CNAME chain, if there was one.
        detail: The extended error (RFC 8914) or what was wrong.
    """

    outcome: Outcome
    server: str
    records: tuple[Rdata, ...] = ()
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
        question = _question(name, record_type)
        if question is None:
            detail = f"{readable(name, 100)!r} cannot stand in DNS"
            return Lookup(outcome=Outcome.MALFORMED, server="", detail=detail)
        tries = math.ceil(self._limits.dns / self._limits.dns_try)
        # Every server is asked at least once, and a lone one several times.
        rounds = max(1, -(-tries // len(self.servers)))
        last: Lookup | None = None
        try:
            async with asyncio.timeout(self._limits.dns):
                for server in self.servers * rounds:
                    found = await self._ask(question, server)
                    if found.outcome in _FINAL:
                        return found
                    # What one server said tells more than another's silence.
                    if last is None or found.outcome is not Outcome.TIMEOUT:
                        last = found
                    if found.outcome is not Outcome.TIMEOUT and len(self.servers) == 1:
                        return found
        except TimeoutError:
            pass
        return last or Lookup(outcome=Outcome.TIMEOUT, server=str(self.servers[0]))

    async def _ask(self, question: dns.message.QueryMessage, at: NameServer) -> Lookup:
        try:
            async with asyncio.timeout(self._limits.dns_try):
                response = await _exchange(question, at)
        except (dns.exception.Timeout, TimeoutError):
            return Lookup(outcome=Outcome.TIMEOUT, server=str(at))
        except dns.exception.DNSException as error:
            detail = readable(str(error), 200)
            return Lookup(outcome=Outcome.MALFORMED, server=str(at), detail=detail)
        except (OSError, EOFError) as error:
            # Nobody listens at the name server's address: it is silent to us.
            detail = readable(str(error), 200)
            return Lookup(outcome=Outcome.TIMEOUT, server=str(at), detail=detail)
        return _read(response, str(at))


async def _exchange(
    question: dns.message.QueryMessage, at: NameServer
) -> dns.message.Message:
    """
    Ask by UDP from a fresh port, and again by TCP if the answer was cut short.

    The socket is connected: the kernel drops datagrams of anybody else, and a
    port where nobody listens is known at once. A datagram that is no answer to
    the question is passed over, since a spoofed one must not end the wait.
    """
    loop = asyncio.get_running_loop()
    family = socket.AF_INET6 if ":" in at.address else socket.AF_INET
    with socket.socket(family, socket.SOCK_DGRAM) as sock:
        sock.settimeout(0)
        sock.connect((at.address, at.port))
        await loop.sock_sendall(sock, question.to_wire())
        while True:
            wire = await loop.sock_recv(sock, DATAGRAM_MAX)
            try:
                response = dns.message.from_wire(wire, raise_on_truncation=True)
            except dns.message.Truncated as cut:
                if question.is_response(cut.message()):  # type: ignore[no-untyped-call]
                    break
            except dns.exception.DNSException:
                continue
            else:
                if question.is_response(response):
                    return response
    return await dns.asyncquery.tcp(question, at.address, port=at.port)


_FINAL: Final = frozenset(
    {Outcome.ANSWER, Outcome.NO_DATA, Outcome.NXDOMAIN, Outcome.BOGUS}
)
# RFC 8914 4.7 to 4.13: the validator saw the data and its signatures do not hold.
_BOGUS: Final = frozenset(range(6, 13))
_UNFETCHED: Final = frozenset({22, 23})  # 4.23, 4.24: it could not even be asked for
_RCODES: Final = {
    dns.rcode.NXDOMAIN: Outcome.NXDOMAIN,
    dns.rcode.SERVFAIL: Outcome.SERVFAIL,
    dns.rcode.REFUSED: Outcome.REFUSED,
}


def _question(name: str, record_type: str) -> dns.message.QueryMessage | None:
    """Put the question; None if the name cannot be asked for."""
    try:
        asked = dns.name.from_text(name)
    except (dns.exception.DNSException, UnicodeError):
        return None
    return dns.message.make_query(asked, record_type, use_edns=0, payload=UDP_PAYLOAD)


def _read(response: dns.message.Message, server: str) -> Lookup:
    errors = [o for o in response.options if isinstance(o, dns.edns.EDEOption)]
    detail = readable("; ".join(map(_extended, errors)), 200)
    rcode = response.rcode()
    if rcode is not dns.rcode.NOERROR:
        outcome = _RCODES.get(rcode, Outcome.SERVFAIL)
        codes = {int(one.code) for one in errors}
        if outcome is Outcome.SERVFAIL and codes & _BOGUS and not codes & _UNFETCHED:
            outcome = Outcome.BOGUS
        detail = detail or ("" if rcode in _RCODES else dns.rcode.to_text(rcode))
        return Lookup(outcome=outcome, server=server, detail=detail)
    try:
        assert isinstance(response, dns.message.QueryMessage)  # noqa: S101 - for mypy
        chain = response.resolve_chaining()
    except (dns.exception.DNSException, AssertionError) as error:
        detail = readable(str(error) or type(error).__name__, 200)
        return Lookup(outcome=Outcome.MALFORMED, server=server, detail=detail)
    alias = None
    if chain.cnames:
        alias = chain.canonical_name.to_text(omit_final_dot=True).lower()
    if chain.answer is None:
        return Lookup(
            outcome=Outcome.NO_DATA, server=server, canonical=alias, detail=detail
        )
    return Lookup(
        outcome=Outcome.ANSWER,
        server=server,
        records=tuple(chain.answer)[:RECORDS_MAX],
        ttl=min(chain.minimum_ttl, chain.answer.ttl),
        canonical=alias,
        detail=detail,
    )


def _extended(option: dns.edns.EDEOption) -> str:
    name = dns.edns.EDECode.to_text(option.code).replace("_", " ").lower()
    return f"{name}: {option.text}" if option.text else name


def _system_servers() -> tuple[NameServer, ...]:
    try:
        system = dns.resolver.Resolver(configure=True)
    except (dns.resolver.NoResolverConfiguration, OSError):
        found: list[str] = []
    else:
        found = [s for s in system.nameservers if isinstance(s, str)]
    if not found:
        message = "the system has no name server; give one with nameservers=[...]"
        raise ConfigError(message)
    return tuple(NameServer(address=address) for address in found)
