"""One report laid open for the rules."""

from __future__ import annotations

import pytest

from mailprobe.judge.case import Case, lasting, short, subject
from mailprobe.model.failure import Kind, Phase, Reply
from mailprobe.model.report import ImapReport, Report
from mailprobe.model.target import ImapTarget
from tests.judge.reports import (
    PEER,
    common,
    done,
    failed,
    imap,
    mx,
    provider,
    smtp,
    tls,
    trip,
)


@pytest.mark.parametrize(
    ("report", "name"),
    [
        (mx(), "libero.test"),
        (smtp(), "smtp.libero.test:465"),
        (tls(), "imap.libero.test:993"),
        (imap(), "imap.libero.test:993"),
        (
            ImapReport(**common(), target=ImapTarget(host="a.test", port=143)),
            "a.test:143",
        ),
        (trip(), "ada@libero.test to bob@posta.test"),
        (provider(), "libero"),
        (Report(**common()), "the target"),
    ],
)
def test_a_report_is_called_by_what_was_asked(report: Report, name: str) -> None:
    """People know their host, domain or mailbox by the name they gave."""
    assert subject(report) == name
    assert Case(report).peer == name


def test_a_failed_conversation_is_about_its_peer() -> None:
    """From the first byte on, the sentence names whom we talked to."""
    assert Case(smtp(failed(Kind.TLS_EXPIRED, Phase.TLS))).peer == PEER
    for phase in (Phase.DNS, Phase.TCP):
        step = failed(Kind.TCP_REFUSED, phase)
        assert Case(smtp(step)).peer == "smtp.libero.test:465"


def test_without_a_failure_there_is_nothing_to_quote() -> None:
    """All views of a good report are empty."""
    case = Case(smtp(done(Phase.EHLO)))
    assert (case.kind, case.phase, case.code, case.enhanced) == (None, None, 0, "")
    assert (case.said, case.quoted, case.text, case.waited) == (
        "nothing",
        "",
        "",
        "0 ms",
    )


def test_a_failure_is_laid_open() -> None:
    """Code, enhanced code, text in lower case, quotation and time."""
    reply = Reply(550, "5.7.1", "Go\nAway")
    step = failed(Kind.SMTP_PERMANENT, Phase.MAIL, reply, detail="By Us", took=1.23456)
    case = Case(smtp(step, port=25))
    assert (case.code, case.enhanced) == (550, "5.7.1")
    assert case.relay
    assert not Case(smtp(step, port=587)).relay
    assert case.text == "go away by us"
    assert case.says("never", "away")
    assert not case.says("550")
    assert case.quoted == " (550 5.7.1 Go Away)"
    assert case.waited == "1.23 s"


def test_without_a_reply_our_own_view_is_quoted() -> None:
    """What our side saw stands in for words that were not spoken."""
    case = Case(smtp(failed(Kind.TCP_RESET, Phase.MAIL, detail="reset by peer")))
    assert case.quoted == " (reset by peer)"
    assert Case(smtp(failed(Kind.TCP_RESET, Phase.MAIL))).quoted == ""


@pytest.mark.parametrize(
    ("seconds", "words"),
    [(0, "0 ms"), (0.0421, "42 ms"), (1, "1 s"), (4.256, "4.26 s"), (300, "5 min")],
)
def test_durations_are_said_as_people_say_them(seconds: float, words: str) -> None:
    """Milliseconds, seconds or minutes, as exact as anybody cares for."""
    assert lasting(seconds) == words


def test_a_long_quotation_is_cut() -> None:
    """A sentence stays one that can be read out."""
    assert short("a\n b\t c") == "a b c"
    assert len(short("x" * 999)) == 160
    assert short("x" * 999).endswith(" ...")
