"""SMTP: submission with a login, over both kinds of TLS, and without a login."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any, Final, Literal
from unittest.mock import patch

from mailprobe import UsageError
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
    from mailprobe import Check, Report, SmtpReport
    from mailprobe.model.target import SecurityName
    from tests.scenarios.scenario import How, Run

SUB: Final[dict[str, Any]] = {"service": "submission", "domain": "libero.test"}
HOST: Final = "smtp.libero.test"


def login(
    security: Literal["tls", "starttls"] = "tls",
    *,
    wrong: bool = False,
    token: bool = False,
    auth: str = "",
) -> How:
    """Return the probe of a submission service with its login."""

    async def how(run: Run) -> Check[SmtpReport]:
        box = run.box(security=security, wrong=wrong, token=token, auth=auth)
        assert box.smtp
        return await run.prober.smtp(
            HOST, box.smtp.port, security=security, mailbox=box, timeout=run.timeout
        )

    return how


def knock(served: SecurityName, spoken: SecurityName) -> How:
    """Return a probe that speaks one security mode to a port of another."""

    async def how(run: Run) -> Check[SmtpReport]:
        port = run.lab.endpoint("libero.test", "submission", served).port
        return await run.prober.smtp(HOST, port, security=spoken, timeout=run.timeout)

    return how


async def tokenless(run: Run) -> Check[SmtpReport]:
    """Log in with a token source that fails."""

    def broken() -> str:
        message = "the token cannot be had"
        raise UsageError(message)

    box = replace(run.box(), password=None, token=broken)
    assert box.smtp
    return await run.prober.smtp(
        HOST, box.smtp.port, security="tls", mailbox=box, timeout=run.timeout
    )


async def faulty(run: Run) -> Check[Report]:
    """Meet a fault of our own on the way."""
    fault = RuntimeError("a fault of ours")
    with patch("mailprobe.probes.smtp.ehlo", side_effect=fault):
        return await LOGIN(run)


async def silent_port(run: Run) -> Check[Report]:
    """Dial an address where nothing answers, not even with a refusal."""
    port = run.box().smtp.port  # type: ignore[union-attr]
    with silent_address(port) as address, run.lab.fault(Records(HOST, "A", (address,))):
        return await LOGIN(run)


LOGIN: Final = login()
UPGRADE: Final = login("starttls")
OK: Final = ("ok", None, None, None)


def _down(phase: str, kind: str) -> tuple[str, str, str, str]:
    return ("down", "provider", phase, kind)


def _us(phase: str, kind: str) -> tuple[str, str, str, str]:
    return ("unknown", "vantage", phase, kind)


def _unclear(phase: str, kind: str) -> tuple[str, str, str, str]:
    return ("unknown", "unclear", phase, kind)


def _setup(phase: str, kind: str) -> tuple[str, str, str, str]:
    return ("unknown", "setup", phase, kind)


_WAYS: Final = (
    ("healthy-tls", LOGIN, (), OK, "login_works"),
    ("healthy-starttls", UPGRADE, (), OK, "login_works"),
    ("healthy-token", login(token=True), (), OK, "login_works"),
    ("healthy-no-login", knock("tls", "tls"), (), OK, "service_works"),
    ("healthy-cram-md5", login(auth="CRAM-MD5"), (), OK, "login_works"),
    ("wrong-password", login(wrong=True), (),
     _unclear("auth", "auth_refused"), "login_refused_smtp"),
    ("wrong-password-login", login(wrong=True, auth="LOGIN"), (),
     _unclear("auth", "auth_refused"), "login_refused_smtp"),
    ("stale-token", login(wrong=True, token=True), (),
     _unclear("auth", "auth_refused"), "login_refused_smtp"),
    ("stale-token-oauthbearer", login(wrong=True, token=True, auth="OAUTHBEARER"), (),
     _unclear("auth", "auth_refused"), "login_refused_smtp"),
    ("token-source-fails", tokenless, (), _setup("auth", "credential_missing"), ""),
    ("tls-to-a-plain-port", knock("starttls", "tls"), (),
     _setup("tls", "security_mismatch"), ""),
    ("plain-to-a-tls-port", knock("tls", "starttls"), (),
     _setup("greeting", "security_mismatch"), ""),
    ("fault-of-ours", faulty, (), ("unknown", "prober", "transit", "bug"), "bug"),
    ("mechanism-not-offered", login(auth="CRAM-MD5"), (Withhold("CRAM-MD5", **SUB),),
     _setup("auth", "auth_not_offered"), ""),
)  # fmt: skip

# Name, fault, what must be said, rule; the probe logs in behind STARTTLS.
_SAID: Final = (
    ("reputation", Reply("GREETING", 554, "5.7.1 poor sender reputation", **SUB),
     _us("greeting", "smtp_permanent"), "blocked_reputation"),
    ("country", Reply("GREETING", 554, "5.7.1 access from your country denied", **SUB),
     _us("greeting", "smtp_permanent"), "blocked_geography"),
    ("too-many-connections",
     Reply("GREETING", 421, "4.7.0 too many connections", **SUB),
     _us("greeting", "smtp_temporary"), "throttled"),
    ("shutting-down", Reply("GREETING", 421, "4.3.2 shutting down", **SUB),
     _down("greeting", "smtp_temporary"), "provider_trouble"),
    ("no-service", Reply("GREETING", 554, "no SMTP service here", **SUB),
     _down("greeting", "smtp_permanent"), "smtp_permanent"),
    ("maintenance-it", Reply("GREETING", 421, "Servizio in manutenzione", **SUB),
     _down("greeting", "smtp_temporary"), "maintenance"),
    ("maintenance-de", Reply("GREETING", 421, "4.3.2 Wartungsarbeiten", **SUB),
     _down("greeting", "smtp_temporary"), "maintenance"),
    ("maintenance-es", Reply("EHLO", 451, "4.3.0 en mantenimiento", **SUB),
     _down("ehlo", "smtp_temporary"), "maintenance"),
    ("maintenance-pt", Reply("AUTH", 454, "4.7.0 em manutenção", **SUB),
     _down("auth", "auth_unavailable"), "maintenance"),
    ("maintenance-instead-of-login",
     Reply("AUTH", 535, "5.7.8 Servizio temporaneamente non disponibile", **SUB),
     _down("auth", "auth_refused"), "maintenance"),
    ("ehlo-closing", Reply("EHLO", 421, "4.3.2 shutting down", **SUB),
     _down("ehlo", "smtp_temporary"), "provider_trouble"),
    ("ehlo-refused-helo-taken", Reply("EHLO", 502, "5.5.1 not implemented", **SUB),
     _down("starttls", "starttls_not_offered"), ""),
    ("starttls-454", Reply("STARTTLS", 454, "4.7.0 TLS not available", **SUB),
     _down("starttls", "smtp_temporary"), "starttls_refused"),
    ("starttls-502", Reply("STARTTLS", 502, "5.5.1 not implemented", **SUB),
     _down("starttls", "smtp_permanent"), "starttls_refused"),
    ("name-refused", Reply("EHLO", 550, "5.7.1 Invalid EHLO name", **SUB),
     _setup("ehlo", "smtp_permanent"), "our_name_refused"),
    ("421-without-more", Reply("GREETING", 421, "closing", **SUB),
     _down("greeting", "smtp_temporary"), "provider_trouble"),
    ("auth-454", Reply("AUTH", 454, "4.7.0 temporary authentication failure", **SUB),
     _down("auth", "auth_unavailable"), "auth_unavailable"),
    ("auth-421", Reply("AUTH", 421, "4.3.0 internal error", **SUB),
     _down("auth", "auth_unavailable"), "auth_unavailable"),
    ("auth-432", Reply("AUTH", 432, "4.7.12 password transition needed", **SUB),
     _unclear("auth", "auth_refused"), "login_refused_smtp"),
    ("auth-534", Reply("AUTH", 534, "5.7.9 application password needed", **SUB),
     _setup("auth", "auth_refused"), "login_method"),
    ("auth-535-too-many", Reply("AUTH", 535, "5.7.0 too many login attempts", **SUB),
     _us("auth", "auth_refused"), "throttled"),
    ("auth-answers-250", Reply("AUTH", 250, "2.0.0 Ok", **SUB),
     _down("auth", "smtp_protocol"), ""),
    ("starttls-withheld", Withhold("STARTTLS", **SUB),
     _down("starttls", "starttls_not_offered"), ""),
    ("auth-withheld", Withhold("AUTH", **SUB), _setup("auth", "auth_not_offered"), ""),
    ("lax-code", Raw("GREETING", b"2200 hi\r\n", **SUB),
     _down("greeting", "smtp_protocol"), ""),
    ("mixed-codes", Raw("GREETING", b"220-hi\r\n554 go away\r\n", **SUB),
     _down("greeting", "smtp_protocol"), ""),
    ("early-talker", Raw("GREETING", b"220 hi\r\n250 hi\r\n", **SUB),
     _down("ehlo", "smtp_protocol"), ""),
    ("greeting-and-421", Raw("GREETING", b"220 hi\r\n421 4.3.2 no\r\n", **SUB),
     _down("ehlo", "smtp_temporary"), ""),
    ("unasked-reply-behind-ehlo", Raw("EHLO", b"250 hi\r\n250 again\r\n", **SUB),
     _down("ehlo", "smtp_protocol"), ""),
    ("http", Raw("CONNECT", b"HTTP/1.1 400 Bad Request\r\n\r\n", **SUB),
     _down("greeting", "smtp_protocol"), ""),
    ("ssh", Raw("CONNECT", b"SSH-2.0-OpenSSH_9.2\r\n", **SUB),
     _down("greeting", "smtp_protocol"), ""),
    ("imap", Raw("GREETING", b"* OK IMAP4rev1 ready\r\n", **SUB),
     _down("greeting", "smtp_protocol"), ""),
    ("tls-record-in-clear", Raw("CONNECT", b"\x15\x03\x01\x00\x02\x02\x46\r\n", **SUB),
     _setup("greeting", "security_mismatch"), ""),
    ("endless-line", Raw("GREETING", b"220-" + b"x" * 200_000, **SUB),
     _down("greeting", "smtp_protocol"), ""),
    ("endless-continuation", Raw("EHLO", b"250-x\r\n" * 20_000, **SUB),
     _down("ehlo", "smtp_protocol"), ""),
    ("eight-bit-greeting",
     Raw("GREETING", b"220 caff\xe8 \xff\xfe\r\n", **SUB), OK, ""),
    ("surrogates-in-a-refusal",
     Raw("GREETING", b"554 5.0.0 \xed\xa0\x80 \x00 \x1b[31m no\r\n", **SUB),
     _down("greeting", "smtp_permanent"), ""),
    ("nul-in-ehlo",
     Raw("EHLO", b"250-a\0b\r\n250-STARTTLS\r\n250 AUTH PLAIN\r\n", **SUB), OK, ""),
    ("bare-line-feeds", Raw("GREETING", b"220-one\n220 two\n", **SUB), OK, ""),
    ("code-without-text", Raw("GREETING", b"220\r\n", **SUB), OK, ""),
    ("starttls-injection", Raw("STARTTLS", b"220 go\r\n250 injected\r\n", **SUB),
     _down("starttls", "starttls_injection"), ""),
    ("starttls-half-injection", Raw("STARTTLS", b"220 go\r\n250-inj", **SUB),
     _down("starttls", "starttls_injection"), ""),
    ("starttls-answers-250", Reply("STARTTLS", 250, "ok", **SUB),
     _down("starttls", "smtp_protocol"), ""),
    ("garbled-greeting", Garble("GREETING", **SUB),
     _down("greeting", "smtp_protocol"), ""),
    ("garbled-ehlo", Garble("EHLO", **SUB), _down("ehlo", "smtp_protocol"), ""),
    ("garbled-starttls", Garble("STARTTLS", **SUB),
     _down("starttls", "smtp_protocol"), ""),
    ("garbled-auth", Garble("AUTH", **SUB), _down("auth", "smtp_protocol"), ""),
    ("drop-at-connect", Drop("CONNECT", **SUB), _down("greeting", "peer_closed"), ""),
    ("drop-at-greeting", Drop("GREETING", **SUB), _down("greeting", "peer_closed"), ""),
    ("drop-at-ehlo", Drop("EHLO", **SUB), _down("ehlo", "peer_closed"), ""),
    ("reset-at-ehlo",
     Drop("EHLO", reset=True, **SUB), _down("ehlo", "peer_closed"), ""),
    ("drop-at-starttls", Drop("STARTTLS", **SUB), _down("starttls", "peer_closed"), ""),
    ("reset-at-starttls", Drop("STARTTLS", reset=True, **SUB),
     _down("starttls", "peer_closed"), ""),
    ("drop-at-tls", Drop("TLS", **SUB), _down("tls", "tls_handshake"), ""),
    ("reset-at-tls", Drop("TLS", reset=True, **SUB), _down("tls", "tls_handshake"), ""),
    ("drop-at-auth", Drop("AUTH", **SUB), _down("auth", "peer_closed"), ""),
    ("reset-at-auth",
     Drop("AUTH", reset=True, **SUB), _down("auth", "peer_closed"), ""),
    ("drop-at-quit", Drop("QUIT", **SUB), OK, ""),
    ("garbled-quit", Garble("QUIT", **SUB), OK, ""),
    ("slow-greeting", Slow("GREETING", 0.2, **SUB), OK, ""),
    ("nobody-listens", Refuse(**SUB), _down("tcp", "tcp_refused"), ""),
    ("no-such-host", NxDomain(HOST), _down("dns", "dns_nxdomain"), ""),
    ("host-without-address", NoData(HOST), _down("dns", "dns_no_data"), ""),
    ("servfail", Servfail(HOST), _unclear("dns", "dns_servfail"), ""),
    ("name-server-refuses", DnsRefused(HOST), _us("dns", "dns_refused"), ""),
    ("no-route", Records(HOST, "A", ("224.0.0.1",)), _us("tcp", "tcp_unreachable"), ""),
    ("other-family-fails", Records(HOST, "AAAA", ("::1",)), OK, ""),
)  # fmt: skip

# Half a second after the 220, when the handshake is waiting for its answer.
_LATER: Final = Slow("TLS", 0.5, **SUB)
_HANDSHAKES: Final = (
    ("text-for-a-handshake", (_LATER, Raw("TLS", b"220 in clear\r\n", **SUB)),
     _down("tls", "starttls_injection")),
    ("noise-for-a-handshake", (_LATER, Garble("TLS", **SUB)),
     _down("tls", "starttls_injection")),
    ("handshake-is-late", (_LATER,), OK),
)  # fmt: skip

_WAITING: Final = (
    ("name-server-silent", LOGIN, (DnsStall(HOST),), _us("dns", "dns_timeout"), "dns"),
    ("port-silent", silent_port, (), _us("tcp", "tcp_timeout"), "tcp"),
    ("stall-at-connect", LOGIN, (Stall("CONNECT", **SUB),),
     _down("tls", "tls_timeout"), "tls"),
    ("stall-at-tls", LOGIN, (Stall("TLS", **SUB),), _down("tls", "tls_timeout"), "tls"),
    ("stall-at-tls-behind-starttls", UPGRADE, (Stall("TLS", **SUB),),
     _down("tls", "tls_timeout"), "tls"),
    ("stall-at-greeting", LOGIN, (Stall("GREETING", **SUB),),
     _down("greeting", "greeting_timeout"), "greeting"),
    ("half-a-greeting", LOGIN, (Raw("GREETING", b"220-half", **SUB),),
     _down("greeting", "greeting_timeout"), "greeting"),
    ("greeting-drips", LOGIN, (Drip("GREETING", 1.0, **SUB),),
     _down("greeting", "greeting_timeout"), "greeting"),
    ("stall-at-ehlo", LOGIN, (Stall("EHLO", **SUB),),
     _down("ehlo", "reply_timeout"), "command"),
    ("ehlo-drips", UPGRADE, (Drip("EHLO", 1.0, **SUB),),
     _down("ehlo", "reply_timeout"), "command"),
    ("stall-at-starttls", UPGRADE, (Stall("STARTTLS", **SUB),),
     _down("starttls", "reply_timeout"), "command"),
    ("stall-at-auth", LOGIN, (Stall("AUTH", **SUB),),
     _down("auth", "reply_timeout"), "command"),
    ("stall-at-quit", LOGIN, (Stall("QUIT", **SUB),), OK, "farewell"),
    ("our-own-time-is-up", LOGIN, (Stall("EHLO", **SUB),),
     _unclear("ehlo", "timed_out"), "deadline"),
)  # fmt: skip

SCENARIOS: Final = (
    *(
        Scenario(name=f"smtp-{name}", how=how, faults=faults, says=says, rule=rule)
        for name, how, faults, says, rule in _WAYS
    ),
    *(
        Scenario(
            name=f"smtp-{name}", how=UPGRADE, faults=(fault,), says=says, rule=rule
        )
        for name, fault, says, rule in _SAID
    ),
    *(
        Scenario(name=f"smtp-{name}", how=UPGRADE, faults=faults, says=says)
        for name, faults, says in _HANDSHAKES
    ),
    *(
        Scenario(name=f"smtp-{name}", how=how, faults=faults, says=says, waits=waits)
        for name, how, faults, says, waits in _WAITING
    ),
)
