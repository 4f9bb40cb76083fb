"""What goes wrong with Postfix: greetings, a stopped server, refused mail."""

from __future__ import annotations

from typing import Final

from mailprobe import Limits
from mailprobe.lab import (
    Refuse,
    Reply,
    Stall,
)
from tests.real import faults
from tests.real.faults import DOMAIN
from tests.real.scenario import (
    IN,
    OUT,
    PATIENCE,
    Broken,
    Ending,
    Scenario,
    imap,
    mx,
    provider,
    relay,
    says,
    submission,
)

BLOCKED: Final = "5.7.1 Client host [127.0.0.1] blocked using zen.spamhaus.org"
BUSY: Final = "4.7.0 Error: too many connections"
CLOSING: Final = "4.3.2 Service shutting down"


def greetings() -> list[Scenario]:
    """Greet in the wrong way, or late, or not at all."""
    return [
        Scenario(
            name="greeting-421-closing",
            fault=lambda w: faults.greeting(w, f"421 {CLOSING}"),
            probe=mx(),
            ending=("down", "provider", "greeting", "smtp_temporary"),
            twins=says("mx", "GREETING", 421, CLOSING),
        ),
        Scenario(
            name="greeting-421-one-of-two",
            fault=lambda w: faults.greeting(w, f"421 {CLOSING}", hosts=1),
            probe=mx(),
            ending=("degraded", "provider", "greeting", "smtp_temporary"),
            twins=(
                Reply("GREETING", 421, CLOSING, service="mx", host=f"mx1.{DOMAIN}"),
            ),
        ),
        Scenario(
            name="greeting-421-too-many",
            fault=lambda w: faults.greeting(w, f"421 {BUSY}"),
            probe=relay,
            ending=("unknown", "vantage", "greeting", "smtp_temporary"),
            twins=says("mx", "GREETING", 421, BUSY),
        ),
        Scenario(
            name="greeting-554-block-list",
            fault=lambda w: faults.greeting(w, f"554 {BLOCKED}"),
            probe=mx(),
            ending=("unknown", "vantage", "greeting", "smtp_permanent"),
            twins=says("mx", "GREETING", 554, BLOCKED),
        ),
        Scenario(
            name="tarpit",
            fault=lambda w: faults.tarpit(w, 20),
            probe=mx(),
            ending=("ok", None, None, None),
            finding="slow_greeting",
        ),
        Scenario(
            name="postfix-hung-submission",
            fault=faults.postfix_hung,
            probe=submission("starttls"),
            ending=("down", "provider", "greeting", "greeting_timeout"),
            twins=(Stall("GREETING", service="submission", domain=DOMAIN),),
            limits=Limits(greeting=PATIENCE),
        ),
        Scenario(
            name="imap-login-hung",
            fault=lambda w: w.dovecot.frozen("imap-login"),
            probe=imap("starttls"),
            ending=("down", "provider", "greeting", "greeting_timeout"),
            twins=(Stall("GREETING", service="imap", domain=DOMAIN),),
            limits=Limits(greeting=PATIENCE),
        ),
        Scenario(
            name="imap-login-hung-tls",
            fault=lambda w: w.dovecot.frozen("imap-login"),
            probe=imap(),
            ending=("down", "provider", "tls", "tls_timeout"),
            twins=(Stall("TLS", service="imap", domain=DOMAIN),),
            limits=Limits(tls=PATIENCE),
        ),
    ]


def stopped() -> list[Scenario]:
    """Stop a server whole."""
    refused = ("down", "provider", "tcp", "tcp_refused")
    everything = tuple(
        Refuse(service=name, domain=DOMAIN) for name in ("mx", "submission")
    )
    reading = (Refuse(service="imap", domain=DOMAIN),)
    return [
        Scenario(
            name="postfix-down-mx",
            fault=faults.postfix_down,
            probe=mx(),
            ending=refused,
            twins=everything,
        ),
        Scenario(
            name="postfix-down-submission",
            fault=faults.postfix_down,
            probe=submission(),
            ending=refused,
            twins=everything,
        ),
        Scenario(
            name="postfix-down-sender",
            fault=faults.postfix_down,
            probe=OUT,
            ending=("down", "sender", "tcp", "tcp_refused"),
            twins=everything,
        ),
        Scenario(
            name="postfix-down-provider",
            fault=faults.postfix_down,
            probe=provider,
            ending=refused,
            twins=everything,
        ),
        Scenario(
            name="imap-down",
            fault=faults.imap_down,
            probe=imap(),
            ending=refused,
            twins=reading,
        ),
        Scenario(
            name="imap-down-provider",
            fault=faults.imap_down,
            probe=provider,
            ending=refused,
            twins=reading,
        ),
        Scenario(
            name="dovecot-down",
            fault=lambda w: w.dovecot_down(),
            probe=IN,
            ending=refused,
            twins=reading,
        ),
    ]


def sending() -> list[Scenario]:
    """Let submission refuse at each moment of a mail."""
    table: list[tuple[str, str, int, str, Ending]] = [
        ("MAIL", "sender", 451, "4.3.0 Service trouble",
         ("down", "sender", "mail", "smtp_temporary")),
        ("RCPT", "recipient", 451, "4.3.0 Service trouble",
         ("down", "sender", "rcpt", "smtp_temporary")),
        ("RCPT", "recipient", 450, "4.2.0 Greylisted",
         ("degraded", "sender", "rcpt", "smtp_temporary")),
        ("RCPT", "recipient", 550, "5.1.1 No such user",
         ("unknown", "account", "rcpt", "smtp_permanent")),
        ("RCPT", "recipient", 550, "5.7.1 Relaying denied",
         ("down", "sender", "rcpt", "smtp_permanent")),
        ("ACCEPT", "end_of_data", 451, "4.3.0 Queue file write error",
         ("down", "sender", "accept", "smtp_temporary")),
        ("ACCEPT", "end_of_data", 550, "5.7.26 DMARC policy",
         ("down", "sender", "accept", "smtp_permanent")),
    ]  # fmt: skip

    def refusal(moment: str, code: int, text: str) -> Broken:
        return lambda world: faults.refused_when(world, moment, f"{code} {text}")

    done = [
        Scenario(
            name=f"{where.lower()}-{code}-{text.split()[0]}",
            fault=refusal(moment, code, text),
            probe=OUT,
            ending=ending,
            twins=says("submission", where, code, text),
        )
        for where, moment, code, text, ending in table
    ]
    full = says("submission", "MAIL", 452, "4.3.1 Insufficient system storage")
    disk = Scenario(
        name="disk-full",
        fault=faults.disk_full,
        probe=OUT,
        ending=("down", "sender", "mail", "smtp_temporary"),
        twins=full,
    )
    return [*done, disk]
