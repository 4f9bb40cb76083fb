"""The name server, asked by dnspython."""

from __future__ import annotations

import dns.edns
import dns.exception
import dns.flags
import dns.message
import dns.query
import dns.rcode
import dns.resolver
import pytest

from mailprobe.lab import (
    DnsRefused,
    DnsStall,
    Drop,
    Garble,
    NoData,
    NxDomain,
    Raw,
    Records,
    Servfail,
    Slow,
    ThreadedLab,
)
from tests.lab.clients import resolver


def _ask(lab: ThreadedLab, name: str, kind: str = "MX") -> dns.message.Message:
    host, port = lab.nameserver.split(":")
    query = dns.message.make_query(name, kind, use_edns=0)
    return dns.query.udp(query, host, timeout=10, port=int(port))


def _texts(lab: ThreadedLab, name: str, kind: str) -> list[str]:
    return sorted(rdata.to_text() for rdata in resolver(lab).resolve(name, kind))


def test_a_domain_is_published(lab: ThreadedLab) -> None:
    """MX, addresses, SRV and TXT say where everything is."""
    assert _texts(lab, "libero.test", "MX") == [
        "10 mx1.libero.test.",
        "20 mx2.libero.test.",
    ]
    assert _texts(lab, "imap.Libero.TEST", "A") == ["127.0.0.1"]
    assert len(set(_texts(lab, "mx1.libero.test", "A"))) == 1
    where = lab.endpoint("libero.test", "imap", "tls")
    assert _texts(lab, "_imaps._tcp.libero.test", "SRV") == [
        f"0 1 {where.port} imap.libero.test."
    ]
    assert _texts(lab, "libero.test", "TXT") == ['"v=spf1 mx -all"']
    answer = resolver(lab).resolve("libero.test", "MX")
    assert answer.rrset is not None
    assert answer.rrset.ttl == 60


@pytest.mark.parametrize("service", ["submissions", "submission", "imaps", "imap"])
def test_services_are_found(lab: ThreadedLab, service: str) -> None:
    """Each RFC 6186 name leads to a port that is served."""
    (record,) = resolver(lab).resolve(f"_{service}._tcp.posta.test", "SRV")
    ports = {
        lab.endpoint("posta.test", protocol, security).port
        for protocol in ("submission", "imap")
        for security in ("tls", "starttls")
    }
    assert record.port in ports


def test_nothing_there(lab: ThreadedLab) -> None:
    """Unknown names are NXDOMAIN; known ones without the type have no data."""
    with pytest.raises(dns.resolver.NXDOMAIN):
        _texts(lab, "nowhere.test", "MX")
    for name, kind in (("mx1.libero.test", "AAAA"), ("_tcp.libero.test", "A")):
        answer = _ask(lab, name, kind)
        assert answer.rcode() == dns.rcode.NOERROR
        assert not answer.answer
        assert answer.authority[0].rdtype == dns.rdatatype.SOA


@pytest.mark.parametrize(
    ("fault", "rcode"),
    [
        (Servfail(), dns.rcode.SERVFAIL),
        (Servfail("libero.test"), dns.rcode.SERVFAIL),
        (Servfail("posta.test"), dns.rcode.NOERROR),
        (DnsRefused("libero.test"), dns.rcode.REFUSED),
        (NxDomain("libero.test"), dns.rcode.NXDOMAIN),
    ],
)
def test_response_codes(
    lab: ThreadedLab, fault: Servfail, rcode: dns.rcode.Rcode
) -> None:
    """A fault strikes its name and all below it, and no other."""
    with lab.fault(fault):
        assert _ask(lab, "libero.test").rcode() == rcode
        assert _ask(lab, "mx1.libero.test", "A").rcode() == rcode
    assert _ask(lab, "libero.test").rcode() == dns.rcode.NOERROR


def test_extended_errors(lab: ThreadedLab) -> None:
    """SERVFAIL can say why (RFC 8914)."""
    with lab.fault(Servfail(ede=6)):
        (option,) = _ask(lab, "libero.test").options
    assert isinstance(option, dns.edns.EDEOption)
    assert option.code == dns.edns.EDECode.DNSSEC_BOGUS


def test_no_data(lab: ThreadedLab) -> None:
    """One type of a name can be taken away."""
    with lab.fault(NoData("libero.test", "MX")):
        assert not _ask(lab, "libero.test").answer
        assert _ask(lab, "libero.test", "TXT").answer


def test_records_replace(lab: ThreadedLab) -> None:
    """Null MX, aliases and new names can be published; aliases are followed."""
    with lab.fault(Records("libero.test", "MX", ("0 .",))):
        assert _texts(lab, "libero.test", "MX") == ["0 ."]
    with lab.fault(Records("new.posta.test", "A", ("127.0.0.9",))):
        assert _texts(lab, "new.posta.test", "A") == ["127.0.0.9"]
    with lab.fault(Records("mx1.libero.test", "CNAME", ("smtp.posta.test.",))):
        answer = _ask(lab, "mx1.libero.test", "A")
        kinds = [rrset.rdtype for rrset in answer.answer]
    assert kinds == [dns.rdatatype.CNAME, dns.rdatatype.A]


def test_an_alias_to_nowhere(lab: ThreadedLab) -> None:
    """A dangling alias gives the alias and NXDOMAIN."""
    with lab.fault(Records("mx1.libero.test", "CNAME", ("gone.test.",))):
        answer = _ask(lab, "mx1.libero.test", "A")
    assert answer.rcode() == dns.rcode.NXDOMAIN
    assert len(answer.answer) == 1


@pytest.mark.parametrize("fault", [DnsStall(), DnsStall("libero.test"), Drop("QUERY")])
def test_silence(lab: ThreadedLab, fault: DnsStall) -> None:
    """A stalled name server does not answer."""
    asked = resolver(lab)
    asked.lifetime = 0.1
    with lab.fault(fault), pytest.raises(dns.resolver.LifetimeTimeout):
        asked.resolve("libero.test", "MX")


@pytest.mark.parametrize("fault", [Garble("QUERY"), Raw("QUERY", b"?")])
def test_noise(lab: ThreadedLab, fault: Garble) -> None:
    """A garbled answer carries the right id and nothing that can be read."""
    with lab.fault(fault), pytest.raises(dns.exception.DNSException):
        _ask(lab, "libero.test")


def test_a_slow_answer(lab: ThreadedLab) -> None:
    """A slow name server answers all the same."""
    with lab.fault(Slow("QUERY", 0.01, service="dns")):
        assert _texts(lab, "imap.libero.test", "A") == ["127.0.0.1"]


def test_large_answers_go_by_tcp(lab: ThreadedLab) -> None:
    """What is too large for a datagram is cut there, and whole by TCP."""
    many = tuple(f"{n} a-rather-long-name-{n}.libero.test." for n in range(100))
    with lab.fault(Records("libero.test", "MX", many)):
        assert _ask(lab, "libero.test").flags & dns.flags.TC
        assert len(_texts(lab, "libero.test", "MX")) == 100
