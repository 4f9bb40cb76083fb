"""The table of verdicts as a whole: total, unambiguous, fit to be read out."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from dataclasses import replace
from itertools import product

import pytest

from mailprobe.judge import RULES, judge
from mailprobe.judge.kinds import KINDS
from mailprobe.judge.rule import Rule
from mailprobe.model.failure import Kind, Phase, Reply
from mailprobe.model.report import Report
from mailprobe.model.verdict import Blame, Check, Status
from tests.judge.reports import EVERY, done, failed, mx, smtp, trip

REPLIES = (
    None,
    Reply(550, "5.7.1", "no"),
    Reply("NO", "UNAVAILABLE", ""),
)


def sound(check: Check[Report]) -> None:
    """Hold a verdict to what every verdict promises."""
    verdict = check.verdict
    assert verdict.why.strip()
    assert "{" not in verdict.why
    assert "  " not in verdict.why
    assert "None" not in verdict.why.replace("None of the", "")
    assert verdict.why.endswith(".")
    assert "\n" not in verdict.why
    assert (verdict.blame is None) == (verdict.status is Status.OK)
    assert (verdict.at is None) or verdict.status is not Status.OK
    assert verdict.rule
    for finding in check.findings:
        assert finding.text.endswith((".", "!")) or ":" in finding.text
        assert finding.code.replace("_", "").isalnum()


@pytest.mark.parametrize("make", EVERY)
def test_an_empty_report_has_a_verdict(make: Callable[[], Report]) -> None:
    """Without a single step, every probe's report is still judged."""
    sound(judge(make()))


@pytest.mark.parametrize("kind", Kind)
def test_every_failure_at_every_phase_has_a_verdict(kind: Kind) -> None:
    """No kind, phase, reply and probe together is left without a sentence."""
    for phase, reply, make in product(Phase, REPLIES, EVERY):
        step = failed(kind, phase, reply, detail="" if reply else "seen")
        check = judge(make(done(Phase.TCP), step))
        sound(check)
        assert check.status is not Status.OK
        assert check.at is step
        assert check.verdict.rule != "unruled"


def test_an_optional_failure_decides_nothing() -> None:
    """A farewell that was not answered leaves a working service working."""
    step = replace(failed(Kind.PEER_CLOSED, Phase.QUIT), optional=True)
    check = judge(smtp(done(Phase.EHLO), step))
    assert check.status is Status.OK
    assert [finding.code for finding in check.findings] == ["no_farewell"]


def test_the_first_failed_step_decides() -> None:
    """What came later is a consequence."""
    first = failed(Kind.AUTH_REFUSED, Phase.AUTH, Reply(535, None, "no"))
    check = judge(smtp(first, failed(Kind.PEER_CLOSED, Phase.MAIL)))
    assert check.at is first


def test_what_no_rule_fits_is_unknown() -> None:
    """The last resort claims nothing."""
    check = judge(trip())
    assert (check.status, check.verdict.rule) == (Status.UNKNOWN, "unruled")


def test_the_same_report_gets_the_same_verdict() -> None:
    """Judging is pure."""
    report = mx()
    assert judge(report) == judge(report)


def test_rule_names_are_unique() -> None:
    """A name in a verdict points to one line of the table."""
    counts = Counter(rule.name for rule in RULES)
    assert [name for name, count in counts.items() if count > 1] == []


@pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule.name)
def test_a_rule_says_all_it_must(rule: Rule) -> None:
    """Words for its condition and sentence; blame exactly when something is wrong."""
    assert rule.name.replace("_", "").isalnum()
    assert rule.name == rule.name.lower()
    assert rule.condition
    assert rule.why.endswith(".")
    assert (rule.blame is None) == (rule.status is Status.OK)
    assert rule.advice == "" or rule.advice.endswith(".")
    assert rule.advice or rule.status is Status.OK


@pytest.mark.parametrize("kind", Kind)
def test_every_kind_is_explained(kind: Kind) -> None:
    """Meaning, status, blame, advice and source stand in one table."""
    found = KINDS[kind]
    assert found.kind is kind
    assert found.meaning
    assert not found.meaning.endswith(".")
    assert found.status is not Status.OK
    assert found.blame in Blame
    assert found.advice.endswith(".")
    assert found.source


def test_nothing_else_is_explained() -> None:
    """The table of kinds is closed."""
    assert set(KINDS) == set(Kind)


def test_our_own_inability_is_never_an_outage() -> None:
    """What our network, resolver, set-up or program failed at is unknown."""
    ours = {Blame.VANTAGE, Blame.SETUP, Blame.PROBER, Blame.ACCOUNT}
    wrong = [
        r.name for r in RULES if r.blame in ours and r.status is not Status.UNKNOWN
    ]
    assert wrong == []
