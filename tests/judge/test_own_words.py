"""What providers mean by refusals in words of their own."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import get_args

import pytest

from mailprobe.judge import judge
from mailprobe.judge.replies import REPLY_RULES
from mailprobe.model.failure import Failure, Kind, Phase, Reply
from mailprobe.model.provider import Catalogue, Meaning, Preset, ReplyMeaning
from mailprobe.model.report import ProberFacts, SmtpReport, Step
from mailprobe.model.target import Endpoint, SmtpTarget
from mailprobe.providers import builtin

OWN = Catalogue(
    presets=(
        Preset(
            id="odd",
            name="Odd",
            operator="Odd",
            platform="odd",
            domains=("odd.test",),
            mx_suffix="mx.odd.test",
            smtp=(Endpoint("smtp.odd.test", 465),),
            replies=(ReplyMeaning(text=r"code 17\b", means="greylisted"),),
            sources=("a test",),
            last_checked="2026-01-01",
        ),
    )
)


def _report(host: str, reply: Reply, phase: Phase = Phase.GREETING) -> SmtpReport:
    kind = Kind.SMTP_PERMANENT if int(reply.code) >= 500 else Kind.SMTP_TEMPORARY
    kind = Kind.AUTH_REFUSED if phase is Phase.AUTH else kind
    failure = Failure(kind=kind, phase=phase, reply=reply)
    step = Step(phase=phase, peer=f"{host}:25", began=0, took=0.1, failure=failure)
    return SmtpReport(
        started_at=datetime(2026, 1, 1, tzinfo=UTC),
        duration=0.1,
        prober=ProberFacts(version="0", ehlo_name=""),
        steps=(step,),
        target=SmtpTarget(host),
    )


@pytest.mark.parametrize(
    ("host", "rule"),
    [
        ("smtp.odd.test", "greylisted"),
        ("a.mx.odd.test", "greylisted"),
        ("odd.test", "greylisted"),
        ("smtp.other.test", "smtp_permanent"),
    ],
)
def test_own_words_count_at_their_own_hosts_alone(host: str, rule: str) -> None:
    """A provider's rule goes first at its hosts, and nowhere else."""
    report = _report(host, Reply(550, None, "Go away, CODE 17"))
    assert judge(report, OWN).verdict.rule == rule


@pytest.mark.parametrize(
    ("host", "phase", "reply", "rule", "blame"),
    [
        (
            "smtp-in.libero.it",
            Phase.GREETING,
            Reply(550, None, "smtp-10.iol.local IP blacklisted by CSI [LIB_102]"),
            "blocked_reputation",
            "vantage",
        ),
        (
            "smtp-mail.outlook.com",
            Phase.AUTH,
            Reply(535, "5.7.139", "Basic authentication is disabled."),
            "login_method",
            "setup",
        ),
        (
            "smtp.mail.yahoo.com",
            Phase.AUTH,
            Reply(535, "5.7.0", "(#AUTH005) Too many bad auth attempts."),
            "login_method",
            "setup",
        ),
    ],
)
def test_the_built_in_presets(
    host: str, phase: Phase, reply: Reply, rule: str, blame: str
) -> None:
    """What providers are known to say is understood."""
    check = judge(_report(host, reply, phase), builtin())
    assert (check.verdict.rule, check.blame) == (rule, blame)


def test_every_meaning_is_a_rule() -> None:
    """A preset can only point to rules that exist."""
    assert set(get_args(Meaning)) <= {rule.name for rule in REPLY_RULES}
