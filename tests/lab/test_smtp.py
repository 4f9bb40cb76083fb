"""The SMTP servers' manners, seen through smtplib and a plain socket."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from mailprobe.lab import Reply, Slow, Withhold
from tests.lab.clients import Wire, password, smtp

if TYPE_CHECKING:
    from mailprobe.lab import ThreadedLab
    from mailprobe.model.target import SecurityName


def test_mx_offers_starttls_and_no_auth(lab: ThreadedLab) -> None:
    """An MX offers STARTTLS until TLS is on, and never AUTH."""
    with Wire(lab, lab.endpoint("libero.test", "mx")) as wire:
        assert wire.smtp() == b"220 mx1.libero.test ESMTP mailprobe lab\r\n"
        before = wire.smtp(b"EHLO client.test")
        wire.smtp(b"STARTTLS")
        wire.secure()
        after = wire.smtp(b"EHLO client.test")
    assert b"250-STARTTLS\r\n" in before
    assert b"STARTTLS" not in after
    assert b"AUTH" not in before + after
    for word in (b"PIPELINING", b"SIZE 26214400", b"ENHANCEDSTATUSCODES", b"8BITMIME"):
        assert word in after


def test_submission_offers_auth_after_tls_only(lab: ThreadedLab) -> None:
    """AUTH appears with TLS; MAIL without it is refused with 530 5.7.0."""
    with Wire(lab, lab.endpoint("libero.test", "submission", "starttls")) as wire:
        wire.smtp()
        assert b"AUTH" not in wire.smtp(b"EHLO client.test")
        assert wire.smtp(b"MAIL FROM:<ada@libero.test>").startswith(b"530 5.7.0 ")
        wire.smtp(b"STARTTLS")
        wire.secure()
        wanted = b"AUTH PLAIN LOGIN CRAM-MD5 XOAUTH2 OAUTHBEARER"
        assert wanted in wire.smtp(b"EHLO client.test")
    assert lab.surprises == []


def test_auth_in_clear_is_refused_and_noted(lab: ThreadedLab) -> None:
    """A client that shows a password in clear is refused, and it is written down."""
    with Wire(lab, lab.endpoint("libero.test", "submission", "starttls")) as wire:
        wire.smtp()
        wire.smtp(b"EHLO client.test")
        assert wire.smtp(b"AUTH PLAIN AGFkYQBh").startswith(b"538 5.7.11 ")
    assert lab.surprises == ["submission smtp.libero.test: AUTH in clear"]


@pytest.mark.parametrize(
    ("service", "recipient", "code"),
    [
        ("mx", b"nobody@libero.test", b"550 5.1.1 "),
        ("mx", b"ada@posta.test", b"554 5.7.1 "),
        ("submission", b"nobody@libero.test", b"550 5.1.1 "),
        ("submission", b"who@elsewhere.test", b"550 5.1.2 "),
        ("submission", b"ada@posta.test", b"250 2.1.5 "),
        ("mx", b"ADA@Libero.Test", b"250 2.1.5 "),
    ],
)
def test_recipients(
    lab: ThreadedLab, service: str, recipient: bytes, code: bytes
) -> None:
    """Unknown users, foreign domains and relaying get their own replies."""
    ada = lab.mailbox("ada@libero.test")
    security: SecurityName = "none" if service == "mx" else "tls"
    with smtp(lab, lab.endpoint("libero.test", service, security)) as client:
        client.ehlo()
        if service == "submission":
            client.login(ada.address, password(lab, ada))
        client.mail("ada@libero.test")
        number, text = client.rcpt(recipient.decode())
    assert (b"%d %s" % (number, text)).startswith(code)


def test_a_foreign_sender_is_refused(lab: ThreadedLab) -> None:
    """A user submits in the own name only."""
    ada = lab.mailbox("ada@libero.test")
    assert ada.smtp is not None
    with smtp(lab, ada.smtp) as client:
        client.login(ada.address, password(lab, ada))
        assert client.mail("bob@libero.test")[0] == 553


@pytest.mark.parametrize(
    ("commands", "surprise"),
    [
        ([b"MAIL FROM:<a@b.test>"], "MAIL out of order"),
        ([b"EHLO c", b"RCPT TO:<ada@libero.test>"], "RCPT out of order"),
        ([b"EHLO c", b"DATA"], "DATA out of order"),
        ([b"EHLO c", b"MAIL FROM:<>", b"MAIL FROM:<>"], "MAIL out of order"),
    ],
)
def test_order_is_kept(lab: ThreadedLab, commands: list[bytes], surprise: str) -> None:
    """A command out of order gets 503 and is written down."""
    with Wire(lab, lab.endpoint("libero.test", "mx", "none")) as wire:
        wire.smtp()
        replies = [wire.smtp(command) for command in commands]
    assert replies[-1].startswith(b"503 5.5.1 ")
    assert lab.surprises == [f"mx mx1.libero.test: {surprise}"]


@pytest.mark.parametrize(
    "command",
    [b"WHAT", b"EHLO", b"MAIL FROM: a@b.test", b"STARTTLS now", b"AUTH PLAIN"],
)
def test_nonsense_is_refused(lab: ThreadedLab, command: bytes) -> None:
    """A command that cannot be meant gets a 5xx and is written down."""
    with Wire(lab, lab.endpoint("libero.test", "mx")) as wire:
        wire.smtp()
        wire.smtp(b"EHLO client.test")
        assert wire.smtp(command).startswith(b"50")
    assert len(lab.surprises) == 1


def test_too_many_errors_end_the_session(lab: ThreadedLab) -> None:
    """A client that goes on and on is shown the door."""
    with Wire(lab, lab.endpoint("libero.test", "mx")) as wire:
        wire.smtp()
        wire.send(b"WHAT\r\n" * 20)
        assert wire.rest().endswith(b"Error: too many errors\r\n")


def test_an_early_talker_is_noted(lab: ThreadedLab) -> None:
    """A client that speaks before the greeting is written down."""
    with (
        lab.fault(Slow("GREETING", 0.05)),
        Wire(lab, lab.endpoint("libero.test", "mx")) as wire,
    ):
        wire.send(b"EHLO hasty.test\r\n")
        wire.smtp()
        wire.smtp()
    assert lab.surprises == ["mx mx1.libero.test: the client spoke before the greeting"]


def test_words_behind_starttls_are_discarded(lab: ThreadedLab) -> None:
    """Commands slipped in behind STARTTLS are not carried out after it."""
    with Wire(lab, lab.endpoint("libero.test", "mx")) as wire:
        wire.smtp()
        wire.smtp(b"EHLO client.test")
        wire.send(b"STARTTLS\r\nNOOP\r\n")
        wire.smtp()
        wire.secure()
        assert wire.smtp(b"EHLO again.test").startswith(b"250-mx1.libero.test")
    assert lab.surprises == ["mx mx1.libero.test: the client sent more behind STARTTLS"]


def test_helo_is_enough(lab: ThreadedLab) -> None:
    """A client that is refused EHLO may fall back to HELO."""
    with (
        lab.fault(Reply("EHLO", 502, "5.5.1 no")),
        smtp(lab, lab.endpoint("libero.test", "mx", "none")) as client,
    ):
        client.sendmail("a@b.test", ["ada@libero.test"], b"Subject: x\r\n\r\n")
    (message,) = lab.store.messages("ada@libero.test")
    assert b"with SMTP id" in message.raw


def test_bare_line_feeds_are_read_and_noted(lab: ThreadedLab) -> None:
    """Lines that end with LF alone are understood, but it is written down."""
    with Wire(lab, lab.endpoint("libero.test", "mx")) as wire:
        wire.send(b"")
        wire.smtp()
        wire.send(b"EHLO x\nMAIL FROM:<>\nRCPT TO:<ada@libero.test>\nDATA\n")
        replies = [wire.smtp() for _ in range(4)]
        wire.send(b"Subject: x\n\n..\n.\n")
        assert replies[-1].startswith(b"354")
        assert wire.smtp().startswith(b"250 2.0.0 Ok: queued as ")
    assert lab.surprises == ["mx mx1.libero.test: a line ends with LF alone"]


def test_size_is_bounded(lab: ThreadedLab) -> None:
    """A mail said to be too big is refused at MAIL."""
    with smtp(lab, lab.endpoint("libero.test", "mx", "none")) as client:
        client.ehlo()
        code, text = client.mail("a@b.test", ["SIZE=99999999"])
    assert (code, text[:6]) == (552, b"5.3.4 ")


def test_a_line_has_an_end(lab: ThreadedLab) -> None:
    """A command line without end is cut off with 500."""
    with Wire(lab, lab.endpoint("libero.test", "mx")) as wire:
        wire.smtp()
        wire.send(b"E" * 20_000)
        assert wire.line().startswith(b"500 5.5.6 ")
        assert wire.line() == b""


def test_withheld_starttls_is_not_offered(lab: ThreadedLab) -> None:
    """STARTTLS that is withheld is neither offered nor carried out."""
    with (
        lab.fault(Withhold("STARTTLS", service="mx")),
        Wire(lab, lab.endpoint("libero.test", "mx")) as wire,
    ):
        wire.smtp()
        assert b"STARTTLS" not in wire.smtp(b"EHLO client.test")
        assert wire.smtp(b"STARTTLS").startswith(b"502")


def test_withheld_mechanisms(lab: ThreadedLab) -> None:
    """A withheld SASL mechanism vanishes from the list; AUTH takes them all."""
    endpoint = lab.endpoint("libero.test", "submission")
    with Wire(lab, endpoint) as wire:
        wire.smtp()
        with lab.fault(Withhold("CRAM-MD5")):
            assert b"AUTH PLAIN LOGIN XOAUTH2" in wire.smtp(b"EHLO c")
        with lab.fault(Withhold("AUTH")):
            assert b"AUTH" not in wire.smtp(b"EHLO c")
