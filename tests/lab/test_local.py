"""The lab for local programs: no TLS where it is not wanted, and new at once."""

from __future__ import annotations

import asyncio
import contextlib
import imaplib
import smtplib
import socket
import ssl
import threading
from typing import TYPE_CHECKING

import pytest

from mailprobe.lab import Bounce, Delay, Refuse, Stall, ThreadedLab
from mailprobe.model.errors import UsageError

if TYPE_CHECKING:
    from collections.abc import Iterator

    from mailprobe.model.target import SecurityName

LOOPBACK = "127.0.0.1"
MAIL = b"Subject: Hello\r\n\r\nHello\r\n"
PATIENCE = 10.0


@pytest.fixture(scope="module")
def _local_lab() -> Iterator[ThreadedLab]:
    with ThreadedLab(("a.test", "b.test"), local=True) as lab:
        yield lab


@pytest.fixture
def local(_local_lab: ThreadedLab) -> ThreadedLab:
    """Give a lab for local programs, as new."""
    _local_lab.renew()
    return _local_lab


def smtp(lab: ThreadedLab) -> smtplib.SMTP:
    """Connect to submission without TLS."""
    port = lab.endpoint("a.test", "submission", "none").port
    return smtplib.SMTP(LOOPBACK, port, "c.test", PATIENCE)


def test_mail_without_login(local: ThreadedLab) -> None:
    """Without TLS mail is taken from anybody, and from any sender."""
    with smtp(local) as client:
        client.sendmail("root@localhost", ["ada@a.test"], MAIL)
    (message,) = local.store.messages("ada@a.test")
    assert MAIL in message.raw
    assert local.surprises == []


def test_login_without_tls(local: ThreadedLab) -> None:
    """Without TLS a login is possible over SMTP and IMAP, and no surprise."""
    account = local.store.account("ada@a.test")
    with smtp(local) as client:
        client.login(account.address, account.password)
        with pytest.raises(smtplib.SMTPSenderRefused):
            client.sendmail("bob@a.test", ["ada@a.test"], MAIL)
    port = local.endpoint("a.test", "imap", "none").port
    with imaplib.IMAP4(LOOPBACK, port, PATIENCE) as reader:
        assert "AUTH=PLAIN" in reader.capabilities
        reader.login(account.address, account.password)
    assert local.surprises == []


def test_any_sender(local: ThreadedLab) -> None:
    """The account of an application may send under any address."""
    account = local.store.account("ada@a.test")
    account.any_sender = True
    with smtp(local) as client:
        client.login(account.address, account.password)
        client.sendmail("shop@elsewhere.test", ["ada@a.test"], MAIL)
    assert len(local.store.messages("ada@a.test")) == 1


@pytest.mark.parametrize("host", ["localhost", LOOPBACK])
def test_certificates_for_here(local: ThreadedLab, host: str) -> None:
    """The certificate holds for the names that this machine has for itself."""
    context = ssl.create_default_context(cafile=str(local.ca_file))
    port = local.endpoint("b.test", "imap").port
    with (
        socket.create_connection((LOOPBACK, port), PATIENCE) as sock,
        context.wrap_socket(sock, server_hostname=host) as line,
    ):
        assert line.recv(4) == b"* OK"


def test_other_labs_stay_strict(lab: ThreadedLab) -> None:
    """A lab that is not for local programs has no listener without TLS."""
    with pytest.raises(UsageError, match="no none submission service"):
        lab.endpoint("libero.test", "submission", "none")


def test_strangers(local: ThreadedLab) -> None:
    """Recipients whom nobody knows are noted, be they refused at once or bounced."""
    with smtp(local) as client:
        with pytest.raises(smtplib.SMTPRecipientsRefused):
            client.sendmail("ada@a.test", ["eve@a.test"], MAIL)
        with pytest.raises(smtplib.SMTPRecipientsRefused):
            client.sendmail("ada@a.test", ["eve@c.test"], MAIL)
        client.sendmail("ada@a.test", ["eve@b.test"], MAIL)
    assert local.strangers == ["eve@a.test", "eve@c.test", "eve@b.test"]


def test_a_queue_gives_up(local: ThreadedLab) -> None:
    """Where no MX answers and mail is bounced, the sender's queue gives up at once."""
    expired = Bounce("550 5.4.7 Delivery time expired", domain="b.test")
    with local.fault(Stall("CONNECT", service="mx", domain="b.test"), expired):
        with smtp(local) as client:
            client.sendmail("ada@a.test", ["bob@b.test"], MAIL)
        assert local.waiting == 0
    assert b"5.4.7" in local.store.messages("ada@a.test")[0].raw
    assert local.store.messages("bob@b.test") == ()


def test_renewing(local: ThreadedLab) -> None:
    """A renewed lab has the old ports, and nothing else of what was there."""
    port = local.endpoint("a.test", "submission", "none").port
    password = local.store.account("ada@a.test").password
    local.store.deliver("new@a.test", MAIL)
    local.inject(Delay(), Refuse(service="imap"))
    client = smtp(local)
    client.sendmail("ada@a.test", ["ada@a.test"], MAIL)
    client.putcmd("HELLO")
    client.getreply()
    assert (local.waiting, len(local.surprises)) == (1, 1)

    local.renew()
    assert client.sock is not None
    with client.sock as line, contextlib.suppress(ConnectionResetError):
        assert line.recv(1) == b""
    assert (local.waiting, local.surprises, local.strangers) == (0, [], [])
    assert local.store.messages("ada@a.test") == ()
    assert local.store.account("ada@a.test").password != password
    assert local.store.counters["submission"].connections == 0
    with smtp(local) as client, pytest.raises(smtplib.SMTPRecipientsRefused):
        client.sendmail("ada@a.test", ["new@a.test"], MAIL)
    imap = local.endpoint("a.test", "imap", "none").port
    socket.create_connection((LOOPBACK, imap), PATIENCE).close()
    assert local.endpoint("a.test", "submission", "none").port == port


def test_watching(local: ThreadedLab) -> None:
    """A watcher is told of every change while it watches, and no longer."""
    told: list[int] = []
    with local.store.watch("ada@a.test", lambda: told.append(1)):
        local.store.deliver("ada@a.test", MAIL)
        local.store.deliver("ada@a.test", MAIL, "Junk")
        local.store.deliver("bob@a.test", MAIL)
    local.store.deliver("ada@a.test", MAIL)
    assert told == [1, 1]
    assert [(a, f) for a, f, _ in local.store.everything()] == [
        ("ada@a.test", "INBOX"),
        ("ada@a.test", "INBOX"),
        ("ada@a.test", "Junk"),
        ("bob@a.test", "INBOX"),
    ]


def test_calls_bring_errors_back(local: ThreadedLab) -> None:
    """An error on the lab's thread is raised where the call was made."""
    with pytest.raises(UsageError, match="not an address of the lab"):
        local.store.account("ada@elsewhere.test")


@pytest.mark.parametrize("security", ["none", "tls"])
def test_settling(local: ThreadedLab, security: SecurityName) -> None:
    """What a client sent before is known afterwards, however much was to be done."""
    where = local.endpoint("a.test", "submission", security)
    context = ssl.create_default_context(cafile=str(local.ca_file))
    lines = []
    for _ in range(5):
        line = socket.create_connection((LOOPBACK, where.port), PATIENCE)
        if security == "tls":
            line = context.wrap_socket(line, server_hostname=LOOPBACK)
        lines.append(line)
    hold, held = threading.Event(), threading.Event()

    def keep_busy() -> None:
        held.set()
        hold.wait(PATIENCE)

    busy = threading.Thread(target=local.call, args=(keep_busy,))
    busy.start()
    held.wait(PATIENCE)
    for line in lines:
        line.sendall(b"HELLO\r\n")
    for _ in range(0 if security == "tls" else 5):  # these are not even accepted yet
        lines.append(socket.create_connection((LOOPBACK, where.port), PATIENCE))
        lines[-1].sendall(b"HELLO\r\n")

    async def settled() -> int:
        await local._lab.settle()
        return sum("unknown command" in surprise for surprise in local.surprises)

    found = asyncio.run_coroutine_threadsafe(settled(), local._loop)
    hold.set()
    busy.join()
    assert found.result(PATIENCE) == len(lines)
    for line in lines:
        line.close()


def test_settling_beside_a_handshake(local: ThreadedLab) -> None:
    """A client that never ends its handshake is not waited for."""
    port = local.endpoint("a.test", "imap").port
    with socket.create_connection((LOOPBACK, port), PATIENCE):
        local.settle()
    assert local.surprises == []
