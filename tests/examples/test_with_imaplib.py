"""A test of a program that reads a mailbox with imaplib."""

from __future__ import annotations

# --8<-- [start:example]
import imaplib
from email.message import EmailMessage

import pytest

from mailprobe.testing import MailLab, Service


def count_orders(imap: Service) -> int:
    """Count the unread orders in a mailbox (this is the program under test)."""
    with imaplib.IMAP4_SSL(
        imap.host, imap.port, ssl_context=imap.ssl_context()
    ) as client:
        client.login(imap.user, imap.password)
        client.select("INBOX", readonly=True)
        _, found = client.uid("SEARCH", "UNSEEN SUBJECT order")
        return len(found[0].split())


def test_orders(mail_lab: MailLab) -> None:
    """Mails that are no orders are not counted."""
    shop = mail_lab.mailbox("shop@example.test")
    for subject in ("Order 1", "Holidays", "Order 2"):
        message = EmailMessage()
        message["Subject"] = subject
        shop.deliver(message)

    assert count_orders(shop.imap) == 2


def test_store_down(mail_lab: MailLab) -> None:
    """A mailbox that cannot be opened is an error, and not "no orders"."""
    shop = mail_lab.mailbox("shop@example.test")
    with mail_lab.outage("store_down"), pytest.raises(imaplib.IMAP4.error):
        count_orders(shop.imap)


# --8<-- [end:example]
