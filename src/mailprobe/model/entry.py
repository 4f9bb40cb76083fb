"""
What the ledger holds: one entry for each thing that was decided or seen.

Entries are facts. What became of a mail follows from its entries alone, by the table
in ``judge/fates.py``; incidents follow from samples, by ``judge/incidents.py``.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import ClassVar, TypeAlias

from mailprobe.model.incident import Event, Statement
from mailprobe.model.passage import Copy
from mailprobe.model.sample import Backlog, Sample

# --- about one mail; `token` says which -------------------------------------------


@dataclass(frozen=True, slots=True, kw_only=True)
class Intended:
    """
    A mail is about to be sent; written before the wire is touched.

    Until something else is known of it, it counts as unconfirmed: a process
    that dies in between loses nothing and sends nothing twice.
    """

    kind: ClassVar[str] = "intended"
    at: datetime
    token: str
    route: str
    sender: str
    recipient: str
    late_after: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Accepted:
    """The sender's server took it."""

    kind: ClassVar[str] = "accepted"
    at: datetime
    token: str
    submitted_at: datetime
    said: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Rejected:
    """It was refused, or could not be handed over at all."""

    kind: ClassVar[str] = "rejected"
    at: datetime
    token: str
    failure: str  # a `Kind`
    said: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Unconfirmed:
    """It was handed over as far as we know, and the answer was lost."""

    kind: ClassVar[str] = "unconfirmed"
    at: datetime
    token: str
    submitted_at: datetime | None = None
    said: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Seen:
    """A copy of it was found in a mailbox, and its MAC was right."""

    kind: ClassVar[str] = "seen"
    at: datetime
    token: str
    copy: Copy


@dataclass(frozen=True, slots=True, kw_only=True)
class Held:
    """A server says that it still tries (RFC 3464 action ``delayed``)."""

    kind: ClassVar[str] = "held"
    at: datetime
    token: str
    said: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Bounced:
    """It was returned to its sender, by a bounce that bears its token."""

    kind: ClassVar[str] = "bounced"
    at: datetime
    token: str
    status: str = ""  # RFC 3463, such as 5.4.7
    said: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Expired:
    """The horizon passed, and it was not seen."""

    kind: ClassVar[str] = "expired"
    at: datetime
    token: str


MailEntry: TypeAlias = (
    Intended | Accepted | Rejected | Unconfirmed | Seen | Held | Bounced | Expired
)

# --- about everything else ---------------------------------------------------------


@dataclass(frozen=True, slots=True, kw_only=True)
class Sampled:
    """One function of one party was looked at."""

    kind: ClassVar[str] = "sampled"
    at: datetime
    sample: Sample


@dataclass(frozen=True, slots=True, kw_only=True)
class Counted:
    """What a platform still holds was counted."""

    kind: ClassVar[str] = "counted"
    at: datetime
    backlog: Backlog


@dataclass(frozen=True, slots=True, kw_only=True)
class Changed:
    """An incident changed."""

    kind: ClassVar[str] = "changed"
    at: datetime
    event: Event


@dataclass(frozen=True, slots=True, kw_only=True)
class Stated:
    """A person noted what a provider said."""

    kind: ClassVar[str] = "stated"
    at: datetime
    party: str
    statement: Statement


@dataclass(frozen=True, slots=True, kw_only=True)
class Tripped:
    """A login was refused, so the account is left alone until then."""

    kind: ClassVar[str] = "tripped"
    at: datetime
    account: str
    until: datetime
    said: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Planted:
    """A sentinel mail was read, so that it can be told from its loss later."""

    kind: ClassVar[str] = "planted"
    at: datetime
    mailbox: str
    folder: str
    uid: int
    uidvalidity: int
    size: int
    digest: str  # SHA-256 of the whole mail, hexadecimal


@dataclass(frozen=True, slots=True, kw_only=True)
class Reread:
    """A sentinel was looked for again; what differs is in *changed*."""

    kind: ClassVar[str] = "reread"
    at: datetime
    mailbox: str
    uid: int
    found: bool
    changed: tuple[str, ...] = ()  # of uid, uidvalidity, size, digest


@dataclass(frozen=True, slots=True, kw_only=True)
class Alarmed:
    """Something is wrong with us: the books do not balance, the clock jumped."""

    kind: ClassVar[str] = "alarmed"
    at: datetime
    what: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Ran:
    """A monitor started or stopped; between them nobody looked."""

    kind: ClassVar[str] = "ran"
    at: datetime
    running: bool
    version: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Attached:
    """A report was put beside the ledger; the chain holds only its hash."""

    kind: ClassVar[str] = "attached"
    at: datetime
    about: str  # a token, or whatever else it is looked up by
    digest: str  # SHA-256 of the report, hexadecimal
    size: int  # bytes
    failed: bool  # failures are kept longer
    until: datetime  # until when the report is kept at least


@dataclass(frozen=True, slots=True, kw_only=True)
class Pruned:
    """Reports whose time was up were removed; the entries about them stay."""

    kind: ClassVar[str] = "pruned"
    at: datetime
    removed: int


Entry: TypeAlias = (
    MailEntry
    | Sampled
    | Counted
    | Changed
    | Stated
    | Tripped
    | Planted
    | Reread
    | Alarmed
    | Ran
    | Attached
    | Pruned
)
