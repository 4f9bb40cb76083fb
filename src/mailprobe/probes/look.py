"""From a target to its report: what it leaves open is filled in, then it is probed."""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import partial
from typing import TYPE_CHECKING, overload

from mailprobe.mail.domain import ascii_domain, ascii_host
from mailprobe.model.errors import UsageError
from mailprobe.model.target import (
    DispatchTarget,
    ImapTarget,
    MxTarget,
    ProviderTarget,
    Security,
    SmtpTarget,
    Target,
    TlsTarget,
    TripTarget,
    VisitTarget,
)
from mailprobe.probes.again import insist
from mailprobe.probes.guard import guarded
from mailprobe.probes.plan import check_ascii, check_letter, check_login, place

if TYPE_CHECKING:
    from collections.abc import Callable

    from mailprobe.model.dispatch import DispatchReport
    from mailprobe.model.provider import Catalogue
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
    from mailprobe.model.target import Mailbox
    from mailprobe.model.visit import VisitReport
    from mailprobe.probes.lookouts import Lookouts
    from mailprobe.probes.vantage import Vantage


@dataclass(frozen=True, kw_only=True)
class Look:
    """
    Looks at targets, one call each; what each needs is loaded when it is needed.

    Attributes:
        vantage: What the probes share.
        catalogue: Gives the presets.
        on_step: Called with the probe's name and each step as it ends.
        lookouts: Where trips share connections; None if each has its own.
    """

    vantage: Vantage
    catalogue: Callable[[], Catalogue]
    on_step: Callable[[str, Step], None] | None = None
    lookouts: Lookouts | None = None

    @overload
    async def at(self, target: MxTarget, seconds: float) -> MxReport: ...
    @overload
    async def at(self, target: SmtpTarget, seconds: float) -> SmtpReport: ...
    @overload
    async def at(self, target: ImapTarget, seconds: float) -> ImapReport: ...
    @overload
    async def at(self, target: TlsTarget, seconds: float) -> TlsReport: ...
    @overload
    async def at(self, target: TripTarget, seconds: float) -> TripReport: ...
    @overload
    async def at(self, target: ProviderTarget, seconds: float) -> ProviderReport: ...
    @overload
    async def at(self, target: DispatchTarget, seconds: float) -> DispatchReport: ...
    @overload
    async def at(self, target: VisitTarget, seconds: float) -> VisitReport: ...
    @overload
    async def at(self, target: Target, seconds: float) -> Report: ...
    async def at(self, target: Target, seconds: float) -> Report:  # noqa: PLR0911
        """
        Make the probe that a target describes, within so many seconds.

        Raises:
            UsageError: If the target cannot be meant.
        """
        match target:
            case MxTarget():
                return await self._mx(target, seconds)
            case SmtpTarget():
                return await self._smtp(target, seconds)
            case ImapTarget():
                return await self._imap(target, seconds)
            case TlsTarget():
                return await self._tls(target, seconds)
            case TripTarget():
                return await self._trip(target, seconds)
            case ProviderTarget():
                return await self._provider(target, seconds)
            case DispatchTarget():
                return await self._dispatch(target, seconds)
            case VisitTarget():
                return await self._visit(target, seconds)

    async def _mx(self, target: MxTarget, seconds: float) -> MxReport:
        from mailprobe.probes.mx import probe_mx  # noqa: PLC0415 - aiosmtplib

        target = replace(target, domain=ascii_domain(target.domain))
        probe = probe_mx(self.vantage, target, seconds, self._told("mx"))
        return await guarded(self.vantage, probe, target)

    async def _smtp(self, target: SmtpTarget, seconds: float) -> SmtpReport:
        from mailprobe.probes.smtp import probe_smtp  # noqa: PLC0415 - aiosmtplib

        if (host := ascii_host(target.host)) != target.host:
            target = replace(target, host=host)
        if target.mailbox is not None:
            check_login(target.mailbox, target.security)
            whole = self.catalogue().complete(target.mailbox)
            target = replace(target, mailbox=whole)
        hold = partial(probe_smtp, self.vantage, target, on_step=self._told("smtp"))
        probe = insist(self.vantage, seconds, hold)
        return await guarded(self.vantage, probe, target)

    async def _imap(self, target: ImapTarget, seconds: float) -> ImapReport:
        from mailprobe.probes.imap import probe_imap  # noqa: PLC0415 - aioimaplib

        if target.mailbox is not None:
            target = await self._with_login(target, target.mailbox)
        if (host := ascii_host(target.host)) != target.host:
            target = replace(target, host=host)
        hold = partial(probe_imap, self.vantage, target, on_step=self._told("imap"))
        probe = insist(self.vantage, seconds, hold)
        return await guarded(self.vantage, probe, target)

    async def _with_login(self, target: ImapTarget, mailbox: Mailbox) -> ImapTarget:
        """Fill in where a mailbox is opened: at the target's host, else at its own."""
        if target.host:
            check_login(mailbox, target.security)
            return replace(target, mailbox=self.catalogue().complete(mailbox))
        whole, at = await place(self.vantage, self.catalogue(), mailbox, "imap")
        return ImapTarget(whole, at.host, at.port, at.security)

    async def _tls(self, target: TlsTarget, seconds: float) -> TlsReport:
        from mailprobe.probes.tls import probe_tls  # noqa: PLC0415 - both clients

        if target.security == Security.NONE:
            message = 'a TLS check needs security "tls" or "starttls"'
            raise UsageError(message)
        target = replace(target, host=ascii_host(target.host))
        hold = partial(probe_tls, self.vantage, target, on_step=self._told("tls"))
        probe = insist(self.vantage, seconds, hold)
        return await guarded(self.vantage, probe, target)

    async def _trip(self, target: TripTarget, seconds: float) -> TripReport:
        from mailprobe.probes.roundtrip import probe_round_trip  # noqa: PLC0415

        for mailbox in (target.sender, target.recipient):
            check_ascii(mailbox)
        presets = self.catalogue()
        whole, _ = await place(self.vantage, presets, target.sender, "smtp")
        other, _ = await place(self.vantage, presets, target.recipient, "imap")
        target = TripTarget(whole, other)
        told = self._told("trip")
        if self.lookouts is None:
            probe = probe_round_trip(self.vantage, target, seconds, told)
            return await guarded(self.vantage, probe, target)
        from mailprobe.probes.together import probe_trip_together  # noqa: PLC0415

        probe = probe_trip_together(self.vantage, self.lookouts, target, seconds, told)
        return await guarded(self.vantage, probe, target)

    async def _provider(self, target: ProviderTarget, seconds: float) -> ProviderReport:
        from mailprobe.probes.plan import make_plan  # noqa: PLC0415 - both clients
        from mailprobe.probes.provider import probe_provider  # noqa: PLC0415

        name, mailbox = target.name, target.mailbox
        plan = await make_plan(self.vantage, self.catalogue(), name, mailbox)
        target = ProviderTarget(name, plan.mailbox)
        probe = probe_provider(self.vantage, target, plan, seconds, self.on_step)
        return await guarded(self.vantage, probe, target)

    async def _dispatch(self, target: DispatchTarget, seconds: float) -> DispatchReport:
        from mailprobe.probes.dispatch import probe_dispatch  # noqa: PLC0415

        check_letter(target)
        if target.mailbox is not None:
            presets = self.catalogue()
            whole, _ = await place(self.vantage, presets, target.mailbox, "smtp")
            target = replace(target, mailbox=whole)
        probe = probe_dispatch(self.vantage, target, seconds, self._told("dispatch"))
        return await guarded(self.vantage, probe, target)

    async def _visit(self, target: VisitTarget, seconds: float) -> VisitReport:
        from mailprobe.probes.visit import probe_visit  # noqa: PLC0415 - aioimaplib

        presets = self.catalogue()
        whole, _ = await place(self.vantage, presets, target.mailbox, "imap")
        target = replace(target, mailbox=whole)
        probe = probe_visit(self.vantage, target, seconds, self._told("visit"))
        return await guarded(self.vantage, probe, target)

    def _told(self, probe: str) -> Callable[[Step], None] | None:
        on_step = self.on_step
        return (lambda step: on_step(probe, step)) if on_step else None
