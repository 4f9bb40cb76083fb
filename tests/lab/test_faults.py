"""Every conversation fault at every moment, seen by a plain socket."""

from __future__ import annotations

import base64
import ssl
from dataclasses import dataclass
from typing import TYPE_CHECKING

import pytest

from mailprobe.lab import (
    Drip,
    Drop,
    Garble,
    Raw,
    Refuse,
    Reply,
    Slow,
    Stall,
)
from mailprobe.lab.conversation import noise
from mailprobe.model.errors import UsageError
from tests.lab.clients import Wire, password

if TYPE_CHECKING:
    from collections.abc import Callable

    from mailprobe.lab import Fault, ThreadedLab
    from mailprobe.model.target import SecurityName

ADA = "ada@libero.test"


@dataclass(frozen=True)
class Talk:
    """A conversation up to one moment, and how its reply begins."""

    moment: str
    service: str
    security: SecurityName
    commands: tuple[bytes, ...]
    right: bytes

    def __str__(self) -> str:
        return f"{self.service}-{self.moment}"

    def hold(self, lab: ThreadedLab) -> bytes:
        """Return the first line of the last reply."""
        secret = password(lab, lab.mailbox(ADA)).encode()
        plain = base64.b64encode(b"\0" + ADA.encode() + b"\0" + secret)
        imap = self.service == "imap"
        with Wire(
            lab, lab.endpoint("libero.test", self.service, self.security)
        ) as wire:
            for place, command in enumerate((b"", *self.commands)):
                made = command.replace(b"{password}", secret)
                made = made.replace(b"{initial}", plain)
                if place == len(self.commands):
                    wire.send(_line(made, imap=imap))
                elif imap:
                    _ = wire.imap(made) if made else wire.line()
                else:
                    wire.smtp(made)
            return wire.line()


def _line(command: bytes, *, imap: bool) -> bytes:
    if not command:
        return b""
    return (b"a " if imap else b"") + command + b"\r\n"


def _smtp(moment: str, right: bytes, *commands: bytes) -> Talk:
    return Talk(moment, "mx", "none", commands, right)


def _imap(moment: str, right: bytes, *commands: bytes) -> Talk:
    return Talk(moment, "imap", "tls", commands, right)


EHLO, FROM, TO = b"EHLO c", b"MAIL FROM:<>", b"RCPT TO:<ada@libero.test>"
LOGIN, SELECT = b"LOGIN ada@libero.test {password}", b"SELECT INBOX"
AUTH = b"AUTH PLAIN {initial}"

TALKS = [
    _smtp("GREETING", b"220 "),
    _smtp("EHLO", b"250-", EHLO),
    _smtp("HELO", b"250 ", b"HELO c"),
    _smtp("STARTTLS", b"220 2.0.0 ", EHLO, b"STARTTLS"),
    _smtp("MAIL", b"250 2.1.0 ", EHLO, FROM),
    _smtp("RCPT", b"250 2.1.5 ", EHLO, FROM, TO),
    _smtp("DATA", b"354 ", EHLO, FROM, TO, b"DATA"),
    _smtp("ACCEPT", b"250 2.0.0 ", EHLO, FROM, TO, b"DATA", b"."),
    _smtp("RSET", b"250 ", b"RSET"),
    _smtp("NOOP", b"250 ", b"NOOP"),
    _smtp("VRFY", b"252 ", b"VRFY ada"),
    _smtp("QUIT", b"221 ", b"QUIT"),
    Talk("AUTH", "submission", "tls", (EHLO, AUTH), b"235 "),
    _imap("GREETING", b"* OK "),
    _imap("CAPABILITY", b"* CAPABILITY ", b"CAPABILITY"),
    Talk("STARTTLS", "imap", "starttls", (b"STARTTLS",), b"a OK "),
    _imap("ID", b"* ID ", b"ID NIL"),
    _imap("LOGIN", b"a OK ", LOGIN),
    _imap("AUTH", b"a OK ", LOGIN),
    _imap("AUTHENTICATE", b"a OK ", b"AUTHENTICATE PLAIN {initial}"),
    _imap("SELECT", b"* FLAGS ", LOGIN, SELECT),
    _imap("EXAMINE", b"* FLAGS ", LOGIN, b"EXAMINE INBOX"),
    _imap("LIST", b"* LIST ", LOGIN, b'LIST "" *'),
    _imap("STATUS", b"* STATUS ", LOGIN, b"STATUS INBOX (UIDNEXT)"),
    _imap("NAMESPACE", b"* NAMESPACE ", LOGIN, b"NAMESPACE"),
    _imap("NOOP", b"a OK ", b"NOOP"),
    _imap("FETCH", b"* 1 FETCH ", LOGIN, SELECT, b"UID FETCH 1:* UID"),
    _imap("STORE", b"* 1 FETCH ", LOGIN, SELECT, b"STORE 1 FLAGS (x)"),
    _imap("SEARCH", b"* SEARCH ", LOGIN, SELECT, b"SEARCH ALL"),
    _imap("EXPUNGE", b"a OK ", LOGIN, SELECT, b"EXPUNGE"),
    _imap("CHECK", b"a OK ", LOGIN, SELECT, b"CHECK"),
    _imap("CLOSE", b"a OK ", LOGIN, SELECT, b"CLOSE"),
    _imap("UNSELECT", b"a OK ", LOGIN, SELECT, b"UNSELECT"),
    _imap("APPEND", b"a OK ", LOGIN, b"APPEND INBOX {1+}\r\nx"),
    _imap("IDLE", b"+ idling", LOGIN, SELECT, b"IDLE"),
    _imap("GETQUOTA", b"* QUOTA ", LOGIN, b'GETQUOTA "User quota"'),
    _imap("GETQUOTAROOT", b"* QUOTAROOT ", LOGIN, b"GETQUOTAROOT INBOX"),
    _imap("LOGOUT", b"* BYE ", b"LOGOUT"),
]
FAULTS: dict[str, Callable[[str], Fault]] = {
    "drop": Drop,
    "stall": lambda where: Stall(where, 0.001),
    "raw": lambda where: Raw(where, b"HTTP/1.1 400 Bad Request\r\n"),
    "slow": lambda where: Slow(where, 0.001),
    "drip": lambda where: Drip(where, 0),
    "garble": Garble,
}


@pytest.mark.parametrize("name", FAULTS)
@pytest.mark.parametrize("talk", TALKS, ids=str)
def test_faults(lab: ThreadedLab, talk: Talk, name: str) -> None:
    """A fault changes the reply at its moment, and no reply before it."""
    lab.store.deliver(ADA, b"x")
    with lab.fault(FAULTS[name](talk.moment)):
        seen = talk.hold(lab)
    if name in {"drop", "stall"}:
        assert seen == b""
    elif name == "raw":
        assert seen == b"HTTP/1.1 400 Bad Request\r\n"
    elif name == "garble":
        assert noise(seen).startswith(talk.right)
    else:
        assert seen.startswith(talk.right)
    assert lab.surprises == []


@pytest.mark.parametrize("talk", TALKS, ids=str)
def test_reply(lab: ThreadedLab, talk: Talk) -> None:
    """A `Reply` fault refuses at its moment, and the command is not carried out."""
    lab.store.deliver(ADA, b"x")
    imap = talk.service == "imap"
    fault = (
        Reply(talk.moment, "NO", "[UNAVAILABLE] later")
        if imap
        else Reply(talk.moment, 451, "4.3.0 store trouble")
    )
    with lab.fault(fault):
        seen = talk.hold(lab)
    tag = b"*" if talk.moment == "GREETING" else b"a"
    refusal = tag + b" NO [UNAVAILABLE] later\r\n"
    assert seen == (refusal if imap else b"451 4.3.0 store trouble\r\n")
    (first,) = lab.store.messages(ADA)
    assert first.flags == frozenset()


@pytest.mark.parametrize("talk", [t for t in TALKS if t.service == "imap"], ids=str)
def test_bye(lab: ThreadedLab, talk: Talk) -> None:
    """BYE comes untagged, whatever the moment."""
    lab.store.deliver(ADA, b"x")
    with lab.fault(Reply(talk.moment, "BYE", "[UNAVAILABLE] maintenance")):
        assert talk.hold(lab) == b"* BYE [UNAVAILABLE] maintenance\r\n"


@pytest.mark.parametrize(
    # Before Python 3.13 a client in TLS sees an end where there was a reset.
    "talk",
    [t for t in TALKS if t.security != "tls"],
    ids=str,
)
def test_reset(lab: ThreadedLab, talk: Talk) -> None:
    """A dropped line may end with a TCP reset."""
    with lab.fault(Drop(talk.moment, reset=True)), pytest.raises(ConnectionResetError):
        talk.hold(lab)


def test_a_stall_lasts_until_the_client_goes(lab: ThreadedLab) -> None:
    """Without a time the server is silent until the client ends the connection."""
    with (
        lab.fault(Stall("NOOP")),
        Wire(lab, lab.endpoint("libero.test", "mx", "none")) as wire,
    ):
        wire.smtp()
        wire.send(b"NOOP\r\nNOOP\r\n")
        assert wire.rest() == b""


def test_421_and_multi_line_replies(lab: ThreadedLab) -> None:
    """421 ends the connection; several lines make a multi-line reply."""
    with (
        lab.fault(Reply("EHLO", 421, "4.3.2 busy\n4.3.2 come back")),
        Wire(lab, lab.endpoint("libero.test", "mx", "none")) as wire,
    ):
        wire.smtp()
        wire.send(b"EHLO c\r\n")
        assert wire.rest() == b"421-4.3.2 busy\r\n421 4.3.2 come back\r\n"


def test_a_554_greeting_leaves_quit_alone(lab: ThreadedLab) -> None:
    """A server that greets with 554 answers nothing but QUIT (RFC 5321 3.1)."""
    with (
        lab.fault(Reply("GREETING", 554, "no service")),
        Wire(lab, lab.endpoint("libero.test", "mx", "none")) as wire,
    ):
        assert wire.smtp() == b"554 no service\r\n"
        assert wire.smtp(b"EHLO c").startswith(b"503 ")
        assert wire.smtp(b"QUIT").startswith(b"221 ")


def test_a_lost_reply_does_not_undo_the_work(lab: ThreadedLab) -> None:
    """A line dropped at ACCEPT leaves the mail delivered and the client unsure."""
    talk = next(t for t in TALKS if t.moment == "ACCEPT")
    with lab.fault(Drop("ACCEPT")):
        assert talk.hold(lab) == b""
    assert len(lab.store.messages(ADA)) == 1


def test_early_bytes(lab: ThreadedLab) -> None:
    """Two replies in one can be sent, and plaintext slipped in before TLS."""
    endpoint = lab.endpoint("libero.test", "mx")
    with (
        lab.fault(Raw("STARTTLS", b"220 go\r\n250 injected\r\n")),
        Wire(lab, endpoint) as wire,
    ):
        wire.smtp()
        wire.smtp(b"EHLO c")
        assert wire.smtp(b"STARTTLS") == b"220 go\r\n"
        assert wire.smtp() == b"250 injected\r\n"
        wire.secure()
        assert wire.smtp(b"EHLO c").startswith(b"250-")


@pytest.mark.parametrize("service", ["submission", "imap"])
@pytest.mark.parametrize(
    ("where", "name"),
    [
        ("CONNECT", "drop"),
        ("CONNECT", "stall"),
        ("CONNECT", "raw"),
        ("TLS", "drop"),
        ("TLS", "stall"),
        ("TLS", "raw"),
        ("TLS", "garble"),
    ],
)
def test_no_handshake(lab: ThreadedLab, service: str, where: str, name: str) -> None:
    """Before and at the TLS handshake a line can die, or speak something else."""
    with lab.fault(FAULTS[name](where)), pytest.raises((ssl.SSLError, OSError)):
        Wire(lab, lab.endpoint("libero.test", service))


@pytest.mark.parametrize("where", ["CONNECT", "TLS"])
def test_a_slow_handshake(lab: ThreadedLab, where: str) -> None:
    """A slow handshake succeeds."""
    with (
        lab.fault(Slow(where, 0.01)),
        Wire(lab, lab.endpoint("libero.test", "submission")) as wire,
    ):
        assert wire.smtp().startswith(b"220 ")


def test_refusal_at_connect(lab: ThreadedLab) -> None:
    """A reply at CONNECT comes in clear, even on a TLS port, and ends it all."""
    with (
        lab.fault(Reply("CONNECT", 421, "4.7.0 too many connections")),
        Wire(lab, lab.endpoint("libero.test", "mx", "none")) as wire,
    ):
        assert wire.rest() == b"421 4.7.0 too many connections\r\n"


def test_refused_connections(lab: ThreadedLab) -> None:
    """A listener can be closed and opened; the others and open sessions stay."""
    endpoint = lab.endpoint("libero.test", "mx", "none")
    with Wire(lab, endpoint) as before:
        before.smtp()
        with lab.fault(Refuse(service="mx", host="mx1.libero.test")):
            with pytest.raises(ConnectionRefusedError):
                Wire(lab, endpoint)
            other = type(endpoint)("mx2.libero.test", lab.mx_port, "none")
            Wire(lab, other).close()
            assert before.smtp(b"NOOP").startswith(b"250 ")
        with Wire(lab, endpoint) as after:
            assert after.smtp().startswith(b"220 ")


@pytest.mark.parametrize(
    ("fault", "brand", "other", "third"),
    [
        (Drop("GREETING"), True, True, True),
        (Drop("GREETING", domain="libero.test"), True, False, False),
        (Drop("GREETING", domain="libero.test", platform=True), True, True, False),
        (Drop("GREETING", platform=True), True, True, False),
        (Drop("GREETING", domain="posta.test", platform=True), False, False, True),
        (Drop("GREETING", service="imap"), False, False, False),
        (Drop("GREETING", security="tls"), False, False, False),
        (Drop("GREETING", host="mx1.virgilio.test"), False, True, False),
    ],
)
def test_where_faults_strike(
    lab: ThreadedLab,
    fault: Fault,
    brand: bool,  # noqa: FBT001 - columns of the table
    other: bool,  # noqa: FBT001
    third: bool,  # noqa: FBT001
) -> None:
    """A fault strikes a service, a brand, a platform or a host, as it says."""
    with lab.fault(fault):
        for domain, struck in zip(lab.domains, (brand, other, third), strict=True):
            with Wire(lab, lab.endpoint(domain, "mx", "none")) as wire:
                assert (wire.line() == b"") is struck


def test_faults_compose(lab: ThreadedLab) -> None:
    """Delays add up, and the newest of two replies is sent."""
    talk = next(t for t in TALKS if t.moment == "RCPT")
    with lab.fault(Slow("RCPT", 0.001), Reply("RCPT", 450, "a"), Slow("RCPT", 0.001)):
        assert talk.hold(lab) == b"450 a\r\n"
        with lab.fault(Reply("RCPT", 550, "b")):
            assert talk.hold(lab) == b"550 b\r\n"
        assert talk.hold(lab) == b"450 a\r\n"
    assert talk.hold(lab).startswith(talk.right)


@pytest.mark.parametrize(
    ("fault", "expected"),
    [
        (Reply("PUSH", "BYE", "shutting down"), b"* BYE shutting down\r\n"),
        (Raw("PUSH", b"* 99 EXISTS\r\n"), b"* 99 EXISTS\r\n"),
        (Slow("PUSH", 0.001), b"* 1 EXISTS\r\n"),
        (Drop("PUSH"), b""),
    ],
)
def test_push(lab: ThreadedLab, fault: Fault, expected: bytes) -> None:
    """What an idling client is told can be wrong, late or the end."""
    with lab.fault(fault), Wire(lab, lab.endpoint("libero.test", "imap")) as wire:
        _idle(lab, wire)
        lab.store.deliver(ADA, b"x")
        assert wire.line() == expected


def test_a_server_that_never_pushes(lab: ThreadedLab) -> None:
    """IDLE may be offered and dead: news come with the end of IDLE only."""
    with (
        lab.fault(Stall("PUSH")),
        Wire(lab, lab.endpoint("libero.test", "imap")) as wire,
    ):
        _idle(lab, wire)
        lab.store.deliver(ADA, b"x")
        wire.send(b"DONE\r\n")
        assert wire.line() == b"* 1 EXISTS\r\n"


def _idle(lab: ThreadedLab, wire: Wire) -> None:
    wire.line()
    wire.imap(f"LOGIN {ADA} {password(lab, lab.mailbox(ADA))}".encode())
    wire.imap(b"SELECT INBOX")
    wire.imap(b"IDLE")


@pytest.mark.parametrize(
    ("make", "words"),
    [
        (lambda: Drop("LUNCH"), "'LUNCH' is no moment of any service"),
        (lambda: Drop("IDLE", service="mx"), "'IDLE' is no moment of mx"),
        (lambda: Reply("EHLO", "MAYBE"), "neither an SMTP code nor"),
        (lambda: Reply("EHLO", 42), "neither an SMTP code nor"),
        (lambda: Drip("TLS", 1), "cannot be dripped"),
        (lambda: Refuse(service="dns"), "use DnsRefused"),
        (lambda: Refuse(service="pop3"), "'pop3' is not in the lab"),
    ],
)
def test_faults_that_cannot_be_meant(make: Callable[[], Fault], words: str) -> None:
    """A fault that could never strike is an error when it is written."""
    with pytest.raises(UsageError, match=words):
        make()
