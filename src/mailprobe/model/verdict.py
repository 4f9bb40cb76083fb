"""What the facts mean: status, blame, the deciding step, and the words for it."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum
from typing import TYPE_CHECKING, Generic, TypeVar

if TYPE_CHECKING:
    from mailprobe.model.failure import Failure
    from mailprobe.model.report import Report, Step

R_co = TypeVar("R_co", bound="Report", covariant=True)


class Status(StrEnum):
    """How well a service works. `unknown` is *our* inability to tell."""

    OK = "ok"
    DEGRADED = "degraded"
    DOWN = "down"
    UNKNOWN = "unknown"

    @property
    def exit_code(self) -> int:
        """The exit status of a monitoring plugin: 0, 1, 2 or 3."""
        return tuple(Status).index(self)

    @property
    def gravity(self) -> int:
        """Rank for choosing the worst: ok, unknown, degraded, down."""
        return (Status.OK, Status.UNKNOWN, Status.DEGRADED, Status.DOWN).index(self)


class Blame(StrEnum):
    """Whose fault it is."""

    PROVIDER = "provider"  # the service that is being checked
    VANTAGE = "vantage"  # our network, our resolver, our address's reputation
    ACCOUNT = "account"  # the canary's credentials, quota or settings
    SENDER = "sender"  # the sending leg of a round trip
    SETUP = "setup"  # our configuration
    PROBER = "prober"  # a fault in mailprobe
    UNCLEAR = "unclear"  # what was seen does not say


@dataclass(frozen=True, slots=True)
class Finding:
    """
    Something worth saying that did not decide the verdict.

    Attributes:
        code: A stable name in snake_case, for machines.
        text: One sentence, for people.
    """

    code: str
    text: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Verdict:
    """
    What the facts of a report mean.

    Attributes:
        status: How well the service works.
        blame: Whose fault it is; None when the status is ok.
        at: The step that decided; None if no single step did.
        why: One sentence a person can read out on the telephone.
        advice: What to do next; empty when there is nothing to do.
        findings: Everything else worth saying.
        rule: The name of the rule that decided (``docs/concepts/verdicts.md``).
        availabilities: For a provider check, its four functions.
    """

    status: Status
    blame: Blame | None
    at: Step | None
    why: str
    advice: str = ""
    findings: tuple[Finding, ...] = ()
    rule: str
    availabilities: Availabilities | None = None

    @property
    def failure(self) -> Failure | None:
        """The failure of the deciding step, if it failed."""
        return self.at.failure if self.at else None


@dataclass(frozen=True, slots=True, kw_only=True)
class Availabilities:
    """
    The four functions of a mail service, each judged alone; None: not tested.

    Attributes:
        submit: Can its users send?
        accept: Do its MX hosts take mail from the world?
        deliver: Does accepted mail reach the mailbox?
        read: Can its users open the mailbox?
    """

    submit: Verdict | None = None
    accept: Verdict | None = None
    deliver: Verdict | None = None
    read: Verdict | None = None


@dataclass(frozen=True, slots=True)
class Check(Generic[R_co]):
    """A report with its verdict: what callers receive."""

    report: R_co
    verdict: Verdict = field(kw_only=True)

    @property
    def status(self) -> Status:
        """How well the service works."""
        return self.verdict.status

    @property
    def blame(self) -> Blame | None:
        """Whose fault it is; None when the status is ok."""
        return self.verdict.blame

    @property
    def at(self) -> Step | None:
        """The step that decided."""
        return self.verdict.at

    @property
    def why(self) -> str:
        """One sentence a person can read out."""
        return self.verdict.why

    @property
    def advice(self) -> str:
        """What to do next."""
        return self.verdict.advice

    @property
    def findings(self) -> tuple[Finding, ...]:
        """Everything else worth saying."""
        return self.verdict.findings
