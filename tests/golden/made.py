"""Short ways to make the reports that no lab can show."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final, TypedDict

from mailprobe.model.dispatch import DispatchReport, HandOver
from mailprobe.model.failure import Failure, Kind, Phase, Reply
from mailprobe.model.report import (
    ImapReport,
    MxAddress,
    MxHost,
    MxReport,
    ProberFacts,
    SmtpReport,
    Step,
    TlsFacts,
    TripReport,
)
from mailprobe.model.target import (
    DispatchTarget,
    Endpoint,
    ImapTarget,
    Mailbox,
    MxTarget,
    SmtpTarget,
    TripTarget,
    VisitTarget,
)
from mailprobe.model.visit import FolderRead, VisitReport
from mailprobe.providers import builtin
from mailprobe.wire.imap import UNAVAILABLE
from tests.golden.steady import AT, INSTANT

if TYPE_CHECKING:
    from datetime import datetime

    from mailprobe.model.report import Report

PROBER: Final = ProberFacts(version="0", ehlo_name="probe.example.org")
GOOD: Final = TlsFacts(
    version="TLSv1.3", cipher="TLS_AES_256_GCM_SHA384", verified=True, days_left=60
)
_SMTP_STEPS: Final = (Phase.TLS, Phase.GREETING, Phase.EHLO, Phase.AUTH)
_IMAP_STEPS: Final = (Phase.TLS, Phase.GREETING, Phase.LOGIN, Phase.SELECT)
_LETTER_STEPS: Final = (Phase.MAIL, Phase.RCPT, Phase.DATA, Phase.ACCEPT)
_TRIP_STEPS: Final = (
    *(Phase.TLS, Phase.GREETING, Phase.LOGIN, Phase.SELECT),
    *(Phase.EHLO, Phase.AUTH, *_LETTER_STEPS),
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Made:
    """A report made by hand: its file's name, what it shows, and where that is from."""

    name: str
    about: str
    report: Report


class Common(TypedDict):
    """What every report has."""

    started_at: datetime
    duration: float
    prober: ProberFacts
    steps: tuple[Step, ...]


def common(*steps: Step) -> Common:
    """Return what every report has, with these steps one after the other."""
    placed: list[Step] = []
    elapsed = 0.0
    for step in steps:
        placed.append(
            Step(
                phase=step.phase,
                peer=step.peer,
                began=round(elapsed, 2),
                took=step.took,
                failure=step.failure,
                optional=step.optional,
            )
        )
        elapsed += step.took
    return Common(
        started_at=AT, duration=round(elapsed, 2), prober=PROBER, steps=tuple(placed)
    )


def step(
    phase: Phase, peer: str, failure: Failure | None = None, took: float = INSTANT
) -> Step:
    """Return a step; `common` says when it began."""
    return Step(phase=phase, peer=peer, began=0.0, took=took, failure=failure)


def failed(
    kind: Kind, phase: Phase, reply: Reply | None = None, detail: str = ""
) -> Failure:
    """Return a failure."""
    return Failure(kind=kind, phase=phase, reply=reply, detail=detail)


def refused(phase: Phase, reply: Reply) -> Failure:
    """Return the failure that a refusal in these words is."""
    if phase is Phase.AUTH:
        # RFC 4954 6: temporary, but for 432, which asks for another password.
        busy = int(reply.code) < 500 and reply.code != 432
        kind = Kind.AUTH_UNAVAILABLE if busy else Kind.AUTH_REFUSED
    elif phase is Phase.LOGIN:
        busy = reply.enhanced in UNAVAILABLE
        kind = Kind.AUTH_UNAVAILABLE if busy else Kind.AUTH_REFUSED
    elif isinstance(reply.code, str):
        kind = Kind.IMAP_BYE if reply.code == "BYE" else Kind.IMAP_NO
    else:
        temporary = reply.code < 500
        kind = Kind.SMTP_TEMPORARY if temporary else Kind.SMTP_PERMANENT
    return failed(kind, phase, reply)


def box(address: str) -> Mailbox:
    """Return a mailbox with its provider's endpoints and no secret."""
    return builtin().complete(Mailbox(address))


def smtp(
    address: str,
    failure: Failure,
    *,
    took: float = INSTANT,
    tls: TlsFacts | None = GOOD,
) -> SmtpReport:
    """Return a submission with a login that ended in *failure*."""
    mailbox = box(address)
    assert mailbox.smtp
    at = mailbox.smtp
    return SmtpReport(
        **common(*_until(failure, _SMTP_STEPS, str(at), took)),
        target=SmtpTarget(at.host, at.port, at.security, mailbox),
        authenticated=False if failure.phase is Phase.AUTH else None,
        tls=tls,
    )


def relay(
    host: str,
    failure: Failure | None,
    *,
    took: float = INSTANT,
    tls: TlsFacts | None = None,
) -> SmtpReport:
    """Return a conversation on port 25, without a login."""
    peer = f"{host}:25"
    done = [step(Phase.GREETING, peer, took=took), step(Phase.EHLO, peer)]
    if failure is not None:
        done = _until(failure, (Phase.GREETING, Phase.EHLO, Phase.STARTTLS), peer, took)
    return SmtpReport(**common(*done), target=SmtpTarget(host), tls=tls)


def imap(
    address: str,
    failure: Failure | None,
    *,
    took: float = INSTANT,
    tls: TlsFacts | None = GOOD,
    alerts: tuple[str, ...] = (),
) -> ImapReport:
    """Return a mailbox that was opened, or was not for *failure*."""
    mailbox = box(address)
    assert mailbox.imap
    steps = _until(failure, _IMAP_STEPS, str(mailbox.imap), took)
    phase = failure.phase if failure else Phase.LOGOUT
    return ImapReport(
        **common(*steps),
        target=ImapTarget(mailbox),
        authenticated={Phase.LOGIN: False, Phase.SELECT: True, Phase.LOGOUT: True}.get(
            phase
        ),
        tls=tls,
        alerts=alerts,
    )


def mx(domain: str, host: str, *failures: Failure | None) -> MxReport:
    """Return an MX host whose addresses fared like this; None is well."""
    addresses = tuple(
        MxAddress(
            address=f"192.0.2.{number}",
            ttl=300,
            answered=failure is None,
            failure=failure,
        )
        for number, failure in enumerate(failures, 1)
    )
    return MxReport(
        **common(step(Phase.DNS, "127.0.0.1:53")),
        target=MxTarget(domain, connect=True),
        delivery="explicit",
        hosts=(MxHost(name=host, preference=10, ttl=300, addresses=addresses),),
    )


def trip(sender: str, recipient: str, failure: Failure | None = None) -> TripReport:
    """Return a round trip that ended in *failure*; more by `dataclasses.replace`."""
    target = TripTarget(box(sender), box(recipient))
    at = target.sender.smtp or Endpoint("mail.example.org", 465)
    return TripReport(**common(*_until(failure, _TRIP_STEPS, str(at))), target=target)


def dispatch(
    sender: str, recipient: str, outcome: HandOver, failure: Failure | None = None
) -> DispatchReport:
    """Return a mail that was handed over, or was not for *failure*."""
    mailbox = box(sender)
    at = str(mailbox.smtp or Endpoint("mail.example.org", 465))
    return DispatchReport(
        **common(*_until(failure, (*_SMTP_STEPS, *_LETTER_STEPS), at)),
        target=DispatchTarget(
            token="mp1-0", sender=sender, recipient=recipient, mailbox=mailbox
        ),
        outcome=outcome,
        server=at,
        acceptance=0.2 if failure is None else None,
    )


def visit(address: str, *, damaged: int = 0) -> VisitReport:
    """Return a visit to a mailbox; more by `dataclasses.replace`."""
    mailbox = box(address)
    peer = str(mailbox.imap)
    inbox = FolderRead(
        name="INBOX", landed="inbox", messages=20, looked=12, unread=damaged
    )
    return VisitReport(
        **common(*_until(None, _IMAP_STEPS, peer)),
        target=VisitTarget(mailbox),
        authenticated=True,
        folders=(inbox,),
    )


def _until(
    failure: Failure | None,
    phases: tuple[Phase, ...],
    peer: str,
    took: float = INSTANT,
) -> list[Step]:
    """Return the steps of a conversation up to the one that failed."""
    if failure is None:
        return [step(phase, peer) for phase in phases]
    known = failure.phase in phases
    before = phases[: phases.index(failure.phase)] if known else ()
    return [
        *(step(phase, peer) for phase in before),
        step(failure.phase, peer, failure, took),
    ]
