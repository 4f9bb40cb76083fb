"""Scenario files as values: who has canaries, what goes wrong, what must be seen."""

from __future__ import annotations

import dataclasses
import tomllib
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any, Final

from mailprobe.lab import Fault, Queue, faults

FOLDER: Final = Path(__file__).parent / "scenarios"
NAMES: Final = tuple(sorted(path.stem for path in FOLDER.glob("*.toml")))


@dataclass(frozen=True, slots=True, kw_only=True)
class Brand:
    """A mail domain, the platform it runs on, and the local parts of its canaries."""

    domain: str
    platform: str
    canaries: tuple[str, ...]

    @property
    def addresses(self) -> tuple[str, ...]:
        """The addresses of its canaries."""
        return tuple(f"{name}@{self.domain}" for name in self.canaries)


@dataclass(frozen=True, slots=True, kw_only=True)
class Route:
    """Which way mail goes, every so many seconds; *outside*: straight to the MX."""

    sender: str
    recipient: str
    every: float
    outside: bool = False

    @property
    def name(self) -> str:
        """Its name."""
        return f"{self.sender} -> {self.recipient}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Span:
    """A fault, and when it is active."""

    fault: Fault
    begins: datetime
    ends: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """
    A window of a scenario.

    Attributes:
        name: Its name.
        source: The row of the account that it follows; empty if of no account.
        begins: When it begins.
        ends: When it ends.
        assumed: What the account leaves open, and is the file's own.
        described: Whether anybody described it; if not, nothing is asserted.
        expected: By function ("submit" ...): "up", "down", "partly" or "late".
        states: The states of the incident that may be seen.
        spans: What goes wrong.
    """

    name: str
    source: str
    begins: datetime
    ends: datetime
    assumed: str
    described: bool
    expected: dict[str, str]
    states: tuple[str, ...]
    spans: tuple[Span, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class WrongPassword:
    """A canary whose password does not hold for a while."""

    mailbox: str
    begins: datetime
    ends: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Maintenance:
    """A window that a provider announced."""

    party: str
    begins: datetime
    ends: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Said:
    """What a provider said."""

    at: datetime
    party: str
    text: str
    resolved: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Expected:
    """What must have been seen in the end."""

    incidents: int
    platform: str = ""
    opened_within: float = 0.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Scenario:
    """One run; see ``scenarios/README.md``."""

    name: str
    title: str
    begins: datetime
    ends: datetime
    late_after: float
    seed: int
    queue: Queue
    brands: tuple[Brand, ...]
    routes: tuple[Route, ...]
    rows: tuple[Row, ...]
    expected: Expected
    passwords: tuple[WrongPassword, ...] = ()
    maintenance: tuple[Maintenance, ...] = ()
    statements: tuple[Said, ...] = ()

    def rows_at(self, moment: datetime) -> tuple[Row, ...]:
        """Return the rows whose window a time falls into."""
        return tuple(row for row in self.rows if row.begins <= moment < row.ends)

    def shortened(self, begins: datetime, ends: datetime) -> Scenario:
        """Return this run cut to a window, for tests that need no more of it."""
        return dataclasses.replace(self, begins=begins, ends=ends)


def load(name: str) -> Scenario:
    """Read a scenario file."""
    table = tomllib.loads((FOLDER / f"{name}.toml").read_text())
    struck = table.pop("struck")
    every = table.pop("every")
    rows = tuple(_row(row, struck) for row in table.pop("row"))
    return Scenario(
        queue=Queue(**table.pop("queue")),
        brands=tuple(
            Brand(**{**one, "canaries": tuple(one["canaries"])})
            for one in table.pop("brand")
        ),
        routes=tuple(Route(**{"every": every, **r}) for r in table.pop("route")),
        rows=rows,
        expected=Expected(**table.pop("expected")),
        passwords=tuple(WrongPassword(**p) for p in table.pop("wrong_password", ())),
        maintenance=tuple(Maintenance(**m) for m in table.pop("maintenance", ())),
        statements=tuple(Said(**s) for s in table.pop("statement", ())),
        **table,
    )


def _row(table: dict[str, Any], struck: str) -> Row:
    given = table.pop("fault", [])
    expected = table.pop("expected", {})
    begins, ends = table["begins"], table["ends"]
    spans = tuple(span for one in given for span in _spans(one, struck, begins, ends))
    return Row(
        **{"assumed": "", "described": True, **table},
        states=tuple(expected.pop("states", ())),
        expected=expected,
        spans=spans,
    )


def _spans(
    table: dict[str, Any], struck: str, begins: datetime, ends: datetime
) -> list[Span]:
    """Make the faults of one entry."""
    kind = getattr(faults, table.pop("kind"))
    begins, ends = table.pop("begins", begins), table.pop("ends", ends)
    if not table.pop("everywhere", False):
        table |= {"domain": struck, "platform": True}
    table["mailboxes"] = tuple(table.get("mailboxes", ()))
    if kind is faults.Hold:
        table |= {"since": begins, "until": ends}
    made = [kind(**one) for one in _each(table)]
    return [Span(fault=fault, begins=begins, ends=ends) for fault in made]


def _each(table: dict[str, Any]) -> list[dict[str, Any]]:
    """Make one entry of each moment and of each name, where there are several."""
    for key in ("where", "name"):
        if isinstance(table.get(key), list):
            return [{**table, key: one} for one in table[key]]
    return [table]
