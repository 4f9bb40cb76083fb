"""What becomes of accepted mail when something is wrong behind the servers."""

from __future__ import annotations

import email
from typing import TYPE_CHECKING

import pytest

from mailprobe.lab import (
    Bounce,
    Delay,
    Drop,
    Duplicate,
    Junk,
    Lose,
    Refuse,
    Reply,
    Stall,
)
from tests.lab.clients import Wire, submit

if TYPE_CHECKING:
    from mailprobe.lab import Fault, ThreadedLab

TEXT = b"Subject: x\r\n\r\nbody\r\n"
BOB = "bob@libero.test"


def _send(lab: ThreadedLab, to: str = BOB) -> None:
    submit(lab, lab.mailbox("ada@posta.test"), to, TEXT)


def test_lost(lab: ThreadedLab) -> None:
    """Lost mail was accepted and is nowhere, even when the fault is gone."""
    with lab.fault(Lose(domain="libero.test")):
        _send(lab)
        _send(lab, "bob@virgilio.test")
    assert lab.store.messages(BOB) == ()
    assert len(lab.store.messages("bob@virgilio.test")) == 1
    assert lab.waiting == 0


def test_held(lab: ThreadedLab) -> None:
    """Mail that is held arrives when the fault is withdrawn."""
    with lab.fault(Delay(domain="libero.test")):
        _send(lab)
        assert lab.store.messages(BOB) == ()
        assert lab.waiting == 1
    assert len(lab.store.messages(BOB)) == 1
    assert lab.waiting == 0


def test_late(lab: ThreadedLab) -> None:
    """Mail that is delayed arrives by itself, and IDLE is told."""
    bob = lab.store.account(BOB)
    with Wire(lab, lab.endpoint("libero.test", "imap")) as wire:
        wire.line()
        wire.imap(f"LOGIN {BOB} {bob.password}".encode())
        wire.imap(b"SELECT INBOX")
        wire.imap(b"IDLE")
        with lab.fault(Delay(0.01)):
            _send(lab)
        assert wire.line() == b"* 1 EXISTS\r\n"


def test_twice(lab: ThreadedLab) -> None:
    """A duplicate is the same mail under another UID."""
    with lab.fault(Duplicate(3, domain="virgilio.test", platform=True)):
        _send(lab)
    messages = lab.store.messages(BOB)
    assert len({m.uid for m in messages}) == 3
    assert len({m.raw for m in messages}) == 1


def test_junk(lab: ThreadedLab) -> None:
    """Junk is in the junk folder and not in INBOX."""
    with lab.fault(Junk()):
        _send(lab)
    assert lab.store.messages(BOB) == ()
    assert len(lab.store.messages(BOB, "Junk")) == 1


def test_bounced(lab: ThreadedLab) -> None:
    """A bounce reaches the sender as a delivery status notification."""
    with lab.fault(Bounce("552 5.2.2 mailbox full")):
        _send(lab)
    (message,) = lab.store.messages("ada@posta.test")
    report = email.message_from_bytes(message.raw)
    kinds = [part.get_content_type() for part in report.walk()]
    assert report.get_content_type() == "multipart/report"
    assert "message/delivery-status" in kinds
    assert b"Status: 5.2.2\r\n" in message.raw
    assert b"Final-Recipient: rfc822; bob@libero.test\r\n" in message.raw
    assert lab.store.messages(BOB) == ()


@pytest.mark.parametrize(
    "fault",
    [
        Refuse(service="mx", domain="libero.test"),
        Reply("RCPT", 451, "4.3.0 store trouble", service="mx", domain="libero.test"),
        Reply("GREETING", 421, "4.3.2 later", service="mx", domain="libero.test"),
        Drop("DATA", service="mx", domain="virgilio.test", platform=True),
        Stall("CONNECT", service="mx", domain="libero.test"),
    ],
)
def test_queued(lab: ThreadedLab, fault: Fault) -> None:
    """Mail for an MX that does not take it waits, and goes on afterwards."""
    with lab.fault(fault):
        _send(lab)
        assert lab.store.messages(BOB) == ()
        assert lab.waiting == 1
    assert len(lab.store.messages(BOB)) == 1


def test_one_mx_host_is_enough(lab: ThreadedLab) -> None:
    """While one of two MX hosts answers, mail gets through."""
    with lab.fault(Refuse(host="mx1.libero.test")):
        _send(lab)
    assert len(lab.store.messages(BOB)) == 1


def test_refused_for_good(lab: ThreadedLab) -> None:
    """What the MX refuses for good comes back to the sender."""
    with lab.fault(Reply("RCPT", 550, "5.7.1 go away", service="mx")):
        _send(lab)
    (message,) = lab.store.messages("ada@posta.test")
    assert b"Diagnostic-Code: smtp; 550 5.7.1 go away\r\n" in message.raw


def test_an_unknown_user_elsewhere(lab: ThreadedLab) -> None:
    """A submission host takes mail for any platform; unknown users bounce."""
    _send(lab, "nobody@libero.test")
    (message,) = lab.store.messages("ada@posta.test")
    assert b"Status: 5.1.1\r\n" in message.raw


def test_mail_on_one_platform_stays_inside(lab: ThreadedLab) -> None:
    """Mail within a platform does not go by its MX."""
    ada = lab.mailbox("ada@virgilio.test")
    with lab.fault(Refuse(service="mx")):
        submit(lab, ada, BOB, TEXT)
    assert len(lab.store.messages(BOB)) == 1
