"""The standard library's clients in a real world: the second opinion of its tests."""

from __future__ import annotations

import imaplib
import smtplib
import ssl
from email.message import EmailMessage
from email.utils import localtime, make_msgid
from typing import TYPE_CHECKING

from mailprobe.model.target import Security

if TYPE_CHECKING:
    import socket

    from mailprobe.model.target import Mailbox
    from tests.real.world import RealWorld

_EHLO_NAME = "probe.posta.test"
_SECONDS = 30.0


class _NamedContext(ssl.SSLContext):
    """Checks one host name, though the clients dial its address."""

    host: str

    def wrap_socket(  # type: ignore[override]
        self,
        sock: socket.socket,
        *,
        server_hostname: str | bytes | None = None,  # noqa: ARG002 - an address
    ) -> ssl.SSLSocket:
        return super().wrap_socket(sock, server_hostname=self.host)


def trust(world: RealWorld, host: str) -> ssl.SSLContext:
    """Return a context that trusts the world's root and verifies *host*, strictly."""
    context = _NamedContext(ssl.PROTOCOL_TLS_CLIENT)
    context.load_verify_locations(world.ca_file)
    context.verify_flags |= ssl.VERIFY_X509_STRICT
    context.host = host
    return context


def submission(world: RealWorld, box: Mailbox) -> smtplib.SMTP:
    """Return a logged-in submission session of a mailbox."""
    assert box.smtp is not None
    assert box.password is not None
    address, context = world.address(box.smtp.host), trust(world, box.smtp.host)
    client: smtplib.SMTP
    if box.smtp.security is Security.TLS:
        client = smtplib.SMTP_SSL(
            address, box.smtp.port, _EHLO_NAME, timeout=_SECONDS, context=context
        )
    else:
        client = smtplib.SMTP(address, box.smtp.port, _EHLO_NAME, timeout=_SECONDS)
    try:
        if box.smtp.security is Security.STARTTLS:
            client.starttls(context=context)
        client.login(box.address, box.password.reveal())
    except BaseException:
        client.close()
        raise
    return client


def mx(world: RealWorld, host: str) -> smtplib.SMTP:
    """Return a session with an MX host, in the clear, as a stranger."""
    return smtplib.SMTP(
        world.address(host), world.mx_port, _EHLO_NAME, timeout=_SECONDS
    )


def imap(world: RealWorld, box: Mailbox) -> imaplib.IMAP4:
    """Return a logged-in IMAP session of a mailbox."""
    assert box.imap is not None
    assert box.password is not None
    address, context = world.address(box.imap.host), trust(world, box.imap.host)
    client: imaplib.IMAP4
    if box.imap.security is Security.TLS:
        client = imaplib.IMAP4_SSL(
            address, box.imap.port, ssl_context=context, timeout=_SECONDS
        )
    else:
        client = imaplib.IMAP4(address, box.imap.port, timeout=_SECONDS)
    try:
        if box.imap.security is Security.STARTTLS:
            client.starttls(ssl_context=context)
        client.login(box.address, box.password.reveal())
    except BaseException:
        client.shutdown()
        raise
    return client


def message(sender: str, recipient: str) -> EmailMessage:
    """Return a short mail with a Message-ID of its own."""
    mail = EmailMessage()
    mail["From"], mail["To"], mail["Subject"] = sender, recipient, "A test"
    mail["Date"], mail["Message-ID"] = localtime(), make_msgid(domain="probe.test")
    mail.set_content("A mail of the tests.\n")
    return mail
