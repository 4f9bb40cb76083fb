"""The prober: what probes share, and the methods people call."""

from __future__ import annotations

import os
import traceback
from dataclasses import replace
from typing import TYPE_CHECKING, Final, TypeVar

from mailprobe.judge import judge
from mailprobe.judge.provider import judge_provider
from mailprobe.mail.domain import ascii_domain, ascii_host
from mailprobe.model.errors import MailprobeError, UsageError
from mailprobe.model.failure import Failure, Kind, Phase
from mailprobe.model.limits import Limits
from mailprobe.model.report import (
    ImapReport,
    MxReport,
    ProviderReport,
    Report,
    SmtpReport,
    Step,
    TlsReport,
    TripReport,
)
from mailprobe.model.target import (
    Endpoint,
    ImapTarget,
    Mailbox,
    MxTarget,
    ProviderTarget,
    Security,
    SmtpTarget,
    Target,
    TlsTarget,
    TripTarget,
)
from mailprobe.probes.plan import check_ascii, check_login, place
from mailprobe.probes.vantage import Vantage
from mailprobe.wire.clock import SystemClock
from mailprobe.wire.tls import Trust

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Sequence
    from pathlib import Path
    from types import TracebackType
    from typing import Self

    from mailprobe.model.provider import Catalogue
    from mailprobe.model.target import SecurityName
    from mailprobe.model.verdict import Check
    from mailprobe.wire.clock import Clock

S = TypeVar("S", bound=Report)

TIMEOUT: Final = 60.0  # one conversation: a held-back greeting and a slow reply
TIMEOUT_TRIP: Final = 300.0  # most mail arrives in seconds; greylisting takes minutes
TIMEOUT_PROVIDER: Final = 180.0  # all conversations side by side, then a trip
TIMEOUT_TLS: Final = 30.0
_TLS_PORTS: Final = frozenset({465, 993, 995})  # RFC 8314 7.3: TLS from the first byte
TRACEBACK_MAX: Final = 4000  # characters kept of a fault of ours: its last frames


class Prober:
    """
    Probes mail services from one vantage point.

    It may be used for any number of checks, also at the same time. A check
    never raises for what the other side does; it raises `UsageError` for what
    cannot be meant, and lets cancellation through after closing its sockets.
    """

    def __init__(  # noqa: PLR0913 - all by name, all with defaults
        self,
        *,
        ca_file: str | Path | None = None,
        nameservers: Sequence[str] = (),
        ehlo_name: str = "",
        mx_port: int = 25,
        control: str = "",
        limits: Limits | None = None,
        catalogue: Catalogue | None = None,
        transcript: bool = False,
        canary_key: bytes | None = None,
        on_step: Callable[[str, Step], None] | None = None,
        clock: Clock | None = None,
    ) -> None:
        """
        Set up what the probes share; nothing is sent yet.

        Args:
            ca_file: PEM file with the roots to trust instead of the system's.
            nameservers: ``ADDRESS[:PORT]`` each, asked in this order; those of
                the system if empty.
            ehlo_name: The name to greet with: the host name that the reverse
                DNS of this machine's address gives. Empty: the address itself.
            mx_port: Where MX hosts are dialled; 25 outside a lab.
            control: ``HOST[:PORT]`` of a mail server known to work. It is asked
                when no MX address answers, to tell a blocked port 25 of ours
                from an outage of theirs; without it the verdict stays unknown.
            limits: Other budgets than the stated ones.
            catalogue: Provider presets; the built-in ones if None.
            transcript: Keep the lines of every conversation in the report.
            canary_key: What canaries are signed with, 32 bytes; a fresh one
                for this prober if None.
            on_step: Called with the probe's name and each step as it ends.
            clock: Where time comes from.

        Raises:
            ConfigError: If *ca_file* cannot be used.
            UsageError: If a name server, the EHLO name or the control cannot be
                meant.
        """
        self._catalogue = catalogue
        self._on_step = on_step
        self._vantage = Vantage(
            clock=clock or SystemClock(),
            limits=limits or Limits(),
            trust=Trust(ca_file),
            nameservers=_servers(nameservers),
            ehlo_name=_ehlo(ehlo_name),
            mx_port=mx_port,
            control=_control(control),
            canary_key=canary_key or os.urandom(32),
            transcript=transcript,
        )

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        # Every probe closes what it opened; nothing is kept between them.
        return None

    @property
    def catalogue(self) -> Catalogue:
        """The provider presets in use."""
        if self._catalogue is None:
            from mailprobe.providers import builtin  # noqa: PLC0415 - only if needed

            self._catalogue = builtin()
        return self._catalogue

    async def mx(
        self, domain: str, *, connect: bool = False, timeout: float = TIMEOUT
    ) -> Check[MxReport]:
        """
        Ask who takes mail for a domain (RFC 5321 5.1).

        Args:
            domain: The mail domain.
            connect: Also take every address through banner and EHLO.
            timeout: Seconds for all of it.

        Raises:
            UsageError: If no such domain can exist.
        """
        from mailprobe.probes.mx import probe_mx  # noqa: PLC0415 - aiosmtplib

        target = MxTarget(ascii_domain(domain), connect)
        probe = probe_mx(self._vantage, target, _seconds(timeout), self._told("mx"))
        return self._judged(await self._guarded(probe, MxReport, target, delivery=None))

    async def smtp(
        self,
        host: str,
        port: int = 25,
        *,
        security: SecurityName | Security | None = None,
        mailbox: Mailbox | None = None,
        timeout: float = TIMEOUT,
    ) -> Check[SmtpReport]:
        """
        Hold one SMTP conversation; with a mailbox, log in as well (one attempt).

        Args:
            host: Host name or address.
            port: 25 for MX hosts, 587 or 465 for submission.
            security: "tls", "starttls" or "none"; by the port if None.
            mailbox: Whose login to try.
            timeout: Seconds for all of it.

        Raises:
            UsageError: If an argument cannot be meant, or a login is wanted
                without a secret or without TLS.
        """
        from mailprobe.probes.smtp import probe_smtp  # noqa: PLC0415 - aiosmtplib

        target = SmtpTarget(ascii_host(host), port, _mode(port, security), mailbox)
        if mailbox is not None:
            check_login(mailbox, target.security)
            target = replace(target, mailbox=self.catalogue.complete(mailbox))
        probe = probe_smtp(self._vantage, target, _seconds(timeout), self._told("smtp"))
        return self._judged(await self._guarded(probe, SmtpReport, target))

    async def imap(
        self,
        mailbox: Mailbox | str,
        port: int | None = None,
        *,
        security: SecurityName | Security | None = None,
        timeout: float = TIMEOUT,
    ) -> Check[ImapReport]:
        """
        Hold one IMAP conversation: of a mailbox (with login) or of a host.

        Args:
            mailbox: The mailbox, or a host name or address.
            port: The host's port; 993 if None.
            security: "tls", "starttls" or "none"; by the port if None.
            timeout: Seconds for all of it.

        Raises:
            UsageError: If an argument cannot be meant, a mailbox has no secret,
                or nothing is known of where it is served.
        """
        from mailprobe.probes.imap import probe_imap  # noqa: PLC0415 - aioimaplib

        if isinstance(mailbox, str):
            number = 993 if port is None else port
            mode = _mode(number, security)
            target = ImapTarget(None, ascii_host(mailbox), number, mode)
        else:
            whole, at = await place(self._vantage, self.catalogue, mailbox, "imap")
            target = ImapTarget(whole, ascii_host(at.host), at.port, at.security)
        probe = probe_imap(self._vantage, target, _seconds(timeout), self._told("imap"))
        return self._judged(await self._guarded(probe, ImapReport, target))

    async def tls(
        self,
        host: str,
        port: int,
        *,
        security: SecurityName | Security | None = None,
        timeout: float = TIMEOUT_TLS,
    ) -> Check[TlsReport]:
        """
        Look at the certificate and handshake of one service.

        Args:
            host: Host name or address.
            port: Its port; 143 and 993 are taken for IMAP, all others for SMTP.
            security: "tls" or "starttls"; by the port if None.
            timeout: Seconds for all of it.

        Raises:
            UsageError: If an argument cannot be meant.
        """
        from mailprobe.probes.tls import probe_tls  # noqa: PLC0415 - both clients

        mode = _mode(port, security)
        if mode is Security.NONE:
            message = 'a TLS check needs security "tls" or "starttls"'
            raise UsageError(message)
        target = TlsTarget(ascii_host(host), port, mode)
        probe = probe_tls(self._vantage, target, _seconds(timeout), self._told("tls"))
        return self._judged(await self._guarded(probe, TlsReport, target))

    async def round_trip(
        self, sender: Mailbox, recipient: Mailbox, *, timeout: float = TIMEOUT_TRIP
    ) -> Check[TripReport]:
        """
        Send one mail, time its arrival, and take it away again.

        Args:
            sender: Whose submission service sends it.
            recipient: In whose mailbox it is awaited; may be the sender.
            timeout: Seconds for all of it; the mail is awaited until shortly
                before.

        Raises:
            UsageError: If a mailbox has no secret, or nothing is known of where
                it is served.
        """
        from mailprobe.probes.roundtrip import probe_round_trip  # noqa: PLC0415

        for mailbox in (sender, recipient):
            check_ascii(mailbox)
        catalogue = self.catalogue
        whole, _ = await place(self._vantage, catalogue, sender, "smtp")
        other, _ = await place(self._vantage, catalogue, recipient, "imap")
        target = TripTarget(whole, other)
        seconds, told = _seconds(timeout), self._told("trip")
        probe = probe_round_trip(self._vantage, target, seconds, told)
        return self._judged(await self._guarded(probe, TripReport, target))

    async def provider(
        self,
        name: str,
        mailbox: Mailbox | None = None,
        *,
        timeout: float = TIMEOUT_PROVIDER,
    ) -> Check[ProviderReport]:
        """
        Try everything at one provider; judge its four functions, each alone.

        Args:
            name: A preset's id, or a mail domain.
            mailbox: A canary there; with it the logins and a trip are tried.
            timeout: Seconds for all of it.

        Raises:
            UsageError: If the name is no preset and no domain, or the mailbox
                has no secret or its hosts cannot be found.
        """
        from mailprobe.probes.plan import make_plan  # noqa: PLC0415 - both clients
        from mailprobe.probes.provider import probe_provider  # noqa: PLC0415

        plan = await make_plan(self._vantage, self.catalogue, name, mailbox)
        target = ProviderTarget(name, plan.mailbox)
        seconds = _seconds(timeout)
        probe = probe_provider(self._vantage, target, plan, seconds, self._on_step)
        return judge_provider(await self._guarded(probe, ProviderReport, target))

    def _judged(self, report: S) -> Check[S]:
        # Presets are read only where a provider's own words may matter.
        spoke = any(step.failure and step.failure.reply for step in report.steps)
        return judge(report, self.catalogue if spoke else None)

    def _told(self, probe: str) -> Callable[[Step], None] | None:
        on_step = self._on_step
        return (lambda step: on_step(probe, step)) if on_step else None

    async def _guarded(
        self,
        probe: Awaitable[S],
        kind: Callable[..., S],
        target: Target,
        **fields: object,
    ) -> S:
        """Turn a fault of ours into a report that says so."""
        began, started = self._vantage.clock.monotonic(), self._vantage.clock.now()
        try:
            return await probe
        except MailprobeError:
            raise
        except Exception:  # noqa: BLE001 - the promise: never a traceback for theirs
            took = self._vantage.clock.monotonic() - began
            detail = traceback.format_exc()[-TRACEBACK_MAX:]
            failure = Failure(kind=Kind.BUG, phase=Phase.TRANSIT, detail=detail)
            step = Step(
                phase=Phase.TRANSIT, peer="", began=0.0, took=took, failure=failure
            )
            common = self._vantage.facts
            return kind(
                started_at=started,
                duration=took,
                prober=common,
                steps=(step,),
                target=target,
                **fields,
            )


def _mode(port: int, security: SecurityName | Security | None) -> Security:
    if security is None:
        return Security.TLS if port in _TLS_PORTS else Security.STARTTLS
    return Security(Endpoint("any", 1, security).security)


def _servers(nameservers: Sequence[str]) -> tuple[str, ...]:
    if isinstance(nameservers, str):
        message = "nameservers is a list of addresses, not one string"
        raise UsageError(message)
    if nameservers:
        from mailprobe.wire.resolver import NameServer  # noqa: PLC0415 - dnspython

        return tuple(str(NameServer.parse(text)) for text in nameservers)
    return ()


def _control(text: str) -> Endpoint | None:
    if not text:
        return None
    host, colon, port = text.rpartition(":")
    bare = not colon or (":" in host and not host.endswith("]"))
    name, number = (text, "25") if bare else (host.strip("[]"), port)
    if not (number.isascii() and number.isdecimal()):
        message = f"control {text!r} cannot be read; write HOST or HOST:PORT"
        raise UsageError(message)
    return Endpoint(ascii_host(name), int(number), Security.NONE)


def _ehlo(name: str) -> str:
    if not name or (name.startswith("[") and name.endswith("]")):
        return name
    return ascii_domain(name)


def _seconds(timeout: float) -> float:
    if not timeout > 0:
        message = f"timeout {timeout!r} is not a positive number of seconds"
        raise UsageError(message)
    return float(timeout)
