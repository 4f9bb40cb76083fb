"""One report laid open for the rules: the deciding step and what was said in it."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Final

from mailprobe.model.dispatch import DispatchReport
from mailprobe.model.failure import Kind, Phase
from mailprobe.model.report import (
    ImapReport,
    MxReport,
    ProviderReport,
    SmtpReport,
    TlsReport,
    TripReport,
)
from mailprobe.model.visit import VisitReport

if TYPE_CHECKING:
    from mailprobe.model.failure import Failure
    from mailprobe.model.provider import Preset, ReplyMeaning
    from mailprobe.model.report import Report, Step

_SENDING: Final = frozenset(
    {
        Phase.EHLO,
        Phase.AUTH,
        Phase.MAIL,
        Phase.RCPT,
        Phase.DATA,
        Phase.ACCEPT,
    }
)
_SHARED: Final = frozenset(
    {Phase.DNS, Phase.TCP, Phase.TLS, Phase.GREETING, Phase.STARTTLS}
)


@dataclass(frozen=True)
class Case:
    """What the rules look at."""

    report: Report
    replies: tuple[ReplyMeaning, ...] = ()  # the provider's own words
    preset: Preset | None = None  # of the mail domain that is asked about

    @cached_property
    def step(self) -> Step | None:
        """The step that ended the conversation."""
        return self.report.failed_step

    @property
    def failure(self) -> Failure | None:
        """Why it ended."""
        return self.step.failure if self.step else None

    @property
    def kind(self) -> Kind | None:
        """What kind of failure it was."""
        return self.failure.kind if self.failure else None

    @property
    def phase(self) -> Phase | None:
        """In which phase it happened."""
        return self.failure.phase if self.failure else None

    @property
    def code(self) -> int | str:
        """The reply's code; 0 without a reply."""
        reply = self.failure.reply if self.failure else None
        return reply.code if reply else 0

    @property
    def enhanced(self) -> str:
        """The reply's enhanced or response code; empty without one."""
        reply = self.failure.reply if self.failure else None
        return (reply.enhanced or "") if reply else ""

    @cached_property
    def text(self) -> str:
        """All that was said, in lower case on one line."""
        failure = self.failure
        if failure is None:
            return ""
        said = failure.reply.text if failure.reply else ""
        return " ".join(f"{said} {failure.detail}".lower().split())

    def says(self, *words: str) -> bool:
        """Whether one of these phrases was said."""
        return any(word in self.text for word in words)

    @property
    def sending(self) -> bool:
        """Whether, in a round trip, the sending leg is where it ended."""
        report, step = self.report, self.step
        if not isinstance(report, TripReport) or step is None:
            return False
        opened = report.step(Phase.SELECT)
        after = opened is not None and not opened.failure and step.began > opened.began
        return step.phase in _SENDING or (after and step.phase in _SHARED)

    @property
    def own_sender(self) -> bool:
        """Whether a round trip sends within one provider's domain."""
        report = self.report
        if not isinstance(report, TripReport):
            return False
        target = report.target
        return target.sender.domain.lower() == target.recipient.domain.lower()

    @property
    def peer(self) -> str:
        """Whom the sentence is about, as people call it."""
        return self._endpoint or subject(self.report)

    @property
    def relay(self) -> bool:
        """Whether mail servers come there, not users: the port of MX hosts."""
        report = self.report
        if isinstance(report, DispatchReport):
            return report.target.mailbox is None
        if not isinstance(report, SmtpReport | TlsReport):
            return False
        return report.target.port == report.prober.mx_port

    @property
    def said(self) -> str:
        """The reply as a quotation, or our side's view; never empty."""
        failure = self.failure
        if failure is None:
            return "nothing"
        text = str(failure.reply) if failure.reply else failure.detail
        if failure.kind is Kind.BUG:  # a traceback says what happened at its end
            text = text.rstrip().rpartition("\n")[2]
        # It stands at the end of sentences that have a full stop of their own.
        return short(text.removesuffix(".")) or "nothing"

    @property
    def quoted(self) -> str:
        """What was said, to be put behind a sentence; empty if nothing was."""
        failure = self.failure
        if failure is None or not (failure.reply or failure.detail):
            return ""
        return f" ({self.said})"

    @property
    def waited(self) -> str:
        """How long the deciding step took."""
        return lasting(self.step.took if self.step else 0.0)

    @property
    def _endpoint(self) -> str:
        step = self.step
        if step is None or step.phase in {Phase.DNS, Phase.TCP}:
            return ""
        return step.peer


def subject(report: Report) -> str:  # noqa: PLR0911 - one line for each probe
    """Name what a report is about."""
    match report:
        case MxReport():
            return report.target.domain
        case SmtpReport() | TlsReport():
            return f"{report.target.host}:{report.target.port}"
        case ImapReport():
            target = report.target
            if not target.host and target.mailbox and target.mailbox.imap:
                return str(target.mailbox.imap)
            return f"{target.host}:{target.port}"
        case TripReport():
            return (
                f"{report.target.sender.address} to {report.target.recipient.address}"
            )
        case ProviderReport():
            return report.target.name
        case DispatchReport():
            return f"{report.target.sender} to {report.target.recipient}"
        case VisitReport():
            box = report.target.mailbox
            return str(box.imap) if box.imap else box.address
        case _:
            return "the target"


def lasting(seconds: float) -> str:
    """Say how long something took, as a person would."""
    if seconds < 1:
        return f"{seconds * 1000:.0f} ms"
    if seconds < 120:  # noqa: PLR2004 - two minutes: then seconds do not matter
        return f"{seconds:.3g} s"
    return f"{seconds / 60:.0f} min"


def short(text: str, limit: int = 160) -> str:
    """Put a server's words on one line that fits into a sentence."""
    line = " ".join(text.split())
    return line if len(line) <= limit else line[: limit - 4] + " ..."
