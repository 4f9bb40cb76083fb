"""A whole provider: four availabilities and one sentence."""

from __future__ import annotations

from dataclasses import replace

from mailprobe.judge import judge
from mailprobe.judge.provider import availabilities, judge_provider
from mailprobe.model.failure import Kind, Phase, Reply
from mailprobe.model.report import MxAddress, ProviderReport, Step
from mailprobe.model.verdict import Blame, Status
from tests.judge.reports import (
    ADA,
    address,
    done,
    failed,
    failure,
    host,
    imap,
    mx,
    provider,
    smtp,
    trip,
)

NO_535 = failed(Kind.AUTH_REFUSED, Phase.AUTH, Reply(535, "5.7.8", "wrong"))
UNAVAILABLE = failed(
    Kind.AUTH_UNAVAILABLE, Phase.LOGIN, Reply("NO", "UNAVAILABLE", "later")
)
WRONG = failed(
    Kind.AUTH_REFUSED, Phase.LOGIN, Reply("NO", "AUTHENTICATIONFAILED", "wrong")
)
GOOD = ProviderReport(
    started_at=provider().started_at,
    duration=2.0,
    prober=provider().prober,
    steps=(),
    target=provider().target,
    mx=judge(mx(host(address(1)))),
    submission=(judge(smtp(authenticated=True)),),
    imap=(judge(imap(authenticated=True)),),
    trip=judge(
        replace(
            trip(recipient=ADA), visible=1.0, landed="inbox", folder="INBOX", copies=1
        )
    ),
)


def logins(sending: Step | None, reading: Step | None) -> ProviderReport:
    """Return a provider whose logins ended with these steps; None: they worked."""
    return replace(
        GOOD,
        submission=(judge(smtp(sending) if sending else smtp(authenticated=True)),),
        imap=(judge(imap(reading) if reading else imap(authenticated=True)),),
    )


def test_all_four_work() -> None:
    """One sentence names what works."""
    check = judge_provider(GOOD)
    assert (check.status, check.blame, check.verdict.rule) == (
        Status.OK,
        None,
        "provider_ok",
    )
    assert check.why == (
        "libero works: sending works, mail is accepted, mail is delivered and "
        "mailboxes open."
    )


def test_nothing_tried_is_nothing_claimed() -> None:
    """Without hosts and mailbox the provider is unknown, by our set-up."""
    check = judge_provider(provider())
    assert (check.status, check.blame, check.verdict.rule) == (
        Status.UNKNOWN,
        Blame.SETUP,
        "provider_untested",
    )
    assert check.why == "Nothing is known of where libero is served."


def test_a_535_beside_an_unavailable_login_is_the_providers() -> None:
    """SMTP says "wrong password", IMAP says that nobody can log in."""
    told = availabilities(logins(NO_535, UNAVAILABLE))
    assert told.submit is not None
    assert (told.submit.status, told.submit.blame) == (Status.DOWN, Blame.PROVIDER)
    assert told.submit.rule == "login_refused_backend_down"
    check = judge_provider(logins(NO_535, UNAVAILABLE))
    assert (check.status, check.blame) == (Status.DOWN, Blame.PROVIDER)


def test_a_535_beside_a_refused_login_is_the_accounts() -> None:
    """Both say that the password is wrong: it is."""
    told = availabilities(logins(NO_535, WRONG))
    assert told.submit is not None
    assert (told.submit.status, told.submit.blame) == (Status.UNKNOWN, Blame.ACCOUNT)
    assert told.submit.rule == "login_refused_both"


def test_a_535_beside_a_login_that_works_is_an_outage_of_sending() -> None:
    """The password is right, as IMAP shows."""
    told = availabilities(logins(NO_535, None))
    assert told.submit is not None
    assert (told.submit.status, told.submit.blame) == (Status.DOWN, Blame.UNCLEAR)
    assert told.submit.rule == "login_refused_smtp_only"
    assert told.submit.why.startswith("mx.libero.test:25 refuses a login that IMAP")


def test_a_fault_of_ours_is_not_our_configuration() -> None:
    """What failed before anything was tried is blamed for what it is."""
    step = failed(Kind.BUG, Phase.TRANSIT, detail="Traceback ...\nIndexError: no")
    check = judge_provider(provider(step))
    assert (check.status, check.blame) == (Status.UNKNOWN, Blame.PROBER)
    words = "was not judged: mailprobe itself failed (IndexError: no)."
    assert check.why.endswith(words)


def test_a_535_alone_stays_open() -> None:
    """Without IMAP nobody can tell; nothing is claimed."""
    told = availabilities(replace(logins(NO_535, None), imap=()))
    assert told.submit is not None
    assert (told.submit.status, told.submit.blame) == (Status.UNKNOWN, Blame.UNCLEAR)


def test_a_server_that_speaks_of_maintenance_is_believed() -> None:
    """Its own words count for more than what IMAP makes of the login."""
    words = Reply(535, None, "Servizio in manutenzione")
    step = failed(Kind.AUTH_REFUSED, Phase.AUTH, words)
    for reading in (None, WRONG, UNAVAILABLE):
        told = availabilities(logins(step, reading))
        assert told.submit is not None
        assert told.submit.rule == "maintenance"
        assert (told.submit.status, told.submit.blame) == (Status.DOWN, Blame.PROVIDER)


def test_names_alone_do_not_show_that_mail_is_accepted() -> None:
    """MX hosts that were not dialled say nothing; their absence says all."""
    published = judge(mx(host(MxAddress(address="192.0.2.1", ttl=60))))
    assert availabilities(replace(GOOD, mx=published)).accept is None
    refused = judge(mx(steps=(failed(Kind.MX_NULL, Phase.DNS),)))
    told = availabilities(replace(GOOD, mx=refused)).accept
    assert told is not None
    assert told.status is Status.DOWN


def test_one_port_that_fails_beside_one_that_works_is_degraded() -> None:
    """The check with a login counts for most."""
    bad = judge(smtp(failed(Kind.TCP_REFUSED, Phase.TCP), port=587))
    told = availabilities(replace(GOOD, submission=(*GOOD.submission, bad))).submit
    assert told is not None
    assert told.status is Status.DEGRADED
    assert told.why.startswith("One of its ports fails: smtp.libero.test:587")
    other = availabilities(replace(GOOD, submission=(bad, *GOOD.submission))).submit
    assert other is not None
    assert other.status is Status.DOWN


def test_the_worst_function_decides_and_the_good_ones_are_told() -> None:
    """The storage failure of January 2023, in one sentence."""
    step = failed(Kind.IMAP_NO, Phase.SELECT, Reply("NO", "SERVERBUG", "store"))
    report = replace(GOOD, imap=(judge(imap(step, authenticated=True)),), trip=None)
    check = judge_provider(report)
    assert (check.status, check.blame, check.verdict.rule) == (
        Status.DOWN,
        Blame.PROVIDER,
        "provider_down",
    )
    assert check.why.startswith(
        "At libero, its users cannot open their mailboxes, while sending works and "
        "mail is accepted. "
    )
    assert check.at is step


def test_what_could_not_be_judged_is_not_called_degraded() -> None:
    """Our own blocked port 25 makes acceptance unknown, and nothing worse."""
    silent = failure(Kind.TCP_TIMEOUT, Phase.TCP)
    report = replace(GOOD, mx=judge(mx(host(address(1, silent)))))
    check = judge_provider(report)
    assert (check.status, check.blame) == (Status.UNKNOWN, Blame.VANTAGE)
    assert check.why.startswith("At libero, accepting could not be judged. ")


def test_findings_of_all_checks_are_gathered_once() -> None:
    """Two ports with the same finding tell it once."""
    slow = done(Phase.GREETING, took=12)
    twice = (judge(smtp(slow, authenticated=True)), judge(smtp(slow, port=587)))
    check = judge_provider(replace(GOOD, submission=twice))
    assert [finding.code for finding in check.findings] == ["slow_greeting"]
