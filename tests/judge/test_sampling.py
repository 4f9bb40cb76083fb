"""From checks and mails to samples."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Final

import pytest

from mailprobe.judge import judge
from mailprobe.judge.deliveries import delivery
from mailprobe.judge.sampling import party_of, samples
from mailprobe.model.dispatch import DispatchReport, HandOver
from mailprobe.model.failure import Failure, Kind, Phase, Reply
from mailprobe.model.passage import Fate, Passage, Submission
from mailprobe.model.report import (
    ImapReport,
    MxAddress,
    MxHost,
    MxReport,
    Report,
    SmtpReport,
    Step,
    TlsReport,
    TripReport,
)
from mailprobe.model.sample import Function, Outcome, Party
from mailprobe.model.target import (
    DispatchTarget,
    ImapTarget,
    MxTarget,
    SmtpTarget,
    TlsTarget,
    TripTarget,
    VisitTarget,
)
from mailprobe.model.verdict import Blame
from mailprobe.model.visit import VisitReport
from mailprobe.providers import builtin
from tests.judge.reports import ADA, BOB, common

if TYPE_CHECKING:
    from collections.abc import Sequence

    from mailprobe.model.sample import Sample

LIBERO: Final = Party(name="libero", platform="italiaonline")
POSTA: Final = Party(name="posta", platform="posta")
PASS, FAIL, UNKNOWN = Outcome.PASS, Outcome.FAIL, Outcome.UNKNOWN
SUBMIT, ACCEPT, DELIVER, READ = tuple(Function)


def step(phase: Phase, kind: Kind | None = None, code: int | str = "") -> Step:
    """Make one step; it failed if there is a kind."""
    said = Reply(code, None, "no") if code else None
    failure = Failure(kind=kind, phase=phase, reply=said) if kind else None
    return Step(phase=phase, peer="a:1", began=0.0, took=30.0, failure=failure)


def seen(found: Sequence[Sample]) -> list[tuple[Function, Outcome, str]]:
    """Return what matters of samples."""
    return [(one.function, one.outcome, one.account) for one in found]


def imap(*steps: Step) -> Report:
    """Look at Ada's mailbox."""
    return ImapReport(**common(*steps), target=ImapTarget(ADA))


def smtp(*steps: Step) -> Report:
    """Log in for sending as Ada."""
    target = SmtpTarget("smtp.libero.test", 465, "tls", mailbox=ADA)
    return SmtpReport(**common(*steps), target=target)


BOX: Final = ADA.address


@pytest.mark.parametrize(
    ("report", "expected"),
    [
        (imap(step(Phase.LOGIN)), [(READ, PASS, BOX)]),
        (imap(step(Phase.SELECT, Kind.IMAP_NO, "NO")), [(READ, FAIL, BOX)]),
        # Whoever is to blame, it did not open; looks at others tell.
        (imap(step(Phase.LOGIN, Kind.AUTH_REFUSED, "NO")), [(READ, FAIL, BOX)]),
        (imap(step(Phase.TCP, Kind.TCP_TIMEOUT)), [(READ, FAIL, BOX)]),
        (imap(step(Phase.DNS, Kind.DNS_TIMEOUT)), [(READ, FAIL, BOX)]),
        # Our own doing says nothing.
        (imap(step(Phase.LOGIN, Kind.CREDENTIAL_MISSING)), [(READ, UNKNOWN, BOX)]),
        (imap(step(Phase.LOGIN, Kind.BUG)), [(READ, UNKNOWN, BOX)]),
        (smtp(step(Phase.AUTH)), [(SUBMIT, PASS, BOX)]),
        (smtp(step(Phase.AUTH, Kind.AUTH_REFUSED, 535)), [(SUBMIT, FAIL, BOX)]),
        (smtp(step(Phase.GREETING, Kind.GREETING_TIMEOUT)), [(SUBMIT, FAIL, BOX)]),
        (
            MxReport(
                **common(step(Phase.DNS, Kind.DNS_NXDOMAIN)),
                target=MxTarget("libero.test"),
                delivery=None,
            ),
            [(ACCEPT, FAIL, "")],
        ),
        # Names alone do not show that mail is accepted.
        (
            MxReport(
                **common(step(Phase.DNS)),
                target=MxTarget("libero.test"),
                delivery="explicit",
                hosts=(
                    MxHost(
                        name="mx",
                        preference=1,
                        ttl=1,
                        addresses=(MxAddress(address="10.1.1.1", ttl=1),),
                    ),
                ),
            ),
            [],
        ),
        (
            DispatchReport(
                **common(step(Phase.AUTH, Kind.AUTH_UNAVAILABLE, 454)),
                target=DispatchTarget(
                    token="t", sender=ADA.address, recipient=BOB.address, mailbox=ADA
                ),
            ),
            [(SUBMIT, FAIL, BOX)],
        ),
        (
            DispatchReport(
                **common(step(Phase.ACCEPT)),
                target=DispatchTarget(
                    token="t", sender=ADA.address, recipient=BOB.address
                ),
                outcome=HandOver.ACCEPTED,
                accepted=Reply(250, None, "ok"),
            ),
            [(ACCEPT, PASS, "")],
        ),
        (
            VisitReport(
                **common(step(Phase.LOGIN, Kind.AUTH_UNAVAILABLE, "NO")),
                target=VisitTarget(mailbox=ADA),
            ),
            [(READ, FAIL, BOX)],
        ),
        (TlsReport(**common(step(Phase.TLS)), target=TlsTarget("a", 1, "tls")), []),
    ],
)
def test_a_check_speaks_about_its_function(
    report: Report, expected: list[tuple[Function, Outcome, str]]
) -> None:
    """Each probe speaks about one function, and our own inability about none."""
    found = samples(judge(report), LIBERO)
    assert seen(found) == expected
    for one in found:
        fine = one.outcome is PASS
        assert (one.kind is None, one.blame is None, one.why == "") == (fine,) * 3 or (
            one.outcome is FAIL and one.why
        )
        assert one.known_at >= one.at


def trip(*steps: Step, **facts: object) -> Report:
    """Send a mail from Bob to Ada."""
    report = TripReport(
        **common(*steps), target=TripTarget(BOB, ADA), recipient_authenticated=True
    )
    return replace(report, **facts)  # type: ignore[arg-type]


def test_a_trip_tells_sending_reading_and_delivery_apart() -> None:
    """A mail that came shows three functions; one that did not, which one fails."""
    taken = Reply(250, None, "ok")
    came = trip(step(Phase.TRANSIT), accepted=taken, visible=2.0)
    assert seen(samples(judge(came), LIBERO, sender=POSTA)) == [
        (SUBMIT, PASS, BOB.address),
        (READ, PASS, BOX),
        (DELIVER, PASS, BOX),
    ]
    missing = step(Phase.TRANSIT, Kind.CANARY_MISSING)
    lost = trip(missing, accepted=taken, waited=60.0)
    found = samples(judge(lost), LIBERO, sender=POSTA, route="b-a")
    assert seen(found)[-1] == (DELIVER, FAIL, BOX)
    assert (found[-1].sender, found[-1].route) == (POSTA, "b-a")
    login = trip(step(Phase.LOGIN, Kind.IMAP_NO, "NO"), recipient_authenticated=None)
    assert seen(samples(judge(login), LIBERO, sender=POSTA)) == [(READ, FAIL, BOX)]


def test_a_party_is_its_preset_on_its_platform() -> None:
    """Brands of one platform share it; who has no preset is a platform of its own."""
    assert party_of("ada@libero.it", builtin()) == LIBERO
    assert party_of("x@virgilio.it", builtin()).platform == "italiaonline"
    assert party_of("x@Example.ORG") == Party(
        name="example.org", platform="example.org"
    )


SENT: Final = datetime(2023, 6, 15, 3, tzinfo=UTC)
PASSAGE: Final = Passage(
    token="t",
    route="b-a",
    sender=BOB.address,
    recipient=BOX,
    intended_at=SENT,
    late_after=300.0,
    submission=Submission.ACCEPTED,
    submitted_at=SENT,
    fate=Fate.IN_FLIGHT,
)


@pytest.mark.parametrize(
    ("fate", "minutes", "readable", "expected"),
    [
        (Fate.DELIVERED, 1, True, PASS),
        (Fate.JUNK, 1, True, PASS),
        (Fate.LATE, 60, True, FAIL),
        (Fate.BOUNCED, 60, False, FAIL),
        (Fate.PRESUMED_LOST, 7200, True, FAIL),
        (Fate.RECOVERED, 7300, True, FAIL),
        (Fate.IN_FLIGHT, 1, True, UNKNOWN),
        (Fate.IN_FLIGHT, 60, True, FAIL),
        (Fate.IN_FLIGHT, 60, False, UNKNOWN),
        (Fate.REJECTED, 1, True, None),
        (Fate.UNCONFIRMED, 60, True, None),
    ],
)
def test_a_mail_speaks_about_delivery_when_it_can(
    fate: Fate,
    minutes: int,
    readable: bool,  # noqa: FBT001
    expected: Outcome | None,
) -> None:
    """What came in time passes, what did not fails, and nobody knows what is young."""
    at = SENT + timedelta(minutes=minutes)
    one = delivery(replace(PASSAGE, fate=fate), at, party_of, readable=readable)
    assert (one.outcome if one else None) == expected
    if one is not None:
        assert (one.at, one.known_at, one.function) == (SENT, at, DELIVER)
        assert (one.blame is Blame.PROVIDER) is (expected is FAIL)
        assert bool(one.why) is (expected is FAIL)


def test_a_mail_seen_late_because_nobody_could_look_is_no_late_delivery() -> None:
    """Where its fate is not late, a long delay until sight is no failure."""
    mail = replace(PASSAGE, fate=Fate.DELIVERED, delay=86400.0)
    one = delivery(mail, SENT + timedelta(days=1), party_of, readable=True)
    assert one is not None
    assert one.outcome is UNKNOWN
