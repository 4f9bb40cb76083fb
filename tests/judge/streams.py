"""Streams of synthetic looks at two brands of one platform and at strangers."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime, timedelta
from random import Random
from typing import TYPE_CHECKING, Final, NamedTuple

from mailprobe.judge.incidents import fold
from mailprobe.judge.watchbook import Watchbook
from mailprobe.model.failure import Kind
from mailprobe.model.sample import Function, Outcome, Party, Sample
from mailprobe.model.verdict import Blame

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from mailprobe.judge.incidents import Fact
    from mailprobe.model.incident import Event, Incident

LIBERO: Final = Party(name="libero", platform="italiaonline")
VIRGILIO: Final = Party(name="virgilio", platform="italiaonline")
PEC: Final = Party(name="legalmail", platform="infocert")  # of the same owner
GMAIL: Final = Party(name="gmail", platform="gmail")
BRANDS: Final = frozenset({"libero", "virgilio"})
EVERY: Final = 30.0  # minutes
LATE: Final = 3.0  # minutes
# The platform takes every other place, so that it is looked at every five minutes.
CANARIES: Final = tuple(
    (f"{party.name}{number}@{party.name}.test", party)
    for number, row in enumerate(((LIBERO, GMAIL), (VIRGILIO, PEC)) * 3)
    for party in row
)
ALL: Final = tuple(Function)
SUBMIT, ACCEPT, DELIVER, READ = ALL


class Ill(NamedTuple):
    """How a function fails."""

    kind: Kind | None
    blame: Blame | None = Blame.PROVIDER
    until: datetime | None = None  # for mail: when it arrives, or is returned


TIMEOUT: Final = Ill(Kind.TCP_TIMEOUT, Blame.VANTAGE)
SILENT: Final = Ill(Kind.REPLY_TIMEOUT)
WORK: Final = Ill(Kind.AUTH_UNAVAILABLE)
REFUSED: Final = Ill(Kind.AUTH_REFUSED, Blame.ACCOUNT)
NO_STORE: Final = Ill(Kind.IMAP_NO)
UNKNOWN: Final = Ill(None, None)


@dataclass(frozen=True, slots=True)
class Look:
    """What is to be scripted: one function of one canary at one time."""

    at: datetime
    function: Function
    party: Party
    account: str
    sender: Party | None = None


Script = "Callable[[Look], Ill | None]"


def _sample(look: Look, known: datetime, ill: Ill | None) -> Sample:
    outcome = Outcome.PASS
    if ill is not None:
        outcome = Outcome.FAIL if ill.kind else Outcome.UNKNOWN
    return Sample(
        at=look.at,
        known_at=known,
        function=look.function,
        outcome=outcome,
        party=look.party,
        account=look.account,
        sender=look.sender,
        blame=ill.blame if ill else None,
        kind=ill.kind if ill else None,
        why="It failed." if ill else "",
    )


def stream(
    begin: datetime, days: float, script: Callable[[Look], Ill | None]
) -> list[Sample]:
    """Look at every canary every thirty minutes, as a monitor would, by a script."""
    found: list[Sample] = []
    waiting: dict[str, list[tuple[Look, Ill | None]]] = {}
    for turn in range(int(days * 1440 / EVERY)):
        for place, (account, party) in enumerate(CANARIES):
            minutes = turn * EVERY + place * EVERY / len(CANARIES)
            at = begin + timedelta(minutes=minutes)
            sender = CANARIES[(place + turn) % len(CANARIES)][1]
            found += _visit(at, account, party, sender, script, waiting)
    return sorted(found, key=lambda sample: sample.known_at)


def _visit(
    at: datetime,
    account: str,
    party: Party,
    sender: Party,
    script: Callable[[Look], Ill | None],
    waiting: dict[str, list[tuple[Look, Ill | None]]],
) -> Iterable[Sample]:
    soon = at + timedelta(seconds=20)
    for function in (SUBMIT, ACCEPT, READ):
        who = "" if function is ACCEPT else account
        look = Look(at, function, party, who)
        yield _sample(look, soon, script(look))
    readable = script(Look(at, READ, party, account)) is None
    mails = waiting.setdefault(account, [])
    if readable:
        for old, bad in mails:
            yield _sample(old, soon, bad)
        mails.clear()
    if script(Look(at, SUBMIT, sender, "")) is not None:
        return  # it was never sent
    mail = Look(at, DELIVER, party, account, sender)
    ill = script(mail)
    late = at + timedelta(minutes=LATE)
    if readable or ill is UNKNOWN:
        yield _sample(mail, soon if ill is None else late, ill)
    else:
        yield _sample(mail, soon, UNKNOWN)  # nobody can look
        mails.append((mail, ill))


@dataclass
class Told:
    """What came of a stream."""

    book: Watchbook = field(default_factory=Watchbook)
    events: list[Event] = field(default_factory=list)

    @property
    def changes(self) -> list[str]:
        """What happened, in order."""
        return [event.change.value for event in self.events]

    @property
    def incidents(self) -> list[Incident]:
        """Every incident as it stood at last."""
        return list({e.incident.id: e.incident for e in self.events}.values())


def told(facts: Iterable[Fact], into: Told | None = None) -> Told:
    """Fold facts and keep what is said of them."""
    told = into or Told()
    for fact in facts:
        told.book, events = fold(told.book, fact)
        told.events += events
    return told


def noise(seed: int, share: float = 0.01) -> Callable[[Look], Ill | None]:
    """Script a quiet time with timeouts, and late mail, by chance."""
    luck = Random(seed)  # noqa: S311 - to be the same each time

    def script(look: Look) -> Ill | None:
        if luck.random() >= share:
            return None
        if look.function is DELIVER:
            return Ill(Kind.CANARY_MISSING)
        return luck.choice((TIMEOUT, SILENT, Ill(Kind.GREETING_TIMEOUT)))

    return script
