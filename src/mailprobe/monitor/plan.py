"""What a monitor is to do: routes, cohorts, intervals, budgets, as values."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final

from mailprobe.model.errors import UsageError
from mailprobe.monitor.schedule import place_of

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from mailprobe.credentials import Reference
    from mailprobe.model.incident import Maintenance
    from mailprobe.model.sample import Party
    from mailprobe.model.target import Mailbox

INTERVAL: Final = 1800.0
"""Seconds: 48 mails a day and route, far below every send limit of a free mailbox."""
INTERVAL_MIN: Final = 10.0  # below that it is a load test, and providers see one
INTERVAL_MAX: Final = 86_400.0  # a day: less than that tells nothing of an outage
LATE_AFTER: Final = 300.0  # most mail takes seconds; greylisting, five minutes
HORIZON: Final = 5 * 86_400.0  # RFC 5321 4.5.4.1: senders retry for four to five days
GRACE: Final = 5.0  # most mail has arrived by then: one look finds it, not ten
PATIENCE: Final = 10.0  # a mail that takes longer is found by a later visit
LOOK_EVERY: Final = 300.0  # so that an outage shows within five minutes
HOLD: Final = 21_600.0  # 6 h: four refusals a day lock no account that we know of
BUDGET: Final = 200  # mails a day and account: half of the strictest known limit
ROUTES_MAX: Final = 2000  # 200 mailboxes with ten routes each
OUTSIDE: Final = "outside"
"""The sender of a route that hands its mail to the MX, as the world does."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Cohort:
    """
    Canaries of one brand.

    Attributes:
        name: Its name.
        party: The brand, and the platform it runs on.
        mailboxes: Their names.
    """

    name: str
    party: Party
    mailboxes: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Route:
    """
    From whom to whom mail is sent, and how often.

    Attributes:
        name: Its name.
        sender: A mailbox's name, or `OUTSIDE`.
        recipient: A mailbox's name.
        interval: Seconds between two mails.
        late_after: Seconds after which an arrival is late.
    """

    name: str
    sender: str
    recipient: str
    interval: float = INTERVAL
    late_after: float = LATE_AFTER

    def __post_init__(self) -> None:
        if not INTERVAL_MIN <= self.interval <= INTERVAL_MAX:
            message = (
                f"route {self.name!r}: an interval of {self.interval:g} s is out of "
                f"range; write {INTERVAL_MIN:g} to {INTERVAL_MAX:g} seconds"
            )
            raise UsageError(message)

    @property
    def place(self) -> float:
        """Its place in every interval, from 0 to 1: always the same, by its name."""
        return place_of(self.name)


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """
    All that a monitor has to know.

    Attributes:
        ledger: Where it writes: a file, or the URL of a PostgreSQL database.
        mailboxes: The canaries by name, their secrets at hand.
        cohorts: Whose they are.
        routes: Who sends to whom.
        outside: Envelope sender of mail that comes from outside; needed by
            routes from `OUTSIDE`.
        horizon: Seconds after which an unseen mail is presumed lost.
        grace: Seconds after sending until a mail is looked for.
        patience: Seconds that a visit waits for a mail just sent.
        look_every: Seconds between two looks at MX hosts, controls and books.
        hold: Seconds that an account is left alone after a refused login.
        budget: Mails that one account may send in a day.
        sentinels: Keep the oldest mail of each mailbox in sight, to tell whether
            an outage lost or altered it.
        maintenance: Announced windows.
        heartbeat: A URL that is fetched, or ``file:PATH`` that is touched,
            after every audit; empty for none.
        notify: Where changes of incidents are told: Apprise URLs.
        webhook: Where they are posted as JSON; None for nowhere.
    """

    ledger: str | Path
    mailboxes: Mapping[str, Mailbox]
    cohorts: tuple[Cohort, ...]
    routes: tuple[Route, ...]
    outside: str = ""
    horizon: float = HORIZON
    grace: float = GRACE
    patience: float = PATIENCE
    look_every: float = LOOK_EVERY
    hold: float = HOLD
    budget: int = BUDGET
    sentinels: bool = False
    maintenance: tuple[Maintenance, ...] = ()
    heartbeat: str = ""
    notify: tuple[Reference, ...] = field(default=(), repr=False)
    webhook: Reference | None = field(default=None, repr=False)

    def __post_init__(self) -> None:
        if not self.routes:
            message = "a monitor needs a route; write [monitor.route.NAME]"
            raise UsageError(message)
        if len(self.routes) > ROUTES_MAX:
            message = f"{len(self.routes)} routes are too many; {ROUTES_MAX} at most"
            raise UsageError(message)
        names = [route.name for route in self.routes]
        for name in sorted({name for name in names if names.count(name) > 1}):
            message = f"two routes are called {name!r}"
            raise UsageError(message)
        if OUTSIDE in self.mailboxes:
            message = (
                f"no mailbox may be called {OUTSIDE!r}: in a route that means mail "
                "that comes from outside"
            )
            raise UsageError(message)
        held: set[str] = set()
        for cohort in self.cohorts:
            for name in sorted(held.intersection(cohort.mailboxes)):
                message = (
                    f"mailbox {name!r} is in two cohorts, and whose it is decides "
                    "whom its failures tell of; leave it in one"
                )
                raise UsageError(message)
            held.update(cohort.mailboxes)
        for route in self.routes:
            self._known(route, held)

    def _known(self, route: Route, held: set[str]) -> None:
        if route.sender == OUTSIDE and not self.outside:
            message = (
                f"route {route.name!r} comes from outside: write the address it "
                "comes from as outside in [monitor]"
            )
            raise UsageError(message)
        for name in {route.sender, route.recipient} - {OUTSIDE}:
            if name not in self.mailboxes or name not in held:
                message = (
                    f"route {route.name!r}: mailbox {name!r} is in no cohort; write "
                    "it into one [monitor.cohort.NAME]"
                )
                raise UsageError(message)

    def party(self, mailbox: str) -> Party:
        """Return whose a canary is."""
        return next(c.party for c in self.cohorts if mailbox in c.mailboxes)

    def sender_address(self, route: Route) -> str:
        """Return the envelope sender of a route."""
        if route.sender == OUTSIDE:
            return self.outside
        return self.mailboxes[route.sender].address
