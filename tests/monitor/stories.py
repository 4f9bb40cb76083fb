"""What ledger tests write, and how they tamper with it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

import sqlalchemy as sa

from mailprobe.model.entry import Accepted, Intended, Ran, Sampled, Seen
from mailprobe.model.passage import Copy
from mailprobe.model.sample import Function, Outcome, Party, Sample
from mailprobe.monitor.ledger import Ledger
from mailprobe.monitor.place import connect, find

NOON = datetime(2023, 1, 23, 12, tzinfo=UTC)
LIBERO = Party(name="libero", platform="italiaonline")


@dataclass
class Hand:
    """A clock that is set by hand."""

    at: datetime = NOON

    def now(self) -> datetime:
        """Return the time that was set."""
        return self.at

    def monotonic(self) -> float:
        """Return the same in seconds."""
        return self.at.timestamp()


@dataclass(frozen=True)
class Place:
    """A path or URL, opened as tests need it."""

    where: str

    def open(self, **options: Any) -> Ledger:  # noqa: ANN401 - those of `Ledger.open`
        """Return the ledger; its clock stands at noon unless another is given."""
        return Ledger.open(self.where, **{"clock": Hand(), "durable": False, **options})

    def tamper(self, statement: str, **values: object) -> int:
        """Change what is stored behind the ledger's back; return how many rows."""
        engine = connect(find(self.where), "write", durable=False, patience=5)
        try:
            with engine.begin() as connection:
                return connection.execute(sa.text(statement), values).rowcount
        finally:
            engine.dispose()


def after(minutes: float) -> datetime:
    """Return the time so long after noon."""
    return NOON + timedelta(minutes=minutes)


def intended(token: str, route: str = "a to b", at: datetime = NOON) -> Intended:
    """Return the intent of a mail."""
    return Intended(
        at=at,
        token=token,
        route=route,
        sender="ada@example.org",
        recipient="bob@libero.it",
        late_after=300.0,
    )


def accepted(token: str) -> Accepted:
    """Return that it was taken, one minute after noon."""
    return Accepted(at=after(1), token=token, submitted_at=after(1), said="250 ok")


def seen(token: str, minutes: float = 2, uid: int = 7) -> Seen:
    """Return that a copy was found."""
    copy = Copy(
        mailbox="bob@libero.it",
        folder="INBOX",
        landed="inbox",
        uid=uid,
        uidvalidity=1,
        seen_at=after(minutes),
    )
    return Seen(at=after(minutes), token=token, copy=copy)


def sampled(minutes: float, outcome: Outcome = Outcome.PASS, why: str = "") -> Sampled:
    """Return a look at reading."""
    at = after(minutes)
    sample = Sample(
        at=at,
        known_at=at,
        function=Function.READ,
        outcome=outcome,
        party=LIBERO,
        account="bob@libero.it",
        why=why,
    )
    return Sampled(at=at, sample=sample)


async def told(ledger: Ledger, number: int = 5) -> None:
    """Append mails with all of their story, a sample of each minute, and a start."""
    await ledger.append(Ran(at=NOON, running=True, version="1"))
    for n in range(number):
        await ledger.append(intended(f"t{n}"))
        await ledger.append(accepted(f"t{n}"), sampled(n))
        await ledger.append(seen(f"t{n}"))
