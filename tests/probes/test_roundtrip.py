"""Round trips, in the lab and through Postfix and Dovecot."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import pytest

from mailprobe import Prober, Secret
from mailprobe.lab import Delay, Drop, Duplicate, Junk, Lose, Reply, Withhold
from tests.worlds import prober_options_for

if TYPE_CHECKING:
    from mailprobe import Check, Step, TripReport
    from mailprobe.lab import Fault, ThreadedLab
    from mailprobe.model.target import SecurityName
    from tests.real.world import RealWorld
    from tests.worlds import World


@pytest.mark.asyncio
async def test_a_mail_is_sent_seen_and_taken_away(
    world: World, prober_options: dict[str, Any]
) -> None:
    """A healthy trip tells when, where and by which way the mail arrived."""
    ada, bob = world.mailbox("ada@libero.test"), world.mailbox("bob@posta.test")
    async with Prober(**prober_options) as prober:
        before = await prober.imap(bob)
        check = await prober.round_trip(ada, bob, timeout=30)
        after = await prober.imap(bob)
    report = check.report
    assert check.status == "ok", check.why
    assert report.landed == "inbox"
    assert report.copies == 1
    assert report.deleted is True
    assert report.accepted is not None
    assert report.accepted.code == 250
    assert report.visible is not None
    assert report.visible_error is not None
    assert report.acceptance is not None
    assert 0 < report.visible_error <= report.visible
    assert report.transit == report.visible
    assert report.idle is True
    assert report.notified is not None
    assert report.internal_date is not None
    assert report.submitted_at is not None
    assert len(report.hops) >= 2
    assert "smtp.libero.test" in report.hops[0].by
    assert report.authentication_results
    assert before.report.inbox is not None
    assert after.report.inbox is not None
    assert after.report.inbox.messages == before.report.inbox.messages


@pytest.mark.asyncio
@pytest.mark.parametrize("security", ["tls", "starttls"])
async def test_a_mailbox_to_itself(
    world: World, prober_options: dict[str, Any], security: SecurityName
) -> None:
    """A trip from a mailbox to itself works over both kinds of TLS."""
    ada = world.mailbox("ada@virgilio.test", security=security)
    async with Prober(**prober_options) as prober:
        check = await prober.round_trip(ada, ada, timeout=30)
    assert check.status == "ok", check.why


@pytest.mark.asyncio
async def test_trips_at_once_are_not_taken_for_each_other(
    world: World, prober_options: dict[str, Any]
) -> None:
    """Four trips into one mailbox each find their own mail, once."""
    ada, bob = world.mailbox("ada@libero.test"), world.mailbox("bob@libero.test")
    async with Prober(**prober_options) as prober:
        checks = await asyncio.gather(
            *(prober.round_trip(ada, bob, timeout=30) for _ in range(4))
        )
    assert [check.status for check in checks] == ["ok"] * 4
    assert {check.report.copies for check in checks} == {1}
    assert len({check.report.canary for check in checks}) == 4


@pytest.mark.asyncio
@pytest.mark.real
async def test_junk_on_real_servers(real_world: RealWorld) -> None:
    """Mail that a real server files as junk is found there and taken away."""
    with real_world.junk():
        check = await _trip(real_world)
    assert (check.status, check.verdict.rule) == ("degraded", "trip_junk")
    assert check.report.folder == "Junk"
    assert check.report.deleted is True


@pytest.mark.asyncio
@pytest.mark.real
async def test_discarded_mail_is_missing(real_world: RealWorld) -> None:
    """Mail that is accepted and lost is the receiving provider's fault."""
    with real_world.discard("posta.test"):
        check = await _trip(real_world, timeout=2)
    assert (check.status, check.blame) == ("down", "provider")
    assert check.verdict.failure is not None
    assert check.verdict.failure.kind == "canary_missing"
    assert check.report.accepted is not None


@pytest.mark.asyncio
@pytest.mark.real
async def test_a_stopped_dovecot_is_seen_before_sending(real_world: RealWorld) -> None:
    """When reading is impossible nothing is sent, and reading is named."""
    with real_world.dovecot_down():
        check = await _trip(real_world, timeout=10)
    assert (check.status, check.blame) == ("down", "provider")
    assert check.verdict.failure is not None
    assert check.verdict.failure.kind == "tcp_refused"
    assert check.report.submitted_at is None


@pytest.mark.asyncio
@pytest.mark.parametrize(
    ("fault", "status", "blame", "rule", "landed"),
    [
        (Junk(), "degraded", "unclear", "trip_junk", "junk"),
        (Duplicate(copies=2), "degraded", "provider", "trip_duplicated", "inbox"),
        (Lose(), "down", "provider", "trip_missing", None),
        (Drop("ACCEPT", service="submission"), "degraded", "sender",
         "trip_unconfirmed_arrived", "inbox"),
        (Drop("DATA", service="submission"), "down", "sender",
         "trip_sending_failed", None),
        (Reply("RCPT", 550, "5.1.1 no such user", service="submission"), "unknown",
         "account", "canary_gone", None),
        (Reply("RCPT", 451, "4.7.1 greylisted", service="submission"), "degraded",
         "sender", "greylisted_by_sender", None),
        (Reply("ACCEPT", 550, "5.7.26 DMARC policy", service="submission"), "down",
         "sender", "sender_policy", None),
        (Reply("EXAMINE", "NO", "[UNAVAILABLE] store is down", service="imap"), "down",
         "provider", "mailbox_closed", None),
    ],
    ids=lambda value: str(value)[:40],
)  # fmt: skip
async def test_what_became_of_the_mail(
    lab_world: ThreadedLab,
    fault: Fault,
    status: str,
    blame: str,
    rule: str,
    landed: str | None,
) -> None:
    """Each fate of a mail has its own verdict and culprit."""
    with lab_world.fault(fault):
        check = await _trip(lab_world, timeout=1.5)
    assert (check.status, check.blame, check.verdict.rule) == (status, blame, rule)
    assert check.report.landed == landed


@pytest.mark.asyncio
async def test_a_late_mail_is_timed(lab_world: ThreadedLab) -> None:
    """The bounds of the sight contain the moment the mail was put there."""
    with lab_world.fault(Delay(0.3)):
        check = await _trip(lab_world, timeout=10)
    report = check.report
    assert check.status == "ok"
    assert report.visible is not None
    assert report.visible_error is not None
    assert report.visible >= 0.3
    assert report.visible - report.visible_error <= report.visible


@pytest.mark.asyncio
async def test_without_idle_the_mail_is_found_by_polls(lab_world: ThreadedLab) -> None:
    """A provider without IDLE is probed all the same, and that is said."""
    with lab_world.fault(Withhold("IDLE", service="imap")):
        check = await _trip(lab_world)
    assert check.status == "ok"
    assert check.report.idle is False
    assert check.report.notified is None
    assert "no_idle" in {found.code for found in check.findings}


@pytest.mark.asyncio
async def test_idle_that_never_pushes_is_a_finding(lab_world: ThreadedLab) -> None:
    """IDLE that is offered and silent does not hide the mail."""
    from mailprobe.lab import Stall  # noqa: PLC0415 - for this one test

    with lab_world.fault(Stall("PUSH", service="imap")):
        check = await _trip(lab_world)
    assert check.status == "ok"
    assert check.report.notified is None
    assert "idle_silent" in {found.code for found in check.findings}


@pytest.mark.asyncio
async def test_nothing_else_in_the_mailbox_is_touched(lab_world: ThreadedLab) -> None:
    """Mail of others stays as it is: same bytes, same flags, even forged tokens."""
    forged = "mp1-00000000-66666666-" + "0" * 32 + "-" + "f" * 32
    raw = f"Subject: mailprobe canary {forged}\r\n\r\nnot ours\r\n".encode()
    lab_world.store.deliver("bob@posta.test", raw)
    before = _contents(lab_world)
    check = await _trip(lab_world)
    assert check.status == "ok"
    assert _contents(lab_world) == before
    lab_world.store.clear()


@pytest.mark.asyncio
async def test_mail_that_others_marked_for_deletion_survives(
    lab_world: ThreadedLab,
) -> None:
    """Only our own mail is expunged, not what its owner has merely marked."""
    message = lab_world.store.deliver("bob@posta.test", b"Subject: keep\r\n\r\nme\r\n")
    lab_world.call(setattr, message, "flags", frozenset({"\\Deleted"}))
    check = await _trip(lab_world)
    assert check.report.deleted is True
    assert [kept.raw for kept in lab_world.store.messages("bob@posta.test")] == [
        message.raw
    ]
    lab_world.store.clear()


@pytest.mark.asyncio
async def test_uids_given_anew_are_other_mails(lab_world: ThreadedLab) -> None:
    """Put up again before the removal: the UID is somebody else's, which survives."""
    box = lab_world.store.account("bob@posta.test").folders["INBOX"]
    theirs = b"Subject: theirs\r\n\r\n"

    def put_up_again() -> None:
        box.uid_validity += 1000
        for message in box.messages:
            message.raw = theirs

    def then(probe: str, step: Step) -> None:
        if (probe, step.phase) == ("trip", "search"):
            lab_world.call(put_up_again)

    check = await _trip(lab_world, on_step=then)
    assert check.report.copies == 1
    assert check.report.deleted is False
    assert _contents(lab_world) == [(theirs, frozenset())]
    lab_world.store.clear()


@pytest.mark.asyncio
async def test_old_mail_is_not_looked_at(lab_world: ThreadedLab) -> None:
    """A canary that lay there before counts neither as ours nor as a stranger's."""
    old = "mp1-00000000-66666666-" + "0" * 32 + "-" + "f" * 32
    lab_world.store.deliver("bob@posta.test", f"Subject: {old}\r\n\r\n".encode())
    with lab_world.fault(Lose()):
        check = await _trip(lab_world, timeout=1)
    assert check.verdict.rule == "trip_missing"
    assert check.report.foreign == 0
    lab_world.store.clear()


@pytest.mark.asyncio
async def test_new_mail_of_other_probers_is_counted(lab_world: ThreadedLab) -> None:
    """A forged canary that comes meanwhile is evidence, never an arrival."""
    forged = "mp1-00000000-66666666-" + "0" * 32 + "-" + "f" * 32
    raw = f"Subject: mailprobe canary {forged}\r\n\r\n".encode()

    def slip_in(probe: str, step: Step) -> None:
        if (probe, step.phase) == ("trip", "data"):
            lab_world.store.deliver("bob@posta.test", raw)

    options = prober_options_for(lab_world) | {"on_step": slip_in}
    async with Prober(**options) as prober:
        with lab_world.fault(Lose()):
            check = await prober.round_trip(
                lab_world.mailbox("ada@libero.test"),
                lab_world.mailbox("bob@posta.test"),
                timeout=1,
            )
    assert check.verdict.rule == "trip_missing"
    assert check.report.foreign == 1
    lab_world.store.clear()


@pytest.mark.asyncio
async def test_without_uidplus_our_mail_stays_flagged(lab_world: ThreadedLab) -> None:
    """Where only a wide EXPUNGE would do, our mail stays, and that is said."""
    with lab_world.fault(Withhold("UIDPLUS", service="imap")):
        check = await _trip(lab_world)
    assert check.status == "ok"
    assert check.report.deleted is False
    assert "canary_left" in {found.code for found in check.findings}
    lab_world.store.clear()


@pytest.mark.asyncio
async def test_a_refused_reader_is_asked_once(lab_world: ThreadedLab) -> None:
    """A wrong password is tried once, and nothing is sent."""
    ada = lab_world.mailbox("ada@libero.test")
    bob = replace(lab_world.mailbox("bob@posta.test"), password=Secret("not it"))
    before = lab_world.store.counters["submission"].connections
    logins = lab_world.store.counters["imap"].auth_attempts
    async with Prober(**prober_options_for(lab_world)) as prober:
        check = await prober.round_trip(ada, bob, timeout=10)
    assert (check.status, check.blame) == ("unknown", "account")
    assert lab_world.store.counters["submission"].connections == before
    assert lab_world.store.counters["imap"].auth_attempts == logins + 1


async def _trip(
    world: World,
    timeout: float = 30,
    **options: Any,  # noqa: ANN401 - of a prober
) -> Check[TripReport]:
    async with Prober(**prober_options_for(world), **options) as prober:
        return await prober.round_trip(
            world.mailbox("ada@libero.test"),
            world.mailbox("bob@posta.test"),
            timeout=timeout,
        )


def _contents(lab: ThreadedLab) -> list[tuple[bytes, frozenset[str]]]:
    messages = lab.store.messages("bob@posta.test")
    return [(message.raw, frozenset(message.flags)) for message in messages]
