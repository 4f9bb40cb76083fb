"""A test of an asyncio program that sends with aiosmtplib."""

from __future__ import annotations

# --8<-- [start:example]
from email.message import EmailMessage

import aiosmtplib
import pytest

from mailprobe.testing import MailLab, Service


async def greet(smtp: Service, address: str) -> None:
    """Send a greeting (this is the program under test)."""
    message = EmailMessage()
    message["From"] = smtp.user
    message["To"] = address
    message["Subject"] = "Welcome"
    message.set_content("Good to have you here.")
    await aiosmtplib.send(
        message,
        hostname=smtp.host,
        port=smtp.port,
        username=smtp.user,
        password=smtp.password,
        start_tls=True,
        tls_context=smtp.ssl_context(),
    )


@pytest.mark.asyncio
async def test_greeting(mail_lab: MailLab) -> None:
    """A greeting arrives once; `wait` lets the event loop run on meanwhile."""
    ada = mail_lab.mailbox("ada@example.test")

    await greet(mail_lab.starttls.smtp, ada.address)

    message = await ada.wait(subject="welcome")
    assert message["To"] == ada.address
    await ada.stays_empty(subject="reminder")


# --8<-- [end:example]
