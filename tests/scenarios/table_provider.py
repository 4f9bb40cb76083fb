"""Providers: four functions at once, and which one is to blame."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final
from unittest.mock import patch

from mailprobe.lab import (
    BadCertificate,
    DnsRefused,
    Drop,
    Duplicate,
    Junk,
    Lose,
    NxDomain,
    Refuse,
    Reply,
    Withhold,
)
from tests.scenarios.scenario import Scenario

if TYPE_CHECKING:
    from mailprobe import Check, ProviderReport
    from tests.scenarios.scenario import Run

HERE: Final[dict[str, Any]] = {"domain": "libero.test"}
SUB: Final[dict[str, Any]] = {"service": "submission", **HERE}
IMAP: Final[dict[str, Any]] = {"service": "imap", **HERE}
MX: Final[dict[str, Any]] = {"service": "mx", **HERE}


async def whole(run: Run) -> Check[ProviderReport]:
    """Try everything, with a canary."""
    return await run.prober.provider("libero.test", run.box(), timeout=run.timeout)


async def bare(run: Run) -> Check[ProviderReport]:
    """Try what can be tried without a canary."""
    return await run.prober.provider("libero-test", timeout=run.timeout)


async def refused(run: Run) -> Check[ProviderReport]:
    """Try everything, with a wrong password."""
    box = run.box(wrong=True)
    return await run.prober.provider("libero.test", box, timeout=run.timeout)


async def faulty(run: Run) -> Check[ProviderReport]:
    """Meet a fault of our own in one of the probes."""
    fault = RuntimeError("a fault of ours")
    with patch("mailprobe.probes.imap.examine_inbox", side_effect=fault):
        return await whole(run)


OK: Final = ("ok", None, None, None)
_NO: Final = "5.7.8 authentication failed"


def _down(phase: str, kind: str) -> tuple[str, str, str, str]:
    return ("down", "provider", phase, kind)


_TABLE: Final = (
    ("healthy", whole, (), OK, ""),
    ("healthy-without-a-canary", bare, (), OK, ""),
    ("imap-refused", whole, (Refuse(**IMAP),), _down("tcp", "tcp_refused"), ""),
    ("submission-refused", whole, (Refuse(**SUB),), _down("tcp", "tcp_refused"), ""),
    ("mx-refused", whole, (Refuse(**MX),), ("down", "provider", None, None), ""),
    ("all-refused", whole, (Refuse(**HERE),), _down("tcp", "tcp_refused"), ""),
    ("platform-refused", whole, (Refuse(platform=True, **HERE),),
     _down("tcp", "tcp_refused"), ""),
    ("submission-in-maintenance", whole,
     (Reply("GREETING", 421, "4.3.2 Servizio in manutenzione", **SUB),),
     _down("greeting", "smtp_temporary"), ""),
    ("imap-in-maintenance", whole, (Reply("GREETING", "BYE", "manutenzione", **IMAP),),
     _down("greeting", "imap_bye"), ""),
    ("wrong-password", refused, (), ("unknown", "account", "auth", "auth_refused"), ""),
    ("password-store-down", whole, (Reply("AUTH", 535, _NO, **SUB),
     Reply("AUTH", "NO", "[UNAVAILABLE] no", **IMAP)), _down("auth", "auth_refused"),
     ""),
    ("sending-not-allowed", whole, (Reply("AUTH", 535, _NO, **SUB),),
     ("down", "unclear", "auth", "auth_refused"), ""),
    ("store-down", whole, (Reply("EXAMINE", "NO", "[SERVERBUG] no", **IMAP),),
     _down("select", "imap_no"), ""),
    ("imap-expired", whole, (BadCertificate("expired", **IMAP),),
     _down("tls", "tls_expired"), ""),
    ("second-port-fails", whole, (Drop("GREETING", security="starttls", **SUB),),
     ("degraded", "provider", "greeting", "peer_closed"), ""),
    ("second-port-without-starttls", whole,
     (Withhold("STARTTLS", security="starttls", **IMAP),),
     ("degraded", "provider", "starttls", "starttls_not_offered"), ""),
    ("blocked-at-mx", whole,
     (Reply("GREETING", 554, "5.7.1 blocked using a DNSBL", **MX),),
     ("unknown", "vantage", None, None), ""),
    ("junk", whole, (Junk(**HERE),), ("degraded", "unclear", None, None), ""),
    ("duplicated", whole,
     (Duplicate(**HERE),), ("degraded", "provider", None, None), ""),
    ("no-such-domain", bare,
     (NxDomain("libero.test"),), _down("dns", "dns_nxdomain"), ""),
    ("name-server-refuses", bare, (DnsRefused(),),
     ("unknown", "vantage", "dns", "dns_refused"), ""),
    ("fault-of-ours-in-one-probe", faulty, (),
     ("unknown", "prober", "transit", "bug"), ""),
    ("lost", whole, (Lose(**HERE),), _down("transit", "canary_missing"), "deadline"),
)  # fmt: skip

SCENARIOS: Final = tuple(
    Scenario(name=f"provider-{name}", how=how, faults=faults, says=says, waits=waits)
    for name, how, faults, says, waits in _TABLE
)
