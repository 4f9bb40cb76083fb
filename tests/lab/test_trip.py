"""A mail's whole way through the lab, by the standard library's clients."""

from __future__ import annotations

import datetime as dt
import email
import email.policy
from email.utils import parsedate_to_datetime
from typing import TYPE_CHECKING

import pytest

from tests.lab.clients import Wire, opened, smtp, submit

if TYPE_CHECKING:
    from mailprobe.lab import ThreadedLab
    from mailprobe.model.target import SecurityName

TEXT = (
    b"From: ada\r\nTo: bob\r\nSubject: hello\r\n\r\n"
    b".a line that begins with a dot\r\n..two\r\nM\xc3\xbcnchen\r\n"
)


@pytest.mark.parametrize("security", ["tls", "starttls"])
@pytest.mark.parametrize("to", ["libero.test", "virgilio.test", "posta.test"])
def test_mail_arrives(lab: ThreadedLab, security: SecurityName, to: str) -> None:
    """Mail submitted to one domain is found in the mailbox of another."""
    ada = lab.mailbox("ada@libero.test", security=security)
    bob = lab.mailbox(f"bob@{to}", security=security)
    submit(lab, ada, bob.address, TEXT)
    with opened(lab, bob) as client:
        _, found = client.uid("SEARCH", "ALL")
        _, data = client.uid("FETCH", found[0].decode(), "(BODY.PEEK[])")
    raw = data[0][1]
    assert raw.endswith(TEXT)
    assert lab.surprises == []


def test_headers_tell_the_way(lab: ThreadedLab) -> None:
    """The hops, the authentication results and the return path stand on top."""
    before = dt.datetime.now(dt.UTC).replace(microsecond=0)
    submit(lab, lab.mailbox("ada@posta.test"), "bob@libero.test", TEXT)
    (message,) = lab.store.messages("bob@libero.test")
    parsed = email.message_from_bytes(message.raw, policy=email.policy.default)
    hops = parsed.get_all("Received", [])
    assert parsed["Return-Path"] == "<ada@posta.test>"
    assert parsed["Authentication-Results"].startswith("mx1.libero.test;")
    assert "from smtp.posta.test" in hops[0]
    assert "by mx1.libero.test" in hops[0]
    assert "by smtp.posta.test" in hops[1]
    assert "with ESMTPSA id" in hops[1]
    for hop in hops:
        when = parsedate_to_datetime(hop.rpartition(";")[2].strip())
        assert before <= when <= dt.datetime.now(dt.UTC)
    assert before <= message.arrived


def test_mail_by_mx(lab: ThreadedLab) -> None:
    """An MX takes mail for its users from anybody, in clear or by STARTTLS."""
    for security in ("none", "starttls"):
        with smtp(lab, lab.endpoint("libero.test", "mx", security)) as client:
            client.sendmail("someone@elsewhere.test", ["ada@libero.test"], TEXT)
    first, second = (m.raw for m in lab.store.messages("ada@libero.test"))
    assert b"spf=none smtp.mailfrom=elsewhere.test" in first
    assert b"with ESMTP id" in first
    assert b"with ESMTPS id" in second
    assert lab.store.counters["mx"].messages == 2


def test_every_mx_host_listens(lab: ThreadedLab) -> None:
    """Each host of each MX record answers under its own name, on one port."""
    for preset in lab.catalogue.presets:
        for host in preset.mx:
            endpoint = lab.endpoint(preset.domains[0], "mx", "none")
            assert endpoint.port == lab.mx_port
            with Wire(lab, type(endpoint)(host, lab.mx_port, "none")) as wire:
                assert host.encode() in wire.smtp()
                assert wire.smtp(b"QUIT").startswith(b"221")


def test_idle_is_told_at_once(lab: ThreadedLab) -> None:
    """A session in IDLE hears of new mail without asking."""
    bob = lab.mailbox("bob@libero.test")
    assert bob.imap is not None
    with Wire(lab, bob.imap) as wire:
        wire.line()
        account = lab.store.account(bob.address)
        wire.imap(f"LOGIN {bob.address} {account.password}".encode())
        wire.imap(b"SELECT INBOX")
        assert wire.imap(b"IDLE") == b"+ idling\r\n"
        submit(lab, lab.mailbox("ada@posta.test"), bob.address, TEXT)
        assert wire.line() == b"* 1 EXISTS\r\n"
        assert wire.line() == b"* 1 RECENT\r\n"
        wire.send(b"DONE\r\n")
        assert wire.line() == b"a OK Idle completed.\r\n"


def test_counters_show_conduct(lab: ThreadedLab) -> None:
    """Connections, logins, transactions and commands are counted per service."""
    ada = lab.mailbox("ada@libero.test")
    submit(lab, ada, "bob@libero.test", TEXT)
    with opened(lab, ada):
        pass
    sent, read = lab.store.counters["submission"], lab.store.counters["imap"]
    assert (sent.connections, sent.peak, sent.handshakes) == (1, 1, 1)
    assert (sent.auth_attempts, sent.logins) == (1, 1)
    assert (sent.transactions, sent.messages) == (1, 1)
    assert (read.connections, read.logins) == (1, 1)
    assert read.commands["SELECT"] == 1
    assert sent.commands["QUIT"] == 1


def test_a_mailbox_is_made_on_demand(lab: ThreadedLab) -> None:
    """Any address of the lab's domains can be asked for, and works at once."""
    eve = lab.mailbox("Eve@virgilio.test")
    assert eve.address == "eve@virgilio.test"
    submit(lab, eve, "eve@virgilio.test", TEXT)
    assert len(lab.store.messages("eve@virgilio.test")) == 1


def test_delivered_bytes_stay_as_they_are(lab: ThreadedLab) -> None:
    """`deliver` changes nothing: bare LF, NUL and 8-bit bytes survive."""
    raw = b"Subject: (((\x00\xff\nX: " + b"y" * 100_000 + b"\n\nbody"
    at = dt.datetime(2023, 1, 23, 16, 0, tzinfo=dt.UTC)
    lab.store.deliver("ada@libero.test", raw, at=at)
    with opened(lab, lab.mailbox("ada@libero.test")) as client:
        _, data = client.fetch("1", "(INTERNALDATE RFC822.SIZE BODY.PEEK[])")
    assert isinstance(data[0], tuple)
    assert b'INTERNALDATE "23-Jan-2023 16:00:00 +0000"' in data[0][0]
    assert data[0][1] == raw
