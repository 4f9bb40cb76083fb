"""TLS as the servers speak it, seen by clients that look closely."""

from __future__ import annotations

import hashlib
import socket
import ssl
from contextlib import suppress
from typing import TYPE_CHECKING

import pytest

from mailprobe.lab import Slow, channel
from mailprobe.lab.certificates import Authority
from mailprobe.lab.tls import Tls
from tests.lab.clients import PATIENCE, Wire, address, context, password

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path
    from typing import Self

    from mailprobe.lab import ThreadedLab
    from mailprobe.model.target import SecurityName

ADA = "ada@libero.test"
HANDSHAKE_FAILURE = b"\x15\x03\x03\x00\x02\x02\x28"
"""A fatal alert, as it stands on the wire (RFC 8446 section 6)."""

READ = 64 * 1024
LARGE = 12 * 1024 * 1024
"""Bytes of a mail that no buffers between two sockets can hold."""


class Peer:
    """A client of TLS in memory, and the server it talks to."""

    def __init__(self, folder: Path, ciphers: str = "DEFAULT") -> None:
        authority = Authority(folder, ["mx.test"])
        context = ssl.create_default_context(cafile=str(authority.ca_file))
        context.maximum_version = ssl.TLSVersion.TLSv1_2
        context.set_ciphers(ciphers)
        self._incoming, self._outgoing = ssl.MemoryBIO(), ssl.MemoryBIO()
        self.client = context.wrap_bio(
            self._incoming, self._outgoing, server_hostname="mx.test"
        )
        self.server = Tls(authority.context(), self._incoming.write)

    def said(self) -> bytes:
        """Return what the client has to send."""
        return self._outgoing.read()

    def post(self) -> None:
        """Carry to the server what the client has to send."""
        self.server.feed(self.said())

    def heard(self) -> bytes:
        """Return what the server has sent, as it stands on the wire."""
        return self._incoming.read()

    def shake(self) -> None:
        """Shake hands."""
        while not self.server.shaken:
            with pytest.raises(ssl.SSLWantReadError):
                self.client.do_handshake()
            self.post()
            self.server.shake()
        self.client.do_handshake()


class Records:
    """A client that decides which records come in one piece."""

    def __init__(self, lab: ThreadedLab) -> None:
        endpoint = lab.endpoint("libero.test", "imap", "tls")
        where = (address(lab, endpoint.host), endpoint.port)
        self._incoming, self._outgoing = ssl.MemoryBIO(), ssl.MemoryBIO()
        self.tls = context(lab, endpoint.host).wrap_bio(
            self._incoming, self._outgoing, server_hostname=endpoint.host
        )
        self._sock = socket.create_connection(where, PATIENCE)

    def __enter__(self) -> Self:
        """Shake hands, but keep back the last flight."""
        while True:
            try:
                self.tls.do_handshake()
            except ssl.SSLWantReadError:
                self.send()
                self._incoming.write(self._sock.recv(READ))
            else:
                return self

    def __exit__(self, *_: object) -> None:
        self._sock.close()

    def send(self, more: bytes = b"") -> None:
        """Send what there is, and more."""
        self._sock.sendall(self._outgoing.read() + more)

    def rest(self) -> bytes:
        """Return the text that still comes, up to the server's goodbye."""
        while data := self._sock.recv(READ):
            self._incoming.write(data)
        text = b""
        with suppress(ssl.SSLZeroReturnError):  # the end, where we have parted
            while data := self.tls.read():
                text += data
        return text


@pytest.fixture
def peer(tmp_path: Path) -> Peer:
    """Both sides, with hands shaken."""
    made = Peer(tmp_path)
    made.shake()
    return made


@pytest.fixture
def wire(lab: ThreadedLab) -> Iterator[Wire]:
    """A session of ada's in IMAP, logged in, with INBOX open."""
    with Wire(lab, lab.endpoint("libero.test", "imap")) as session:
        session.line()
        word = password(lab, lab.mailbox(ADA))
        assert b"OK" in session.imap(f"LOGIN {ADA} {word}".encode())
        assert b"OK" in session.imap(b"SELECT INBOX")
        yield session


# --- the session itself -----------------------------------------------------------


def test_a_failed_handshake_says_why(tmp_path: Path) -> None:
    """Who shares no cipher with the server is told so, and then it is over."""
    peer = Peer(tmp_path, ciphers="AES256-SHA")  # for keys the server does not have
    with pytest.raises(ssl.SSLWantReadError):
        peer.client.do_handshake()
    peer.post()
    with pytest.raises(ssl.SSLError, match="no shared cipher"):
        peer.server.shake()
    assert peer.heard() == HANDSHAKE_FAILURE
    assert not peer.server.shaken


def test_words_come_whole_whatever_their_records(peer: Peer) -> None:
    """Half a record is waited for, and several at once are read in one go."""
    peer.client.write(b"one ")
    peer.client.write(b"x" * 40_000)
    whole = peer.said()
    peer.server.feed(whole[:10])
    assert peer.server.read() == b""
    peer.server.feed(whole[10:])
    assert peer.server.read() == b"one " + b"x" * 40_000


def test_a_clients_end_is_told_from_its_words(peer: Peer) -> None:
    """What was said before the close_notify is read, and the end is known."""
    peer.client.write(b"QUIT\r\n")
    with pytest.raises(ssl.SSLWantReadError):
        peer.client.unwrap()
    peer.post()
    assert peer.server.read() == b"QUIT\r\n"
    assert peer.server.ended


def test_both_may_end_and_in_any_order(peer: Peer) -> None:
    """The client may say more, and its own end, after the server's."""
    peer.server.part()
    peer.client.write(b"QUIT\r\n")
    peer.client.unwrap()
    peer.post()
    assert peer.server.read() == b"QUIT\r\n"
    assert peer.server.ended


def test_a_broken_record_ends_the_session_with_an_alert(peer: Peer) -> None:
    """A record that was tampered with is not read, and the client is told."""
    peer.client.write(b"NOOP\r\n")
    record = bytearray(peer.said())
    record[-1] ^= 1
    peer.server.feed(bytes(record))
    with pytest.raises(ssl.SSLError):
        peer.server.read()
    assert peer.heard().startswith(b"\x15")


# --- the connection ---------------------------------------------------------------


@pytest.mark.parametrize("security", ["tls", "starttls"])
def test_no_words_in_clear_pass_for_a_handshake(
    lab: ThreadedLab, security: SecurityName, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Who speaks in clear where a handshake is due is hung up on, and at once."""
    monkeypatch.setattr(channel, "GOODBYE_MAX", 2 * PATIENCE)
    endpoint = lab.endpoint("libero.test", "imap", security)
    where = (address(lab, endpoint.host), endpoint.port)
    with socket.create_connection(where, PATIENCE) as sock, sock.makefile("rb") as file:
        if security == "starttls":
            file.readline()
            sock.sendall(b"a STARTTLS\r\n")
            assert file.readline().startswith(b"a OK ")
        sock.sendall(b"a CAPABILITY\r\nb NOOP\r\n")
        assert file.read() == b""
    lab.settle()
    assert lab.store.counters["imap"].commands["NOOP"] == 0
    assert lab.store.counters["imap"].handshakes == 0
    assert lab.surprises == []


def test_words_behind_starttls_are_noted(lab: ThreadedLab) -> None:
    """IMAP commands slipped in behind STARTTLS are not carried out after it."""
    endpoint = lab.endpoint("libero.test", "imap", "starttls")
    with Wire(lab, endpoint) as session:
        session.line()
        session.send(b"a STARTTLS\r\nb NOOP\r\n")
        assert session.line().startswith(b"a OK ")
        session.secure()
        assert session.imap(b"CAPABILITY").startswith(b"* CAPABILITY")
    assert lab.store.counters["imap"].commands["NOOP"] == 0
    assert lab.surprises == [
        "imap imap.libero.test: the client sent more behind STARTTLS"
    ]


def test_a_handshake_may_begin_early(lab: ThreadedLab) -> None:
    """A client need not await the reply to STARTTLS, once the server has read that."""
    endpoint = lab.endpoint("libero.test", "imap", "starttls")
    where = (address(lab, endpoint.host), endpoint.port)
    incoming, outgoing = ssl.MemoryBIO(), ssl.MemoryBIO()
    hello = context(lab, endpoint.host).wrap_bio(
        incoming, outgoing, server_hostname=endpoint.host
    )
    with pytest.raises(ssl.SSLWantReadError):
        hello.do_handshake()
    with (
        lab.fault(Slow("STARTTLS", 0.1)),
        socket.create_connection(where, PATIENCE) as sock,
        sock.makefile("rb") as file,
    ):
        file.readline()
        sock.sendall(b"a STARTTLS\r\n")
        lab.settle()
        sock.sendall(outgoing.read())
        assert file.readline().startswith(b"a OK ")
        assert file.read(1) == b"\x16"  # its handshake (RFC 8446 section 5.1)
    assert lab.surprises == []


def test_words_behind_the_handshake_are_heard(lab: ThreadedLab) -> None:
    """A command that comes in one piece with the end of the handshake is answered."""
    with Records(lab) as client:
        client.tls.write(b"a LOGOUT\r\n")
        client.send()
        assert client.rest().endswith(b"a OK Logout completed.\r\n")


def test_commands_before_a_goodbye_are_carried_out(lab: ThreadedLab) -> None:
    """A client may say all it has to say in one piece, its goodbye included."""
    lab.store.deliver(ADA, b"Subject: one\r\n\r\n")
    word = password(lab, lab.mailbox(ADA))
    with Records(lab) as client:
        client.tls.write(f"a LOGIN {ADA} {word}\r\nb SELECT INBOX\r\n".encode())
        client.tls.write(b"c STORE 1 +FLAGS (\\Deleted)\r\nd EXPUNGE\r\n")
        with pytest.raises(ssl.SSLWantReadError):
            client.tls.unwrap()
        client.send()
        assert b"d OK" in client.rest()
    assert lab.store.messages(ADA) == ()


def test_who_breaks_a_record_is_hung_up_on(
    lab: ThreadedLab, monkeypatch: pytest.MonkeyPatch
) -> None:
    """After a record that cannot be read the connection ends, and at once."""
    monkeypatch.setattr(channel, "GOODBYE_MAX", 2 * PATIENCE)
    with Records(lab) as client:
        client.send()
        lab.settle()
        client.send(b"\x17\x03\x03\x00\x20" + bytes(32))
        with pytest.raises(ssl.SSLError, match=r"(?i)alert bad record mac"):
            client.rest()


def test_goodbye(wire: Wire) -> None:
    """After the last reply comes a close_notify, and then the end of the connection."""
    assert b"* BYE" in wire.imap(b"LOGOUT")
    assert wire.line() == b""
    assert wire.part().recv(1) == b""  # `part` raises where no close_notify comes


def test_the_clients_goodbye_is_answered(wire: Wire) -> None:
    """A client that parts without LOGOUT gets the server's close_notify."""
    assert wire.part().recv(1) == b""


def test_a_large_reply_waits_for_its_reader(lab: ThreadedLab, wire: Wire) -> None:
    """The server does not go on while a client reads slowly; all of it arrives."""
    mail = b"Subject: large\r\n\r\n" + b"0123456789abcdef" * (LARGE // 16)
    lab.store.deliver(ADA, mail)
    wire.imap(b"NOOP")
    wire.send(b"a FETCH 1 BODY.PEEK[]\r\nb CHECK\r\n")
    lab.settle()
    assert lab.store.counters["imap"].commands["FETCH"] == 1
    assert lab.store.counters["imap"].commands["CHECK"] == 0
    assert wire.line().endswith(b" FETCH (BODY[] {%d}\r\n" % len(mail))
    got = wire.exactly(len(mail))
    assert hashlib.sha256(got).digest() == hashlib.sha256(mail).digest()
    assert [wire.line()[:4] for _ in range(3)] == [b")\r\n", b"a OK", b"b OK"]
