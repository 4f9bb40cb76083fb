"""Whole providers: four availabilities, in the lab and on real servers."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

import pytest

from mailprobe import Mailbox, Prober, Secret, UsageError
from mailprobe.lab import Lose, Refuse, Reply
from mailprobe.model.provider import Catalogue
from tests.worlds import prober_options_for

if TYPE_CHECKING:
    from mailprobe import Check, ProviderReport, Verdict
    from mailprobe.lab import ThreadedLab
    from tests.real.world import RealWorld
    from tests.worlds import World


@pytest.mark.asyncio
async def test_a_healthy_provider(world: World, prober_options: dict[str, Any]) -> None:
    """All four functions are tried and found to work."""
    async with Prober(**prober_options) as prober:
        check = await prober.provider("libero.test", world.mailbox("ada@libero.test"))
    assert check.status == "ok", check.why
    assert _statuses(check) == ("ok", "ok", "ok", "ok")
    assert check.report.preset == "libero-test"
    assert len(check.report.submission) == 2
    assert len(check.report.imap) == 2


@pytest.mark.asyncio
async def test_without_a_mailbox(world: World, prober_options: dict[str, Any]) -> None:
    """Without a canary, what can be seen from outside is seen, and no more claimed."""
    del world
    async with Prober(**prober_options) as prober:
        check = await prober.provider("posta.test")
    assert _statuses(check) == ("ok", "ok", None, "ok")
    assert check.report.trip is None


@pytest.mark.asyncio
async def test_unknown_domain_is_found_by_srv_records(
    world: World, prober_options: dict[str, Any]
) -> None:
    """A domain without a preset is served where its SRV records say."""
    options = prober_options | {"catalogue": Catalogue()}
    box = world.mailbox("ada@posta.test")
    async with Prober(**options) as prober:
        bare = Mailbox(box.address, password=box.password)
        check = await prober.provider("posta.test", bare)
    assert check.status == "ok", check.why
    assert check.report.preset is None


@pytest.mark.asyncio
async def test_unknown_domain_without_srv_records_asks_for_a_host(
    world: World, prober_options: dict[str, Any]
) -> None:
    """Where nothing is known, one sentence asks for the host."""
    del world
    box = Mailbox("ada@nowhere.test", password=Secret("x"))
    async with Prober(**prober_options) as prober:
        with pytest.raises(
            UsageError, match=r"no SRV record; give its host \(imap=Endpoint"
        ):
            await prober.imap(box)


@pytest.mark.asyncio
@pytest.mark.real
async def test_january_2023_on_real_servers(real_world: RealWorld) -> None:
    """Mail is accepted and mailboxes are dead: the two are never one "up"."""
    with real_world.dovecot_down():
        async with Prober(**prober_options_for(real_world)) as prober:
            check = await prober.provider("libero.test", timeout=30)
    assert (check.status, check.blame) == ("down", "provider")
    functions = check.verdict.availabilities
    assert functions is not None
    assert functions.accept is not None
    assert functions.read is not None
    assert (functions.accept.status, functions.read.status) == ("ok", "down")


@pytest.mark.asyncio
@pytest.mark.parametrize(
    ("faults", "statuses", "blame"),
    [
        ((Lose(),), ("ok", "ok", "down", "ok"), "provider"),
        (
            (Reply("EXAMINE", "NO", "[SERVERBUG] no storage", service="imap"),),
            ("ok", "ok", "down", "down"),
            "provider",
        ),
        ((Refuse(service="mx"),), ("ok", "down", "ok", "ok"), "provider"),
        ((Refuse(service="imap"),), ("ok", "ok", None, "down"), "provider"),
        ((Refuse(service="submission"),), ("down", "ok", None, "ok"), "provider"),
        (
            (
                Reply("AUTH", 535, "5.7.8 refused", service="submission"),
                Reply("AUTHENTICATE", "NO", "[UNAVAILABLE] down", service="imap"),
            ),
            ("down", "ok", None, "down"),
            "provider",
        ),
    ],
    ids=["lost", "storage", "mx", "imap", "submission", "password store"],
)
async def test_which_function_fails(
    lab_world: ThreadedLab,
    faults: tuple[Any, ...],
    statuses: tuple[str | None, ...],
    blame: str,
) -> None:
    """Each function fails alone, and the verdict names it."""
    box = lab_world.mailbox("ada@libero.test")
    with lab_world.fault(*(replace(fault, domain="libero.test") for fault in faults)):
        async with Prober(**prober_options_for(lab_world)) as prober:
            check = await prober.provider("libero.test", box, timeout=3)
    assert _statuses(check) == statuses
    assert (check.status, check.blame) == ("down", blame)


def _statuses(check: Check[ProviderReport]) -> tuple[str | None, ...]:
    functions = check.verdict.availabilities
    assert functions is not None

    def status(verdict: Verdict | None) -> str | None:
        return verdict.status.value if verdict else None

    return (
        status(functions.submit),
        status(functions.accept),
        status(functions.deliver),
        status(functions.read),
    )
