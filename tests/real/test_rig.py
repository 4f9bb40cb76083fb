"""The rig does what the tests that use it rely on; shown without mailprobe."""

from __future__ import annotations

import itertools
import smtplib
from datetime import UTC, datetime
from email import message_from_bytes, policy
from typing import TYPE_CHECKING

import dns.message
import dns.query
import dns.rcode
import dns.rdatatype
import pytest

from tests.real import clients, maildir
from tests.real.plan import NOBODY

if TYPE_CHECKING:
    from email.message import EmailMessage
    from pathlib import Path

    from mailprobe.model.target import SecurityName
    from tests.real.world import RealWorld

pytestmark = pytest.mark.real

ADA, BOB = "ada@libero.test", "bob@virgilio.test"


def send(
    world: RealWorld,
    security: SecurityName = "tls",
    sender: str = ADA,
    recipient: str = BOB,
) -> str:
    """Submit a mail; return its Message-ID."""
    mail = clients.message(sender, recipient)
    with clients.submission(world, world.mailbox(sender, security=security)) as client:
        client.send_message(mail)
    return str(mail["Message-ID"])


def find(
    world: RealWorld, message_id: str, security: SecurityName, folder: str = "INBOX"
) -> EmailMessage | None:
    """Read a mail of Bob's by IMAP; None if it is not in the folder."""
    client = clients.imap(world, world.mailbox(BOB, security=security))
    try:
        client.select(folder, readonly=True)
        _, hits = client.search(None, "HEADER", "Message-ID", message_id)
        if not hits[0]:
            return None
        _, parts = client.fetch(hits[0].split()[0].decode(), "(BODY.PEEK[])")
        assert isinstance(parts[0], tuple)
        return message_from_bytes(parts[0][1], policy=policy.default)
    finally:
        client.logout()


@pytest.mark.parametrize("reading", ["tls", "starttls"])
@pytest.mark.parametrize("sending", ["tls", "starttls"])
def test_submitted_mail_can_be_read(
    real_world: RealWorld, sending: SecurityName, reading: SecurityName
) -> None:
    """Mail sent by 465 or 587 is read by 993 or 143, over every hop on its way."""
    message_id = send(real_world, sending)
    real_world.delivered_at(message_id)
    mail = find(real_world, message_id, reading)
    assert mail is not None
    hops = [str(value) for value in mail.get_all("Received", [])]
    assert ["store.lab.test" in hops[0], "mx1.virgilio.test" in hops[1]] == [True, True]
    assert "smtp.libero.test" in hops[2]
    assert "mx1.virgilio.test" in mail["Authentication-Results"]


def test_mx_takes_mail_from_outside(real_world: RealWorld) -> None:
    """A stranger's mail for a mailbox is accepted on port 25, without a login."""
    mail = clients.message("someone@elsewhere.test", BOB)
    with clients.mx(real_world, "mx2.virgilio.test") as client:
        client.ehlo()
        assert client.has_extn("starttls")
        assert not client.has_extn("auth")
        client.send_message(mail)
    assert find(real_world, "<none@such.test>", "tls") is None
    real_world.delivered_at(str(mail["Message-ID"]))


def test_mx_is_no_relay(real_world: RealWorld) -> None:
    """Mail for other domains and for unknown users is refused on port 25."""
    with clients.mx(real_world, "mx1.posta.test") as client:
        client.ehlo()
        client.mail("someone@elsewhere.test")
        assert client.rcpt("someone@elsewhere.test")[0] == 554
        assert client.rcpt("nobody@posta.test")[0] == 550


def test_submission_needs_a_login(real_world: RealWorld) -> None:
    """Nobody submits without a login, and a wrong password is 535."""
    host = "smtp.posta.test"
    with smtplib.SMTP(real_world.address(host), 587, "probe.posta.test") as client:
        client.starttls(context=clients.trust(real_world, host))
        client.ehlo()
        client.mail("ada@posta.test")
        assert client.rcpt("bob@posta.test")[0] == 554
        client.rset()
        with pytest.raises(smtplib.SMTPAuthenticationError, match="535"):
            client.login("ada@posta.test", "wrong")


def test_store_offers_what_probes_look_for(real_world: RealWorld) -> None:
    """Junk is marked by special use, quota is told, IDLE and UIDPLUS are offered."""
    client = clients.imap(real_world, real_world.mailbox("ada@posta.test"))
    try:
        _, folders = client.list()
        assert any(b"\\Junk" in line for line in folders if isinstance(line, bytes))
        _, quota = client.getquotaroot("INBOX")
        assert b"102400" in b"".join(
            p for q in quota for p in q if isinstance(p, bytes)
        )
        _, told = client.capability()
        assert {b"IDLE", b"UIDPLUS", b"QUOTA"} <= set(told[0].split())
    finally:
        client.logout()


# --- names ----------------------------------------------------------------------


def ask(world: RealWorld, name: str, kind: str = "MX") -> dns.message.Message:
    """Ask the world's resolver."""
    address, _, port = world.nameserver.partition(":")
    question = dns.message.make_query(name, kind)
    return dns.query.udp(question, address, port=int(port), timeout=10)


@pytest.mark.parametrize(
    ("name", "kind", "answers"),
    [
        ("libero.test", "MX", {"10 mx1.libero.test.", "20 mx2.libero.test."}),
        ("null-mx.test", "MX", {"0 ."}),
        ("dangling-mx.test", "MX", {"10 gone.dangling-mx.test."}),
        ("cname-mx.test", "MX", {"10 alias.cname-mx.test."}),
        ("alias.cname-mx.test", "CNAME", {"mx1.posta.test."}),
        ("implicit-mx.test", "MX", set()),
        ("no-data.test", "A", set()),
        ("_imaps._tcp.posta.test", "SRV", {"0 1 993 imap.posta.test."}),
    ],
)
def test_names(real_world: RealWorld, name: str, kind: str, answers: set[str]) -> None:
    """Every kind of MX answer is there, and lives two seconds at most."""
    reply = ask(real_world, name, kind)
    assert reply.rcode() == dns.rcode.NOERROR
    assert {str(record) for rrset in reply.answer for record in rrset} == answers
    assert all(rrset.ttl <= 2 for rrset in reply.answer)


def test_addresses_of_names(real_world: RealWorld) -> None:
    """Host names lead to the world's own addresses, one of the fleet to nobody."""
    reply = ask(real_world, "mx1.libero.test", "A")
    assert [str(r) for r in reply.answer[0]] == [real_world.address("mx1.libero.test")]
    fleet = {str(record) for record in ask(real_world, "mx.fleet.test", "A").answer[0]}
    assert len(fleet) == 4
    assert real_world.plan.at(NOBODY) in fleet
    target = ask(real_world, "literal-mx.test").answer[0][0]
    assert str(target) == f"10 {real_world.address('mx1.posta.test')}."


@pytest.mark.parametrize("name", ["no-such.test", "gone.dangling-mx.test", "a.example"])
def test_nothing_else_exists(real_world: RealWorld, name: str) -> None:
    """A name that is not of this world does not exist, and nobody else is asked."""
    assert ask(real_world, name, "A").rcode() == dns.rcode.NXDOMAIN


def test_lookups_can_fail(real_world: RealWorld) -> None:
    """One domain can be made to fail in each way, and works again at once."""
    names = real_world.names
    with names.servfail("virgilio.test"):
        assert ask(real_world, "virgilio.test").rcode() == dns.rcode.SERVFAIL
        assert ask(real_world, "mx1.virgilio.test", "A").rcode() == dns.rcode.SERVFAIL
        assert ask(real_world, "libero.test").rcode() == dns.rcode.NOERROR
    assert ask(real_world, "virgilio.test").rcode() == dns.rcode.NOERROR
    with names.refused("virgilio.test"):
        assert ask(real_world, "virgilio.test").rcode() == dns.rcode.REFUSED
    assert ask(real_world, "virgilio.test").rcode() == dns.rcode.NOERROR


@pytest.mark.parametrize("fault", ["timeout", "frozen"])
def test_lookups_can_time_out(real_world: RealWorld, fault: str) -> None:
    """A question can be left without any answer, for one domain or for all."""
    address, _, port = real_world.nameserver.partition(":")
    question = dns.message.make_query("virgilio.test", "MX")
    names = real_world.names
    silent = names.frozen() if fault == "frozen" else names.timeout("virgilio.test")
    with silent, pytest.raises(dns.exception.Timeout):
        dns.query.udp(question, address, port=int(port), timeout=0.5)
    assert ask(real_world, "virgilio.test").rcode() == dns.rcode.NOERROR


# --- what becomes of mail -------------------------------------------------------


@pytest.mark.parametrize("seconds", [0, 1])
def test_delivery_can_be_held_back(real_world: RealWorld, seconds: int) -> None:
    """Held mail reaches the store no sooner than told, by Dovecot's own log."""
    before = datetime.now(UTC)
    with real_world.hold(seconds):
        message_id = send(real_world)
        accepted = datetime.now(UTC)
        delivered = real_world.delivered_at(message_id)
    assert (delivered - before).total_seconds() >= seconds
    # Acceptance does not wait for the delivery that is held back.
    assert seconds == 0 or accepted < delivered


def test_mail_can_land_in_junk(real_world: RealWorld) -> None:
    """Mail can be delivered to Junk instead of the inbox."""
    with real_world.junk():
        message_id = send(real_world)
        real_world.delivered_at(message_id)
    assert find(real_world, message_id, "tls", "Junk") is not None
    assert find(real_world, message_id, "tls") is None


def test_mail_waits_for_a_closed_store(real_world: RealWorld) -> None:
    """Mail accepted while the store is closed is delivered once it opens."""
    with real_world.store_closed():
        message_id = send(real_world)
        real_world.await_deferral(message_id)
        assert real_world.deliveries(message_id) == 0
    assert real_world.delivered_at(message_id)


@pytest.mark.parametrize("code", [451, 550])
def test_recipients_can_be_refused(real_world: RealWorld, code: int) -> None:
    """The MX hosts refuse recipients of one domain, and take them again after."""
    with clients.mx(real_world, "mx1.virgilio.test") as client:
        client.ehlo()
        client.mail("someone@elsewhere.test")
        with real_world.reject_rcpt(code, "virgilio.test"):
            assert client.rcpt(BOB)[0] == code
            assert client.rcpt("bob@posta.test")[0] == 250
        assert client.rcpt(BOB)[0] == 250


def test_refused_mail_is_returned(real_world: RealWorld) -> None:
    """Mail that was submitted and then refused by the MX comes back as a bounce."""
    before = real_world.snapshot(ADA)
    with real_world.reject_rcpt(550, "virgilio.test"):
        message_id = send(real_world)
        real_world.await_empty_queue()
    assert real_world.deliveries(message_id) == 0
    returned = real_world.snapshot(ADA) - before
    assert [mail.folder for mail in returned] == ["INBOX"]


def test_mail_can_be_lost(real_world: RealWorld) -> None:
    """Discarded mail is accepted, and neither delivered nor queued nor returned."""
    before = real_world.snapshot(ADA)
    with real_world.discard("virgilio.test"):
        message_id = send(real_world)
        real_world.await_empty_queue()
    assert real_world.deliveries(message_id) == 0
    assert real_world.snapshot(ADA) == before


def test_dovecot_can_be_down(real_world: RealWorld) -> None:
    """Without Dovecot, IMAP refuses and logins fail; afterwards all is as before."""
    with real_world.dovecot_down():
        with pytest.raises(ConnectionRefusedError):
            clients.imap(real_world, real_world.mailbox(BOB))
        with pytest.raises((smtplib.SMTPException, OSError)):
            clients.submission(real_world, real_world.mailbox(ADA))
    real_world.delivered_at(send(real_world))


# --- mailboxes ------------------------------------------------------------------


def test_strangers_mail_is_stored_and_unchanged(real_world: RealWorld) -> None:
    """A filled mailbox can be read, and looking at it changes nothing."""
    address = "bob@posta.test"
    real_world.empty_mailbox(address)
    real_world.fill_mailbox(address, 500)
    before = real_world.snapshot(address)
    assert before.total() == 500
    client = clients.imap(real_world, real_world.mailbox(address))
    try:
        assert client.select("INBOX", readonly=True) == ("OK", [b"500"])
    finally:
        client.logout()
    assert real_world.snapshot(address) == before


@pytest.mark.usefixtures("real_world")  # it takes root to give files away
def test_filled_mailbox_leaves_its_neighbours_alone(tmp_path: Path) -> None:
    """Whoever comes first to a domain, its folder is the mail owner's."""
    box = tmp_path / "libero.test" / "ada" / "Maildir"
    maildir.fill(box, 1, hostile=False)
    made = [path for path in tmp_path.rglob("*") if path.is_dir()]
    assert len(made) == 6
    assert {path.owner() for path in made} == {"nobody"}


def test_snapshot_sees_every_change(real_world: RealWorld) -> None:
    """A changed flag, a moved, an added and a removed mail each show."""
    address = "ada@virgilio.test"
    real_world.empty_mailbox(address)
    real_world.fill_mailbox(address, 4, hostile=False)
    seen = [real_world.snapshot(address)]
    client = clients.imap(real_world, real_world.mailbox(address))
    try:
        client.select("INBOX")
        client.store("1", "+FLAGS", "(\\Flagged)")
        seen.append(real_world.snapshot(address))
        client.copy("2", "Junk")
        seen.append(real_world.snapshot(address))
        client.store("3", "+FLAGS", "(\\Deleted)")
        client.expunge()
        seen.append(real_world.snapshot(address))
    finally:
        client.logout()
    assert all(one != two for one, two in itertools.pairwise(seen))
