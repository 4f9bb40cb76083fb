"""Lookups against a name server that is told what to do."""

from __future__ import annotations

import asyncio
import socket
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING, TypeAlias, cast

import dns.edns
import dns.flags
import dns.message
import dns.name
import dns.rcode
import dns.rdatatype
import dns.resolver
import dns.rrset
import pytest

from mailprobe.model.errors import ConfigError, UsageError
from mailprobe.model.limits import Limits
from mailprobe.wire import resolver as module
from mailprobe.wire.resolver import NameServer, Outcome, Resolver

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable, Sequence

Answer: TypeAlias = "Callable[[dns.message.Message], Sequence[bytes]]"

# Long enough for any answer on loopback; short, where silence is waited out.
PATIENT = Limits(dns=20, dns_try=20)
HASTY = Limits(dns=0.05, dns_try=0.02)


def reply(
    question: dns.message.Message,
    *records: str,
    rcode: dns.rcode.Rcode = dns.rcode.NOERROR,
    options: Sequence[dns.edns.Option] = (),
    flags: int = 0,
) -> dns.message.Message:
    """Answer a question with these records, each ``name ttl IN type data``."""
    made = dns.message.make_response(question, recursion_available=True)
    made.flags |= flags
    made.use_edns(0, options=list(options))
    made.set_rcode(rcode)
    for record in records:
        name, ttl, rdclass, rdtype, data = record.split(" ", 4)
        made.answer.append(dns.rrset.from_text(name, int(ttl), rdclass, rdtype, data))
    return made


class NameServerOnUdp(asyncio.DatagramProtocol):
    """Answers each datagram by a script; counts them."""

    def __init__(self, answer: Answer) -> None:
        """Answer by this."""
        self.answer = answer
        self.asked: list[dns.message.Message] = []
        self.transport: asyncio.DatagramTransport | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Keep where to answer."""
        # Python 3.11 does not call it a DatagramTransport, though it is one.
        self.transport = cast("asyncio.DatagramTransport", transport)

    def datagram_received(self, data: bytes, addr: tuple[str, int]) -> None:
        """Answer."""
        question = dns.message.from_wire(data)
        self.asked.append(question)
        assert self.transport is not None
        for wire in self.answer(question):
            self.transport.sendto(wire, addr)


@asynccontextmanager
async def serving(
    answer: Answer, over_tcp: Answer | None = None
) -> AsyncIterator[tuple[str, NameServerOnUdp]]:
    """Run a name server on a free port of loopback; over TCP too if asked for."""
    loop = asyncio.get_running_loop()

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        size = int.from_bytes(await reader.readexactly(2), "big")
        question = dns.message.from_wire(await reader.readexactly(size))
        assert over_tcp is not None
        for wire in over_tcp(question):
            writer.write(len(wire).to_bytes(2, "big") + wire)
        await writer.drain()
        writer.close()

    listener = None
    port = 0
    if over_tcp is not None:
        listener = await asyncio.start_server(serve, "127.0.0.1", 0)
        port = listener.sockets[0].getsockname()[1]
    transport, server = await loop.create_datagram_endpoint(
        lambda: NameServerOnUdp(answer), local_addr=("127.0.0.1", port)
    )
    try:
        host, port = transport.get_extra_info("sockname")[:2]
        yield f"{host}:{port}", server
    finally:
        transport.close()
        if listener is not None:
            listener.close()


MX = "libero.test. 300 IN MX 10 mx.libero.test."
OTHERS = dns.message.make_query("other.test", "MX")


@pytest.mark.asyncio
async def test_an_answer_is_its_records() -> None:
    """With the smallest time to live, and who said so."""
    records = (MX, "libero.test. 60 IN MX 20 mx2.libero.test.")
    async with serving(lambda q: [reply(q, *records).to_wire()]) as (at, server):
        found = await Resolver([at], PATIENT).lookup("libero.test.", "MX")
    assert found.outcome is Outcome.ANSWER
    assert found.server == at
    assert [str(record) for record in found.records] == [
        "10 mx.libero.test.",
        "20 mx2.libero.test.",
    ]
    assert found.ttl == 60
    assert (found.canonical, found.detail) == (None, "")
    (question,) = server.asked
    assert question.edns == 0
    assert question.payload == module.UDP_PAYLOAD
    assert question.flags & dns.flags.RD


@pytest.mark.asyncio
async def test_an_alias_is_followed_and_named() -> None:
    """The records are those at the end of the chain; its end is told."""
    records = (
        "www.test. 30 IN CNAME Real.test.",
        "real.test. 300 IN A 192.0.2.1",
    )
    async with serving(lambda q: [reply(q, *records).to_wire()]) as (at, _):
        found = await Resolver([at], PATIENT).lookup("www.test", "A")
    assert [str(record) for record in found.records] == ["192.0.2.1"]
    assert (found.canonical, found.ttl) == ("real.test", 30)


@pytest.mark.asyncio
@pytest.mark.parametrize(
    ("rcode", "outcome", "detail"),
    [
        (dns.rcode.NOERROR, Outcome.NO_DATA, ""),
        (dns.rcode.NXDOMAIN, Outcome.NXDOMAIN, ""),
        (dns.rcode.SERVFAIL, Outcome.SERVFAIL, ""),
        (dns.rcode.REFUSED, Outcome.REFUSED, ""),
        (dns.rcode.NOTIMP, Outcome.SERVFAIL, "NOTIMP"),
        (dns.rcode.FORMERR, Outcome.SERVFAIL, "FORMERR"),
        (dns.rcode.BADVERS, Outcome.SERVFAIL, "BADVERS"),
    ],
)
async def test_each_end_has_its_own_name(
    rcode: dns.rcode.Rcode, outcome: Outcome, detail: str
) -> None:
    """No data, no such name, failed and refused are never merged."""
    async with serving(lambda q: [reply(q, rcode=rcode).to_wire()]) as (at, server):
        found = await Resolver([at], PATIENT).lookup("libero.test", "MX")
    assert (found.outcome, found.detail, found.records) == (outcome, detail, ())
    assert len(server.asked) == 1


@pytest.mark.asyncio
async def test_an_alias_to_nowhere_has_no_data() -> None:
    """The alias is told all the same."""
    alias = "www.test. 30 IN CNAME real.test."
    async with serving(lambda q: [reply(q, alias).to_wire()]) as (at, _):
        found = await Resolver([at], PATIENT).lookup("www.test", "A")
    assert (found.outcome, found.canonical) == (Outcome.NO_DATA, "real.test")


@pytest.mark.asyncio
async def test_an_alias_that_goes_in_circles_is_malformed() -> None:
    """A loop of CNAMEs makes no sense."""
    loop = ("a.test. 30 IN CNAME b.test.", "b.test. 30 IN CNAME a.test.")
    async with serving(lambda q: [reply(q, *loop).to_wire()]) as (at, _):
        found = await Resolver([at], PATIENT).lookup("a.test", "A")
    assert found.outcome is Outcome.MALFORMED
    assert found.detail


@pytest.mark.asyncio
async def test_an_extended_error_says_why() -> None:
    """RFC 8914: code and text, made readable."""
    options = [
        dns.edns.EDEOption(dns.edns.EDECode.NO_REACHABLE_AUTHORITY, "no\x1b auth"),
        dns.edns.EDEOption(dns.edns.EDECode.DNSKEY_MISSING),
    ]
    answer = lambda q: [  # noqa: E731 - one expression
        reply(q, rcode=dns.rcode.SERVFAIL, options=options).to_wire()
    ]
    async with serving(answer) as (at, _):
        found = await Resolver([at], PATIENT).lookup("libero.test", "MX")
    assert found.outcome is Outcome.SERVFAIL
    assert found.detail == "no reachable authority: no\\x1b auth; dnskey missing"


@pytest.mark.asyncio
async def test_silence_is_a_timeout_after_several_questions() -> None:
    """One lost datagram must not decide: a lone server is asked again."""
    async with serving(lambda _: []) as (at, server):
        found = await Resolver([at], HASTY).lookup("libero.test", "MX")
    assert (found.outcome, found.server) == (Outcome.TIMEOUT, at)
    assert 1 <= len(server.asked) <= 3


@pytest.mark.asyncio
async def test_one_lost_datagram_does_not_decide() -> None:
    """The second question is answered, and that counts."""
    seen: list[dns.message.Message] = []

    def second(question: dns.message.Message) -> list[bytes]:
        seen.append(question)
        return [reply(question, MX).to_wire()] if len(seen) > 1 else []

    async with serving(second) as (at, _):
        limits = Limits(dns=20, dns_try=0.02)
        found = await Resolver([at], limits).lookup("libero.test", "MX")
    assert found.outcome is Outcome.ANSWER


def noise(question: dns.message.Message) -> list[bytes]:
    """Return what must not be taken for an answer."""
    wrong_id = reply(question, MX)
    wrong_id.id = (question.id + 1) % 65536
    other = dns.message.make_response(OTHERS)
    other.id = question.id
    return [
        b"",
        b"\x00",
        b"garbage" * 20,
        wrong_id.to_wire(),
        other.to_wire(),
        question.to_wire(),
        reply(question, MX).to_wire()[:-3],
    ]


@pytest.mark.asyncio
async def test_noise_before_the_answer_is_passed_over() -> None:
    """Rubbish, another id, another question, an echo: none ends the wait."""
    answer = lambda q: [*noise(q), reply(q, MX).to_wire()]  # noqa: E731
    async with serving(answer) as (at, server):
        found = await Resolver([at], PATIENT).lookup("libero.test", "MX")
    assert found.outcome is Outcome.ANSWER
    assert len(server.asked) == 1


@pytest.mark.asyncio
async def test_noise_alone_is_silence() -> None:
    """What is no answer says nothing."""
    async with serving(noise) as (at, _):
        found = await Resolver([at], HASTY).lookup("libero.test", "MX")
    assert found.outcome is Outcome.TIMEOUT


@pytest.mark.asyncio
@pytest.mark.parametrize("mangled", [False, True])
async def test_an_answer_cut_short_is_asked_for_by_tcp(*, mangled: bool) -> None:
    """TC leads to TCP, even if the datagram ends in the middle of a record."""

    def short(question: dns.message.Message) -> list[bytes]:
        wire = reply(question, MX, flags=dns.flags.TC).to_wire()
        return [wire[:-15] if mangled else wire]

    full = lambda q: [reply(q, MX).to_wire()]  # noqa: E731 - one expression
    async with serving(short, over_tcp=full) as (at, _):
        found = await Resolver([at], PATIENT).lookup("libero.test", "MX")
    assert found.outcome is Outcome.ANSWER
    assert found.server == at


@pytest.mark.asyncio
@pytest.mark.parametrize(
    ("answer", "outcome"),
    [
        (lambda _: [], Outcome.TIMEOUT),  # closed without a word
        (lambda _: [b"garbage"], Outcome.MALFORMED),
        (lambda q: [noise(q)[3]], Outcome.MALFORMED),  # another id
    ],
)
async def test_what_goes_wrong_over_tcp_is_told(
    answer: Answer, outcome: Outcome
) -> None:
    """Nothing that a name server does is raised."""
    short = lambda q: [reply(q, flags=dns.flags.TC).to_wire()]  # noqa: E731
    limits = Limits(dns=20, dns_try=20)
    async with serving(short, over_tcp=answer) as (at, _):
        found = await Resolver([at], limits).lookup("libero.test", "MX")
    assert found.outcome is outcome
    assert found.detail


@pytest.mark.asyncio
async def test_nobody_listening_is_known_at_once() -> None:
    """A closed port is silence to us, told without waiting for it."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sock:
        sock.bind(("127.0.0.1", 0))
        at = f"127.0.0.1:{sock.getsockname()[1]}"
    found = await Resolver([at], PATIENT).lookup("libero.test", "MX")
    assert found.outcome is Outcome.TIMEOUT
    assert found.detail


@pytest.mark.asyncio
@pytest.mark.parametrize("rcode", [dns.rcode.SERVFAIL, dns.rcode.REFUSED])
async def test_a_server_that_fails_gives_way_to_the_next(
    rcode: dns.rcode.Rcode,
) -> None:
    """The second one knows, and is named."""
    bad = lambda q: [reply(q, rcode=rcode).to_wire()]  # noqa: E731 - one expression
    good = lambda q: [reply(q, MX).to_wire()]  # noqa: E731 - one expression
    async with serving(bad) as (first, _), serving(good) as (second, _):
        found = await Resolver([first, second], PATIENT).lookup("libero.test", "MX")
    assert (found.outcome, found.server) == (Outcome.ANSWER, second)


@pytest.mark.asyncio
async def test_what_a_server_said_counts_more_than_anothers_silence() -> None:
    """SERVFAIL is about the domain; silence about our network."""
    bad = lambda q: [reply(q, rcode=dns.rcode.SERVFAIL).to_wire()]  # noqa: E731
    async with serving(bad) as (first, _), serving(lambda _: []) as (second, _):
        found = await Resolver([first, second], HASTY).lookup("libero.test", "MX")
    assert (found.outcome, found.server) == (Outcome.SERVFAIL, first)


@pytest.mark.asyncio
@pytest.mark.parametrize("rcode", [dns.rcode.NXDOMAIN, dns.rcode.NOERROR])
async def test_an_absence_is_believed_at_once(rcode: dns.rcode.Rcode) -> None:
    """No second server is asked whether it knows better."""
    none = lambda q: [reply(q, rcode=rcode).to_wire()]  # noqa: E731 - one expression
    good = lambda q: [reply(q, MX).to_wire()]  # noqa: E731 - one expression
    async with serving(none) as (first, _), serving(good) as (second, other):
        found = await Resolver([first, second], PATIENT).lookup("libero.test", "MX")
    assert found.outcome in {Outcome.NXDOMAIN, Outcome.NO_DATA}
    assert other.asked == []


@pytest.mark.asyncio
async def test_records_are_bounded() -> None:
    """An answer of many hundred records keeps some."""
    many = [f"libero.test. 60 IN A 10.0.{n // 250}.{n % 250}" for n in range(300)]
    answer = lambda q: [reply(q, *many).to_wire(max_size=65535)]  # noqa: E731
    async with serving(answer) as (at, _):
        found = await Resolver([at], PATIENT).lookup("libero.test", "A")
    assert len(found.records) == module.RECORDS_MAX


@pytest.mark.asyncio
@pytest.mark.parametrize(
    "name", ["a..b", "x" * 64 + ".test", "a." * 200, "\udc80.test"]
)
async def test_a_name_that_cannot_stand_in_dns_is_not_asked_for(name: str) -> None:
    """A lookup never raises, whatever it is asked."""
    async with serving(lambda _: []) as (at, server):
        found = await Resolver([at], PATIENT).lookup(name, "MX")
    assert found.outcome is Outcome.MALFORMED
    assert "cannot stand in DNS" in found.detail
    assert server.asked == []


@pytest.mark.asyncio
async def test_a_cancelled_lookup_lets_the_cancellation_through() -> None:
    """It is not turned into a timeout."""
    async with serving(lambda _: []) as (at, server):
        waiting = asyncio.create_task(Resolver([at], PATIENT).lookup("x.test", "MX"))
        while not server.asked:  # noqa: ASYNC110 - until the question has come
            await asyncio.sleep(0)
        waiting.cancel()
        with pytest.raises(asyncio.CancelledError):
            await waiting


@pytest.mark.parametrize(
    ("text", "address", "port"),
    [
        ("127.0.0.53", "127.0.0.53", 53),
        ("127.0.0.1:5300", "127.0.0.1", 5300),
        ("::1", "::1", 53),
        ("2001:DB8::1", "2001:db8::1", 53),
        ("[::1]", "::1", 53),
        ("[::1]:5300", "::1", 5300),
    ],
)
def test_a_name_server_is_an_address_and_a_port(
    text: str, address: str, port: int
) -> None:
    """IPv6 with a port stands in brackets."""
    made = NameServer.parse(text)
    assert made == NameServer(address=address, port=port)
    assert NameServer.parse(str(made)) == made


@pytest.mark.parametrize(
    "text",
    [
        "",
        "localhost",
        "dns.test:53",
        "127.0.0.1:",
        "127.0.0.1:0",
        "127.0.0.1:65536",
        "127.0.0.1:-1",
        "127.0.0.1:5_3",
        "127.0.0.1: 53",
        "127.0.0.1:\u0665\u0663",
        "127.0.0.1:" + "9" * 5000,
        "[::1]:",
        "[::1]x",
        "[::1]53:53",
        "127.0.0.256",
    ],
)
def test_what_is_no_name_server_is_refused(text: str) -> None:
    """The message shows what to write."""
    with pytest.raises(UsageError, match="is not an IP address with an optional port"):
        NameServer.parse(text)


def test_without_a_server_those_of_the_system_are_used(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """And if there are none, that is said."""

    class System:
        nameservers = ("192.0.2.53", "2001:db8::53")

        def __init__(self, *, configure: bool) -> None:
            assert configure

    monkeypatch.setattr(dns.resolver, "Resolver", System)
    found = Resolver([], PATIENT).servers
    assert [str(server) for server in found] == ["192.0.2.53:53", "[2001:db8::53]:53"]

    def missing(*, configure: bool) -> None:
        assert configure
        raise dns.resolver.NoResolverConfiguration

    monkeypatch.setattr(dns.resolver, "Resolver", missing)
    with pytest.raises(ConfigError, match="the system has no name server"):
        Resolver([], PATIENT)
