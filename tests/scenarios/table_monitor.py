"""What a monitor is made of: handing one mail over, and visiting a mailbox."""

from __future__ import annotations

import os
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, Final

from mailprobe import mint
from mailprobe.lab import (
    BadCertificate,
    Drop,
    Garble,
    Records,
    Refuse,
    Reply,
    Stall,
    Withhold,
)
from tests.scenarios.scenario import Scenario

if TYPE_CHECKING:
    from mailprobe import Canary, Check, DispatchReport, VisitReport
    from tests.scenarios.scenario import Run

SUB: Final[dict[str, Any]] = {"service": "submission", "domain": "libero.test"}
MX: Final[dict[str, Any]] = {"service": "mx", "domain": "posta.test"}
MX1: Final[dict[str, Any]] = {"service": "mx", "host": "mx1.posta.test"}
IMAP: Final[dict[str, Any]] = {"service": "imap", "domain": "posta.test"}
OK: Final = ("ok", None, None, None)


def fresh(run: Run) -> Canary:
    """Return a canary that was never sent, made with the key of the run's prober."""
    return mint(
        run.prober.vantage.canary_key,
        "ada@libero.test",
        "bob@posta.test",
        at=datetime.now(UTC),
        nonce=os.urandom(16),
    )


async def dispatch(run: Run) -> Check[DispatchReport]:
    """Hand a canary over to its sender's submission service."""
    box = run.box("ada@libero.test")
    return await run.prober.dispatch(fresh(run), box, timeout=run.timeout)


async def wrong_sender(run: Run) -> Check[DispatchReport]:
    """Hand a canary over with a wrong password."""
    box = run.box("ada@libero.test", wrong=True)
    return await run.prober.dispatch(fresh(run), box, timeout=run.timeout)


async def outside(run: Run) -> Check[DispatchReport]:
    """Hand a canary over to its recipient's MX hosts."""
    return await run.prober.dispatch(fresh(run), timeout=run.timeout)


async def visit(run: Run) -> Check[VisitReport]:
    """Visit a mailbox for the first time."""
    return await run.prober.visit(run.box("bob@posta.test"), timeout=run.timeout)


async def wrong_reader(run: Run) -> Check[VisitReport]:
    """Visit a mailbox with a wrong password."""
    box = run.box("bob@posta.test", wrong=True)
    return await run.prober.visit(box, timeout=run.timeout)


def _down(phase: str, kind: str) -> tuple[str, str, str, str]:
    return ("down", "provider", phase, kind)


LOST: Final = ("unknown", "unclear", "accept", "submission_unconfirmed")
_SENT: Final = (
    ("healthy", dispatch, (), OK, "dispatch_accepted"),
    ("nobody-listens", dispatch, (Refuse(**SUB),),
     _down("tcp", "tcp_refused"), "tcp_refused"),
    ("wrong-password", wrong_sender, (),
     ("unknown", "unclear", "auth", "auth_refused"), "login_refused_smtp"),
    ("rcpt-gone", dispatch, (Reply("RCPT", 550, "5.1.1 no such user", **SUB),),
     ("unknown", "account", "rcpt", "smtp_permanent"), "canary_gone"),
    ("limit", dispatch, (Reply("MAIL", 550, "5.4.5 daily sending quota", **SUB),),
     ("unknown", "account", "mail", "smtp_permanent"), "sending_limit"),
    ("drop-at-data", dispatch, (Drop("DATA", **SUB),),
     _down("data", "peer_closed"), "peer_closed"),
    ("accept-451", dispatch, (Reply("ACCEPT", 451, "4.3.0 queue file", **SUB),),
     _down("accept", "smtp_temporary"), "provider_trouble"),
    ("drop-at-accept", dispatch, (Drop("ACCEPT", **SUB),),
     LOST, "dispatch_unconfirmed"),
    ("garbled-accept", dispatch, (Garble("ACCEPT", **SUB),),
     LOST, "dispatch_unconfirmed"),
    ("drop-at-quit", dispatch, (Drop("QUIT", **SUB),), OK, "dispatch_accepted"),
)  # fmt: skip

_OUTSIDE: Final = (
    ("healthy", (), OK, "dispatch_accepted"),
    ("without-starttls", (Withhold("STARTTLS", **MX),), OK, "dispatch_accepted"),
    ("starttls-breaks", (Drop("TLS", **MX),), OK, "dispatch_accepted"),
    ("certificate-of-nobody", (BadCertificate("self_signed", **MX),),
     OK, "dispatch_accepted"),
    ("first-host-down", (Refuse(**MX1),), OK, "dispatch_accepted"),
    ("first-host-busy", (Reply("RCPT", 451, "4.3.0 busy", **MX1),),
     OK, "dispatch_accepted"),
    ("first-host-drops-at-data", (Drop("DATA", **MX1),), OK, "dispatch_accepted"),
    ("all-hosts-down", (Refuse(**MX),), _down("tcp", "tcp_refused"), "tcp_refused"),
    ("answer-then-silence",
     (Reply("RCPT", 451, "4.3.0 busy", **MX1),
      Refuse(service="mx", host="mx2.posta.test")),
     _down("rcpt", "smtp_temporary"), "provider_trouble"),
    ("block-list", (Reply("GREETING", 554, "5.7.1 blocked using a DNSBL", **MX),),
     ("unknown", "vantage", "greeting", "smtp_permanent"), "blocked_reputation"),
    ("greylisted", (Reply("RCPT", 451, "4.7.1 greylisted", **MX),),
     ("degraded", "provider", "rcpt", "smtp_temporary"), "greylisted"),
    ("policy", (Reply("ACCEPT", 550, "5.7.26 DMARC policy", **MX),),
     ("down", "sender", "accept", "smtp_permanent"), "sender_policy"),
    ("drop-at-accept", (Drop("ACCEPT", **MX),), LOST, "dispatch_unconfirmed"),
    ("null-mx", (Records("posta.test", "MX", ("0 .",)),),
     _down("dns", "mx_null"), "mx_null"),
    ("mx-is-an-address", (Records("posta.test", "MX", ("10 127.0.0.1.",)),),
     _down("dns", "mx_unusable"), "mx_unusable_failure"),
)  # fmt: skip

_READ: Final = (
    ("healthy", visit, (), OK, "visit_works"),
    ("nobody-listens", visit, (Refuse(**IMAP),), _down("tcp", "tcp_refused"), ""),
    ("wrong-password", wrong_reader, (),
     ("unknown", "account", "login", "auth_refused"), "login_refused_imap"),
    ("login-unavailable", visit, (Reply("AUTH", "NO", "[UNAVAILABLE] later", **IMAP),),
     _down("login", "auth_unavailable"), "auth_unavailable"),
    ("store-down", visit, (Reply("EXAMINE", "NO", "[UNAVAILABLE] store", **IMAP),),
     _down("select", "imap_no"), "mailbox_closed"),
    ("no-list", visit, (Reply("LIST", "NO", "not now", **IMAP),), OK, "visit_works"),
    ("drop-at-examine", visit, (Drop("EXAMINE", **IMAP),),
     _down("select", "peer_closed"), ""),
)  # fmt: skip

SCENARIOS: Final = (
    *(Scenario(name=f"dispatch-{n}", how=how, faults=f, says=s, rule=r)
      for n, how, f, s, r in _SENT),
    *(Scenario(name=f"outside-{n}", how=outside, faults=f, says=s, rule=r)
      for n, f, s, r in _OUTSIDE),
    *(Scenario(name=f"visit-{n}", how=how, faults=f, says=s, rule=r)
      for n, how, f, s, r in _READ),
    Scenario(name="dispatch-silent-answer", how=dispatch, says=LOST,
             faults=(Stall("ACCEPT", **SUB),), waits="data_end"),
    Scenario(name="dispatch-our-time-is-up-behind-the-dot", how=dispatch,
             says=("unknown", "unclear", "accept", "timed_out"),
             faults=(Stall("ACCEPT", **SUB),), waits="deadline",
             rule="dispatch_unconfirmed"),
    Scenario(name="visit-silent", how=visit, says=_down("select", "reply_timeout"),
             faults=(Stall("EXAMINE", **IMAP),), waits="command"),
)  # fmt: skip
