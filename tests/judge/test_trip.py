"""A round trip, judged: what became of the mail, and on which leg."""

from __future__ import annotations

from dataclasses import replace

import pytest

from mailprobe.judge import judge
from mailprobe.model.failure import Kind, Phase, Reply
from mailprobe.model.report import Quota
from mailprobe.model.verdict import Blame, Status
from tests.judge.reports import ADA, done, failed, trip

ARRIVED = replace(trip(), visible=4.25, landed="inbox", folder="INBOX", copies=1)


def test_an_arrival_is_told_with_its_time() -> None:
    """Seen in the inbox: ok, with the seconds it took."""
    check = judge(ARRIVED)
    assert (check.status, check.verdict.rule) == (Status.OK, "trip_arrived")
    assert check.why == "The mail to bob@posta.test arrived after 4.25 s."


def test_an_arrival_counts_whatever_failed_afterwards() -> None:
    """Tidying up or the reply that was lost do not unsee a mail."""
    step = failed(Kind.IMAP_NO, Phase.STORE)
    assert judge(replace(ARRIVED, steps=(step,))).verdict.rule == "trip_arrived"


def test_junk_is_an_arrival_that_nobody_reads() -> None:
    """Delivered to the junk folder: degraded, and the folder is named."""
    check = judge(replace(ARRIVED, landed="junk", folder="Spam"))
    assert (check.status, check.blame) == (Status.DEGRADED, Blame.UNCLEAR)
    assert check.why.endswith("but in Spam.")


def test_copies_are_counted() -> None:
    """Seen more than once: degraded."""
    check = judge(replace(ARRIVED, copies=2))
    assert check.verdict.rule == "trip_duplicated"
    assert "2 times" in check.why


def test_an_unconfirmed_mail_that_arrives_is_a_fault_of_the_sender() -> None:
    """Other programs would have sent it twice."""
    check = judge(replace(ARRIVED, unconfirmed=True))
    assert (check.status, check.blame) == (Status.DEGRADED, Blame.SENDER)


def test_an_unconfirmed_mail_that_does_not_arrive_is_one_too() -> None:
    """Whether it was taken is open; it is not sent again."""
    step = failed(Kind.CANARY_MISSING, Phase.TRANSIT)
    check = judge(replace(trip(step), unconfirmed=True, waited=60.0))
    assert (check.status, check.blame) == (Status.DOWN, Blame.SENDER)
    assert check.verdict.rule == "trip_unconfirmed"
    assert "within 60 s" in check.why


def test_an_accepted_mail_that_does_not_arrive_is_the_providers_debt() -> None:
    """Accepted and not delivered in time: down."""
    step = failed(Kind.CANARY_MISSING, Phase.TRANSIT)
    check = judge(replace(trip(step), waited=300.0))
    assert (check.status, check.blame) == (Status.DOWN, Blame.PROVIDER)
    assert check.why == (
        "The mail from ada@libero.test was accepted, but did not reach "
        "bob@posta.test within 5 min."
    )


OPENED = (done(Phase.TCP), done(Phase.LOGIN, began=0.2), done(Phase.SELECT, began=0.4))


@pytest.mark.parametrize(
    ("kind", "phase"),
    [
        (Kind.TCP_REFUSED, Phase.TCP),
        (Kind.TLS_EXPIRED, Phase.TLS),
        (Kind.GREETING_TIMEOUT, Phase.GREETING),
        (Kind.AUTH_UNAVAILABLE, Phase.AUTH),
        (Kind.SMTP_PERMANENT, Phase.RCPT),
        (Kind.PEER_CLOSED, Phase.DATA),
    ],
)
def test_a_failure_of_the_sending_leg_says_nothing_of_the_recipient(
    kind: Kind, phase: Phase
) -> None:
    """With two providers, the sender's own trouble is blamed on the sender."""
    step = failed(kind, phase, Reply(550, None, "x"), began=2.0)
    check = judge(trip(*OPENED, step))
    assert (check.status, check.blame) == (Status.DOWN, Blame.SENDER)
    assert check.verdict.rule == "trip_sending_failed"


def test_within_one_provider_there_is_nobody_else_to_blame() -> None:
    """The sender's provider is the one that is checked."""
    step = failed(Kind.TCP_REFUSED, Phase.TCP, began=2.0)
    check = judge(trip(*OPENED, step, recipient=ADA))
    assert (check.status, check.blame) == (Status.DOWN, Blame.PROVIDER)


def test_a_failure_before_the_mailbox_was_open_is_the_recipients() -> None:
    """The reading leg comes first; its connection is not the sender's."""
    check = judge(trip(failed(Kind.TCP_REFUSED, Phase.TCP)))
    assert (check.status, check.blame) == (Status.DOWN, Blame.PROVIDER)
    assert check.verdict.rule == "tcp_refused"


def test_what_is_ours_stays_ours_on_the_sending_leg() -> None:
    """A resolver that is silent is no fault of the sender's provider."""
    check = judge(trip(*OPENED, failed(Kind.DNS_TIMEOUT, Phase.DNS, began=2.0)))
    assert (check.status, check.blame) == (Status.UNKNOWN, Blame.VANTAGE)


def test_findings_of_a_trip() -> None:
    """Strangers' canaries, what was left behind, IDLE, failed authentication."""
    report = replace(
        ARRIVED,
        foreign=2,
        deleted=False,
        idle=True,
        notified=5.0,
        authentication_results=(("spf", "pass"), ("dkim", "fail")),
    )
    assert [finding.code for finding in judge(report).findings] == [
        "foreign_canaries",
        "canary_left",
        "idle_late",
        "authentication_failed",
    ]
    silent = judge(replace(ARRIVED, idle=True))
    assert [finding.code for finding in silent.findings] == ["idle_silent"]
    absent = judge(replace(ARRIVED, idle=False))
    assert [finding.code for finding in absent.findings] == ["no_idle"]
    prompt = judge(replace(ARRIVED, idle=True, notified=4.3))
    assert prompt.findings == ()


@pytest.mark.parametrize(
    ("used", "told"),
    [
        (1000, (Status.UNKNOWN, Blame.ACCOUNT, "trip_mailbox_full")),
        (1001, (Status.UNKNOWN, Blame.ACCOUNT, "trip_mailbox_full")),
        (900, (Status.DOWN, Blame.PROVIDER, "trip_missing")),
    ],
)
def test_a_full_mailbox_is_not_the_providers_fault(
    used: int, told: tuple[Status, Blame, str]
) -> None:
    """What was accepted and did not come had no room, if the quota says so."""
    step = failed(Kind.CANARY_MISSING, Phase.TRANSIT)
    check = judge(replace(trip(step), quota=Quota(used=used, limit=1000)))
    assert (check.status, check.blame, check.verdict.rule) == told
