"""The prober: what probes share, and the methods people call."""

from __future__ import annotations

import os
from copy import copy
from dataclasses import replace
from typing import TYPE_CHECKING, Final, TypeVar

from mailprobe import given
from mailprobe.judge import judge
from mailprobe.judge.provider import judge_provider
from mailprobe.mail.domain import ascii_host
from mailprobe.model.limits import Limits
from mailprobe.model.pace import Pace
from mailprobe.model.report import (
    ImapReport,
    MxReport,
    ProviderReport,
    Report,
    SmtpReport,
    TlsReport,
    TripReport,
)
from mailprobe.model.target import (
    DispatchTarget,
    ImapTarget,
    Mailbox,
    MxTarget,
    ProviderTarget,
    Security,
    SmtpTarget,
    Target,
    TlsTarget,
    TripTarget,
    VisitTarget,
)
from mailprobe.probes.look import Look
from mailprobe.probes.vantage import Vantage
from mailprobe.wire.clock import SystemClock
from mailprobe.wire.tls import Trust

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Sequence
    from pathlib import Path
    from types import TracebackType
    from typing import Self

    from mailprobe.mail.canary import Canary
    from mailprobe.model.bookmark import Bookmark, Sentinel
    from mailprobe.model.dispatch import DispatchReport
    from mailprobe.model.provider import Catalogue
    from mailprobe.model.report import Step
    from mailprobe.model.target import Lookup, SecurityName
    from mailprobe.model.verdict import Check
    from mailprobe.model.visit import VisitReport
    from mailprobe.sweep import Sweep, Targets, Timeout
    from mailprobe.wire.clock import Clock

S = TypeVar("S", bound=Report)

TIMEOUT: Final = 60.0  # one conversation: a held-back greeting and a slow reply
TIMEOUT_TRIP: Final = 300.0  # most mail arrives in seconds; greylisting takes minutes
TIMEOUT_PROVIDER: Final = 180.0  # all conversations side by side, then a trip
TIMEOUT_TLS: Final = 30.0
TIMEOUT_DISPATCH: Final = 180.0  # one conversation, and what filters take at its end
TIMEOUT_VISIT: Final = 120.0  # one conversation and two folders, without patience
_TIMEOUTS: Final[dict[type[Target], float]] = {
    MxTarget: TIMEOUT,
    SmtpTarget: TIMEOUT,
    ImapTarget: TIMEOUT,
    TlsTarget: TIMEOUT_TLS,
    TripTarget: TIMEOUT_TRIP,
    ProviderTarget: TIMEOUT_PROVIDER,
    DispatchTarget: TIMEOUT_DISPATCH,
    VisitTarget: TIMEOUT_VISIT,
}


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
        mx_port: int = given.RELAY_PORT,
        loopback: bool | None = None,
        control: str | Sequence[str] = (),
        attempts: int = 2,
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
            loopback: Dial MX hosts on loopback addresses too. In the world such
                a record points everybody to themselves, and a mail server of
                ours that answers there says nothing; in a lab it is the way.
                None: only where *mx_port* is not 25.
            control: ``HOST[:PORT]`` of a mail server known to work, 25 if the
                port is left out; several for several ports. It is asked when
                nobody answers on its port, to tell a blocked port of ours from
                an outage of theirs; without it the verdict stays unknown.
            attempts: How often a conversation is held before a failure counts
                that may be a passing one (``docs/reference/failures.md`` says
                which). A login is never tried twice.
            limits: Other budgets than the stated ones.
            catalogue: Provider presets; the built-in ones if None.
            transcript: Keep the lines of every conversation in the report.
            canary_key: What canaries are signed with, 32 bytes; a fresh one
                for this prober if None.
            on_step: Called with the probe's name and each step as it ends.
            clock: Where time comes from.

        Raises:
            ConfigError: If *ca_file* cannot be used.
            UsageError: If a name server, the EHLO name, a control or the number
                of attempts cannot be meant.
        """
        self._catalogue = catalogue
        self._vantage = Vantage(
            clock=clock or SystemClock(),
            limits=limits or Limits(),
            trust=Trust(ca_file),
            nameservers=given.servers(nameservers),
            ehlo_name=given.ehlo(ehlo_name),
            mx_port=mx_port,
            loopback=mx_port != given.RELAY_PORT if loopback is None else loopback,
            controls=given.controls(control),
            attempts=given.attempts(attempts),
            canary_key=canary_key or os.urandom(32),
            transcript=transcript,
        )
        self._look = Look(
            vantage=self._vantage, catalogue=lambda: self.catalogue, on_step=on_step
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

    @property
    def vantage(self) -> Vantage:
        """What its probes share; for callers within mailprobe."""
        return self._vantage

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
        return self._judged(
            await self._look.at(MxTarget(domain, connect), given.seconds(timeout))
        )

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
        target = SmtpTarget(ascii_host(host), port, given.mode(port, security), mailbox)
        return self._judged(await self._look.at(target, given.seconds(timeout)))

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
        if isinstance(mailbox, str):
            number = 993 if port is None else port
            mode = given.mode(number, security)
            target = ImapTarget(None, ascii_host(mailbox), number, mode)
        else:
            target = ImapTarget(mailbox)
        return self._judged(await self._look.at(target, given.seconds(timeout)))

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
        target = TlsTarget(host, port, given.mode(port, security))
        return self._judged(await self._look.at(target, given.seconds(timeout)))

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
        return self._judged(
            await self._look.at(TripTarget(sender, recipient), given.seconds(timeout))
        )

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
        target = ProviderTarget(name, mailbox)
        report = await self._look.at(target, given.seconds(timeout))
        return judge_provider(report)

    # --- what a monitor is made of ----------------------------------------------

    async def dispatch(
        self,
        canary: Canary,
        sender: Mailbox | None = None,
        *,
        timeout: float = TIMEOUT_DISPATCH,
    ) -> Check[DispatchReport]:
        """
        Hand one canary mail over, once, and hear what the server says of it.

        Once the final dot is written the mail is never sent again, whatever
        comes; a call that is cancelled may or may not have sent it.

        Args:
            canary: The mail, minted by the caller, who knows its token already.
            sender: Through whose submission service; None to go from outside to
                the MX hosts of the recipient's domain, without a login.
            timeout: Seconds for all of it.

        Raises:
            UsageError: If *sender* is not the canary's sender, has no secret, or
                nothing is known of where it is served.
        """
        target = DispatchTarget(
            token=canary.token,
            sender=canary.sender,
            recipient=canary.recipient,
            mailbox=sender,
        )
        return self._judged(await self._look.at(target, given.seconds(timeout)))

    async def visit(  # noqa: PLR0913 - all by name, all with defaults
        self,
        mailbox: Mailbox,
        *,
        bookmark: Bookmark | None = None,
        expected: Collection[str] = (),
        patience: float = 0.0,
        remove: bool = True,
        sentinels: Collection[Sentinel] = (),
        lookup: Lookup | None = None,
        timeout: float | None = None,
    ) -> Check[VisitReport]:
        """
        Look at what is new in INBOX and the junk folders of a mailbox.

        Canaries signed with the key of this prober, and bounces of them, are
        told and removed; nothing else in the mailbox is changed.

        Args:
            mailbox: The mailbox.
            bookmark: Where the last visit ended (`VisitReport.bookmark`). None
                at the first: it begins now, and of older mails only those that
                are *expected* are told.
            expected: Tokens to be waited for.
            patience: How many seconds to wait for them.
            remove: Whether our own mails are removed.
            sentinels: Old mails to look for; those without a digest are read for
                the first time.
            lookup: Tells sender and recipient of a token; None where it is not
                known. What it does not know is read from the mail itself.
            timeout: Seconds for all of it; *patience* and two minutes if None.

        Raises:
            UsageError: If the mailbox has no secret, or nothing is known of
                where it is served.
        """
        target = VisitTarget(
            mailbox=mailbox,
            bookmark=bookmark,
            expected=tuple(expected),
            patience=patience,
            remove=remove,
            sentinels=tuple(sentinels),
            lookup=lookup,
        )
        limit = TIMEOUT_VISIT + patience if timeout is None else timeout
        return self._judged(await self._look.at(target, given.seconds(limit)))

    # --- targets as values ------------------------------------------------------

    async def check(
        self, target: Target, *, timeout: float | None = None
    ) -> Check[Report]:
        """
        Make the check that a target describes.

        Args:
            target: What to look at.
            timeout: Seconds for all of it; the default of its probe if None.

        Raises:
            UsageError: If the target cannot be meant.
        """
        return self.judged(await self.report(target, timeout=timeout))

    async def report(self, target: Target, *, timeout: float | None = None) -> Report:
        """Make the probe that a target describes, and judge nothing; see `check`."""
        seconds = _TIMEOUTS[type(target)] if timeout is None else timeout
        return await self._look.at(target, given.seconds(seconds))

    def judged(self, report: Report) -> Check[Report]:
        """Judge a report as this prober does: with its presets."""
        if isinstance(report, ProviderReport):
            return judge_provider(report)
        return self._judged(report)

    def sweep(
        self,
        targets: Targets,
        *,
        pace: Pace | None = None,
        timeout: Timeout = None,
    ) -> Sweep:
        """
        Look at many targets; to be entered with ``async with`` and iterated.

        Checks come as they finish. Round trips that go to one mailbox at the same
        time share one IMAP connection. What goes wrong with one target, a fault of
        ours included, is in its check and touches no other.

        Args:
            targets: The targets; may be asynchronous, and endless.
            pace: How many at once; `Pace`'s defaults if None.
            timeout: Seconds for each target from its start, or a function that
                gives them; the default of its probe if None.
        """
        from mailprobe.probes.lookouts import Lookouts  # noqa: PLC0415 - aioimaplib
        from mailprobe.sweep import Sweep  # noqa: PLC0415 - only who sweeps pays

        twin = copy(self)
        twin._vantage = vantage = self._vantage.caching()  # noqa: SLF001 - it is ours
        shared = Lookouts(vantage)
        twin._look = replace(self._look, vantage=vantage, lookouts=shared)  # noqa: SLF001
        return Sweep(twin, targets, pace or Pace(), timeout, shared)

    def _judged(self, report: S) -> Check[S]:
        # Presets are read only where they may matter: for a provider's own words,
        # and for the MX hosts it is known to have.
        said = any(step.failure and step.failure.reply for step in report.steps)
        spoke = said or isinstance(report, MxReport)
        return judge(report, self.catalogue if spoke else None)
