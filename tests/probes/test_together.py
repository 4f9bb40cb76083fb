"""Trips that go to one mailbox at the same time: one connection, none swapped."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any

import pytest

from mailprobe import Limits, Pace, Prober, Secret, TripTarget
from mailprobe.lab import Delay, Drop, Duplicate, Junk, Lose, Reply, Stall, Withhold
from mailprobe.probes.awaited import Awaited
from mailprobe.probes.lookouts import Lookouts
from mailprobe.probes.newmail import Place, Sighting
from mailprobe.probes.together import probe_trip_together
from mailprobe.wire.clock import SystemClock
from mailprobe.wire.recorder import Recorder
from tests.worlds import prober_options_for

if TYPE_CHECKING:
    from collections.abc import Callable

    from mailprobe import Check, Mailbox, Step, TripReport
    from mailprobe.lab import Fault, ThreadedLab
    from tests.real.world import RealWorld
    from tests.worlds import World

ENOUGH = 60.0  # seconds for any of this, on a busy machine
MANY = 30
QUICK = Limits(again_after=0.0)
OPEN = Pace(at_once=500, per_host=500, per_platform=500)


async def swept(
    world: World,
    count: int = MANY,
    *,
    recipient: Mailbox | None = None,
    timeout: float = 30,
    **options: Any,  # noqa: ANN401
) -> list[Check[TripReport]]:
    """Make trips from one mailbox to another, all at once."""
    ada = world.mailbox("ada@libero.test")
    target = TripTarget(ada, recipient or world.mailbox("bob@posta.test"))
    chosen = prober_options_for(world) | {"limits": QUICK} | options
    async with (
        asyncio.timeout(ENOUGH),
        Prober(**chosen) as prober,
        prober.sweep([target] * count, pace=OPEN, timeout=timeout) as checks,
    ):
        found: list[Any] = [check async for check in checks]
    assert asyncio.all_tasks() == {asyncio.current_task()}
    return found


def own_mail_each(checks: list[Check[TripReport]]) -> None:
    """Hold that each trip saw its own mail, once, and took it away."""
    assert {(c.status.value, c.why.split(" after ")[0]) for c in checks} == {
        ("ok", "The mail to bob@posta.test arrived")
    }
    assert {check.report.copies for check in checks} == {1}
    assert {check.report.deleted for check in checks} == {True}
    assert {check.report.foreign for check in checks} == {0}
    assert len({check.report.canary for check in checks}) == len(checks)
    fetched = {s.seen for c in checks for s in c.report.steps if s.phase == "fetch"}
    assert len(fetched) == len(checks)


@pytest.mark.asyncio
async def test_one_connection_for_all(lab_world: ThreadedLab) -> None:
    """Thirty trips to one mailbox: one connection, one login, one LOGOUT."""
    lab_world.store.clear()
    checks = await swept(lab_world)
    own_mail_each(checks)
    count = lab_world.store.counters["imap"]
    assert (count.connections, count.peak, count.auth_attempts) == (1, 1, 1)
    assert count.commands["LOGOUT"] == 1
    assert not lab_world.store.messages("bob@posta.test")


@pytest.mark.asyncio
async def test_who_opened_has_the_steps(lab_world: ThreadedLab) -> None:
    """One report has the login, one the LOGOUT; the others say that they joined."""
    checks = await swept(lab_world, 5)
    through = sorted(str(check.report.watched_through) for check in checks)
    assert through == ["joined"] * 4 + ["opened"]
    phases = [[step.phase.value for step in check.report.steps] for check in checks]
    assert sum("login" in one for one in phases) == 1
    assert sum("logout" in one for one in phases) == 1
    for check in checks:
        report = check.report
        assert ("login" in [s.phase for s in report.steps]) == (
            report.watched_through == "opened"
        )
        assert report.recipient_authenticated is True
        assert report.receiving_tls is not None
        assert "idle_silent" not in {found.code for found in check.findings}


@pytest.mark.asyncio
async def test_a_single_trip_keeps_connections_of_its_own(
    lab_world: ThreadedLab,
) -> None:
    """Outside a sweep nothing is shared: sight and IDLE are told apart."""
    lab_world.store.clear()
    async with Prober(**prober_options_for(lab_world)) as prober:
        check = await prober.round_trip(
            lab_world.mailbox("ada@libero.test"), lab_world.mailbox("bob@posta.test")
        )
    assert check.report.watched_through == "own"
    assert lab_world.store.counters["imap"].connections == 2


@pytest.mark.asyncio
@pytest.mark.parametrize(
    "fault",
    [
        Stall("PUSH", service="imap"),
        Withhold("IDLE", service="imap"),
        Reply("IDLE", "NO", "not now", service="imap"),
    ],
    ids=["never pushes", "not offered", "refused"],
)
async def test_idle_is_not_relied_upon(lab_world: ThreadedLab, fault: Fault) -> None:
    """Whatever IDLE does, polls beside it find every mail."""
    with lab_world.fault(fault, Delay(0.5)):
        own_mail_each(await swept(lab_world))


@pytest.mark.asyncio
async def test_idle_tells_first_when_mail_is_late(lab_world: ThreadedLab) -> None:
    """While nothing comes the connection idles, and what IDLE tells is kept."""
    limits = replace(QUICK, poll_first=ENOUGH, poll_longest=ENOUGH)
    with lab_world.fault(Delay(0.3)):
        checks = await swept(lab_world, 3, limits=limits)
    own_mail_each(checks)
    told = [(check.report.notified, check.report.visible) for check in checks]
    # One that came while another's was read may have been seen untold.
    assert any(notified is not None for notified, _ in told)
    for notified, visible in told:
        assert visible is not None
        assert notified is None or notified <= visible


@pytest.mark.asyncio
async def test_copies_are_counted_for_their_own_trip(lab_world: ThreadedLab) -> None:
    """Mail that comes twice is seen twice by its trip, and removed twice."""
    with lab_world.fault(Duplicate(copies=2)):
        checks = await swept(lab_world, 10)
    assert {check.verdict.rule for check in checks} == {"trip_duplicated"}
    assert {check.report.copies for check in checks} == {2}
    assert not lab_world.store.messages("bob@posta.test")


@pytest.mark.asyncio
async def test_mail_that_nobody_waits_for_is_left_alone(lab_world: ThreadedLab) -> None:
    """A forged token is evidence for all who watch; the mail stays as it is."""
    forged = "mp1-00000000-66666666-" + "0" * 32 + "-" + "f" * 32
    raw = f"Subject: mailprobe canary {forged}\r\n\r\nnot ours\r\n".encode()
    slipped: list[Step] = []

    def slip_in(probe: str, step: Step) -> None:
        if (probe, step.phase) == ("trip", "accept"):
            if not slipped:
                lab_world.store.deliver("bob@posta.test", raw)
            slipped.append(step)

    with lab_world.fault(Lose()):
        checks = await swept(lab_world, 5, timeout=2, on_step=slip_in)
    # The fact and not the verdict: whoever was busy for half a second blames itself.
    failures = [check.verdict.failure for check in checks]
    assert {one.kind for one in failures if one} == {"canary_missing"}
    assert all(failures)
    assert {check.report.foreign for check in checks} == {1}
    kept = lab_world.store.messages("bob@posta.test")
    assert [(mail.raw, mail.flags) for mail in kept] == [(raw, frozenset())]
    lab_world.store.clear()


async def cut_off(
    lab: ThreadedLab, *faults: Fault, meanwhile: Callable[[], None] = lambda: None
) -> list[Check[TripReport]]:
    """Cut the connection off while ten wait; no mail is there before that."""
    lab.store.clear()
    accepted: list[Step] = []
    drop, delay = Drop("NOOP", service="imap"), Delay()

    def cut(probe: str, step: Step) -> None:
        if (probe, step.phase) == ("trip", "accept"):
            accepted.append(step)
            if len(accepted) == 10:
                lab.call(meanwhile)
                lab.inject(drop)

    async def restore() -> None:
        count = lab.store.counters["imap"]
        while count.connections < 2:  # noqa: ASYNC110 - counters wake nobody
            await asyncio.sleep(0)
        lab.withdraw(drop)
        lab.withdraw(delay)

    with lab.fault(delay, *faults):
        watching = asyncio.create_task(restore())
        try:
            return await swept(lab, 10, on_step=cut)
        finally:
            watching.cancel()


@pytest.mark.asyncio
async def test_a_lost_connection_is_opened_once_for_all(lab_world: ThreadedLab) -> None:
    """Cut off while all wait: one more login, and every mail is found."""
    checks = await cut_off(lab_world)
    own_mail_each(checks)
    count = lab_world.store.counters["imap"]
    assert (count.connections, count.peak, count.auth_attempts) == (2, 1, 2)
    for check in checks:
        transit = next(s for s in check.report.steps if s.phase == "transit")
        assert "opened once more" in transit.seen[0]


@pytest.mark.asyncio
@pytest.mark.parametrize(("name", "landed"), [("INBOX", "inbox"), ("Junk", "junk")])
async def test_mail_is_found_where_uids_are_given_anew(
    lab_world: ThreadedLab, name: str, landed: str
) -> None:
    """A mailbox put up again counts from 1, folder by folder: nothing is missed."""
    folder = lab_world.store.account("bob@posta.test").folders[name]
    for _ in range(20):
        lab_world.store.deliver("bob@posta.test", b"Subject: old\r\n\r\n", name)

    def put_up_again() -> None:
        folder.uid_validity, folder.uid_next = folder.uid_validity + 1000, 1

    faults = [Junk()] if name == "Junk" else []
    checks = await cut_off(lab_world, *faults, meanwhile=put_up_again)
    assert {check.report.landed for check in checks} == {landed}
    assert {check.report.copies for check in checks} == {1}
    assert not lab_world.store.messages("bob@posta.test", name)


def test_a_mail_that_was_numbered_anew_is_the_same_one() -> None:
    """Seen once more under another UIDVALIDITY: no second copy, and no later sight."""
    recorder = Recorder(SystemClock(), QUICK, 1)
    lookout: Any = SimpleNamespace(recorder=recorder)
    sought: Any = None
    one = Awaited(sought, recorder, asyncio.Event(), lookout)
    place = Place(b"INBOX", "INBOX", "inbox", 1)
    first = Sighting(place=place, validity=7, uid=41, number=1, by=0.2, after=0.1)
    for sighting in (
        first,
        replace(first, uid=42),
        replace(first, validity=8, uid=1, by=5.0),
    ):
        one.see(sighting, None)
    assert [(s.validity, s.uid, s.by) for s in one.sightings] == [
        (8, 1, 0.2),
        (7, 42, 0.2),
    ]
    one.see(replace(first, validity=8, uid=2), None)
    assert [(s.validity, s.uid) for s in one.sightings] == [(8, 1), (8, 2)]


@pytest.mark.asyncio
async def test_a_connection_lost_again_and_again_ends_all(
    lab_world: ThreadedLab,
) -> None:
    """A trip survives one loss; the second is its failure, and nobody goes on."""
    lab_world.store.clear()
    with lab_world.fault(Drop("NOOP", service="imap"), Lose()):
        checks = await swept(lab_world, 5)
    failures = {c.verdict.failure.kind for c in checks if c.verdict.failure}
    assert failures == {"peer_closed"}
    assert {check.status.value for check in checks} == {"down"}
    assert lab_world.store.counters["imap"].connections == 2
    lab_world.store.clear()


@pytest.mark.asyncio
async def test_a_refused_login_is_everybodys(lab_world: ThreadedLab) -> None:
    """One attempt for all that wait, none for those that come later; nothing sent."""
    lab_world.store.clear()
    wrong = replace(lab_world.mailbox("bob@posta.test"), password=Secret("not it"))
    ada = lab_world.mailbox("ada@libero.test")
    async with (
        asyncio.timeout(ENOUGH),
        Prober(**prober_options_for(lab_world)) as prober,
        prober.sweep(
            [TripTarget(ada, wrong)] * 20, pace=replace(OPEN, at_once=5), timeout=10
        ) as found,
    ):
        checks: list[Any] = [check async for check in found]
    assert {(c.status.value, c.blame, c.verdict.rule) for c in checks} == {
        ("unknown", "account", "login_refused_imap")
    }
    assert {c.report.recipient_authenticated for c in checks} == {False}
    assert len(checks) == 20
    assert lab_world.store.counters["imap"].auth_attempts == 1
    assert lab_world.store.counters["submission"].connections == 0


@pytest.mark.asyncio
@pytest.mark.parametrize("phase", ["tls", "login", "select", "data", "accept"])
async def test_one_that_is_cancelled_disturbs_nobody(
    lab_world: ThreadedLab, phase: str
) -> None:
    """Cancel the trip that opens the connection: all others find their mail."""
    lab_world.store.clear()
    done: list[Step] = []
    tasks: list[asyncio.Task[TripReport]] = []

    def cancel(step: Step) -> None:
        if step.phase == phase and not done:
            done.append(step)
            tasks[0].cancel()

    async with asyncio.timeout(ENOUGH), Prober(**prober_options_for(lab_world)) as own:
        lookouts = Lookouts(own.vantage)
        ada, bob = (lab_world.mailbox(n) for n in ("ada@libero.test", "bob@posta.test"))
        tasks += [
            asyncio.create_task(
                probe_trip_together(
                    own.vantage,
                    lookouts,
                    TripTarget(ada, bob),
                    30,
                    None if number else cancel,
                )
            )
            for number in range(5)
        ]
        await asyncio.wait(tasks)
        await lookouts.close()
    assert done
    assert tasks[0].cancelled()
    assert [task.result().landed for task in tasks[1:]] == ["inbox"] * 4
    count = lab_world.store.counters["imap"]
    assert (count.connections, count.commands["LOGOUT"]) == (1, 1)
    assert asyncio.all_tasks() == {asyncio.current_task()}
    lab_world.store.clear()


@pytest.mark.asyncio
async def test_leaving_a_sweep_logs_out(lab_world: ThreadedLab) -> None:
    """Trips that are given up leave no connection, and not without a word."""
    lab_world.store.clear()
    accepted = asyncio.Event()

    def note(probe: str, step: Step) -> None:
        if (probe, step.phase) == ("trip", "accept"):
            accepted.set()

    ada, bob = (lab_world.mailbox(n) for n in ("ada@libero.test", "bob@posta.test"))
    options = prober_options_for(lab_world) | {"on_step": note}
    with lab_world.fault(Lose()):
        async with (
            asyncio.timeout(ENOUGH),
            Prober(**options) as prober,
            prober.sweep([TripTarget(ada, bob)] * 5, pace=OPEN, timeout=30),
        ):
            await accepted.wait()
    assert asyncio.all_tasks() == {asyncio.current_task()}
    assert lab_world.store.counters["imap"].commands["LOGOUT"] == 1


@pytest.mark.asyncio
async def test_each_trip_keeps_its_own_deadline(lab_world: ThreadedLab) -> None:
    """An impatient trip gives up alone; a patient one beside it sees its mail."""
    async with asyncio.timeout(ENOUGH), Prober(**prober_options_for(lab_world)) as own:
        lookouts = Lookouts(own.vantage)
        ada, bob = (lab_world.mailbox(n) for n in ("ada@libero.test", "bob@posta.test"))
        target = TripTarget(ada, bob)
        with lab_world.fault(Delay(2.0)):
            short, long = await asyncio.gather(
                *(
                    probe_trip_together(own.vantage, lookouts, target, seconds)
                    for seconds in (1.0, 30.0)
                )
            )
        await lookouts.close()
    assert short.failure is not None
    assert short.failure.kind == "canary_missing"
    assert long.landed == "inbox"
    lab_world.store.clear()


@pytest.mark.asyncio
@pytest.mark.real
async def test_on_real_servers(real_world: RealWorld) -> None:
    """Through Postfix and Dovecot: each finds its own mail, by one login in all."""
    log = real_world.dovecot.log
    before = log.read_text(errors="replace").count(
        "imap-login: Info: Login: user=<bob@posta"
    )
    checks = await swept(real_world, MANY)
    after = log.read_text(errors="replace").count(
        "imap-login: Info: Login: user=<bob@posta"
    )
    own_mail_each(checks)
    assert after - before == 1
    for check in checks:
        assert check.report.canary is not None
        assert real_world.deliveries(check.report.canary) == 1
