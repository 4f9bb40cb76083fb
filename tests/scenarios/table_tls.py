"""TLS: certificates and handshakes, over both kinds of TLS."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final, Literal

from mailprobe.lab import (
    CERTIFICATE_KINDS,
    BadCertificate,
    Drop,
    Garble,
    Raw,
    Refuse,
    Reply,
    Stall,
    Withhold,
)
from tests.scenarios.scenario import Scenario

if TYPE_CHECKING:
    from mailprobe import Check, TlsReport
    from tests.scenarios.scenario import How, Run

SUB: Final[dict[str, Any]] = {"service": "submission", "domain": "libero.test"}
# A fatal TLS 1.2 alert, handshake_failure: RFC 8446 6.
ALERT: Final = b"\x15\x03\x03\x00\x02\x02\x28"
KINDS: Final = {"missing_intermediate": "incomplete", "weak_key": "weak"}


def look(security: Literal["tls", "starttls"]) -> How:
    """Return the probe of one port's certificate."""

    async def how(run: Run) -> Check[TlsReport]:
        at = run.lab.endpoint("libero.test", "submission", security)
        return await run.prober.tls(
            at.host, at.port, security=security, timeout=run.timeout
        )

    return how


async def swapped(run: Run) -> Check[TlsReport]:
    """Speak TLS to a port that begins in clear."""
    at = run.lab.endpoint("libero.test", "submission", "starttls")
    return await run.prober.tls(at.host, at.port, security="tls", timeout=run.timeout)


TLS: Final = look("tls")
UPGRADE: Final = look("starttls")
OK: Final = ("ok", None, None, None)


def _down(phase: str, kind: str) -> tuple[str, str, str, str]:
    return ("down", "provider", phase, kind)


def _setup(phase: str, kind: str) -> tuple[str, str, str, str]:
    return ("unknown", "setup", phase, kind)


_TABLE: Final = (
    ("healthy-tls", TLS, (), OK, ""),
    ("healthy-starttls", UPGRADE, (), OK, ""),
    ("plain-port", swapped, (), _setup("tls", "security_mismatch"), ""),
    ("drop", TLS, (Drop("TLS", **SUB),), _down("tls", "tls_handshake"), ""),
    ("reset", UPGRADE,
     (Drop("TLS", reset=True, **SUB),), _down("tls", "tls_handshake"), ""),
    ("alert", TLS, (Raw("TLS", ALERT, **SUB),), _down("tls", "tls_handshake"), ""),
    ("noise", TLS, (Garble("TLS", **SUB),), _setup("tls", "security_mismatch"), ""),
    ("banner-in-clear", TLS, (Raw("TLS", b"220 in clear\r\n", **SUB),),
     _setup("tls", "security_mismatch"), ""),
    ("refusal-in-clear", TLS, (Reply("TLS", 421, "4.7.0 too many", **SUB),),
     _setup("tls", "security_mismatch"), ""),
    ("not-offered", UPGRADE, (Withhold("STARTTLS", **SUB),),
     _down("starttls", "starttls_not_offered"), ""),
    ("nobody-listens", TLS, (Refuse(**SUB),), _down("tcp", "tcp_refused"), ""),
    ("stall", TLS, (Stall("TLS", **SUB),), _down("tls", "tls_timeout"), "tls"),
    ("stall-until-our-deadline", TLS, (Stall("TLS", **SUB),),
     ("unknown", "unclear", "tls", "timed_out"), "deadline"),
)  # fmt: skip

SCENARIOS: Final = (
    *(
        Scenario(name=f"tls-{name}", how=how, faults=faults, says=says, waits=waits)
        for name, how, faults, says, waits in _TABLE
    ),
    *(
        Scenario(
            name=f"tls-{kind.replace('_', '-')}-{security}",
            how=look(security),
            faults=(BadCertificate(kind, **SUB),),
            says=(
                "degraded" if kind == "weak_key" else "down",
                "provider",
                "tls",
                f"tls_{KINDS.get(kind, kind)}",
            ),
        )
        for kind in CERTIFICATE_KINDS
        for security in ("tls", "starttls")
    ),
)
