"""MX checks, in the lab and on a real name server with real MX hosts."""

from __future__ import annotations

import socket
from contextlib import ExitStack, contextmanager
from typing import TYPE_CHECKING, Any

import pytest

from mailprobe import Limits, Prober, UsageError
from mailprobe.lab import Records, Refuse, Reply, ThreadedLab
from mailprobe.lab.zone import TTL
from tests.worlds import prober_options_for

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.real.world import RealWorld
    from tests.worlds import World

CACHE_TTL_MAX = 2  # seconds, as tests/real/names.py sets unbound


@pytest.mark.asyncio
async def test_mx_lists_every_host_by_preference(
    prober_options: dict[str, Any],
) -> None:
    """Hosts come best first, with their addresses."""
    async with Prober(**prober_options) as prober:
        check = await prober.mx("Libero.TEST.")
    report = check.report
    assert check.status == "ok"
    assert report.target.domain == "libero.test"
    assert report.delivery == "explicit"
    assert [(host.preference, host.name) for host in report.hosts] == [
        (10, "mx1.libero.test"),
        (20, "mx2.libero.test"),
    ]
    assert all(len(host.addresses) == 1 for host in report.hosts)
    assert all(a.answered is None for host in report.hosts for a in host.addresses)


@pytest.mark.asyncio
async def test_records_may_be_kept_as_long_as_the_server_says(
    world: World, prober_options: dict[str, Any]
) -> None:
    """
    The time to live is that of the zone, or what a cache has left of it.

    A cache may have none left: 0 in its last second is true.
    """
    async with Prober(**prober_options) as prober:
        check = await prober.mx("libero.test")
    cached = not isinstance(world, ThreadedLab)
    least, most = (0, CACHE_TTL_MAX) if cached else (TTL, TTL)
    entries = [a for host in check.report.hosts for a in host.addresses]
    ttls = [host.ttl for host in check.report.hosts] + [a.ttl for a in entries]
    assert len(ttls) == 4
    assert all(ttl is not None and least <= ttl <= most for ttl in ttls)


@pytest.mark.asyncio
async def test_connect_greets_every_address(prober_options: dict[str, Any]) -> None:
    """With connect, each address shows its banner and what it offers."""
    async with Prober(**prober_options) as prober:
        check = await prober.mx("libero.test", connect=True)
    entries = [a for host in check.report.hosts for a in host.addresses]
    assert check.status == "ok"
    assert check.why == "2 of 2 addresses of libero.test answer."
    for entry in entries:
        assert entry.answered
        assert entry.banner is not None
        assert entry.banner.code == 220
        assert "STARTTLS" in entry.capabilities


@pytest.mark.asyncio
async def test_nxdomain_is_told_from_silence(prober_options: dict[str, Any]) -> None:
    """A domain that does not exist is down, and is not called a timeout."""
    async with Prober(**prober_options) as prober:
        check = await prober.mx("no-such-domain.test")
    assert (check.status, check.blame) == ("down", "provider")
    assert check.verdict.failure is not None
    assert check.verdict.failure.kind == "dns_nxdomain"


@pytest.mark.asyncio
@pytest.mark.real
@pytest.mark.parametrize(
    ("domain", "status", "rule", "finding"),
    [
        ("null-mx.test", "down", "mx_null", None),
        ("dangling-mx.test", "down", "mx_unusable", "mx_dangling"),
        ("cname-mx.test", "ok", "mx_answering", "mx_alias"),
        ("implicit-mx.test", "ok", "mx_answering", "implicit_mx"),
        ("literal-mx.test", "down", "mx_unusable", "mx_dangling"),
        ("no-data.test", "down", "mx_none", None),
        ("fleet.test", "degraded", "mx_some_down", "mx_address_failed"),
    ],
)
async def test_odd_zones_on_a_real_name_server(
    real_world: RealWorld, domain: str, status: str, rule: str, finding: str | None
) -> None:
    """Each odd way of publishing MX records gets its own verdict."""
    async with Prober(**prober_options_for(real_world)) as prober:
        check = await prober.mx(domain, connect=True)
    assert (check.status, check.verdict.rule) == (status, rule)
    if finding:
        assert finding in {found.code for found in check.findings}


@pytest.mark.asyncio
@pytest.mark.real
async def test_fleet_counts_its_addresses(real_world: RealWorld) -> None:
    """One dead address of four is said as "3 of 4"."""
    async with Prober(**prober_options_for(real_world)) as prober:
        check = await prober.mx("fleet.test", connect=True)
    assert check.why.startswith("3 of 4 addresses of fleet.test answer")


@pytest.mark.asyncio
@pytest.mark.real
@pytest.mark.parametrize(
    ("trouble", "kind", "status", "blame"),
    [
        ("servfail", "dns_servfail", "unknown", "unclear"),
        ("timeout", "dns_timeout", "unknown", "vantage"),
        ("refused", "dns_refused", "unknown", "vantage"),
        ("frozen", "dns_timeout", "unknown", "vantage"),
    ],
)
async def test_dns_trouble_is_never_an_outage_of_theirs(
    real_world: RealWorld, trouble: str, kind: str, status: str, blame: str
) -> None:
    """A resolver that fails us says nothing about the provider."""
    names = real_world.names
    fault = (
        names.frozen()
        if trouble == "frozen"
        else getattr(names, trouble)("virgilio.test")
    )
    with fault:
        async with Prober(**prober_options_for(real_world)) as prober:
            check = await prober.mx("virgilio.test", timeout=15)
    assert check.verdict.failure is not None
    assert (check.verdict.failure.kind, check.status, check.blame) == (
        kind,
        status,
        blame,
    )


@pytest.mark.asyncio
async def test_null_mx_beside_others_is_a_finding(lab_world: ThreadedLab) -> None:
    """A null MX beside a real one is reported, and the real one is used."""
    records = Records("libero.test", "MX", ("0 .", "10 mx1.libero.test."))
    with lab_world.fault(records):
        async with Prober(**prober_options_for(lab_world)) as prober:
            check = await prober.mx("libero.test", connect=True)
    assert check.status == "ok"
    assert [f.code for f in check.findings] == ["null_mx_beside_others"]


@pytest.mark.asyncio
async def test_one_refusing_host_is_degraded(lab_world: ThreadedLab) -> None:
    """One host of two that refuses connections does not make a domain down."""
    with lab_world.fault(Refuse(host="mx2.libero.test")):
        async with Prober(**prober_options_for(lab_world)) as prober:
            check = await prober.mx("libero.test", connect=True)
    assert (check.status, check.blame) == ("degraded", "provider")
    assert "1 of 2" in check.why


@pytest.mark.asyncio
async def test_all_hosts_refusing_is_down(lab_world: ThreadedLab) -> None:
    """A domain none of whose hosts greets takes no mail."""
    shut = Reply("GREETING", 421, "4.3.2 Service shutting down", service="mx")
    with lab_world.fault(shut):
        async with Prober(**prober_options_for(lab_world)) as prober:
            check = await prober.mx("libero.test", connect=True)
    assert (check.status, check.verdict.rule) == ("down", "mx_all_down")


@pytest.mark.asyncio
@pytest.mark.parametrize(
    ("control", "rule", "status", "blame"),
    [
        ("", "mx_unreachable_from_here", "unknown", "vantage"),
        ("silent", "mx_unreachable_from_here", "unknown", "vantage"),
        ("mx1.posta.test", "mx_silent", "down", "provider"),
    ],
)
async def test_a_control_tells_a_blocked_port_from_an_outage(
    lab_world: ThreadedLab, control: str, rule: str, status: str, blame: str
) -> None:
    """Silence of every address is theirs only if another server answers us."""
    with silent_port(lab_world.mx_port) as address:
        host = address if control == "silent" else control
        records = Records("mx1.libero.test", "A", (address,))
        only = Records("libero.test", "MX", ("10 mx1.libero.test.",))
        with lab_world.fault(records, only):
            async with Prober(
                **prober_options_for(lab_world),
                control=f"{host}:{lab_world.mx_port}" if host else "",
                limits=Limits(tcp=0.3, again_after=0.0),
            ) as prober:
                check = await prober.mx("libero.test", connect=True)
    assert (check.verdict.rule, check.status, check.blame) == (rule, status, blame)


@pytest.mark.asyncio
async def test_a_server_of_our_own_is_not_taken_for_theirs(
    lab_world: ThreadedLab,
) -> None:
    """An MX on loopback answers here, and points everybody else to themselves."""
    options = prober_options_for(lab_world) | {"loopback": False}
    async with Prober(**options) as prober:
        check = await prober.mx("libero.test", connect=True)
    assert (check.status, check.blame) == ("down", "provider"), check.why
    assert check.verdict.rule == "mx_all_down"
    assert "sends every sender to its own machine" in str(check.findings)
    assert not any(step.phase == "tcp" for step in check.report.steps)


@pytest.mark.asyncio
@pytest.mark.parametrize(
    ("mx_port", "loopback", "dialled"),
    [(25, None, False), (2525, None, True), (25, True, True), (2525, False, False)],
)
async def test_only_a_lab_is_served_on_loopback(
    lab_world: ThreadedLab, mx_port: int, *, loopback: bool | None, dialled: bool
) -> None:
    """Loopback is dialled where it is asked for, or where MX hosts have no port 25."""
    options = prober_options_for(lab_world)
    options |= {"mx_port": mx_port, "loopback": loopback, "attempts": 1}
    async with Prober(**options) as prober:
        check = await prober.mx("libero.test", connect=True)
    assert any(step.phase == "tcp" for step in check.report.steps) is dialled


def test_a_control_that_cannot_be_meant() -> None:
    """A control that is no host and port is refused in one sentence."""
    with pytest.raises(UsageError, match=r"control .a\.example:x. cannot be read"):
        Prober(control="a.example:x")


@contextmanager
def silent_port(port: int) -> Iterator[str]:
    """Give an address where connection attempts are never answered."""
    address = "127.0.0.77"
    with ExitStack() as stack:
        full = stack.enter_context(socket.socket())
        full.bind((address, port))
        full.listen(0)
        # The queue takes one; the kernel drops what comes after it.
        for _ in range(2):
            caller = stack.enter_context(socket.socket())
            caller.setblocking(False)  # noqa: FBT003 - its only argument
            caller.connect_ex((address, port))
        yield address
