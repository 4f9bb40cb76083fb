"""
Two outages of real providers, phase by phase, as public reports describe them.

    with lab.fault(*replay("libero-2023-01", phase="accepts-not-delivers")):
        ...

Windows are local time, as the provider stated them and the press quoted them; they
conflict at the edges. Reports tell what failed, seldom what a server answered: where no
words are known, the lab's own stand for them. A window of days is as long as the block
that replays it. What nobody described is not replayed.
"""

from __future__ import annotations

from dataclasses import dataclass
from types import MappingProxyType
from typing import Final

from mailprobe.lab.faults import Bounce, Delay, Fault, Refuse, Reply, Slow, Stall
from mailprobe.lab.outages import at, store_faults
from mailprobe.model.errors import UsageError

STRUCK: Final = "libero.test"
"""The domain struck by default; with it the brand that shares its platform."""

LATE: Final = 0.5
"""Seconds that stand for "late": how late it was, nobody wrote down."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Phase:
    """
    One phase of an outage.

    Attributes:
        name: Its name.
        window: When it was.
        seen: What users saw, and what became of mail.
        faults: What brings it about; None if nobody described it.
    """

    name: str
    window: str
    seen: str
    faults: tuple[Fault, ...] | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Replay:
    """
    One outage.

    Attributes:
        name: Its name.
        title: What happened, in a few words.
        phases: Its phases by name, in their order.
    """

    name: str
    title: str
    phases: MappingProxyType[str, Phase]


def _replay(name: str, title: str, *phases: Phase) -> Replay:
    by_name = MappingProxyType({phase.name: phase for phase in phases})
    return Replay(name=name, title=title, phases=by_name)


_SUBMISSION_DOWN: Final = Refuse(service="submission")
_MAINTENANCE: Final = (
    Reply("AUTH", 454, "4.3.2 Servizio in manutenzione", service="submission"),
    Reply("AUTH", "NO", "[UNAVAILABLE] Servizio in manutenzione", service="imap"),
    Delay(),
)

_JANUARY: Final = _replay(
    "libero-2023-01",
    "January 2023: the storage of Libero and Virgilio fails",
    Phase(
        name="accepts-not-delivers",
        window="night of 22/23 January to 23 January about 16:00",
        seen="The MX accepts mail and queues it; no mailbox can be opened; nobody can "
        "send.",
        faults=(_SUBMISSION_DOWN, *store_faults(), Delay()),
    ),
    Phase(
        name="refuses-all",
        window="23 January about 16:00 to 26 January, afternoon",
        seen='"Temporarily unavailable": the MX does not answer, mail waits in the '
        "queues of its senders, submission and mailboxes are down.",
        faults=(
            _SUBMISSION_DOWN,
            Stall("CONNECT", service="mx"),
            Refuse(service="imap"),
        ),
    ),
    Phase(
        name="gives-up",
        window="23 January about 16:00 to 26 January, afternoon",
        seen="As before, and what was queued is bounced: its time is up.",
        faults=(
            _SUBMISSION_DOWN,
            Stall("CONNECT", service="mx"),
            Refuse(service="imap"),
            Bounce("550 5.4.7 Delivery time expired"),
        ),
    ),
    Phase(
        name="batches",
        window="26 January, afternoon, to 28 January",
        seen='"Your account is not available yet": sending is possible, the backlog '
        "drains, mailboxes come back in batches. This is what the owner of a mailbox "
        "sees that has not been moved yet, about a quarter of them.",
        faults=store_faults("[UNAVAILABLE] Your account is not available yet"),
    ),
    Phase(
        name="slow",
        window="until 3 February",
        seen="All is reachable; mail is slow and late.",
        faults=(Delay(LATE), Slow("SELECT", LATE), Slow("ACCEPT", LATE)),
    ),
)

_JUNE: Final = _replay(
    "libero-2023-06",
    "June 2023: a planned maintenance of Libero and Virgilio fails, then relapses",
    Phase(
        name="maintenance",
        window="13 June about 23:00 to early 15 June",
        seen='Announced maintenance, longer than announced: "Servizio in '
        'manutenzione"; mail is accepted, to be delivered "at a second time".',
        faults=_MAINTENANCE,
    ),
    Phase(
        name="declared-finished",
        window="14 June, afternoon",
        seen="Declared finished and fully working; nothing is wrong, for a while.",
        faults=(),
    ),
    Phase(
        name="relapse",
        window="14 June, later that afternoon",
        seen="Unstable, then suspended again, as before the declared end.",
        faults=_MAINTENANCE,
    ),
    Phase(
        name="queued",
        window="15 June about 03:00 to about 15:00",
        seen="Mail is queued; it was delivered on the morning of 19 June, about four "
        "days late. In a replay it is delivered when the block ends.",
        faults=_MAINTENANCE,
    ),
    Phase(
        name="unknown",
        window="15 June 15:00 to 16 June 15:00",
        seen="Nobody described what became of mail.",
        faults=None,
    ),
    Phase(
        name="bounced",
        window="16 June about 15:00 to the end",
        seen="Senders are told that their mail could not be delivered.",
        faults=(*_MAINTENANCE[:2], Bounce()),
    ),
    Phase(
        name="credentials-refused",
        window="14 to 18 June",
        seen='"Credenziali non riconosciute": right passwords are called wrong.',
        faults=(
            Reply(
                "AUTH", 535, "5.7.8 Credenziali non riconosciute", service="submission"
            ),
            Reply("AUTH", "NO", "Credenziali non riconosciute", service="imap"),
        ),
    ),
    Phase(
        name="reopening",
        window="18 to 19 June",
        seen="Mailboxes are open again; some still cannot send to others.",
        faults=(Reply("RCPT", 451, "4.3.0 Temporary failure", service="submission"),),
    ),
)

REPLAYS: Final = MappingProxyType({one.name: one for one in (_JANUARY, _JUNE)})
"""All replays by name."""


def replay(name: str, *, phase: str, domain: str | None = STRUCK) -> tuple[Fault, ...]:
    """
    Return the faults of one phase of a real outage.

    Args:
        name: One of `REPLAYS`.
        phase: One of its phases.
        domain: The domain struck, with those that share its platform; None for all.

    Raises:
        UsageError: If there is no such outage or phase, or nobody described it.
    """
    known = REPLAYS.get(name)
    if known is None:
        message = f"there is no replay {name!r}; write one of {', '.join(REPLAYS)}"
        raise UsageError(message)
    chosen = known.phases.get(phase)
    if chosen is None:
        phases = ", ".join(known.phases)
        message = f"{name!r} has no phase {phase!r}; write one of {phases}"
        raise UsageError(message)
    if chosen.faults is None:
        message = (
            f"phase {phase!r} of {name!r} ({chosen.window}) cannot be replayed: "
            "nobody described it; take another phase"
        )
        raise UsageError(message)
    return at(domain, chosen.faults)
