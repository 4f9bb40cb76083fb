"""Sweeps: every target once, within bounds, and none at the cost of another."""

from __future__ import annotations

import asyncio
from collections import Counter
from typing import TYPE_CHECKING, Any
from unittest.mock import patch

import pytest

from mailprobe import (
    Check,
    ImapTarget,
    Limits,
    Mailbox,
    MxTarget,
    Pace,
    Prober,
    ProviderTarget,
    Secret,
    SmtpTarget,
    TlsTarget,
    TripTarget,
)
from mailprobe.judge.strain import SHARE
from mailprobe.lab import Refuse, Reply, Stall
from mailprobe.sweep import share
from mailprobe.wire.heartbeat import BEAT, Heartbeat
from tests.worlds import prober_options_for

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable, Iterator

    from mailprobe.lab import ThreadedLab
    from mailprobe.model.target import Target

OPEN = Pace(at_once=50, per_host=50, per_platform=50)
ENOUGH = 30.0  # seconds for any of this, on a busy machine


def submission(lab: ThreadedLab, domain: str = "libero.test") -> SmtpTarget:
    """Return a submission service of the lab."""
    at = lab.endpoint(domain, "submission", "starttls")
    return SmtpTarget(at.host, at.port, "starttls")


async def swept(
    lab: ThreadedLab,
    targets: list[Target],
    pace: Pace = OPEN,
    **options: Any,  # noqa: ANN401
) -> list[Check[Any]]:
    """Sweep over targets and return the checks in the order in which they came."""
    chosen = prober_options_for(lab) | {"attempts": 1} | options
    async with (
        asyncio.timeout(ENOUGH),
        Prober(**chosen) as prober,
        prober.sweep(targets, pace=pace) as checks,
    ):
        return [check async for check in checks]


def asked(lab: ThreadedLab) -> int:
    """Return how many questions the name server was asked."""
    return sum(lab.store.counters["dns"].commands.values())


async def until(happened: Callable[[], bool]) -> None:
    """Give way until something has happened; the caller's deadline bounds it."""
    while not happened():  # noqa: ASYNC110 - the lab's counters wake nobody
        await asyncio.sleep(0)


@pytest.mark.asyncio
async def test_every_kind_of_target_is_looked_at(lab_world: ThreadedLab) -> None:
    """One check for each target, of its kind, whatever it is."""
    ada, bob = lab_world.mailbox("ada@libero.test"), lab_world.mailbox("bob@posta.test")
    at = lab_world.endpoint("posta.test", "imap", "tls")
    targets: list[Target] = [
        MxTarget("libero.test", connect=True),
        submission(lab_world),
        ImapTarget(ada),
        ImapTarget(None, at.host, at.port),
        TlsTarget(at.host, at.port),
        TripTarget(ada, bob),
        ProviderTarget("posta.test", bob),
    ]
    checks = await swept(lab_world, targets)
    kinds = Counter(type(check.report).__name__ for check in checks)
    assert kinds == {
        "MxReport": 1,
        "SmtpReport": 1,
        "ImapReport": 2,
        "TlsReport": 1,
        "TripReport": 1,
        "ProviderReport": 1,
    }
    assert {check.status.value for check in checks} == {"ok"}
    assert all(check.report.prober.lag is not None for check in checks)


@pytest.mark.asyncio
async def test_a_target_that_hangs_delays_nobody(lab_world: ThreadedLab) -> None:
    """All others come while it is silent; leaving the block ends it."""
    hung = submission(lab_world, "virgilio.test")
    targets = [hung, *[submission(lab_world)] * 20]
    options = prober_options_for(lab_world)
    stall = Stall("GREETING", service="submission", domain="virgilio.test")
    with lab_world.fault(stall):
        async with (
            asyncio.timeout(ENOUGH),
            Prober(**options) as prober,
            prober.sweep(targets, pace=OPEN) as checks,
        ):
            found = [await anext(checks) for _ in range(20)]
    hosts = {check.report.steps[-1].peer.partition(":")[0] for check in found}
    assert hosts == {"smtp.libero.test"}
    assert asyncio.all_tasks() == {asyncio.current_task()}


@pytest.mark.asyncio
async def test_what_waits_is_not_begun_after_the_end(lab_world: ThreadedLab) -> None:
    """A place that the end sets free is nobody's: leaving leaves nothing behind."""
    hang = Stall("GREETING", service="submission")
    count = lab_world.store.counters["submission"]
    before = count.connections
    with lab_world.fault(hang):
        async with (
            asyncio.timeout(ENOUGH),
            Prober(**prober_options_for(lab_world)) as prober,
            prober.sweep([submission(lab_world)] * 20, pace=Pace(at_once=2)),
        ):
            await until(lambda: count.connections >= before + 2)
    assert asyncio.all_tasks() == {asyncio.current_task()}


@pytest.mark.asyncio
async def test_no_more_are_looked_at_than_the_pace_allows(
    lab_world: ThreadedLab,
) -> None:
    """At once, for each host and for each platform: counted where they connect."""
    count = lab_world.store.counters["submission"]
    before = count.connections
    targets = [submission(lab_world), submission(lab_world, "posta.test")] * 20
    options = prober_options_for(lab_world)
    with lab_world.fault(Stall("GREETING", service="submission")):
        async with asyncio.timeout(ENOUGH), Prober(**options) as prober:
            pace = Pace(at_once=7, per_host=5, per_platform=5)
            async with prober.sweep(targets, pace=pace):
                await until(lambda: count.connections >= before + 7)
                for _ in range(200):
                    await asyncio.sleep(0)
                assert count.connections == before + 7


@pytest.mark.asyncio
async def test_an_endless_source_is_taken_as_there_is_room(
    lab_world: ThreadedLab,
) -> None:
    """What nobody takes is not looked at: memory is bounded by the pace."""
    taken = 0

    async def endless() -> AsyncIterator[MxTarget]:
        nonlocal taken
        while True:
            taken += 1
            yield MxTarget("libero.test")

    pace = Pace(at_once=5, per_host=5, per_platform=5, room=10)
    async with (
        asyncio.timeout(ENOUGH),
        Prober(**prober_options_for(lab_world)) as own,
        own.sweep(endless(), pace=pace) as checks,
    ):
        for _ in range(30):
            assert (await anext(checks)).status == "ok"
        for _ in range(500):
            await asyncio.sleep(0)
        assert taken <= 30 + 5 + 10 + 1


@pytest.mark.asyncio
async def test_what_is_wrong_with_one_target_is_in_its_check(
    lab_world: ThreadedLab,
) -> None:
    """A fault of ours, a mistake of the caller: the others go on."""
    targets: list[Target] = [
        MxTarget("libero.test"),
        MxTarget("no..dots"),
        submission(lab_world),
    ]
    fault = RuntimeError("a fault of ours")
    with patch("mailprobe.probes.smtp.banner", side_effect=fault):
        checks = await swept(lab_world, targets)
    told = {check.verdict.rule: (check.status, check.blame) for check in checks}
    assert told == {
        "mx_published": ("ok", None),
        "target_unusable": ("unknown", "setup"),
        "bug": ("unknown", "prober"),
    }


@pytest.mark.asyncio
async def test_what_the_source_raises_is_raised(lab_world: ThreadedLab) -> None:
    """A list that cannot be read to its end is no list that ended."""

    def broken() -> Iterator[MxTarget]:
        yield MxTarget("libero.test")
        message = "line 2 cannot be read"
        raise ValueError(message)

    async with (
        asyncio.timeout(ENOUGH),
        Prober(**prober_options_for(lab_world)) as own,
        own.sweep(broken()) as checks,
    ):
        assert (await anext(checks)).status == "ok"
        with pytest.raises(ValueError, match="line 2 cannot be read"):
            await anext(checks)
    assert asyncio.all_tasks() == {asyncio.current_task()}


@pytest.mark.asyncio
async def test_a_name_is_asked_for_once(lab_world: ThreadedLab) -> None:
    """Fifty targets on one host cost two questions, not a hundred."""
    before = asked(lab_world)
    checks = await swept(lab_world, [submission(lab_world)] * 50)
    assert len(checks) == 50
    assert asked(lab_world) - before == 2


@pytest.mark.asyncio
@pytest.mark.parametrize(
    ("control", "told"),
    [
        ("posta.test", ("down", "provider", "tcp_refused")),
        ("virgilio.test", ("unknown", "vantage", "vantage_lost")),
        ("", ("down", "provider", "tcp_refused")),
    ],
    ids=["works", "lost as well", "none"],
)
async def test_a_lost_network_of_ours_is_not_theirs(
    lab_world: ThreadedLab, control: str, told: tuple[str, str, str]
) -> None:
    """When the control cannot be reached either, nothing is blamed on targets."""
    at = lab_world.endpoint(control or "posta.test", "imap", "tls")
    refused = [Refuse(domain="libero.test"), Refuse(domain="virgilio.test")]
    with lab_world.fault(*refused):
        checks = await swept(
            lab_world,
            [submission(lab_world)],
            control=f"{at.host}:{at.port}" if control else "",
        )
    assert [(c.status, c.blame, c.verdict.rule) for c in checks] == [told]


@pytest.mark.asyncio
async def test_a_loop_that_is_late_is_noticed() -> None:
    """Whatever keeps the program from serving everybody shows in the beat."""
    heart = Heartbeat()
    loop = asyncio.get_running_loop()
    began = loop.time()
    while loop.time() < began + 5 * BEAT:
        pass
    assert heart.since(began) >= 3 * BEAT
    await asyncio.sleep(0)
    await asyncio.sleep(0)
    assert heart.since(began) >= 3 * BEAT
    heart.stop()


@pytest.mark.asyncio
async def test_a_busy_program_blames_itself(lab_world: ThreadedLab) -> None:
    """A budget that ran out while our own loop stood still proves nothing."""
    limits = Limits(greeting=0.3, greeting_usual=60.0)
    options = prober_options_for(lab_world) | {"limits": limits}
    with lab_world.fault(Stall("GREETING", service="submission")):
        async with (
            asyncio.timeout(ENOUGH),
            Prober(**options) as prober,
            prober.sweep([submission(lab_world)], pace=OPEN) as checks,
        ):
            loop = asyncio.get_running_loop()
            for _ in range(3):
                await asyncio.sleep(0)
            stuck = loop.time() + 1.0
            while loop.time() < stuck:
                pass
            check = await anext(checks)
    assert (check.status, check.blame) == ("unknown", "prober"), check.why
    assert check.verdict.rule == "prober_strained"
    assert (check.report.prober.lag or 0.0) > SHARE


def test_each_target_keeps_its_slot() -> None:
    """The same place in every sweep, and different targets far apart."""
    targets = [MxTarget(f"d{number}.test") for number in range(1000)]
    places = [share(target) for target in targets]
    assert places == [share(MxTarget(target.domain)) for target in targets]
    assert all(0 <= place < 1 for place in places)
    tenths = Counter(int(10 * place) for place in places)
    assert all(50 < tenths[tenth] < 150 for tenth in range(10))
    assert share(MxTarget("a.test")) != share(ProviderTarget("a.test"))


@pytest.mark.asyncio
async def test_a_refusal_is_judged_by_the_presets(lab_world: ThreadedLab) -> None:
    """A sweep judges as a single call does."""
    busy = Reply("GREETING", 554, "5.7.1 blocked using zen.spamhaus.org")
    with lab_world.fault(busy):
        checks = await swept(lab_world, [MxTarget("libero.test", connect=True)])
    assert [(c.status, c.blame) for c in checks] == [("unknown", "vantage")]


@pytest.mark.asyncio
async def test_a_check_comes_with_its_target(lab_world: ThreadedLab) -> None:
    """Whatever was found out of it, the target is the object that was given."""
    given: list[Target] = [
        ImapTarget(Mailbox("bob@posta.test", password=Secret("no"))),
        MxTarget("posta.test"),
        MxTarget("posta.test"),
    ]
    async with (
        asyncio.timeout(ENOUGH),
        Prober(**prober_options_for(lab_world)) as prober,
        prober.sweep(given) as checks,
    ):
        found = [(target, check) async for target, check in checks.pairs()]
    assert sorted(id(target) for target, _ in found) == sorted(map(id, given))
    for target, check in found:
        assert type(check.report.target) is type(target)


@pytest.mark.asyncio
async def test_each_target_may_have_its_own_time(lab_world: ThreadedLab) -> None:
    """A function of the target gives its seconds; None leaves the default."""
    given: list[Target] = [MxTarget("posta.test"), MxTarget("libero.test")]
    limits = {given[0]: 1e-9, given[1]: None}
    async with (
        asyncio.timeout(ENOUGH),
        Prober(**prober_options_for(lab_world)) as prober,
        prober.sweep(given, timeout=lambda target: limits[target]) as checks,
    ):
        found = {target: check async for target, check in checks.pairs()}
    assert found[given[0]].status != "ok"
    assert found[given[1]].status == "ok"
