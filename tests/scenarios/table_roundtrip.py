"""Round trips: the sending leg, the receiving leg, and what becomes of the mail."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, Final

from mailprobe.lab import (
    Bounce,
    Delay,
    Drip,
    Drop,
    Duplicate,
    Full,
    Garble,
    Hold,
    Junk,
    Lose,
    Raw,
    Refuse,
    Reply,
    Slow,
    Stall,
    Withhold,
)
from tests.scenarios.scenario import Scenario

if TYPE_CHECKING:
    from mailprobe import Check, TripReport
    from tests.scenarios.scenario import Run

SUB: Final[dict[str, Any]] = {"service": "submission", "domain": "libero.test"}
IMAP: Final[dict[str, Any]] = {"service": "imap", "domain": "posta.test"}
MX: Final[dict[str, Any]] = {"service": "mx", "domain": "posta.test"}


async def trip(run: Run) -> Check[TripReport]:
    """Send from one provider to another."""
    return await run.prober.round_trip(
        run.box("ada@libero.test"), run.box("bob@posta.test"), timeout=run.timeout
    )


async def own(run: Run) -> Check[TripReport]:
    """Send from a mailbox to itself."""
    box = run.box("ada@libero.test", security="starttls")
    return await run.prober.round_trip(box, box, timeout=run.timeout)


async def wrong_sender(run: Run) -> Check[TripReport]:
    """Send with a wrong password."""
    return await run.prober.round_trip(
        run.box("ada@libero.test", wrong=True),
        run.box("bob@posta.test"),
        timeout=run.timeout,
    )


async def wrong_reader(run: Run) -> Check[TripReport]:
    """Read with a wrong password."""
    return await run.prober.round_trip(
        run.box("ada@libero.test"),
        run.box("bob@posta.test", wrong=True),
        timeout=run.timeout,
    )


OK: Final = ("ok", None, None, None)


def _down(phase: str, kind: str) -> tuple[str, str, str, str]:
    return ("down", "provider", phase, kind)


def _unsure() -> tuple[str, str, str, str]:
    return ("degraded", "sender", "accept", "submission_unconfirmed")


def _sender(phase: str, kind: str) -> tuple[str, str, str, str]:
    return ("down", "sender", phase, kind)


def _account(phase: str, kind: str) -> tuple[str, str, str, str]:
    return ("unknown", "account", phase, kind)


_FATES: Final = (
    ("healthy", trip, (), OK, "trip_arrived"),
    ("healthy-to-itself", own, (), OK, "trip_arrived"),
    ("delayed", trip, (Delay(0.3),), OK, "trip_arrived"),
    ("junk", trip, (Junk(),), ("degraded", "unclear", None, None), "trip_junk"),
    ("duplicated", trip, (Duplicate(copies=3),),
     ("degraded", "provider", None, None), "trip_duplicated"),
    ("wrong-password-to-send", wrong_sender, (),
     ("unknown", "unclear", "auth", "auth_refused"), "login_refused_smtp"),
    ("wrong-password-to-read", wrong_reader, (),
     _account("login", "auth_refused"), "login_refused_imap"),
)  # fmt: skip

_SENT: Final = (
    ("nobody-listens", Refuse(**SUB), _sender("tcp", "tcp_refused"), ""),
    ("block-list", Reply("GREETING", 554, "5.7.1 blocked using a DNSBL", **SUB),
     ("unknown", "vantage", "greeting", "smtp_permanent"), "blocked_reputation"),
    ("drop-at-greeting",
     Drop("GREETING", **SUB), _sender("greeting", "peer_closed"), ""),
    ("drop-at-tls", Drop("TLS", **SUB), _sender("tls", "tls_handshake"), ""),
    ("drop-at-auth", Drop("AUTH", **SUB), _sender("auth", "peer_closed"), ""),
    ("auth-down", Reply("AUTH", 454, "4.7.0 later", **SUB),
     _sender("auth", "auth_unavailable"), ""),
    ("mail-421", Reply("MAIL", 421, "4.3.2 shutting down", **SUB),
     _sender("mail", "smtp_temporary"), ""),
    ("mail-refused", Reply("MAIL", 550, "5.1.0 not from here", **SUB),
     _sender("mail", "smtp_permanent"), ""),
    ("mail-sending-limit", Reply("MAIL", 550, "5.4.5 daily sending quota", **SUB),
     _account("mail", "smtp_permanent"), "sending_limit"),
    ("drop-at-mail", Drop("MAIL", **SUB), _sender("mail", "peer_closed"), ""),
    ("rcpt-gone", Reply("RCPT", 550, "5.1.1 no such user", **SUB),
     _account("rcpt", "smtp_permanent"), "canary_gone"),
    ("rcpt-full", Reply("RCPT", 452, "4.2.2 mailbox full", **SUB),
     _account("rcpt", "smtp_temporary"), "canary_full"),
    ("rcpt-greylisted", Reply("RCPT", 451, "4.7.1 greylisted", **SUB),
     ("degraded", "sender", "rcpt", "smtp_temporary"), "greylisted_by_sender"),
    ("rcpt-552-without-more", Reply("RCPT", 552, "no room", **SUB),
     _account("rcpt", "smtp_permanent"), "canary_full"),
    ("rcpt-garbled", Garble("RCPT", **SUB), _sender("rcpt", "smtp_protocol"), ""),
    ("drop-at-rcpt", Drop("RCPT", **SUB), _sender("rcpt", "peer_closed"), ""),
    ("data-refused", Reply("DATA", 554, "5.5.1 no valid recipients", **SUB),
     _sender("data", "smtp_permanent"), ""),
    ("drop-at-data", Drop("DATA", **SUB), _sender("data", "peer_closed"), ""),
    ("accept-policy", Reply("ACCEPT", 550, "5.7.26 DMARC policy", **SUB),
     _sender("accept", "smtp_permanent"), "sender_policy"),
    ("accept-451", Reply("ACCEPT", 451, "4.3.0 queue file write error", **SUB),
     _sender("accept", "smtp_temporary"), ""),
    ("accept-our-message", Reply("ACCEPT", 554, "5.6.0 malformed message", **SUB),
     ("unknown", "prober", "accept", "smtp_permanent"), "our_message"),
    ("drop-at-accept", Drop("ACCEPT", **SUB),
     _unsure(), "trip_unconfirmed_arrived"),
    ("reset-at-accept", Drop("ACCEPT", reset=True, **SUB),
     _unsure(), "trip_unconfirmed_arrived"),
    ("garbled-accept", Garble("ACCEPT", **SUB),
     _unsure(), "trip_unconfirmed_arrived"),
    ("slow-accept", Slow("ACCEPT", 0.2, **SUB), OK, "trip_arrived"),
    ("drop-at-quit", Drop("QUIT", **SUB), OK, "trip_arrived"),
)  # fmt: skip

_READ: Final = (
    ("nobody-listens", Refuse(**IMAP), _down("tcp", "tcp_refused"), ""),
    ("bye", Reply("GREETING", "BYE", "in manutenzione", **IMAP),
     _down("greeting", "imap_bye"), "maintenance"),
    ("login-unavailable", Reply("AUTH", "NO", "[UNAVAILABLE] no", **IMAP),
     _down("login", "auth_unavailable"), ""),
    ("store-down", Reply("EXAMINE", "NO", "[UNAVAILABLE] no", **IMAP),
     _down("select", "imap_no"), "mailbox_closed"),
    ("drop-at-list", Drop("LIST", **IMAP), _down("list", "peer_closed"), ""),
    ("drop-at-status", Drop("STATUS", **IMAP), _down("select", "peer_closed"), ""),
    ("status-no", Reply("STATUS", "NO", "gone", **IMAP), OK, "trip_arrived"),
    ("drop-at-noop", Drop("NOOP", **IMAP), _down("transit", "peer_closed"), ""),
    ("noop-bye", Reply("NOOP", "BYE", "restarting", **IMAP),
     _down("transit", "imap_bye"), ""),
    ("noop-no", Reply("NOOP", "NO", "[SERVERBUG] no", **IMAP),
     _down("transit", "imap_no"), ""),
    ("drop-at-fetch", Drop("FETCH", **IMAP), _down("transit", "peer_closed"), ""),
    ("fetch-no", Reply("FETCH", "NO", "[SERVERBUG] no", **IMAP),
     _down("transit", "imap_no"), ""),
    ("fetch-huge-literal", Raw("FETCH", b"* 1 FETCH (BODY {999999999}\r\n", **IMAP),
     _down("transit", "imap_protocol"), ""),
    ("garbled-fetch", Garble("FETCH", **IMAP), _down("transit", "imap_protocol"), ""),
    ("store-no", Reply("STORE", "NO", "read-only", **IMAP), OK, "trip_arrived"),
    ("drop-at-store", Drop("STORE", **IMAP), OK, "trip_arrived"),
    ("drop-at-expunge", Drop("EXPUNGE", **IMAP), OK, "trip_arrived"),
    ("drop-at-logout", Drop("LOGOUT", **IMAP), OK, "trip_arrived"),
)  # fmt: skip

_STORM: Final = b"+ idling\r\n" + b"* 5 EXISTS\r\n" * 20_000
_LISTENED: Final = (
    ("idle-withheld", Withhold("IDLE", **IMAP), "no_idle"),
    ("idle-no", Reply("IDLE", "NO", "not now", **IMAP), "idle_silent"),
    ("idle-dropped", Drop("IDLE", **IMAP), "idle_silent"),
    ("idle-garbled", Garble("IDLE", **IMAP), "idle_silent"),
    ("idle-answers-another-tag",
     Raw("IDLE", b"XYZ9 OK done\r\n", **IMAP), "idle_silent"),
    ("idle-storm", Raw("IDLE", _STORM, **IMAP), ""),
    ("idle-ends-in-bye", Reply("PUSH", "BYE", "time is up", **IMAP), "idle_silent"),
    ("idle-dropped-at-push", Drop("PUSH", **IMAP), "idle_silent"),
    ("idle-garbled-push", Garble("PUSH", **IMAP), "idle_silent"),
    ("idle-never-pushes", Stall("PUSH", **IMAP), "idle_silent"),
    ("alert", Reply("NOOP", "OK", "[ALERT] Servizio in manutenzione alle 23", **IMAP),
     "alert"),
    ("uidplus-withheld", Withhold("UIDPLUS", **IMAP), "canary_left"),
    ("expunge-no", Reply("EXPUNGE", "NO", "read-only", **IMAP), "canary_left"),
)  # fmt: skip

_MISSING: Final = _down("transit", "canary_missing")
# The lab's clock is the machine's: it comes out in a year that no test lives to see.
_FAR: Final = datetime(2999, 1, 1, tzinfo=UTC)
_FOR_DAYS: Final = Hold(_FAR, _FAR, _FAR, _FAR)
_WAITING: Final = (
    ("lost", (Lose(),), _MISSING, "deadline"),
    ("bounced", (Bounce(),), _MISSING, "deadline"),
    ("mailbox-full", (Full(),), _account("transit", "canary_missing"), "deadline"),
    ("held", (Delay(),), _MISSING, "deadline"),
    ("held-for-days", (_FOR_DAYS,), _MISSING, "deadline"),
    ("mx-refuses-connections", (Refuse(**MX),), _MISSING, "deadline"),
    ("mx-refuses-the-mail",
     (Reply("RCPT", 550, "5.7.1 no", **MX),), _MISSING, "deadline"),
    ("lost-and-unconfirmed", (Lose(), Drop("ACCEPT", **SUB)),
     _sender("transit", "canary_missing"), "deadline"),
    ("stall-at-rcpt",
     (Stall("RCPT", **SUB),), _sender("rcpt", "reply_timeout"), "command"),
    ("mail-drips",
     (Drip("MAIL", 1.0, **SUB),), _sender("mail", "reply_timeout"), "command"),
    ("stall-at-data",
     (Stall("DATA", **SUB),), _sender("data", "reply_timeout"), "command"),
    ("stall-at-accept", (Stall("ACCEPT", **SUB),), OK, "farewell"),
    ("idle-never-agreed", (Stall("IDLE", **IMAP),), OK, "command"),
    ("stall-at-noop",
     (Stall("NOOP", **IMAP),), _down("transit", "reply_timeout"), "command"),
    ("stall-at-fetch", (Stall("FETCH", **IMAP),),
     _down("transit", "reply_timeout"), "command"),
    ("stall-at-store", (Stall("STORE", **IMAP),), OK, "command"),
    ("stall-at-logout", (Stall("LOGOUT", **IMAP),), OK, "farewell"),
)  # fmt: skip

SCENARIOS: Final = (
    *(
        Scenario(name=f"trip-{name}", how=how, faults=faults, says=says, rule=rule)
        for name, how, faults, says, rule in _FATES
    ),
    *(
        Scenario(
            name=f"trip-send-{name}", how=trip, faults=(fault,), says=says, rule=rule
        )
        for name, fault, says, rule in _SENT
    ),
    *(
        Scenario(
            name=f"trip-read-{name}", how=trip, faults=(fault,), says=says, rule=rule
        )
        for name, fault, says, rule in _READ
    ),
    *(
        Scenario(
            name=f"trip-{name}",
            how=trip,
            faults=(fault,),
            says=OK,
            rule="trip_arrived",
            finding=found,
        )
        for name, fault, found in _LISTENED
    ),
    *(
        Scenario(name=f"trip-{name}", how=trip, faults=faults, says=says, waits=waits)
        for name, faults, says, waits in _WAITING
    ),
)
