"""MX, judged as a sending server judges it."""

from __future__ import annotations

from dataclasses import replace

import pytest

from mailprobe.judge import judge
from mailprobe.model.failure import Kind, Phase, Reply
from mailprobe.model.provider import Catalogue, Preset
from mailprobe.model.report import MxAddress, MxHost, MxReport
from mailprobe.model.verdict import Blame, Status
from tests.judge.reports import address, failed, failure, host, mx

REFUSED = failure(Kind.TCP_REFUSED, Phase.TCP)
SILENT = failure(Kind.TCP_TIMEOUT, Phase.TCP)
NO_ROUTE = failure(Kind.TCP_UNREACHABLE, Phase.TCP)
BLOCKED = failure(
    Kind.SMTP_PERMANENT,
    Phase.GREETING,
    Reply(550, None, "smtp-10.iol.local IP blacklisted by CSI [LIB_102]"),
)
BROKEN = failure(Kind.SMTP_PERMANENT, Phase.GREETING, Reply(554, None, "no service"))
LOST = failure(Kind.DNS_TIMEOUT, Phase.DNS)
GONE = failure(Kind.DNS_NXDOMAIN, Phase.DNS)


def nameless(reason: Kind = Kind.DNS_NXDOMAIN, name: str = "gone.test") -> MxHost:
    """Return a host whose addresses could not be had."""
    return replace(host(name=name), failure=failure(reason, Phase.DNS))


UNTRIED = host(MxAddress(address="192.0.2.1", ttl=60))


@pytest.mark.parametrize(
    ("report", "expected", "words"),
    [
        (
            mx(host(address(1), address(2))),
            (Status.OK, None, "mx_answering"),
            "2 of 2 addresses of libero.test answer.",
        ),
        (
            mx(host(address(1), address(2, REFUSED)), host(address(3))),
            (Status.DEGRADED, Blame.PROVIDER, "mx_some_down"),
            "2 of 3 addresses of libero.test answer (192.0.2.2 refused the connec",
        ),
        (
            mx(host(address(1), address(2, NO_ROUTE))),
            (Status.OK, None, "mx_answering"),
            "1 of 1 addresses",
        ),
        (
            mx(host(address(1, NO_ROUTE), address(2), address(3, REFUSED))),
            (Status.DEGRADED, Blame.PROVIDER, "mx_some_down"),
            "1 of 2 addresses of libero.test answer (192.0.2.3 refused",
        ),
        (
            mx(host(address(1), address(2, BLOCKED))),
            (Status.OK, None, "mx_answering"),
            "1 of 1 addresses",
        ),
        (
            mx(host(address(1, REFUSED), address(2, BROKEN))),
            (Status.DOWN, Blame.PROVIDER, "mx_all_down"),
            "None of the 2 addresses of libero.test takes mail (192.0.2.1 refused",
        ),
        (
            mx(host(address(1, SILENT), address(2, SILENT))),
            (Status.UNKNOWN, Blame.VANTAGE, "mx_unreachable_from_here"),
            "None of the 2 addresses of libero.test answered on port 25",
        ),
        (
            mx(host(address(1, SILENT), address(2, REFUSED))),
            (Status.DOWN, Blame.PROVIDER, "mx_all_down"),
            "None of the 2",
        ),
        (
            mx(host(address(1, BLOCKED), address(2, BLOCKED))),
            (Status.UNKNOWN, Blame.VANTAGE, "mx_refuses_us"),
            "(550 smtp-10.iol.local IP blacklisted by CSI [LIB_102])",
        ),
        (
            mx(host(address(1, BLOCKED), address(2, NO_ROUTE), address(3, SILENT))),
            (Status.UNKNOWN, Blame.VANTAGE, "mx_refuses_us"),
            "refuse this machine",
        ),
        (
            mx(host(address(1, BLOCKED), address(2, BROKEN))),
            (Status.DOWN, Blame.PROVIDER, "mx_all_down"),
            "192.0.2.2 refused",
        ),
        (
            mx(UNTRIED, host(name="b.test"), host(name="c.test"), host(name="d.test")),
            (Status.OK, None, "mx_published"),
            "libero.test publishes mx.libero.test, b.test, c.test and 1 more.",
        ),
        (
            mx(UNTRIED, nameless()),
            (Status.DEGRADED, Blame.PROVIDER, "mx_some_without_address"),
            "gone.test",
        ),
        (
            mx(host(address(1)), nameless()),
            (Status.DEGRADED, Blame.PROVIDER, "mx_some_without_address"),
            "gone.test",
        ),
        (
            mx(nameless(), nameless(name="b.test")),
            (Status.DOWN, Blame.PROVIDER, "mx_unusable"),
            "none of them has an address",
        ),
        (
            mx(nameless(), nameless(Kind.DNS_TIMEOUT)),
            (Status.UNKNOWN, Blame.UNCLEAR, "mx_address_unknown"),
            "could not be looked up",
        ),
        (
            replace(mx(nameless(Kind.DNS_NO_DATA)), delivery="implicit"),
            (Status.DOWN, Blame.PROVIDER, "mx_none"),
            "neither MX records nor an address",
        ),
        (
            mx(steps=(failed(Kind.MX_NULL, Phase.DNS),)),
            (Status.DOWN, Blame.PROVIDER, "mx_null"),
            "takes no mail at all",
        ),
        (
            mx(steps=(failed(Kind.DNS_NXDOMAIN, Phase.DNS),)),
            (Status.DOWN, Blame.PROVIDER, "dns_nxdomain"),
            "libero.test does not exist in DNS",
        ),
        (
            mx(steps=(failed(Kind.DNS_TIMEOUT, Phase.DNS),)),
            (Status.UNKNOWN, Blame.VANTAGE, "dns_timeout"),
            "libero.test was not looked up",
        ),
    ],
    ids=lambda value: value[2] if isinstance(value, tuple) else "",
)
def test_a_domain_is_judged_by_all_its_addresses(
    report: MxReport, expected: tuple[Status, Blame | None, str], words: str
) -> None:
    """N of m answer: ok, degraded or down; what is our own fault is unknown."""
    check = judge(report)
    assert (check.status, check.blame, check.verdict.rule) == expected
    assert words in check.why


def test_findings_name_what_is_wrong_with_the_records() -> None:
    """Implicit MX, null MX beside others, aliases and dangling hosts are told."""
    report = replace(
        mx(
            replace(host(address(1, REFUSED)), alias_of="real.test"),
            nameless(),
        ),
        null_mx_beside=True,
    )
    assert [finding.code for finding in judge(report).findings] == [
        "null_mx_beside_others",
        "mx_alias",
        "mx_address_failed",
        "mx_dangling",
    ]
    implicit = replace(mx(host(address(1))), delivery="implicit")
    assert [finding.code for finding in judge(implicit).findings] == ["implicit_mx"]


def found_in(report: MxReport, presets: Catalogue | None = None) -> set[str]:
    """Return the codes of the findings."""
    return {finding.code for finding in judge(report, presets).findings}


def test_findings_say_who_is_hit_while_others_answer() -> None:
    """The preferred host, a share of equal ones, or one family of addresses."""
    backup = replace(host(address(2), name="b.test"), preference=20)
    assert "mx_preferred_down" in found_in(mx(host(address(1, REFUSED)), backup))
    equal = host(address(2), name="b.test")
    assert "mx_equal_down" in found_in(mx(host(address(1, REFUSED)), equal))
    late = replace(host(address(2, REFUSED), name="b.test"), preference=20)
    codes = found_in(mx(host(address(1)), late))
    assert not codes & {"mx_preferred_down", "mx_equal_down"}
    six = replace(address(3, REFUSED), address="2001:db8::25")
    assert "mx_family_down" in found_in(mx(host(address(1), six)))
    unrouted = failure(Kind.TCP_UNREACHABLE, Phase.TCP)
    six = replace(address(3, unrouted), address="2001:db8::25")
    assert "mx_family_down" not in found_in(mx(host(address(1), six)))


def test_a_private_address_is_told() -> None:
    """Nobody outside can send mail there, even if we can."""
    inside = replace(address(1), address="10.0.0.25")
    assert "mx_private_address" in found_in(mx(host(inside)))


@pytest.mark.parametrize(
    ("names", "changed"),
    [
        (("mx.libero.test",), False),
        (("smtp-in.mx.libero.test",), False),
        (("mx.elsewhere.test",), True),
        (("mx.libero.test", "mx.elsewhere.test"), True),
    ],
)
def test_drift_from_the_preset_is_told(
    names: tuple[str, ...], *, changed: bool
) -> None:
    """MX hosts that the preset of the domain does not know show a migration."""
    preset = Preset(
        id="libero-test",
        name="Libero",
        operator="x",
        platform="x",
        domains=("libero.test",),
        mx_suffix="mx.libero.test",
        sources=("x",),
        last_checked="2026-11-22",
    )
    report = mx(*(host(address(1), name=name) for name in names))
    presets = Catalogue(presets=(preset,))
    assert ("mx_changed" in found_in(report, presets)) is changed
    assert "mx_changed" not in found_in(report)
