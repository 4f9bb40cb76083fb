"""Dispatches and visits, judged: each decides one thing, and leaves others alone."""

from __future__ import annotations

from dataclasses import replace

import pytest

from mailprobe.judge import judge
from mailprobe.model.bookmark import Sentinel
from mailprobe.model.dispatch import HandOver
from mailprobe.model.failure import Failure, Kind, Phase, Reply
from mailprobe.model.verdict import Blame, Status
from mailprobe.model.visit import FolderRead, SentinelRead
from tests.judge.reports import dispatch, done, failed, visit

INBOX = FolderRead(name="INBOX", landed="inbox", messages=3, looked=1)
READ = replace(visit(done(Phase.SELECT)), authenticated=True, folders=(INBOX,))
OLD = Sentinel(uid=1, digest="0" * 64)


def test_an_accepted_mail() -> None:
    """Accepted is well, whatever a farewell or a passed-over host did."""
    silent = replace(failed(Kind.TCP_TIMEOUT, Phase.TCP), optional=True)
    report = replace(dispatch(silent), outcome=HandOver.ACCEPTED, acceptance=1.0)
    assert judge(report).verdict.rule == "dispatch_accepted"


@pytest.mark.parametrize("kind", [Kind.SUBMISSION_UNCONFIRMED, Kind.TIMED_OUT])
def test_an_unconfirmed_mail_is_unknown(kind: Kind) -> None:
    """Whether it was taken is open, and nobody is blamed for it yet."""
    report = replace(dispatch(failed(kind, Phase.ACCEPT)), outcome=HandOver.UNCONFIRMED)
    check = judge(report)
    assert (check.status, check.blame) == (Status.UNKNOWN, Blame.UNCLEAR)
    assert check.verdict.rule == "dispatch_unconfirmed"


@pytest.mark.parametrize("outside", [True, False])
def test_only_an_mx_may_hold_its_greeting_back(*, outside: bool) -> None:
    """Silence before the greeting is an outage to users, and usual between servers."""
    late = failed(Kind.TIMED_OUT, Phase.GREETING, took=11.0)
    report = dispatch(late, mailbox=None) if outside else dispatch(late)
    expected = Status.UNKNOWN if outside else Status.DOWN
    assert judge(report).status is expected


def test_a_visit_that_read_all() -> None:
    """Opened and read: well, though something expected is missing."""
    check = judge(READ)
    assert (check.status, check.verdict.rule) == (Status.OK, "visit_works")


@pytest.mark.parametrize(
    "change",
    [
        {"unread": 2},
        {"failure": Failure(kind=Kind.IMAP_NO, phase=Phase.SELECT)},
    ],
)
def test_a_visit_that_read_in_part(change: dict[str, object]) -> None:
    """A junk folder that cannot be opened, or a mail that cannot be read: degraded."""
    junk = replace(FolderRead(name="Junk", landed="junk"), **change)  # type: ignore[arg-type]
    check = judge(replace(READ, folders=(INBOX, junk)))
    assert (check.status, check.blame) == (Status.DEGRADED, Blame.PROVIDER)
    assert "Junk" in check.why


def test_more_than_one_visit_reads_is_no_fault() -> None:
    """What is left for the next visit is said, and blames nobody."""
    check = judge(replace(READ, folders=(replace(INBOX, more=True),)))
    assert check.status is Status.OK
    assert [found.code for found in check.findings] == ["more_next_time"]


@pytest.mark.parametrize(
    ("read", "rule"),
    [
        (SentinelRead(was=OLD, found=False), "visit_sentinel_lost"),
        (SentinelRead(was=OLD, found=True, changed=("digest",)), "visit_sentinel_lost"),
        (SentinelRead(was=OLD, found=True, changed=("uid", "uidvalidity")),
         "visit_works"),
        (SentinelRead(was=OLD, found=None, trouble="no"), "visit_works"),
        (SentinelRead(was=OLD, found=True), "visit_works"),
    ],
)  # fmt: skip
def test_old_mails(read: SentinelRead, rule: str) -> None:
    """Gone or altered counts; moved does not, nor what could not be told."""
    assert judge(replace(READ, sentinels=(read,))).verdict.rule == rule


def test_a_mailbox_that_takes_the_login_and_does_not_open() -> None:
    """It is the provider's storage."""
    step = failed(Kind.IMAP_NO, Phase.SELECT, Reply("NO", "SERVERBUG", "x"))
    check = judge(replace(visit(step), authenticated=True))
    assert (check.status, check.verdict.rule) == (Status.DOWN, "mailbox_closed")
    assert check.report.access == "unopened"
