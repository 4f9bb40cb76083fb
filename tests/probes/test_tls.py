"""Certificates as served, in the lab and by real servers."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from mailprobe import Prober
from mailprobe.lab import BadCertificate
from tests.worlds import prober_options_for

if TYPE_CHECKING:
    from mailprobe.lab import ThreadedLab
    from mailprobe.model.target import SecurityName
    from tests.real.world import RealWorld
    from tests.worlds import World


@pytest.mark.asyncio
@pytest.mark.parametrize(
    ("service", "security"),
    [("imap", "tls"), ("submission", "tls"), ("submission", "starttls")],
)
async def test_the_certificate_is_read(
    world: World, prober_options: dict[str, Any], service: str, security: SecurityName
) -> None:
    """Names, dates, key and chain are told, whatever is spoken behind the TLS."""
    at = world.endpoint("libero.test", service, security)
    async with Prober(**prober_options) as prober:
        check = await prober.tls(at.host, at.port, security=security)
    assert check.status == "ok", check.why
    tls = check.report.tls
    assert tls is not None
    assert tls.verified
    assert tls.certificate is not None
    assert at.host in tls.certificate.names
    assert tls.certificate.key == "EC P-256"
    assert len(tls.chain) >= 1


@pytest.mark.asyncio
@pytest.mark.real
async def test_starttls_of_imap_is_known_by_its_port(real_world: RealWorld) -> None:
    """On port 143 STARTTLS is asked for in IMAP."""
    async with Prober(**prober_options_for(real_world)) as prober:
        check = await prober.tls("imap.libero.test", 143)
    assert check.status == "ok", check.why
    assert check.report.step("capability") is not None


@pytest.mark.asyncio
async def test_a_refused_certificate_is_read_all_the_same(
    lab_world: ThreadedLab,
) -> None:
    """What is wrong, and with which certificate, are both told."""
    at = lab_world.endpoint("libero.test", "imap", "tls")
    with lab_world.fault(BadCertificate("expired", service="imap")):
        async with Prober(**prober_options_for(lab_world)) as prober:
            check = await prober.tls(at.host, at.port, security="tls")
    assert (check.status, check.blame) == ("down", "provider")
    assert check.verdict.rule == "tls_expired"
    assert check.report.tls is not None
    assert check.report.tls.days_left is not None
    assert check.report.tls.days_left < 0
