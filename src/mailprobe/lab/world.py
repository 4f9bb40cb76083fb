"""The lab itself: two brands on one platform, a third party, and their servers."""

from __future__ import annotations

import contextlib
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING, Final

from mailprobe.lab.catalogue import catalogue
from mailprobe.lab.certificates import Authority
from mailprobe.lab.conversation import SURPRISES_MAX
from mailprobe.lab.dnsd import NameServer
from mailprobe.lab.imapd import ImapSession
from mailprobe.lab.listener import (
    CONNECTIONS_MAX,
    LOCAL_NAMES,
    LOOPBACK,
    Listener,
    bind,
    bind_all,
    settle,
)
from mailprobe.lab.post import Post, Queue
from mailprobe.lab.smtpd import SmtpSession
from mailprobe.lab.store import Store, system_time
from mailprobe.lab.switchboard import Site, Switchboard
from mailprobe.lab.zone import SRV_NAMES, Zone
from mailprobe.model.errors import UsageError
from mailprobe.model.secret import Secret
from mailprobe.model.target import Endpoint, Mailbox

if TYPE_CHECKING:
    import datetime as dt
    import socket
    from collections.abc import Callable, Iterator, Sequence
    from types import TracebackType
    from typing import Self

    from mailprobe.lab.channel import Channel
    from mailprobe.lab.faults import Fault
    from mailprobe.model.provider import Catalogue
    from mailprobe.model.target import SecurityName

DOMAINS: Final = ("libero.test", "virgilio.test", "posta.test")
BRANDS: Final = ("libero.test", "virgilio.test")
MX_HOSTS: Final = (("mx1", 10), ("mx2", 20))
USERS: Final = ("ada", "bob")


class Lab:
    """
    A mail world on loopback, in this process and on its event loop.

    Enter it with ``async with``; leaving closes every socket, ends every session
    and removes the certificate files.

    Args:
        domains: Its mail domains.
        brands: Those of them that share one platform, and so its faults.
        users: Who has a mailbox at each domain from the start.
        local: Also serve programs that know nothing of the lab's name server: the
            certificates hold for localhost and 127.0.0.1 too, and every domain has
            listeners without TLS ("none"), where logging in is possible and not
            needed, as with the mail server on a developer's own machine.
        now: Gives the time of day, with its zone; for replays, another one than
            the machine's (`mailprobe.lab.simulated`).
        queue: How patient its servers are with each other; for ever if None.
        seed: What the chances of faults are drawn from.
        plain_tls: Without an intermediate authority and session tickets: cheaper, for
            replays of thousands of handshakes.

    Attributes:
        faults: The switchboard of active faults.
        store: The mail, and the counters of the services.
        post: The transport between the servers.
        surprises: Protocol violations by clients, as the servers saw them.
        strangers: Recipients of mail that no mailbox of the lab answers to.
        ca_file: The root certificate (PEM).
        mx_port: The port of every MX host.
        nameserver: ``host:port`` of the name server, UDP and TCP.

    Raises:
        UsageError: If a brand is not among the domains.
        LabError: If no ports can be had.
    """

    ca_file: Path
    authority: Authority

    def __init__(  # noqa: PLR0913 - all but the first by name, all with defaults
        self,
        domains: Sequence[str] = DOMAINS,
        *,
        brands: Sequence[str] | None = None,
        users: Sequence[str] = USERS,
        local: bool = False,
        now: Callable[[], dt.datetime] = system_time,
        queue: Queue | None = None,
        seed: int = 0,
        plain_tls: bool = False,
    ) -> None:
        self.domains = tuple(domain.lower() for domain in domains)
        shared = [d for d in BRANDS if d in self.domains] if brands is None else brands
        if not self.domains or not set(shared) <= set(self.domains):
            message = "brands must be among the domains, and there must be a domain"
            raise UsageError(message)
        self.faults = Switchboard(tuple(shared), seed=seed)
        self.now = now
        self.store = Store(self.domains, now)
        self.post = Post(self, queue or Queue())
        self.surprises: list[str] = []
        self.strangers: list[str] = []
        self._users, self._local = tuple(users), local
        self._plain = plain_tls
        self.mx_port = 0
        self._zone = Zone(self.faults)
        self._dns = NameServer(self._zone, self.faults, self.store.counters["dns"])
        self._listeners: list[Listener] = []
        self._exit = contextlib.AsyncExitStack()
        self.faults.changed.append(self._align)

    async def __aenter__(self) -> Self:
        async with contextlib.AsyncExitStack() as stack:
            folder = Path(
                stack.enter_context(
                    tempfile.TemporaryDirectory(prefix="mailprobe-lab-")
                )
            )
            self.authority = Authority(
                folder, self._host_names(), self.now(), plain=self._plain
            )
            self.authority.context()
            self.ca_file = self.authority.ca_file
            stack.push_async_callback(self._stop)
            self._listen()
            for domain in self.domains:
                self._publish(domain)
            self._settle_in()
            self._dns.start()
            self._align()
            self._exit = stack.pop_all()
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        await self._exit.aclose()

    def _settle_in(self) -> None:
        for domain in self.domains:
            for user in self._users:
                self.store.account(f"{user}@{domain}")

    async def renew(self) -> None:
        """
        Make the lab as it was when it started, at the same ports.

        Conversations are cut off; faults, mail, mailboxes, counts and surprises are
        gone. The first users are back, with new passwords.
        """
        self.post.close()
        self.reset()
        await self._dns.hang_up()
        for listener in self._listeners:
            await listener.hang_up()
        self.store.forget()
        self.surprises.clear()
        self.strangers.clear()
        self._settle_in()

    async def settle(self) -> None:
        """Return when the servers have read and answered what clients have sent."""
        await settle(self._listeners)

    async def _stop(self) -> None:
        self.post.close()
        await self._dns.stop()
        for listener in self._listeners:
            await listener.shut()

    # --- what a prober is given -------------------------------------------------

    @property
    def nameserver(self) -> str:
        """``host:port`` of the name server."""
        return f"{LOOPBACK}:{self._dns.port}"

    @property
    def catalogue(self) -> Catalogue:
        """A preset per domain, and the platform that the brands share."""
        return catalogue(self)

    def mailbox(
        self,
        address: str,
        *,
        security: SecurityName = "tls",
        token: bool = False,
        auth: str = "",
    ) -> Mailbox:
        """
        Return a mailbox with its secret and endpoints; it is made if missing.

        Args:
            address: An address in one of the lab's domains.
            security: Which endpoints.
            token: Log in with an OAuth 2 token in place of the password.
            auth: The SASL mechanism to insist on.

        Raises:
            UsageError: If the domain is not one of the lab's.
        """
        account = self.store.account(address)
        domain = account.address.rpartition("@")[2]
        secret = Secret(account.token)
        return Mailbox(
            account.address,
            password=None if token else Secret(account.password),
            token=(lambda: secret) if token else None,
            imap=self.endpoint(domain, "imap", security),
            smtp=self.endpoint(domain, "submission", security),
            auth=auth,
        )

    def endpoint(
        self,
        domain: str,
        service: str,
        security: SecurityName = "tls",
    ) -> Endpoint:
        """
        Return where "mx" (its first host), "submission" or "imap" of a domain is.

        Raises:
            UsageError: If there is no such service.
        """
        if service == "mx" and domain in self.domains:
            return Endpoint(
                f"mx1.{domain}",
                self.mx_port,
                "none" if security == "none" else "starttls",
            )
        for listener in self._listeners:
            site = listener.site
            wanted = (service, (domain,), security)
            if (site.service, site.domains, site.security) == wanted:
                return Endpoint(site.host, listener.port, security)
        message = f"the lab has no {security} {service} service for {domain!r}"
        raise UsageError(message)

    @property
    def waiting(self) -> int:
        """How many accepted mails wait: in a queue, or because of a `Delay`."""
        return self.post.waiting

    # --- faults -----------------------------------------------------------------

    def inject(self, fault: Fault) -> None:
        """Make a fault active, at once and for sessions that are open too."""
        self.faults.inject(fault)

    def withdraw(self, fault: Fault) -> None:
        """Make a fault inactive; mail it held back goes on."""
        self.faults.withdraw(fault)

    def reset(self) -> None:
        """Make every fault inactive."""
        self.faults.reset()

    @contextlib.contextmanager
    def fault(self, *faults: Fault) -> Iterator[Self]:
        """Keep *faults* active while the block runs."""
        for one in faults:
            self.inject(one)
        try:
            yield self
        finally:
            for one in faults:
                self.withdraw(one)

    def _align(self) -> None:
        """Let exactly those listen that no fault closes."""
        for listener in self._listeners:
            if self.faults.refused(listener.site):
                listener.refuse()
            else:
                listener.open()

    # --- what the servers ask ---------------------------------------------------

    def meet_stranger(self, recipient: str) -> None:
        """Note a recipient that no mailbox answers to."""
        if len(self.strangers) < SURPRISES_MAX:
            self.strangers.append(recipient)

    def served_at(self, site: Site) -> frozenset[str]:
        """Return the domains whose users are at home at *site*: its platform's."""
        platform = (self.faults.platform_of(domain) for domain in site.domains)
        return frozenset(domain for domains in platform for domain in domains)

    def mx_sites(self, domain: str) -> list[Site]:
        """Return the MX hosts of *domain*, the preferred one first."""
        return [Site("mx", f"{h}.{domain}", (domain,), "starttls") for h, _ in MX_HOSTS]

    # --- the servers ------------------------------------------------------------

    def _host_names(self) -> list[str]:
        labels = [*(host for host, _ in MX_HOSTS), "smtp", "imap"]
        names = [f"{label}.{domain}" for domain in self.domains for label in labels]
        return [*names, *LOCAL_NAMES] if self._local else names

    def _listen(self) -> None:
        self._listen_mx()
        for domain in self.domains:
            for security in ("tls", "starttls", "none")[: 3 if self._local else 2]:
                for service, label in (("submission", "smtp"), ("imap", "imap")):
                    site = Site(service, f"{label}.{domain}", (domain,), security)
                    self._add(site, bind(LOOPBACK))

    def _listen_mx(self) -> None:
        """Give every MX host an address of its own, all on one port."""
        sites = [site for domain in self.domains for site in self.mx_sites(domain)]
        own = tuple(f"127.0.0.{number}" for number in range(2, len(sites) + 2))
        try:
            self.mx_port, sockets = bind_all(own)
        except OSError:
            # Only 127.0.0.1 is set up here (macOS): one server for all of them.
            self.mx_port, sockets = bind_all((LOOPBACK,))
            sites = [Site("mx", sites[0].host, self.domains, "starttls")]
            own = (LOOPBACK,) * len(own)
        for site, sock in zip(sites, sockets, strict=True):
            self._add(site, sock)
        names = [s.host for domain in self.domains for s in self.mx_sites(domain)]
        for name, address in zip(names, own, strict=True):
            self._zone.add(name, "A", address)

    def _add(self, site: Site, sock: socket.socket) -> None:
        self._listeners.append(Listener(site, sock, self._serve))

    async def _serve(self, channel: Channel, listener: Listener) -> None:
        service = listener.site.service
        at_once = sum(
            other.open_count
            for other in self._listeners
            if other.site.service == service
        )
        self.store.counters[service].opened(at_once)
        if at_once > CONNECTIONS_MAX:
            self.surprises.append(f"more than {CONNECTIONS_MAX} connections at once")
            return
        session = ImapSession if service == "imap" else SmtpSession
        await session(self, listener, channel).serve()

    # --- the names --------------------------------------------------------------

    def _publish(self, domain: str) -> None:
        """Enter a domain's records; the MX hosts' addresses are known already."""
        for name in ("smtp", "imap"):
            self._zone.add(f"{name}.{domain}", "A", LOOPBACK)
        self._zone.publish(
            domain,
            [f"{preference} {host}.{domain}." for host, preference in MX_HOSTS],
            {n: self.endpoint(domain, s, how) for n, s, how in SRV_NAMES},
        )
