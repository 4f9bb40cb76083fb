"""
Is it them or is it us? Checks mail services from outside, step by step.

Every name is loaded when it is first used: importing the package is cheap.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    from mailprobe.checks import (
        check_imap,
        check_mx,
        check_provider,
        check_round_trip,
        check_smtp,
        check_tls,
    )
    from mailprobe.judge import judge
    from mailprobe.mail.canary import Canary, mint
    from mailprobe.model.bookmark import Bookmark, Page, Sentinel
    from mailprobe.model.dispatch import DispatchReport, HandOver
    from mailprobe.model.errors import (
        ConfigError,
        LedgerError,
        MailprobeError,
        UsageError,
    )
    from mailprobe.model.failure import Failure, Kind, Phase, Reply
    from mailprobe.model.limits import Limits
    from mailprobe.model.pace import Pace
    from mailprobe.model.passage import Balance, Copy, Fate, Passage, Submission
    from mailprobe.model.provider import Catalogue, Platform, Preset
    from mailprobe.model.report import (
        Certificate,
        Folder,
        Hop,
        ImapReport,
        Inbox,
        MxAddress,
        MxHost,
        MxReport,
        ProberFacts,
        ProviderReport,
        Quota,
        Report,
        SmtpReport,
        Step,
        TlsFacts,
        TlsReport,
        TripReport,
    )
    from mailprobe.model.secret import Secret
    from mailprobe.model.target import (
        DispatchTarget,
        Endpoint,
        ImapTarget,
        Mailbox,
        MxTarget,
        ProviderTarget,
        Security,
        SmtpTarget,
        TlsTarget,
        TripTarget,
        VisitTarget,
    )
    from mailprobe.model.verdict import (
        Availabilities,
        Blame,
        Check,
        Finding,
        Status,
        Verdict,
    )
    from mailprobe.model.visit import (
        FolderRead,
        Return,
        SentinelRead,
        Sighting,
        VisitReport,
    )
    from mailprobe.monitor.ledger import Ledger
    from mailprobe.prober import Prober
    from mailprobe.sweep import Sweep

_HOMES: Final = {
    "checks": (
        "check_imap check_mx check_provider check_round_trip check_smtp check_tls"
    ),
    "judge": "judge",
    "model.errors": "ConfigError LedgerError MailprobeError UsageError",
    "mail.canary": "Canary mint",
    "model.bookmark": "Bookmark Page Sentinel",
    "model.dispatch": "DispatchReport HandOver",
    "model.failure": "Failure Kind Phase Reply",
    "model.limits": "Limits",
    "model.pace": "Pace",
    "model.passage": "Balance Copy Fate Passage Submission",
    "model.provider": "Catalogue Platform Preset",
    "model.report": (
        "Certificate Folder Hop ImapReport Inbox MxAddress MxHost MxReport ProberFacts "
        "ProviderReport Quota Report SmtpReport Step TlsFacts TlsReport TripReport"
    ),
    "model.secret": "Secret",
    "model.target": (
        "DispatchTarget Endpoint ImapTarget Mailbox MxTarget ProviderTarget Security "
        "SmtpTarget TlsTarget TripTarget VisitTarget"
    ),
    "model.verdict": "Availabilities Blame Check Finding Status Verdict",
    "monitor.ledger": "Ledger",
    "model.visit": "FolderRead Return SentinelRead Sighting VisitReport",
    "prober": "Prober",
    "sweep": "Sweep",
}
_HOME_OF: Final = {
    name: home for home, names in _HOMES.items() for name in names.split()
}

__all__ = [
    "Availabilities",
    "Balance",
    "Blame",
    "Bookmark",
    "Canary",
    "Catalogue",
    "Certificate",
    "Check",
    "ConfigError",
    "Copy",
    "DispatchReport",
    "DispatchTarget",
    "Endpoint",
    "Failure",
    "Fate",
    "Finding",
    "Folder",
    "FolderRead",
    "HandOver",
    "Hop",
    "ImapReport",
    "ImapTarget",
    "Inbox",
    "Kind",
    "Ledger",
    "LedgerError",
    "Limits",
    "Mailbox",
    "MailprobeError",
    "MxAddress",
    "MxHost",
    "MxReport",
    "MxTarget",
    "Pace",
    "Page",
    "Passage",
    "Phase",
    "Platform",
    "Preset",
    "Prober",
    "ProberFacts",
    "ProviderReport",
    "ProviderTarget",
    "Quota",
    "Reply",
    "Report",
    "Return",
    "Secret",
    "Security",
    "Sentinel",
    "SentinelRead",
    "Sighting",
    "SmtpReport",
    "SmtpTarget",
    "Status",
    "Step",
    "Submission",
    "Sweep",
    "TlsFacts",
    "TlsReport",
    "TlsTarget",
    "TripReport",
    "TripTarget",
    "UsageError",
    "Verdict",
    "VisitReport",
    "VisitTarget",
    "check_imap",
    "check_mx",
    "check_provider",
    "check_round_trip",
    "check_smtp",
    "check_tls",
    "judge",
    "mint",
]


def __getattr__(name: str) -> Any:  # noqa: ANN401 - as many types as names
    if name == "__version__":
        from mailprobe.release import VERSION  # noqa: PLC0415 - only if asked for

        return VERSION
    home = _HOME_OF.get(name)
    if home is None:
        message = f"module {__name__!r} has no attribute {name!r}"
        raise AttributeError(message)
    value = getattr(import_module(f"{__name__}.{home}"), name)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})
