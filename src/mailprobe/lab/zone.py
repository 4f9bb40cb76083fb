"""The records of the lab's name server, and how one question is answered."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, TypeVar

import dns.edns
import dns.flags
import dns.message
import dns.name
import dns.rcode
import dns.rdataclass
import dns.rdatatype
import dns.rrset

from mailprobe.lab.faults import (
    DnsRefused,
    DnsStall,
    NoData,
    NxDomain,
    Records,
    Servfail,
)

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from mailprobe.lab.switchboard import Switchboard
    from mailprobe.model.target import Endpoint, SecurityName

TTL: Final = 60
"""Seconds: short enough that no cache outlives a test's patience."""

CHAIN_MAX: Final = 8
"""CNAMEs followed in one answer; resolvers give up after some ten."""

PAYLOAD_MAX: Final = 1232
"""Bytes of an answer by UDP: what fits everywhere (DNS flag day 2020)."""

PLAIN_MAX: Final = 512
"""Bytes of an answer by UDP without EDNS (RFC 1035)."""

SRV_NAMES: Final[tuple[tuple[str, str, SecurityName], ...]] = (
    ("_imaps._tcp", "imap", "tls"),
    ("_imap._tcp", "imap", "starttls"),
    ("_submissions._tcp", "submission", "tls"),
    ("_submission._tcp", "submission", "starttls"),
)
"""What finds a domain's services (RFC 6186, 8314): name, service, security."""

F = TypeVar("F", bound="Servfail | DnsStall | DnsRefused")


def _name(text: str) -> dns.name.Name:
    return dns.name.from_text(text.lower())


class Zone:
    """
    All names of the lab; everything else does not exist.

    Args:
        faults: The active faults.
    """

    def __init__(self, faults: Switchboard) -> None:
        self._faults = faults
        self._sets: dict[tuple[dns.name.Name, int], tuple[str, ...]] = {}
        self._names: set[dns.name.Name] = set()

    def add(self, name: str, kind: str, *values: str) -> None:
        """Add a record set, values written as in a zone file."""
        owner = _name(name)
        self._sets[owner, dns.rdatatype.from_text(kind)] = values
        self._names.update(_upward(owner))

    def publish(
        self, domain: str, hosts: Iterable[str], services: Mapping[str, Endpoint]
    ) -> None:
        """
        Add what a mail domain publishes.

        Args:
            domain: The domain.
            hosts: Its MX hosts, each behind its preference.
            services: What its SRV records (RFC 6186) lead to, by service name.
        """
        self.add(domain, "MX", *hosts)
        self.add(domain, "TXT", '"v=spf1 mx -all"')
        self.add(f"_dmarc.{domain}", "TXT", '"v=DMARC1; p=reject"')
        for name, where in services.items():
            self.add(f"{name}.{domain}", "SRV", f"0 1 {where.port} {where.host}.")

    def answer(self, query: dns.message.Message) -> dns.message.Message | None:
        """Return the response to *query*; None for silence."""
        response = dns.message.make_response(query, our_payload=PAYLOAD_MAX)
        response.flags |= dns.flags.AA | dns.flags.RA
        if len(query.question) != 1 or query.opcode() != 0:
            response.set_rcode(dns.rcode.NOTIMP)
            return response
        question = query.question[0]
        if _below(self._faults.named(DnsStall), question.name):
            return None
        if _below(self._faults.named(DnsRefused), question.name):
            response.set_rcode(dns.rcode.REFUSED)
        elif failed := _below(self._faults.named(Servfail), question.name):
            self._fail(query, response, failed)
        else:
            self._fill(response, question.name, question.rdtype)
        return response

    def _fail(
        self,
        query: dns.message.Message,
        response: dns.message.Message,
        fault: Servfail,
    ) -> None:
        response.set_rcode(dns.rcode.SERVFAIL)
        if fault.ede is not None and query.edns >= 0:
            option = dns.edns.EDEOption(dns.edns.EDECode.make(fault.ede))
            response.use_edns(0, 0, PAYLOAD_MAX, options=[option])

    def _fill(
        self,
        response: dns.message.Message,
        name: dns.name.Name,
        kind: dns.rdatatype.RdataType,
    ) -> None:
        for _ in range(CHAIN_MAX):
            if not self._exists(name):
                response.set_rcode(dns.rcode.NXDOMAIN)
                break
            values = self._values(name, kind)
            alias = self._values(name, dns.rdatatype.CNAME)
            if alias and kind != dns.rdatatype.CNAME:
                response.answer.append(_rrset(name, dns.rdatatype.CNAME, alias))
                name = dns.name.from_text(alias[0].lower())
                continue
            if values:
                response.answer.append(_rrset(name, kind, values))
                return
            break
        origin = "test." if name.is_subdomain(_name("test.")) else "."
        soa = f"ns.lab.test. hostmaster.lab.test. 1 3600 600 86400 {TTL}"
        response.authority.append(_rrset(_name(origin), dns.rdatatype.SOA, (soa,)))

    def _exists(self, name: dns.name.Name) -> bool:
        folded = _name(name.to_text())
        if any(
            folded.is_subdomain(_name(f.name)) for f in self._faults.named(NxDomain)
        ):
            return False
        added = (_name(f.name) for f in self._faults.named(Records))
        return folded in self._names or any(a.is_subdomain(folded) for a in added)

    def _values(
        self, name: dns.name.Name, kind: dns.rdatatype.RdataType
    ) -> tuple[str, ...]:
        folded, text = _name(name.to_text()), dns.rdatatype.to_text(kind)
        for gone in self._faults.named(NoData):
            if _name(gone.name) == folded and (gone.type or text).upper() == text:
                return ()
        for records in self._faults.named(Records):
            if _name(records.name) == folded and records.type.upper() == text:
                return records.values
        return self._sets.get((folded, kind), ())


def _upward(name: dns.name.Name) -> Iterable[dns.name.Name]:
    """Give *name* and all names above it: they exist too (RFC 8020)."""
    while name != dns.name.root:
        yield name
        name = name.parent()
    yield name


def _below(faults: list[F], name: dns.name.Name) -> F | None:
    for fault in faults:
        if fault.name is None or name.is_subdomain(_name(fault.name)):
            return fault
    return None


def _rrset(
    name: dns.name.Name, kind: dns.rdatatype.RdataType, values: tuple[str, ...]
) -> dns.rrset.RRset:
    return dns.rrset.from_text_list(name, TTL, dns.rdataclass.IN, kind, values)


def to_wire(query: dns.message.Message, response: dns.message.Message) -> bytes:
    """Write *response* as a datagram; what does not fit is cut, and marked so (TC)."""
    asked = query.payload if query.edns >= 0 else PLAIN_MAX
    room = min(max(asked, PLAIN_MAX), PAYLOAD_MAX)
    wire = response.to_wire(max_size=65535)
    if len(wire) <= room:
        return wire
    short = dns.message.make_response(query, our_payload=PAYLOAD_MAX)
    short.flags |= dns.flags.AA | dns.flags.RA | dns.flags.TC
    return short.to_wire(max_size=room)
