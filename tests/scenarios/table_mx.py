"""MX: names, addresses, and what answers on them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from mailprobe.lab import (
    DnsRefused,
    DnsStall,
    Drip,
    Drop,
    Garble,
    NoData,
    NxDomain,
    Raw,
    Records,
    Refuse,
    Reply,
    Servfail,
    Slow,
    Stall,
    Withhold,
)
from tests.scenarios.scenario import Scenario
from tests.scenarios.silence import silent_address

if TYPE_CHECKING:
    from mailprobe import Check, MxReport
    from tests.scenarios.scenario import Run

MX: Final[dict[str, Any]] = {"service": "mx", "domain": "libero.test"}
ONE: Final[dict[str, Any]] = {"service": "mx", "host": "mx1.libero.test"}


async def names(run: Run) -> Check[MxReport]:
    """Look up MX hosts and addresses."""
    return await run.prober.mx("libero.test", timeout=run.timeout)


async def greet(run: Run) -> Check[MxReport]:
    """Greet every address as well."""
    return await run.prober.mx("libero.test", connect=True, timeout=run.timeout)


async def absent(run: Run) -> Check[MxReport]:
    """Ask for a domain that is not there."""
    return await run.prober.mx("no-such-domain.test", timeout=run.timeout)


async def silent_port(run: Run) -> Check[MxReport]:
    """Dial addresses where nothing answers, not even with a refusal."""
    with silent_address(run.lab.mx_port) as address:
        hosts = [Records(f"mx{n}.libero.test", "A", (address,)) for n in (1, 2)]
        with run.lab.fault(*hosts):
            return await greet(run)


OK: Final = ("ok", None, None, None)


def _down(phase: str, kind: str) -> tuple[str, str, str, str]:
    return ("down", "provider", phase, kind)


def _us(phase: str, kind: str) -> tuple[str, str, str, str]:
    return ("unknown", "vantage", phase, kind)


def _hosts(*values: str) -> Records:
    return Records("libero.test", "MX", values)


_NAMES: Final = (
    ("healthy", (), OK, "mx_published"),
    ("no-such-domain", (NxDomain("libero.test"),), _down("dns", "dns_nxdomain"), ""),
    ("servfail", (Servfail("libero.test"),),
     ("unknown", "unclear", "dns", "dns_servfail"), ""),
    ("dnssec-bogus", (Servfail("libero.test", ede=6),), _down("dns", "dns_bogus"), ""),
    ("dnssec-expired", (Servfail("libero.test", ede=7),),
     _down("dns", "dns_bogus"), ""),
    ("servfail-with-another-reason", (Servfail("libero.test", ede=23),),
     ("unknown", "unclear", "dns", "dns_servfail"), ""),
    ("name-server-refuses", (DnsRefused(),), _us("dns", "dns_refused"), ""),
    ("null-mx", (_hosts("0 ."),), _down("dns", "mx_null"), "mx_null"),
    ("mx-host-without-address",
     (NxDomain("mx1.libero.test"), NxDomain("mx2.libero.test")),
     _down("dns", "dns_nxdomain"), "mx_unusable"),
    ("one-mx-host-without-address", (NxDomain("mx1.libero.test"),),
     ("degraded", "provider", "dns", "dns_nxdomain"), "mx_some_without_address"),
    ("private-address", (Records("mx1.libero.test", "A", ("10.0.0.25",)),), OK,
     "mx_published"),
    ("mx-names-an-address", (_hosts("10 127.0.0.2."),),
     _down("dns", "mx_unusable"), "mx_unusable"),
    ("hosts-servfail", (Servfail("mx1.libero.test"), Servfail("mx2.libero.test")),
     ("unknown", "unclear", "dns", "dns_servfail"), "mx_address_unknown"),
    ("neither-mx-nor-address", (NoData("libero.test"),),
     _down("dns", "dns_no_data"), "mx_none"),
    ("alias-loop", (Records("libero.test", "CNAME", ("loop.libero.test.",)),
     Records("loop.libero.test", "CNAME", ("libero.test.",))),
     ("unknown", "unclear", "dns", "dns_malformed"), ""),
)  # fmt: skip

_GREETED: Final = (
    ("healthy", (), OK, "mx_answering"),
    ("refused", (Refuse(**MX),), _down("tcp", "tcp_refused"), "mx_all_down"),
    ("one-refused", (Refuse(**ONE),),
     ("degraded", "provider", "tcp", "tcp_refused"), "mx_some_down"),
    ("no-route", (Records("mx1.libero.test", "A", ("224.0.0.1",)),
     Records("mx2.libero.test", "A", ("224.0.0.1",))),
     _us("tcp", "tcp_unreachable"), "mx_unreachable_from_here"),
    ("drop-at-connect", (Drop("CONNECT", **MX),), _down("greeting", "peer_closed"), ""),
    ("drop-at-greeting", (Drop("GREETING", **MX),),
     _down("greeting", "peer_closed"), ""),
    ("reset-at-ehlo", (Drop("EHLO", reset=True, **MX),),
     _down("ehlo", "peer_closed"), ""),
    ("drop-at-ehlo", (Drop("EHLO", **MX),), _down("ehlo", "peer_closed"), ""),
    ("drop-at-quit", (Drop("QUIT", **MX),), OK, "mx_answering"),
    ("garbled-greeting", (Garble("GREETING", **MX),),
     _down("greeting", "smtp_protocol"), ""),
    ("garbled-ehlo", (Garble("EHLO", **MX),), _down("ehlo", "smtp_protocol"), ""),
    ("slow-greeting", (Slow("GREETING", 0.2, **MX),), OK, "mx_answering"),
    ("no-starttls", (Withhold("STARTTLS", **MX),), OK, "mx_answering"),
    ("block-list",
     (Reply("GREETING", 554, "5.7.1 blocked using zen.spamhaus.org", **MX),),
     _us("greeting", "smtp_permanent"), "mx_refuses_us"),
    ("one-block-list",
     (Reply("GREETING", 554, "5.7.1 blocked using zen.spamhaus.org", **ONE),),
     OK, "mx_answering"),
    ("no-reverse-dns", (Reply("GREETING", 550, "5.7.25 no PTR record", **MX),),
     _us("greeting", "smtp_permanent"), "mx_refuses_us"),
    ("too-many-connections",
     (Reply("GREETING", 421, "4.7.0 too many connections", **MX),),
     _us("greeting", "smtp_temporary"), "mx_refuses_us"),
    ("no-service-here", (Reply("GREETING", 554, "5.5.0 no SMTP service here", **MX),),
     _down("greeting", "smtp_permanent"), "mx_all_down"),
    ("shutting-down", (Reply("GREETING", 421, "4.3.2 shutting down", **MX),),
     _down("greeting", "smtp_temporary"), "mx_all_down"),
    ("ehlo-refused-helo-taken", (Reply("EHLO", 502, "5.5.1 not implemented", **MX),),
     OK, "mx_answering"),
    ("ehlo-and-helo-refused", (Reply("EHLO", 500, "5.5.1 what", **MX),
     Reply("HELO", 500, "5.5.1 what", **MX)), _down("ehlo", "smtp_permanent"), ""),
    ("http-on-the-port", (Raw("CONNECT", b"HTTP/1.1 400 Bad Request\r\n\r\n", **MX),),
     _down("greeting", "smtp_protocol"), ""),
    ("early-talker", (Raw("GREETING", b"220 hi\r\n250 hi\r\n", **MX),),
     _down("ehlo", "smtp_protocol"), ""),
)  # fmt: skip

_WAITING: Final = (
    ("name-server-silent", names, (DnsStall(),), _us("dns", "dns_timeout"), "dns"),
    ("name-server-drops", names, (Stall("QUERY", service="dns"),),
     _us("dns", "dns_timeout"), "dns"),
    ("name-server-garbles", names, (Garble("QUERY", service="dns"),),
     _us("dns", "dns_timeout"), "dns"),
    ("hosts-unanswered", names,
     (DnsStall("mx1.libero.test"), DnsStall("mx2.libero.test")),
     ("unknown", "unclear", "dns", "dns_timeout"), "dns"),
    ("port-silent", silent_port, (), _us("tcp", "tcp_timeout"), "tcp"),
    ("stall-at-connect", greet, (Stall("CONNECT", **MX),),
     _down("greeting", "greeting_timeout"), "greeting"),
    ("stall-at-greeting", greet, (Stall("GREETING", **MX),),
     _down("greeting", "greeting_timeout"), "greeting"),
    ("greeting-drips", greet, (Drip("GREETING", 1.0, **MX),),
     _down("greeting", "greeting_timeout"), "greeting"),
    ("stall-at-ehlo", greet, (Stall("EHLO", **MX),),
     _down("ehlo", "reply_timeout"), "command"),
    ("ehlo-drips", greet, (Drip("EHLO", 1.0, **MX),),
     _down("ehlo", "reply_timeout"), "command"),
    ("stall-at-quit", greet, (Stall("QUIT", **MX),), OK, "farewell"),
)  # fmt: skip

SCENARIOS: Final = (
    *(
        Scenario(
            name=f"mx-names-{name}", how=names, faults=faults, says=says, rule=rule
        )
        for name, faults, says, rule in _NAMES
    ),
    Scenario(
        name="mx-names-unknown-domain",
        how=absent,
        says=_down("dns", "dns_nxdomain"),
    ),
    *(
        Scenario(name=f"mx-{name}", how=greet, faults=faults, says=says, rule=rule)
        for name, faults, says, rule in _GREETED
    ),
    *(
        Scenario(name=f"mx-{name}", how=how, faults=faults, says=says, waits=waits)
        for name, how, faults, says, waits in _WAITING
    ),
)
