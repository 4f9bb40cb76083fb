"""A test of an asyncio service that is told of new mail by aioimaplib."""

from __future__ import annotations

# --8<-- [start:example]
import asyncio
from email.message import EmailMessage

import aioimaplib
import pytest

from mailprobe.testing import MailLab, Service


async def next_mail(imap: Service, ready: asyncio.Event) -> bytes:
    """Return the news of the next mail (this is the service under test)."""
    client = aioimaplib.IMAP4_SSL(imap.host, imap.port, ssl_context=imap.ssl_context())
    await client.wait_hello_from_server()
    await client.login(imap.user, imap.password)
    await client.select("INBOX")
    idle = await client.idle_start()
    ready.set()
    (news, *_) = await client.wait_server_push()
    client.idle_done()
    await idle
    await client.logout()
    return bytes(news)


@pytest.mark.asyncio
async def test_push(mail_lab: MailLab) -> None:
    """New mail is pushed to whoever waits for it with IDLE."""
    ada = mail_lab.mailbox("ada@example.test")
    ready = asyncio.Event()
    service = asyncio.create_task(next_mail(ada.imap, ready))
    await ready.wait()

    message = EmailMessage()
    message["Subject"] = "Hello"
    ada.deliver(message)

    assert await service == b"1 EXISTS"


# --8<-- [end:example]
