"""SMTP, IMAP and TLS services: what counts before a failure's own meaning."""

from __future__ import annotations

from dataclasses import replace

import pytest

from mailprobe.judge import judge
from mailprobe.judge.service import DAYS, SILENCE
from mailprobe.model.failure import Kind, Phase
from mailprobe.model.report import Quota, Report
from mailprobe.model.verdict import Blame, Status
from tests.judge.reports import done, facts, failed, imap, smtp, tls

CERTIFICATES = [
    Kind.TLS_EXPIRED,
    Kind.TLS_NOT_YET_VALID,
    Kind.TLS_WRONG_HOST,
    Kind.TLS_SELF_SIGNED,
    Kind.TLS_UNTRUSTED,
]


@pytest.mark.parametrize("kind", CERTIFICATES)
def test_a_relay_with_a_bad_certificate_still_takes_mail(kind: Kind) -> None:
    """Between servers TLS is opportunistic; for users it is not."""
    relay = judge(smtp(failed(kind, Phase.TLS), port=25))
    assert (relay.status, relay.verdict.rule) == (Status.DEGRADED, "relay_certificate")
    submission = judge(smtp(failed(kind, Phase.TLS), port=587))
    assert (submission.status, submission.verdict.rule) == (Status.DOWN, kind.value)


def test_a_relay_without_starttls_still_takes_mail() -> None:
    """On 25 it is a weakness, on 587 an outage: no password is sent in clear."""
    step = failed(Kind.STARTTLS_NOT_OFFERED, Phase.STARTTLS)
    assert judge(smtp(step, port=25)).verdict.rule == "relay_without_tls"
    assert judge(smtp(step, port=587)).status is Status.DOWN


@pytest.mark.parametrize(
    ("report", "rule"),
    [
        (smtp(failed(Kind.TIMED_OUT, Phase.GREETING, took=SILENCE)), "hung"),
        (smtp(failed(Kind.TIMED_OUT, Phase.GREETING, took=9.9)), "timed_out"),
        (
            smtp(failed(Kind.TIMED_OUT, Phase.GREETING, took=40), port=25),
            "timed_out",
        ),
        (smtp(failed(Kind.TIMED_OUT, Phase.EHLO, took=12), port=25), "hung"),
        (imap(failed(Kind.TIMED_OUT, Phase.LOGIN, took=12)), "hung"),
        (tls(failed(Kind.TIMED_OUT, Phase.TLS, took=12)), "hung"),
    ],
)
def test_a_long_silence_is_an_outage_a_short_one_is_not(
    report: Report, rule: str
) -> None:
    """Ten seconds of nothing behind an open port; relays may greet late."""
    check = judge(report)
    assert check.verdict.rule == rule
    assert check.status is (Status.DOWN if rule == "hung" else Status.UNKNOWN)


@pytest.mark.parametrize(
    ("days", "status"),
    [(DAYS, Status.OK), (DAYS - 1, Status.DEGRADED), (None, Status.OK)],
)
def test_a_certificate_that_ends_soon_is_told_in_time(
    days: int | None, status: Status
) -> None:
    """A fortnight before its end, while everything still works."""
    check = judge(tls(done(Phase.TLS), facts=facts(days_left=days)))
    assert check.status is status
    if status is Status.DEGRADED:
        assert f"ends in {days} days" in check.why
        assert [f.code for f in check.findings] == ["certificate_ends_soon"]


def test_what_works_is_said_to_work() -> None:
    """With a login when there was one."""
    assert judge(smtp(done(Phase.EHLO))).verdict.rule == "service_works"
    assert judge(smtp(authenticated=True)).verdict.rule == "login_works"
    assert judge(imap(authenticated=True)).verdict.rule == "login_works"
    assert judge(imap(authenticated=True)).why == (
        "imap.libero.test:993 answers, and the login works."
    )


def test_a_login_that_works_does_not_hide_a_mailbox_that_does_not_open() -> None:
    """The storage failure of January 2023: login fine, SELECT refused."""
    check = judge(imap(failed(Kind.IMAP_NO, Phase.SELECT), authenticated=True))
    assert (check.status, check.blame) == (Status.DOWN, Blame.PROVIDER)


def test_findings_of_services() -> None:
    """Slow greetings, old TLS, AUTH in clear, quota, alerts and refused extras."""
    slow = smtp(
        done(Phase.GREETING, took=11),
        tls=facts(version="TLSv1"),
        in_clear=("AUTH PLAIN", "SIZE 5"),
    )
    assert [finding.code for finding in judge(slow).findings] == [
        "slow_greeting",
        "old_tls",
        "auth_in_clear",
    ]
    refused = replace(
        failed(Kind.REPLY_TIMEOUT, Phase.ID, detail="30 s"), optional=True
    )
    full = replace(
        imap(refused, authenticated=True),
        alerts=("Disk is full",),
        quota=Quota(used=90, limit=100),
    )
    assert [(f.code, f.text) for f in judge(full).findings] == [
        ("alert", "The server wants people to know: Disk is full"),
        (
            "mailbox_nearly_full",
            "The mailbox is 90 % full; a full one neither sends nor receives.",
        ),
        ("id_refused", "ID is offered and refused: 30 s"),
    ]


def test_a_quota_without_a_limit_is_no_finding() -> None:
    """Zero allowed means that nothing was said, not that it is full."""
    report = replace(imap(authenticated=True), quota=Quota(used=90, limit=0))
    assert judge(report).findings == ()


def test_an_address_that_failed_before_another_answered_is_told() -> None:
    """The connection came about; one of the addresses did not answer."""
    for kind, code in (
        (Kind.TCP_UNREACHABLE, "address_unreachable"),
        (Kind.TCP_TIMEOUT, "address_failed"),
    ):
        step = replace(failed(kind, Phase.TCP), optional=True)
        check = judge(smtp(step, done(Phase.TCP)))
        assert check.status is Status.OK
        assert [finding.code for finding in check.findings] == [code]
