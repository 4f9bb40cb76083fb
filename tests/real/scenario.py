"""A fault of real servers, the probe that meets it, and what must come of it."""

from __future__ import annotations

from contextlib import nullcontext
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Final, TypeAlias

from mailprobe import Limits, Prober, Secret
from mailprobe.lab import Reply
from mailprobe.model.report import MxReport
from tests.real.faults import DOMAIN, OWNER
from tests.worlds import prober_options_for

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable
    from contextlib import AbstractContextManager

    from mailprobe.lab import Fault
    from mailprobe.model.failure import Failure
    from mailprobe.model.report import Report
    from mailprobe.model.target import SecurityName
    from mailprobe.model.verdict import Check
    from tests.real.world import RealWorld
    from tests.worlds import World

Broken: TypeAlias = "Callable[[RealWorld], AbstractContextManager[None]]"
Probe: TypeAlias = "Callable[[Prober, World], Awaitable[Check[Report]]]"
Ending: TypeAlias = tuple[str, str | None, str | None, str | None]
"""Status, blame, and the phase and kind of the failure."""

STRANGER: Final = "ada@libero.test"
NEIGHBOUR: Final = "ada@posta.test"
# Long enough for a mail that comes at once, which takes a tenth of a second.
WATCHED: Final = 1.5
PATIENCE: Final = 1.0  # with a step that hangs; a healthy one takes a twentieth


@dataclass(frozen=True, kw_only=True)
class Scenario:
    """
    One fault and what a probe must make of it.

    Attributes:
        name: Its name.
        fault: Breaks the real servers, and mends them.
        probe: What is done meanwhile.
        ending: What the check must say.
        finding: The code of a finding that must be there.
        twins: The same in the lab, which must end alike; None where the lab
            has no such thing.
        limits: Other bounds than the usual ones.
    """

    name: str
    fault: Broken
    probe: Probe
    ending: Ending
    finding: str = ""
    twins: tuple[Fault, ...] | None = None
    limits: Limits | None = None


def healthy(_: RealWorld) -> AbstractContextManager[None]:
    """Break nothing: what is wrong is asked for, or always there."""
    return nullcontext()


# --- probes ---------------------------------------------------------------------


def mx(domain: str = DOMAIN) -> Probe:
    """Greet every MX host of a domain."""
    return lambda prober, _: prober.mx(domain, connect=True)


def relay(prober: Prober, world: World) -> Awaitable[Check[Report]]:
    """Talk to one MX host, with TLS."""
    at = world.endpoint(DOMAIN, "mx", "starttls")
    return prober.smtp(at.host, at.port, security=at.security)


def submission(security: SecurityName = "tls", password: str = "") -> Probe:
    """Log in to send."""

    def probe(prober: Prober, world: World) -> Awaitable[Check[Report]]:
        box = world.mailbox(OWNER, security=security)
        if password:
            box = replace(box, password=Secret(password))
        at = box.smtp
        assert at is not None
        return prober.smtp(at.host, at.port, security=at.security, mailbox=box)

    return probe


def imap(security: SecurityName = "tls", password: str = "") -> Probe:
    """Open the mailbox."""

    def probe(prober: Prober, world: World) -> Awaitable[Check[Report]]:
        box = world.mailbox(OWNER, security=security)
        if password:
            box = replace(box, password=Secret(password))
        return prober.imap(box)

    return probe


def in_clear(service: str) -> Probe:
    """Wait for a greeting in clear where TLS comes first."""

    def probe(prober: Prober, world: World) -> Awaitable[Check[Report]]:
        at = world.endpoint(DOMAIN, service, "tls")
        if service == "imap":
            return prober.imap(at.host, at.port, security="starttls")
        return prober.smtp(at.host, at.port, security="starttls")

    return probe


def trip(sender: str, recipient: str, timeout: float = 20) -> Probe:
    """Send a mail."""
    return lambda prober, world: prober.round_trip(
        world.mailbox(sender), world.mailbox(recipient), timeout=timeout
    )


def provider(prober: Prober, world: World) -> Awaitable[Check[Report]]:
    """Try everything."""
    return prober.provider(DOMAIN, world.mailbox(OWNER), timeout=20)


def says(service: str, where: str, code: int | str, text: str) -> tuple[Fault, ...]:
    """Let one of the lab's services answer with this."""
    return (Reply(where, code, text, service=service, domain=DOMAIN),)


IN: Final = trip(STRANGER, OWNER)
LOST: Final = trip(STRANGER, OWNER, WATCHED)
OUT: Final = trip(OWNER, STRANGER)
WITHIN: Final = trip(NEIGHBOUR, OWNER)


def failure_of(check: Check[Report]) -> Failure | None:
    """Return what decided; of several MX addresses, what the first bad one showed."""
    report = check.report
    if check.verdict.failure or not isinstance(report, MxReport):
        return check.verdict.failure
    hosts = [host.failure for host in report.hosts]
    entries = [entry.failure for host in report.hosts for entry in host.addresses]
    return next(filter(None, hosts + entries), None)


def ending_of(check: Check[Report]) -> Ending:
    """Return status, blame, phase and kind."""
    failure = failure_of(check)
    if failure is None:
        return check.status, check.blame, None, None
    return check.status, check.blame, failure.phase, failure.kind


async def held_against(scenario: Scenario, world: World) -> Check[Report]:
    """Make the scenario's probe in a world."""
    options = prober_options_for(world)
    async with Prober(**options, limits=scenario.limits) as prober:
        return await scenario.probe(prober, world)
