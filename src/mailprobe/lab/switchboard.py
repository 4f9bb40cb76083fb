"""Which faults are active, and what they mean at one moment of one conversation."""

from __future__ import annotations

from dataclasses import dataclass, field
from random import Random
from typing import TYPE_CHECKING, Final, TypeVar

from mailprobe.lab.faults import (
    Drip,
    Drop,
    Fault,
    Garble,
    Moment,
    Raw,
    Refuse,
    Reply,
    Slow,
    Stall,
    Withhold,
)

if TYPE_CHECKING:
    from collections.abc import Callable

F = TypeVar("F", bound=Fault)


@dataclass(frozen=True, slots=True)
class Site:
    """
    Where something happens: one listener of one host.

    Attributes:
        service: "mx", "submission", "imap" or "dns".
        host: The host's name.
        domains: The mail domains served there; more than one only where the
            platform has a single loopback address.
        security: "tls", "starttls" or "none".
    """

    service: str
    host: str
    domains: tuple[str, ...]
    security: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """What the active faults do to one reply; the empty plan does nothing."""

    delay: float = 0.0
    stall: Stall | None = None
    drop: Drop | None = None
    raw: bytes | None = None
    reply: Reply | None = None
    interval: float | None = None
    garble: bool = False

    @property
    def hinders(self) -> bool:
        """Whether anything but time stands between the client and its reply."""
        return bool(self.stall or self.drop or self.garble) or self.raw is not None


NOTHING: Final = Plan()
"""The empty plan."""


@dataclass(slots=True)
class Switchboard:
    """
    The active faults, in the order in which they were injected.

    Attributes:
        brands: The domains that share one platform.
        changed: Called after every change.
        seed: What the chances of faults are drawn from; with one seed, the same
            events at one place have the same luck.
    """

    brands: tuple[str, ...]
    changed: list[Callable[[], None]] = field(default_factory=list)
    seed: int = 0
    _luck: dict[str, Random] = field(default_factory=dict)
    _active: list[Fault] = field(default_factory=list)

    @property
    def active(self) -> tuple[Fault, ...]:
        """The active faults, oldest first."""
        return tuple(self._active)

    def inject(self, fault: Fault) -> None:
        """Make *fault* active."""
        self._active.append(fault)
        self._tell()

    def withdraw(self, fault: Fault) -> None:
        """Make *fault* inactive; one that is not active is no error."""
        if fault in self._active:
            self._active.remove(fault)
            self._tell()

    def reset(self) -> None:
        """Make every fault inactive."""
        self._active.clear()
        self._tell()

    def _tell(self) -> None:
        for callback in self.changed:
            callback()

    # --- where a fault strikes ------------------------------------------------

    def platform_of(self, domain: str) -> tuple[str, ...]:
        """Return all domains that share *domain*'s platform, itself included."""
        return self.brands if domain in self.brands else (domain,)

    def hits_domain(self, fault: Fault, domains: tuple[str, ...]) -> bool:
        """Whether *fault* strikes any of these domains."""
        if fault.domain is None and not fault.platform:
            return True
        if fault.domain is None:
            hit = self.brands
        elif fault.platform:
            hit = self.platform_of(fault.domain)
        else:
            hit = (fault.domain,)
        return any(domain in hit for domain in domains)

    def _hits(
        self, fault: Fault, site: Site, domains: tuple[str, ...], mailbox: str = ""
    ) -> bool:
        return (
            fault.service in (None, site.service)
            and (not fault.mailboxes or mailbox.lower() in fault.mailboxes)
            and fault.host in (None, site.host)
            and fault.security in (None, site.security)
            and self.hits_domain(fault, domains)
        )

    def _chance(self, fault: Fault, place: str) -> bool:
        """Draw whether a fault strikes this time; each place has luck of its own."""
        if fault.chance >= 1:
            return True
        luck = self._luck.get(place)
        if luck is None:
            luck = self._luck[place] = Random(f"{self.seed} {place}")  # noqa: S311
        return luck.random() < fault.chance

    def at(self, kind: type[F], site: Site) -> list[F]:
        """Return the active faults of one kind at *site*, the newest first."""
        return [
            fault
            for fault in reversed(self._active)
            if isinstance(fault, kind) and self._hits(fault, site, site.domains)
        ]

    def on_mail(self, kind: type[F], recipient: str) -> F | None:
        """Return the newest fault of one kind that befalls mail for *recipient*."""
        mailbox = recipient.lower()
        domains = (mailbox.rpartition("@")[2],)
        for fault in reversed(self._active):
            if (
                isinstance(fault, kind)
                and (not fault.mailboxes or mailbox in fault.mailboxes)
                and self.hits_domain(fault, domains)
                and self._chance(fault, kind.__name__)
            ):
                return fault
        return None

    def named(self, *kinds: type[F]) -> list[F]:
        """Return all active faults of these kinds, newest first."""
        return [fault for fault in reversed(self._active) if isinstance(fault, kinds)]

    def refused(self, site: Site) -> bool:
        """Whether nobody is to listen at *site*."""
        return bool(self.at(Refuse, site))

    def withheld(self, site: Site) -> frozenset[str]:
        """Return the capabilities not offered at *site*, in capitals."""
        return frozenset(f.capability.upper() for f in self.at(Withhold, site))

    def plan(
        self,
        site: Site,
        *moments: str,
        domains: tuple[str, ...] = (),
        mailbox: str = "",
    ) -> Plan:
        """
        Return what is to happen to a reply at *site*.

        Args:
            site: Where.
            moments: The names this moment goes by.
            domains: The mail domains it is about, if that is known better than
                from the site (the recipient's).
            mailbox: The address of the mailbox it is about, if that is known.
        """
        if not self._active:
            return NOTHING
        about = domains or site.domains
        here = [
            fault
            for fault in reversed(self._active)
            if isinstance(fault, Moment)
            and fault.where in moments
            and self._hits(fault, site, about, mailbox)
            and self._chance(fault, f"{site.service} {site.host}")
        ]
        if not here:
            return NOTHING
        code: type = str if site.service == "imap" else int
        return Plan(
            delay=sum(f.seconds for f in here if isinstance(f, Slow)),
            stall=next((f for f in here if isinstance(f, Stall)), None),
            drop=next((f for f in here if isinstance(f, Drop)), None),
            raw=next((f.data for f in here if isinstance(f, Raw)), None),
            reply=next(
                (f for f in here if isinstance(f, Reply) and isinstance(f.code, code)),
                None,
            ),
            interval=next((f.interval for f in here if isinstance(f, Drip)), None),
            garble=any(isinstance(f, Garble) for f in here),
        )
