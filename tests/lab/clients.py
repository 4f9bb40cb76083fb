"""Clients that are not ours: plain sockets, smtplib, imaplib and dnspython."""

from __future__ import annotations

import contextlib
import imaplib
import smtplib
import socket
import ssl
from typing import TYPE_CHECKING, Any

import dns.resolver

if TYPE_CHECKING:
    from collections.abc import Iterator
    from typing import Self

    from mailprobe.lab import ThreadedLab
    from mailprobe.model.target import Endpoint, Mailbox

PATIENCE = 10.0
"""Seconds after which a test has failed; nothing in the lab takes one."""


class NamedContext(ssl.SSLContext):
    """Checks a name other than the address that is dialled."""

    expected_name = ""

    def wrap_socket(self, *args: Any, **options: Any) -> ssl.SSLSocket:  # noqa: ANN401 - the base class's own
        """Wrap as usual, but for the expected name."""
        options["server_hostname"] = self.expected_name
        return super().wrap_socket(*args, **options)


def context(lab: ThreadedLab, name: str) -> NamedContext:
    """Trust the lab, as strictly as RFC 5280 has it (Python 3.13's default)."""
    made = NamedContext(ssl.PROTOCOL_TLS_CLIENT)
    made.load_verify_locations(lab.ca_file)
    made.verify_flags |= ssl.VERIFY_X509_STRICT
    made.expected_name = name
    return made


def resolver(lab: ThreadedLab) -> dns.resolver.Resolver:
    """Ask the lab's name server alone."""
    made = dns.resolver.Resolver(configure=False)
    host, port = lab.nameserver.split(":")
    made.nameservers = [host]
    made.port = int(port)
    made.lifetime = PATIENCE
    return made


def address(lab: ThreadedLab, host: str) -> str:
    """Look up the IPv4 address of one of the lab's hosts."""
    return str(resolver(lab).resolve(host, "A")[0])


class Wire:
    """A raw connection: bytes out, lines in."""

    def __init__(self, lab: ThreadedLab, endpoint: Endpoint) -> None:
        self._context = context(lab, endpoint.host)
        where = (address(lab, endpoint.host), endpoint.port)
        self.sock = socket.create_connection(where, PATIENCE)
        self._file = self.sock.makefile("rb")
        if endpoint.security == "tls":
            self.secure()

    def secure(self) -> None:
        """Go through the handshake."""
        try:
            self.sock = self._context.wrap_socket(self.sock)
        except BaseException:
            self.close()
            raise
        self._file.close()
        self._file = self.sock.makefile("rb")

    def send(self, data: bytes) -> None:
        """Send bytes as they are."""
        self.sock.sendall(data)

    def line(self) -> bytes:
        """Return the next line; nothing at the end."""
        return self._file.readline()

    def exactly(self, count: int) -> bytes:
        """Return the next bytes; fewer at the end."""
        return self._file.read(count)

    def part(self) -> socket.socket:
        """End TLS, wait for the server to do so, and return the bare connection."""
        assert isinstance(self.sock, ssl.SSLSocket)
        return self.sock.unwrap()

    def smtp(self, command: bytes = b"") -> bytes:
        """Send a command, return its whole reply."""
        if command:
            self.send(command + b"\r\n")
        reply = line = self.line()
        while line[3:4] == b"-":
            line = self.line()
            reply += line
        return reply

    def imap(self, command: bytes) -> bytes:
        """Send a command under the tag ``a``, return all up to its end."""
        self.send(b"a " + command + b"\r\n")
        reply = line = self.line()
        while line and not line.startswith((b"a ", b"+ ")):
            line = self.line()
            reply += line
        return reply

    def rest(self) -> bytes:
        """Say no more, and return what still comes."""
        if not isinstance(self.sock, ssl.SSLSocket):
            self.sock.shutdown(socket.SHUT_WR)
        return self._file.read()

    def close(self) -> None:
        """Close the socket."""
        self._file.close()
        self.sock.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()


@contextlib.contextmanager
def smtp(lab: ThreadedLab, endpoint: Endpoint) -> Iterator[smtplib.SMTP]:
    """Connect smtplib, with TLS as the endpoint wants it."""
    checked = context(lab, endpoint.host)
    where = (address(lab, endpoint.host), endpoint.port)
    client: smtplib.SMTP
    if endpoint.security == "tls":
        client = smtplib.SMTP_SSL(
            *where, "client.test", timeout=PATIENCE, context=checked
        )
    else:
        client = smtplib.SMTP(*where, "client.test", timeout=PATIENCE)
    with client:
        if endpoint.security == "starttls":
            client.starttls(context=checked)
        yield client


@contextlib.contextmanager
def imap(lab: ThreadedLab, endpoint: Endpoint) -> Iterator[imaplib.IMAP4]:
    """Connect imaplib, with TLS as the endpoint wants it."""
    checked = context(lab, endpoint.host)
    where = (address(lab, endpoint.host), endpoint.port)
    client: imaplib.IMAP4
    if endpoint.security == "tls":
        client = imaplib.IMAP4_SSL(*where, ssl_context=checked, timeout=PATIENCE)
    else:
        client = imaplib.IMAP4(*where, timeout=PATIENCE)
        client.starttls(ssl_context=checked)
    with client:
        yield client


@contextlib.contextmanager
def opened(lab: ThreadedLab, mailbox: Mailbox) -> Iterator[imaplib.IMAP4]:
    """Log in by imaplib and select INBOX."""
    assert mailbox.imap is not None
    with imap(lab, mailbox.imap) as client:
        client.login(mailbox.address, password(lab, mailbox))
        client.select("INBOX")
        yield client


def password(lab: ThreadedLab, mailbox: Mailbox) -> str:
    """Return the password as the lab knows it."""
    return lab.store.account(mailbox.address).password


def submit(lab: ThreadedLab, sender: Mailbox, to: str, text: bytes) -> None:
    """Send a mail by smtplib."""
    assert sender.smtp is not None
    with smtp(lab, sender.smtp) as client:
        client.login(sender.address, password(lab, sender))
        client.sendmail(sender.address, [to], text)
