"""A whole mail world of real servers, as one object."""

from __future__ import annotations

import atexit
import secrets
import shutil
import tempfile
import time
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Final

from mailprobe.model.provider import Catalogue, Platform, Preset
from mailprobe.model.secret import Secret
from mailprobe.model.target import Endpoint, Mailbox, Security
from tests.real import maildir
from tests.real.background import Background
from tests.real.certificates import Trust
from tests.real.dovecot import Dovecot
from tests.real.names import NameService
from tests.real.plan import MAIL_DOMAINS, USERS, Plan
from tests.real.policy import REJECTIONS, Policy
from tests.real.postfix import Postfix
from tests.real.process import POLL, Guard
from tests.real.relay import LmtpRelay

if TYPE_CHECKING:
    from collections import Counter
    from collections.abc import Iterator
    from contextlib import AbstractContextManager
    from datetime import datetime
    from types import TracebackType
    from typing import Self

    from mailprobe.model.target import SecurityName

_PORTS: Final = {
    ("submission", Security.TLS): 465,
    ("submission", Security.STARTTLS): 587,
    ("imap", Security.TLS): 993,
    ("imap", Security.STARTTLS): 143,
}
_HOSTS: Final = {"mx": "mx1", "submission": "smtp", "imap": "imap"}

DELIVERY_SECONDS: Final = 20.0
"""How long a delivery is waited for; it takes 0.1 s and what it is held."""


class RealWorld:
    """
    Postfix, Dovecot, NSD and unbound on loopback addresses of their own.

    Use it as a context manager, or call `start` and `stop`. It ends with the
    process that started it, however that ends. Every fault is a context
    manager: it is over when its block is.

    Attributes:
        nameserver: The resolver, as ``address:port``.
        ca_file: The root certificate that clients must trust.
        trust: What signs the servers' certificates, good and bad ones.
        mx_port: Where MX hosts listen.
        catalogue: Presets of the mail domains.
    """

    mx_port: Final = 25

    def __init__(self) -> None:
        self.plan = Plan.claim()
        self.directory = Path(tempfile.mkdtemp(prefix="mail-", dir="/tmp"))
        # The servers' own users must pass; what is secret inside is guarded.
        self.directory.chmod(0o711)
        self._guard = Guard(self.directory, self.plan.lock)
        self._passwords = {
            f"{user}@{domain}": secrets.token_urlsafe(18)
            for domain in MAIL_DOMAINS
            for user in USERS
        }
        self.trust = Trust.create(self.directory, self.plan.host_names())
        self.ca_file = self.trust.root
        self.catalogue = _catalogue()
        self.names = NameService(self.plan, self._room("names"), self._guard)
        self.nameserver = self.names.address
        self.dovecot = Dovecot(
            self.plan,
            self._room("dovecot"),
            self._guard,
            self.trust,
            self._passwords,
        )
        self.postfix = Postfix(
            self.plan,
            self._room("postfix"),
            self._guard,
            self.trust,
            self._passwords,
        )
        self.relay = LmtpRelay(self.plan)
        self.policy = Policy()
        self._background = Background()
        self._stopped = False

    def start(self) -> Self:
        """
        Start every server and wait until all of them serve.

        Raises:
            ServerError: If one of them does not start.
        """
        atexit.register(self.stop)
        self.relay.start(self._background)
        self.policy.start(self.plan, self._background)
        servers = (self.names, self.dovecot, self.postfix)
        try:
            for server in servers:
                server.start()
            for server in servers:
                server.await_ready()
        except BaseException:
            self.stop()
            raise
        return self

    def stop(self) -> None:
        """End everything and remove its directory; a second call does nothing."""
        if self._stopped:
            return
        self._stopped = True
        atexit.unregister(self.stop)
        try:
            self.postfix.stop()
            self.dovecot.stop()
            self.names.stop()
        finally:
            self._background.close()
            shutil.rmtree(self.directory, ignore_errors=True)
            self._guard.close()
            self.plan.lock.close()

    def __enter__(self) -> Self:
        return self.start()

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.stop()

    # --- what it looks like from outside ----------------------------------------

    def endpoint(
        self, domain: str, service: str, security: SecurityName | Security = "tls"
    ) -> Endpoint:
        """Return where ``mx`` (its first host), ``submission`` or ``imap`` is."""
        host = f"{_HOSTS[service]}.{domain}"
        if service == "mx":
            mode = Security.NONE if security == "none" else Security.STARTTLS
            return Endpoint(host, self.mx_port, mode)
        return Endpoint(host, _PORTS[service, Security(security)], security)

    def mailbox(
        self,
        address: str,
        *,
        security: SecurityName | Security = "tls",
        auth: str = "",
    ) -> Mailbox:
        """Return a mailbox (``ada`` or ``bob`` of each domain), with its password."""
        domain = address.rpartition("@")[2]
        return Mailbox(
            address,
            password=Secret(self._passwords[address]),
            imap=self.endpoint(domain, "imap", security),
            smtp=self.endpoint(domain, "submission", security),
            auth=auth,
        )

    @property
    def groups(self) -> list[int]:
        """The process groups of its servers that run."""
        names = (self.names.nsd, self.names.broken, self.names.unbound)
        servers = (*names, self.dovecot.server, self.postfix.server)
        return [server.group for server in servers if server.group is not None]

    def address(self, host: str) -> str:
        """Return the IP address of one of its hosts (``mx1.libero.test``)."""
        return self.plan.hosts(host.partition(".")[2]).named()[host]

    # --- what the servers did ---------------------------------------------------

    def delivered_at(
        self, message_id: str, *, timeout: float = DELIVERY_SECONDS
    ) -> datetime:
        """
        Wait until Dovecot logs that a mail is in its store; return when, UTC.

        Raises:
            TimeoutError: If it is not there after *timeout* seconds.
        """
        return self.dovecot.delivered(message_id, timeout).at

    def deliveries(self, message_id: str) -> int:
        """Return how often a mail was put into the store so far."""
        return len(self.dovecot.delivery_log.deliveries(message_id))

    def await_deferral(
        self, message_id: str, *, timeout: float = DELIVERY_SECONDS
    ) -> None:
        """
        Wait until Postfix has tried in vain to put a mail into the store.

        Raises:
            TimeoutError: If it did not within *timeout* seconds.
        """
        deadline = time.monotonic() + timeout
        while not self.postfix.deferred(message_id):
            if time.monotonic() > deadline:
                message = f"{message_id} was not deferred within {timeout} s"
                raise TimeoutError(message)
            time.sleep(POLL)

    def await_queued(self, queue: str, timeout: float = DELIVERY_SECONDS) -> None:
        """
        Wait until a mail is in this queue of Postfix (``hold``, ``deferred``).

        Raises:
            TimeoutError: If none is after *timeout* seconds.
        """
        deadline = time.monotonic() + timeout
        while f'"queue_name": "{queue}"' not in self.postfix.queue():
            if time.monotonic() > deadline:
                message = f"no mail was in the queue {queue} within {timeout} s"
                raise TimeoutError(message)
            time.sleep(POLL)

    def await_empty_queue(self, timeout: float = DELIVERY_SECONDS) -> None:
        """
        Wait until Postfix has nothing left to deliver.

        Raises:
            TimeoutError: If something is still queued after *timeout* seconds.
        """
        deadline = time.monotonic() + timeout
        while queued := self.postfix.queue():
            if time.monotonic() > deadline:
                message = f"still queued after {timeout} s: {queued}"
                raise TimeoutError(message)
            time.sleep(POLL)

    # --- mailboxes --------------------------------------------------------------

    def fill_mailbox(self, address: str, count: int, *, hostile: bool = True) -> None:
        """Put mails of strangers into the inbox; Dovecot has indexed them then."""
        maildir.fill(self.dovecot.maildir(address), count, hostile=hostile)
        self.dovecot.doveadm("index", "-u", address, "INBOX")
        self.dovecot.doveadm("quota", "recalc", "-u", address)

    def empty_mailbox(self, address: str) -> None:
        """Remove every mail from every folder."""
        self.dovecot.doveadm("expunge", "-u", address, "mailbox", "*", "all")

    def snapshot(self, address: str) -> Counter[maildir.StoredMail]:
        """Count every stored mail by folder, hash of its bytes, and flags."""
        return maildir.snapshot(self.dovecot.maildir(address))

    # --- faults -----------------------------------------------------------------

    def hold(self, seconds: float) -> AbstractContextManager[None]:
        """Accept mail, but deliver it *seconds* later."""
        return self.relay.hold(seconds)

    def junk(self) -> AbstractContextManager[None]:
        """Deliver mail to the folder Junk."""
        return self.relay.junk()

    def store_closed(self) -> AbstractContextManager[None]:
        """Accept mail, but deliver it only after the block; IMAP stays open."""
        return self.relay.closed()

    def reject_rcpt(self, code: int, domain: str = "*") -> AbstractContextManager[None]:
        """Let the MX hosts refuse recipients with this SMTP code."""
        return self.policy.act(f"{code} {REJECTIONS[code]}", domain)

    def discard(self, domain: str = "*") -> AbstractContextManager[None]:
        """Let the MX hosts accept mail and lose it."""
        return self.policy.act("DISCARD lost on purpose", domain)

    def dovecot_down(self) -> AbstractContextManager[None]:
        """Stop IMAP, LMTP and the password store; Postfix stays up."""
        return self._without_dovecot()

    @contextmanager
    def _without_dovecot(self) -> Iterator[None]:
        self.dovecot.stop()
        try:
            yield
        finally:
            self.dovecot.start()
            self.dovecot.await_ready()
            # Its smtpd processes would each say 454 once to somebody.
            self.postfix.restart()

    def _room(self, name: str) -> Path:
        path = self.directory / name
        path.mkdir(mode=0o755)
        return path


def _catalogue() -> Catalogue:
    """Two brands on one platform and a third provider, as presets."""
    shared = Platform(id="italia", name="The shared platform of the test world")
    presets = tuple(
        Preset(
            id=domain.replace(".", "-"),
            name=domain.partition(".")[0].capitalize(),
            operator="The test world",
            platform="posta-test" if domain == "posta.test" else shared.id,
            domains=(domain,),
            mx=(f"mx1.{domain}", f"mx2.{domain}"),
            mx_suffix=domain,
            smtp=(
                Endpoint(f"smtp.{domain}", 465, "tls"),
                Endpoint(f"smtp.{domain}", 587, "starttls"),
            ),
            imap=(
                Endpoint(f"imap.{domain}", 993, "tls"),
                Endpoint(f"imap.{domain}", 143, "starttls"),
            ),
            sources=("tests/real",),
            last_checked="2026-01-01",
        )
        for domain in MAIL_DOMAINS
    )
    return Catalogue(presets=presets, platforms=(shared,))
