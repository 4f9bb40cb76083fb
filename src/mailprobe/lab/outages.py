"""
Outages by name: what users call them, made of the lab's faults.

    with lab.fault(*outage("imap_down")):
        ...

The words the servers say are those of common programs (Postfix, Dovecot); a test that
depends on other words takes the faults themselves.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from types import MappingProxyType
from typing import Final

from mailprobe.lab.faults import (
    BadCertificate,
    Bounce,
    Delay,
    Duplicate,
    Fault,
    Junk,
    Lose,
    Refuse,
    Reply,
    Servfail,
    Slow,
    Stall,
)
from mailprobe.model.errors import UsageError

STORE_DOWN: Final = "[UNAVAILABLE] Mailbox store is not available"
OPENING: Final = ("SELECT", "EXAMINE", "STATUS")
"""The commands that need the mailbox itself; logging in works without it."""

SLUGGISH: Final = 0.3
"""Seconds per reply: to be felt in a test, and not to be waited for."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Outage:
    """
    An outage with a name.

    Attributes:
        name: Its name.
        seen: What users and programs see of it.
        faults: What it is made of.
    """

    name: str
    seen: str
    faults: tuple[Fault, ...]


def store_faults(text: str = STORE_DOWN) -> tuple[Fault, ...]:
    """Return what makes every mailbox refuse to be opened, with these words."""
    return tuple(Reply(verb, "NO", text, service="imap") for verb in OPENING)


_SUBMISSION_DOWN: Final = Refuse(service="submission")
_IMAP_DOWN: Final = Refuse(service="imap")
_MX_DOWN: Final = Refuse(service="mx")


def _auth(code: int, text: str, imap: str) -> tuple[Fault, ...]:
    return (
        Reply("AUTH", code, text, service="submission"),
        Reply("AUTH", "NO", imap, service="imap"),
    )


_ALL: Final = (
    Outage(
        name="all_down",
        seen="no server answers: connections are refused everywhere",
        faults=(_SUBMISSION_DOWN, _IMAP_DOWN, _MX_DOWN),
    ),
    Outage(
        name="submission_down",
        seen="mail cannot be sent: the submission server refuses connections",
        faults=(_SUBMISSION_DOWN,),
    ),
    Outage(
        name="submission_hangs",
        seen="sending does not end: the submission server is silent",
        faults=(Stall("GREETING", service="submission"),),
    ),
    Outage(
        name="submission_refuses",
        seen="every mail is put off: 451 in answer to each recipient",
        faults=(
            Reply("RCPT", 451, "4.3.0 Error: queue file write", service="submission"),
        ),
    ),
    Outage(
        name="imap_down",
        seen="mailboxes cannot be reached: the IMAP server refuses connections",
        faults=(_IMAP_DOWN,),
    ),
    Outage(
        name="imap_hangs",
        seen="reading does not end: the IMAP server is silent",
        faults=(Stall("GREETING", service="imap"),),
    ),
    Outage(
        name="store_down",
        seen="logging in works, opening the mailbox does not; new mail waits",
        faults=(*store_faults(), Delay()),
    ),
    Outage(
        name="auth_down",
        seen="nobody can log in, and the servers say that it is their fault",
        faults=_auth(
            454,
            "4.7.0 Temporary authentication failure: Connection lost to "
            "authentication server",
            "[UNAVAILABLE] Temporary authentication failure.",
        ),
    ),
    Outage(
        name="credentials_refused",
        seen="right passwords are called wrong",
        faults=_auth(
            535,
            "5.7.8 Error: authentication failed",
            "[AUTHENTICATIONFAILED] Authentication failed.",
        ),
    ),
    Outage(
        name="mx_down",
        seen="other providers cannot deliver: their mail waits in their queues",
        faults=(_MX_DOWN,),
    ),
    Outage(
        name="greylisting",
        seen="mail from outside is put off at the MX, and waits in its sender's queue",
        faults=(Reply("RCPT", 450, "4.2.0 Greylisted, try again later", service="mx"),),
    ),
    Outage(
        name="mailbox_full",
        seen="every recipient is refused: 552, over quota",
        faults=tuple(
            Reply("RCPT", 552, "5.2.2 The mailbox is over quota", service=service)
            for service in ("submission", "mx")
        ),
    ),
    Outage(name="junk", seen="mail lands in Junk: it never came", faults=(Junk(),)),
    Outage(
        name="mail_lost",
        seen="mail is accepted and never seen again",
        faults=(Lose(),),
    ),
    Outage(
        name="mail_late",
        seen="mail is accepted and held back until the outage ends",
        faults=(Delay(),),
    ),
    Outage(
        name="mail_twice",
        seen="every mail arrives twice",
        faults=(Duplicate(2),),
    ),
    Outage(
        name="mail_bounces",
        seen="mail is accepted, then returned to its sender",
        faults=(Bounce(),),
    ),
    Outage(
        name="slow",
        seen="everything works, and every reply takes a while",
        faults=tuple(
            Slow(moment, SLUGGISH) for moment in ("GREETING", "AUTH", "RCPT", "SELECT")
        ),
    ),
    Outage(
        name="dns_down",
        seen="no name can be looked up: SERVFAIL",
        faults=(Servfail(),),
    ),
    Outage(
        name="certificate_expired",
        seen="no TLS connection comes about: the certificate has expired",
        faults=(BadCertificate("expired"),),
    ),
)

OUTAGES: Final = MappingProxyType({one.name: one for one in _ALL})
"""All outages by name."""


def outage(name: str, *, domain: str | None = None) -> tuple[Fault, ...]:
    """
    Return the faults of an outage.

    Args:
        name: One of `OUTAGES`.
        domain: The domain it hits, with those that share its platform; all of the
            lab by default. The name server has no domain.

    Raises:
        UsageError: If there is no outage of this name.
    """
    known = OUTAGES.get(name)
    if known is None:
        message = f"there is no outage {name!r}; write one of {', '.join(OUTAGES)}"
        raise UsageError(message)
    return at(domain, known.faults)


def at(domain: str | None, faults: tuple[Fault, ...]) -> tuple[Fault, ...]:
    """Return *faults* as they hit *domain* and its platform; None means everywhere."""
    if domain is None:
        return faults
    return tuple(replace(one, domain=domain.lower(), platform=True) for one in faults)
