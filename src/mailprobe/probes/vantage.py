"""From where and with what we probe: all that the probes of one prober share."""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import cached_property
from typing import TYPE_CHECKING, TypedDict

from mailprobe.model.report import ProberFacts
from mailprobe.release import VERSION
from mailprobe.wire.recorder import Recorder

if TYPE_CHECKING:
    from collections.abc import Callable
    from datetime import datetime

    from mailprobe.model.limits import Limits
    from mailprobe.model.report import Step
    from mailprobe.model.target import Endpoint
    from mailprobe.wire.clock import Clock
    from mailprobe.wire.resolver import Resolver
    from mailprobe.wire.tls import Trust


class Common(TypedDict):
    """The fields that every report has."""

    started_at: datetime
    duration: float
    prober: ProberFacts
    steps: tuple[Step, ...]
    transcript: tuple[str, ...]


@dataclass(kw_only=True)
class Vantage:
    """
    What probes share.

    Attributes:
        clock: Where time comes from.
        limits: The bounds of every conversation.
        trust: The TLS policies.
        nameservers: ``ADDRESS[:PORT]``; those of the system if empty.
        ehlo_name: The name we greet with; empty for the address literal of
            the connection (RFC 5321 4.1.4).
        mx_port: Where MX hosts are dialled: 25 everywhere but in a lab.
        loopback: Whether MX hosts on loopback addresses are dialled: only a lab
            is served there.
        controls: Mail servers known to work: if the one of a port cannot be
            reached either, silence on that port says something about our network.
        attempts: How often a conversation is held whose failure may pass.
        canary_key: What canaries are signed with.
        transcript: Whether conversations are kept.
    """

    clock: Clock
    limits: Limits
    trust: Trust
    nameservers: tuple[str, ...]
    ehlo_name: str
    mx_port: int
    loopback: bool
    controls: tuple[Endpoint, ...]
    attempts: int
    canary_key: bytes
    transcript: bool

    @cached_property
    def resolver(self) -> Resolver:
        """Loaded with the first name that has to be looked up."""
        from mailprobe.wire.resolver import Resolver  # noqa: PLC0415 - if asked

        return Resolver(self.nameservers, self.limits)

    def caching(self) -> Vantage:
        """Return one like this that keeps DNS answers for as long as they allow."""
        from mailprobe.wire.cache import CachingResolver  # noqa: PLC0415 - dnspython

        made = replace(self)
        made.resolver = CachingResolver(self.nameservers, self.limits, self.clock)
        return made

    async def close(self) -> None:
        """End what a caching resolver still asks; nothing else is ever open."""
        from mailprobe.wire.cache import CachingResolver  # noqa: PLC0415 - loaded by now

        resolver = self.__dict__.get("resolver")
        if isinstance(resolver, CachingResolver):
            await resolver.close()

    @cached_property
    def facts(self) -> ProberFacts:
        """Who asks."""
        return ProberFacts(
            version=VERSION, ehlo_name=self.ehlo_name, mx_port=self.mx_port
        )

    def recorder(
        self, timeout: float, on_step: Callable[[Step], None] | None = None
    ) -> Recorder:
        """Begin a report that must be done within *timeout* seconds."""
        return Recorder(
            self.clock,
            self.limits,
            timeout,
            transcript=self.transcript,
            on_step=on_step,
        )

    def common(self, recorder: Recorder) -> Common:
        """Return what every report begins with; the recorder's work is done."""
        recorder.watchdog.rest()
        return Common(
            started_at=recorder.started_at,
            duration=recorder.elapsed(),
            prober=self.facts,
            steps=recorder.steps,
            transcript=recorder.transcript,
        )
