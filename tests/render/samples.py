"""Hand-made checks: of each probe a good one and bad ones, and one of a villain."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from typing import Final

from mailprobe.judge import judge
from mailprobe.model.bookmark import Bookmark, Page, Sentinel
from mailprobe.model.dispatch import DispatchReport, HandOver
from mailprobe.model.failure import Failure, Kind, Phase, Reply
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

PASSWORD: Final = "hunter2-is-not-shown"
TOKEN: Final = "token-is-not-shown"
STARTED: Final = datetime(2026, 3, 1, 12, 30, 15, 123456, tzinfo=UTC)
PROBER: Final = ProberFacts(version="0.1.0", ehlo_name="probe.example.org")

IMAP: Final = "imap.libero.test:993"
SMTP: Final = "smtp.libero.test:465"

VILLAIN: Final = (
    "550 5.7.1 |rm -rf 'x'=1;\r\nMAILPROBE OK - fine | 'a'=1\x1b[2J\x1b]0;owned\x07"
    '\x00 \u202eevil\u202c \udc80 "quoted" `sh` \\n \u2028 \x9b31m é'
)


def _token() -> str:
    return TOKEN


ADA: Final = Mailbox(
    "ada@libero.test",
    password=Secret(PASSWORD),
    token=_token,
    imap=Endpoint("imap.libero.test", 993, "tls"),
    smtp=Endpoint("smtp.libero.test", 465, "tls"),
    imap_user=PASSWORD,
    auth="PLAIN",
)
BOB: Final = Mailbox("bob@posta.test", password=Secret(PASSWORD))

CERTIFICATE: Final = Certificate(
    subject="imap.libero.test",
    names=("imap.libero.test", "smtp.libero.test"),
    issuer="Lab CA",
    not_before=datetime(2026, 1, 1, tzinfo=UTC),
    not_after=datetime(2026, 5, 1, tzinfo=UTC),
    key="EC P-256",
    signature="sha256",
    self_signed=False,
    sha256="ab" * 32,
)
TLS: Final = TlsFacts(
    version="TLSv1.3",
    cipher="TLS_AES_256_GCM_SHA384",
    verified=True,
    certificate=CERTIFICATE,
    chain=(CERTIFICATE, CERTIFICATE),
    days_left=61,
)


def step(
    phase: Phase,
    peer: str,
    began: float,
    took: float,
    failure: Failure | None = None,
    *seen: str,
) -> Step:
    """Return a step; what was seen comes last."""
    return Step(
        phase=phase, peer=peer, began=began, took=took, failure=failure, seen=seen
    )


def fine(why: str, *findings: Finding, rule: str = "works") -> Verdict:
    """Return a good verdict."""
    return Verdict(
        status=Status.OK, blame=None, at=None, why=why, findings=findings, rule=rule
    )


def opening(peer: str, greeting: str) -> tuple[Step, ...]:
    """Return the steps up to the greeting of a TLS service."""
    return (
        step(Phase.DNS, "127.0.0.1:5300", 0.0, 0.0042, None, "127.0.0.1"),
        step(Phase.TCP, peer, 0.0042, 0.0003),
        step(Phase.TLS, peer, 0.0045, 0.0061, None, "TLSv1.3"),
        step(Phase.GREETING, peer, 0.0106, 0.001, None, greeting),
    )


UNAVAILABLE: Final = Failure(
    kind=Kind.IMAP_NO,
    phase=Phase.SELECT,
    reply=Reply("NO", "UNAVAILABLE", "mailbox store is down"),
)
SELECT: Final = step(Phase.SELECT, IMAP, 0.02, 0.0012, UNAVAILABLE)


def mx_good() -> Check[MxReport]:
    """Two hosts, three addresses, all answer."""
    banner = Reply(220, None, "mx1.libero.test ESMTP")
    report = MxReport(
        started_at=STARTED,
        duration=0.0123,
        prober=PROBER,
        steps=(step(Phase.DNS, "127.0.0.1:5300", 0.0, 0.0042, None, "2 hosts"),),
        target=MxTarget("libero.test", connect=True),
        delivery="explicit",
        hosts=(
            MxHost(
                name="mx1.libero.test",
                preference=10,
                ttl=300,
                addresses=(
                    MxAddress(
                        address="127.0.0.1",
                        ttl=300,
                        answered=True,
                        banner=banner,
                        took=0.0031,
                    ),
                    MxAddress(address="::1", ttl=300, answered=True, took=0.0029),
                ),
            ),
            MxHost(
                name="mx2.libero.test",
                preference=20,
                ttl=300,
                addresses=(MxAddress(address="127.0.0.2", ttl=60),),
            ),
        ),
    )
    return Check(report, verdict=fine("all 3 addresses of 2 MX hosts answer."))


def mx_gone() -> Check[MxReport]:
    """The domain does not exist."""
    failure = Failure(kind=Kind.DNS_NXDOMAIN, phase=Phase.DNS, detail="no such name")
    at = step(Phase.DNS, "127.0.0.1:5300", 0.0, 0.0042, failure)
    report = MxReport(
        started_at=STARTED,
        duration=0.0042,
        prober=PROBER,
        steps=(at,),
        target=MxTarget("gone.test"),
        delivery=None,
    )
    verdict = Verdict(
        status=Status.DOWN,
        blame=Blame.PROVIDER,
        at=at,
        why="The domain gone.test does not exist.",
        advice="Check the spelling.",
        rule="dns-nxdomain",
    )
    return Check(report, verdict=verdict)


def smtp_good() -> Check[SmtpReport]:
    """A submission service that accepts the login."""
    report = SmtpReport(
        started_at=STARTED,
        duration=0.0301,
        prober=PROBER,
        steps=(
            *opening(SMTP, "220 smtp.libero.test ESMTP"),
            step(Phase.EHLO, SMTP, 0.012, 0.0008, None, "250 smtp.libero.test"),
            step(Phase.AUTH, SMTP, 0.013, 0.0021, None, "235 2.7.0 accepted"),
            step(Phase.QUIT, SMTP, 0.0152, 0.0004, None, "221 2.0.0 bye"),
        ),
        target=SmtpTarget("smtp.libero.test", 465, "tls", ADA),
        address="127.0.0.1",
        banner=Reply(220, None, "smtp.libero.test ESMTP"),
        ehlo_name="smtp.libero.test",
        capabilities=("8BITMIME", "AUTH PLAIN LOGIN", "PIPELINING", "SIZE 31457280"),
        size_limit=31457280,
        auth_mechanisms=("LOGIN", "PLAIN"),
        auth_mechanism="PLAIN",
        authenticated=True,
        tls=TLS,
    )
    finding = Finding("certificate_renewal", "The certificate ends in 61 days.")
    return Check(report, verdict=fine("login accepted.", finding))


def smtp_refused() -> Check[SmtpReport]:
    """The port is closed."""
    failure = Failure(
        kind=Kind.TCP_REFUSED, phase=Phase.TCP, detail="Connection refused"
    )
    at = step(Phase.TCP, "127.0.0.1:465", 0.0042, 0.0001, failure)
    report = SmtpReport(
        started_at=STARTED,
        duration=0.0043,
        prober=PROBER,
        steps=(step(Phase.DNS, "127.0.0.1:5300", 0.0, 0.0042), at),
        target=SmtpTarget("smtp.libero.test", 465, "tls"),
    )
    verdict = Verdict(
        status=Status.DOWN,
        blame=Blame.PROVIDER,
        at=at,
        why="smtp.libero.test refuses connections to port 465.",
        advice="Nothing to do here: tell users that sending is down.",
        rule="tcp-refused",
    )
    return Check(report, verdict=verdict)


def imap_good() -> Check[ImapReport]:
    """A mailbox that opens."""
    report = ImapReport(
        started_at=STARTED,
        duration=0.025,
        prober=PROBER,
        steps=(
            *opening(IMAP, "* OK ready"),
            step(Phase.LOGIN, IMAP, 0.012, 0.002, None, "OK logged in"),
            step(Phase.SELECT, IMAP, 0.014, 0.001, None, "OK [READ-ONLY]"),
        ),
        target=ImapTarget(ADA),
        address="127.0.0.1",
        greeting=Reply("OK", None, "ready"),
        capabilities=("IDLE", "IMAP4rev1", "UIDPLUS"),
        server_id=(("name", "Lab"), ("version", "1")),
        auth_mechanism="LOGIN",
        authenticated=True,
        inbox=Inbox(messages=3, uidvalidity=1, uidnext=4),
        quota=Quota(used=1048576, limit=1073741824),
        folders=(Folder(name="Spam", role="junk"),),
        alerts=("Maintenance on Sunday",),
        tls=TLS,
    )
    return Check(report, verdict=fine("the mailbox opens."))


def imap_store_down() -> Check[ImapReport]:
    """Login works, the mailbox store does not."""
    report = ImapReport(
        started_at=STARTED,
        duration=0.022,
        prober=PROBER,
        steps=(
            *opening(IMAP, "* OK ready"),
            step(Phase.LOGIN, IMAP, 0.012, 0.002, None, "OK logged in"),
            SELECT,
        ),
        target=ImapTarget(ADA),
        authenticated=True,
        tls=TLS,
    )
    return Check(report, verdict=store_down())


def store_down() -> Verdict:
    """Return the verdict of the January 2023 outage."""
    return Verdict(
        status=Status.DOWN,
        blame=Blame.PROVIDER,
        at=SELECT,
        why="The login works, but the mailbox cannot be opened: the server says "
        "NO [UNAVAILABLE] mailbox store is down.",
        advice="It is theirs to repair; passwords need not be changed.",
        findings=(Finding("alert", "The server has an alert."),),
        rule="imap-unavailable",
    )


def tls_good() -> Check[TlsReport]:
    """A certificate in order."""
    report = TlsReport(
        started_at=STARTED,
        duration=0.011,
        prober=PROBER,
        steps=opening(IMAP, "* OK ready")[:3],
        target=TlsTarget("imap.libero.test", 993),
        address="127.0.0.1",
        tls=TLS,
    )
    return Check(report, verdict=fine("the certificate is in order."))


def tls_expired() -> Check[TlsReport]:
    """A certificate that has ended."""
    failure = Failure(
        kind=Kind.TLS_EXPIRED, phase=Phase.TLS, detail="certificate has expired"
    )
    at = step(Phase.TLS, IMAP, 0.005, 0.004, failure)
    report = TlsReport(
        started_at=STARTED,
        duration=0.011,
        prober=PROBER,
        steps=(*opening(IMAP, "")[:2], at),
        target=TlsTarget("imap.libero.test", 993),
        tls=TlsFacts(
            version=None,
            cipher=None,
            verified=False,
            certificate=CERTIFICATE,
            days_left=-3,
        ),
    )
    verdict = Verdict(
        status=Status.DOWN,
        blame=Blame.PROVIDER,
        at=at,
        why="The certificate of imap.libero.test ended 3 days ago.",
        rule="tls-expired",
    )
    return Check(report, verdict=verdict)


def _trip_steps() -> tuple[Step, ...]:
    polls = tuple(
        step(Phase.SEARCH, IMAP, 0.05 + n / 50, 0.001, None, "OK") for n in range(5)
    )
    return (
        *opening(IMAP, "* OK ready"),
        step(Phase.MAIL, SMTP, 0.03, 0.001, None, "250 2.1.0 ok"),
        step(Phase.ACCEPT, SMTP, 0.033, 0.004, None, "250 2.0.0 queued"),
        *polls,
    )


def trip_good() -> Check[TripReport]:
    """A mail that came, seen by poll and by IDLE."""
    report = TripReport(
        started_at=STARTED,
        duration=0.31,
        prober=PROBER,
        steps=_trip_steps(),
        transcript=("S: 220 smtp.libero.test", "C: EHLO probe.example.org"),
        target=TripTarget(ADA, BOB),
        canary="<mp1-k-1-2-3@libero.test>",
        sender_authenticated=True,
        recipient_authenticated=True,
        submitted_at=STARTED,
        accepted=Reply(250, "2.0.0", "queued"),
        acceptance=0.004,
        visible=0.2458,
        visible_error=0.0201,
        notified=0.24,
        idle=True,
        landed="inbox",
        folder="INBOX",
        internal_date=STARTED,
        copies=1,
        hops=(
            Hop(by="mx.posta.test", sender="x", protocol="ESMTPS", at=None, delay=None),
            Hop(by="store", sender="mx", protocol="LMTP", at=STARTED, delay=1.0),
        ),
        authentication_results=(("spf", "pass"), ("dkim", "none")),
        deleted=True,
        sending_tls=TLS,
        receiving_tls=TLS,
        waited=0.2458,
    )
    return Check(report, verdict=fine("the mail came in 245.8 ms."))


def trip_missing() -> Check[TripReport]:
    """A mail that was accepted and never seen."""
    failure = Failure(
        kind=Kind.CANARY_MISSING, phase=Phase.TRANSIT, detail="not seen in 60 s"
    )
    at = step(Phase.TRANSIT, "imap.posta.test:993", 0.04, 60.0, failure)
    report = TripReport(
        started_at=STARTED,
        duration=60.1,
        prober=PROBER,
        steps=(*_trip_steps(), at),
        target=TripTarget(ADA, BOB),
        acceptance=0.004,
        accepted=Reply(250, "2.0.0", "queued"),
        waited=float("nan"),
    )
    verdict = Verdict(
        status=Status.DOWN,
        blame=Blame.UNCLEAR,
        at=at,
        why="The mail was accepted, but it was not seen within 60 s.",
        advice="Look again later: late is not lost.",
        rule="canary-missing",
    )
    return Check(report, verdict=verdict)


def dispatch_unconfirmed() -> Check[DispatchReport]:
    """A mail that an MX host was given, and whose answer was lost."""
    lost = Failure(kind=Kind.SUBMISSION_UNCONFIRMED, phase=Phase.ACCEPT)
    silent = Failure(kind=Kind.TCP_TIMEOUT, phase=Phase.TCP)
    at = step(Phase.ACCEPT, "192.0.2.2:25", 0.2, 0.1, lost)
    report = DispatchReport(
        started_at=STARTED,
        duration=0.3,
        prober=PROBER,
        steps=(at,),
        target=DispatchTarget(token="mp1-0", sender=ADA.address, recipient=BOB.address),
        outcome=HandOver.UNCONFIRMED,
        server="192.0.2.2:25",
        submitted_at=STARTED,
        acceptance=0.1,
        passed_over=(silent,),
    )
    return judge(report)


def visit_full() -> Check[VisitReport]:
    """A visit that saw all there is to be seen."""
    page = Page(folder="INBOX", uidvalidity=7, uidnext=9, looked_at=STARTED, owed=(3,))
    was = Sentinel(uid=1, uidvalidity=7, size=10, digest="0" * 64)
    report = VisitReport(
        started_at=STARTED,
        duration=0.3,
        prober=PROBER,
        steps=(SELECT,),
        target=VisitTarget(
            BOB, bookmark=Bookmark(pages=(page,)), expected=("mp1-9",), sentinels=(was,)
        ),
        authenticated=True,
        folders=(
            FolderRead(name="INBOX", landed="inbox", messages=4, looked=2, unread=1),
            FolderRead(name="Junk", landed="junk", more=True, failure=SELECT.failure),
        ),
        sightings=(
            Sighting(
                token="mp1-0",
                folder="INBOX",
                landed="inbox",
                uid=8,
                uidvalidity=7,
                internal_date=STARTED,
                seen_at=STARTED,
            ),
        ),
        returns=(
            Return(
                token="mp1-1",
                folder="INBOX",
                uid=7,
                uidvalidity=7,
                internal_date=None,
                seen_at=STARTED,
                action="failed",
                said=Reply(550, "5.1.1", VILLAIN),
            ),
        ),
        bookmark=Bookmark(pages=(page,)),
        sentinels=(SentinelRead(was=was, found=True, now=was, changed=("uid",)),),
        waited=1.5,
    )
    return judge(report)


def provider_down() -> Check[ProviderReport]:
    """January 2023: sending and accepting work, reading and delivery do not."""
    store, trip = imap_store_down(), trip_missing()
    report = ProviderReport(
        started_at=STARTED,
        duration=60.4,
        prober=PROBER,
        steps=(),
        target=ProviderTarget("libero", ADA),
        preset="libero",
        mx=mx_good(),
        submission=(smtp_good(),),
        imap=(store,),
        trip=trip,
    )
    verdict = Verdict(
        status=Status.DOWN,
        blame=Blame.PROVIDER,
        at=SELECT,
        why="Mail is accepted, but no mailbox can be opened.",
        advice="It is theirs to repair.",
        rule="provider-store-down",
        availabilities=Availabilities(
            submit=smtp_good().verdict,
            accept=mx_good().verdict,
            deliver=trip.verdict,
            read=store.verdict,
        ),
    )
    return Check(report, verdict=verdict)


def provider_unknown() -> Check[ProviderReport]:
    """Nothing could be tried."""
    report = ProviderReport(
        started_at=STARTED,
        duration=0.0,
        prober=PROBER,
        steps=(),
        target=ProviderTarget("nobody.test"),
    )
    verdict = Verdict(
        status=Status.UNKNOWN,
        blame=Blame.VANTAGE,
        at=None,
        why="No name server answers from here.",
        rule="vantage-dns",
        availabilities=Availabilities(),
    )
    return Check(report, verdict=verdict)


def hostile(text: str = VILLAIN) -> Check[SmtpReport]:
    """Everything a server can choose says *text*."""
    reply = Reply(550, text, text)
    failure = Failure(
        kind=Kind.SMTP_PERMANENT, phase=Phase.GREETING, reply=reply, detail=text
    )
    at = step(Phase.GREETING, f"{text}:25", 0.1, float("inf"), failure, text)
    certificate = Certificate(
        subject=text,
        names=(text,),
        issuer=text,
        not_before=STARTED,
        not_after=STARTED,
        key=text,
        signature=text,
        self_signed=True,
        sha256="",
    )
    tls = TlsFacts(version=text, cipher=text, verified=False, certificate=certificate)
    report = SmtpReport(
        started_at=STARTED,
        duration=0.2,
        prober=PROBER,
        steps=(step(Phase.TCP, "h:25", 0, 0.1, None, text), at),
        transcript=(f"S: {text}",),
        target=SmtpTarget("mx.evil.test", 25),
        banner=reply,
        ehlo_name=text,
        capabilities=(text,),
        auth_mechanisms=(text,),
        tls=tls,
    )
    verdict = Verdict(
        status=Status.DOWN,
        blame=Blame.PROVIDER,
        at=at,
        why=f"The server refuses: {text}",
        advice=text,
        findings=(Finding("said", text),),
        rule="smtp-permanent",
    )
    return Check(report, verdict=verdict)


def hostile_mx(text: str = VILLAIN) -> Check[MxReport]:
    """A zone full of malice."""
    failure = Failure(kind=Kind.DNS_MALFORMED, phase=Phase.DNS, detail=text)
    report = MxReport(
        started_at=STARTED,
        duration=0.2,
        prober=PROBER,
        steps=(step(Phase.DNS, "h:53", 0, 0.1, failure, text),),
        target=MxTarget("evil.test"),
        delivery="explicit",
        hosts=(
            MxHost(name=text, preference=1, ttl=1, alias_of=text, failure=failure),
            MxHost(
                name=text,
                preference=2,
                ttl=1,
                addresses=(
                    MxAddress(address=text, ttl=1, answered=False, failure=failure),
                ),
            ),
        ),
    )
    verdict = Verdict(
        status=Status.DEGRADED,
        blame=Blame.PROVIDER,
        at=None,
        why=text,
        rule="mx-unusable",
    )
    return Check(report, verdict=verdict)


SAMPLES: Final[Mapping[str, Callable[[], Check[Report]]]] = {
    "mx_good": mx_good,
    "mx_gone": mx_gone,
    "smtp_good": smtp_good,
    "smtp_refused": smtp_refused,
    "imap_good": imap_good,
    "imap_store_down": imap_store_down,
    "tls_good": tls_good,
    "tls_expired": tls_expired,
    "trip_good": trip_good,
    "trip_missing": trip_missing,
    "dispatch_unconfirmed": dispatch_unconfirmed,
    "visit_full": visit_full,
    "provider_down": provider_down,
    "provider_unknown": provider_unknown,
    "hostile": hostile,
    "hostile_mx": hostile_mx,
}
"""Every sample by name."""
