"""A test of a program that sends with smtplib."""

from __future__ import annotations

# --8<-- [start:example]
import os
import smtplib
import ssl
from email.message import EmailMessage

import pytest

from mailprobe.testing import MailLab, code, link


def register(address: str) -> None:
    """Send what a new customer gets (this is the program under test)."""
    message = EmailMessage()
    message["From"] = "shop@example.test"
    message["To"] = address
    message["Subject"] = "Confirm your address"
    message.set_content(
        "Welcome! Follow https://shop.example/confirm/7f3a\nor type in the code 246810."
    )
    host, port = os.environ["SMTP_HOST"], int(os.environ["SMTP_PORT"])
    with smtplib.SMTP_SSL(host, port, context=ssl.create_default_context()) as client:
        client.login(os.environ["SMTP_USER"], os.environ["SMTP_PASSWORD"])
        client.send_message(message)


def test_registration(mail_lab: MailLab, monkeypatch: pytest.MonkeyPatch) -> None:
    """A new customer gets a link and a code."""
    mail_lab.patch_env(monkeypatch)
    customer = mail_lab.mailbox("ada@example.test")

    register("ada@example.test")

    message = customer.wait_for(subject="confirm", sender="shop@example.test")
    assert link(message, "/confirm/") == "https://shop.example/confirm/7f3a"
    assert code(message) == "246810"


# --8<-- [end:example]
