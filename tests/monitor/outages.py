"""A ledger with an outage in it, as a monitor would have written it."""

from __future__ import annotations

import asyncio
from collections import defaultdict
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Final

from mailprobe.model.entry import (
    Accepted,
    Bounced,
    Counted,
    Expired,
    Intended,
    MailEntry,
    Ran,
    Sampled,
    Seen,
)
from mailprobe.model.failure import Kind
from mailprobe.model.incident import Tick
from mailprobe.model.passage import Copy
from mailprobe.model.sample import Backlog
from mailprobe.monitor.books import Books
from mailprobe.monitor.ledger import Ledger
from tests.judge.streams import (
    BRANDS,
    CANARIES,
    DELIVER,
    EVERY,
    READ,
    WORK,
    Ill,
    Look,
    stream,
)

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from mailprobe.model.entry import Entry

BEGIN: Final = datetime(2023, 1, 22, 12, tzinfo=UTC)
DOWN: Final = datetime(2023, 1, 22, 22, tzinfo=UTC)
UP: Final = datetime(2023, 1, 23, 10, tzinfo=UTC)
DAYS: Final = 2.0
END: Final = BEGIN + timedelta(days=DAYS)
STEP: Final = timedelta(minutes=EVERY)
SOON: Final = timedelta(seconds=5)
HOUR: Final = timedelta(hours=1)
SAID: Final = "550 <b>no</b> \x1b[31m such =HYPERLINK() *user* | \u202e here"
"""What a hostile server says."""


def held(look: Look) -> Ill | None:
    """Nobody reads for half a day, and mail waits for so long; senders are fine."""
    if look.party.name not in BRANDS or not DOWN <= look.at < UP:
        return None
    if look.function is READ:
        return WORK
    return Ill(Kind.CANARY_MISSING) if look.function is DELIVER else None


def built(path: Path, until: datetime = END) -> Path:
    """Make a ledger with the outage in it, and return where it is."""

    async def work() -> None:
        async with Ledger.open(path, durable=False, threaded=False) as ledger:
            await write(ledger, until=until)

    asyncio.run(work())
    return path


async def write(
    ledger: Ledger,
    script: Callable[[Look], Ill | None] = held,
    until: datetime = END,
    *,
    ends: bool = False,
) -> Books:
    """Write down what a monitor saw; *ends*: it said so when it stopped."""
    books = Books(ledger, lambda _: None, lambda _: None)
    await books.record(Ran(at=BEGIN, running=True, version="1.0"))
    told: dict[int, list[Entry]] = defaultdict(list)
    routes = {}
    for mail in mails(script):
        told[_turn(mail.at)].append(mail)
        if isinstance(mail, Intended):
            routes[mail.at, mail.recipient] = mail.route
    for sample in stream(BEGIN, DAYS, script):
        if sample.function is DELIVER:
            route = routes[sample.at, sample.account]
            sample = replace(sample, route=route)  # noqa: PLW2901
        told[_turn(sample.known_at)].append(Sampled(at=sample.known_at, sample=sample))
    waiting: set[str] = set()
    for turn in range(int((until - BEGIN) / STEP)):
        at = BEGIN + (turn + 1) * STEP
        entries = sorted(told[turn], key=lambda one: one.at)
        for entry in entries:
            if isinstance(entry, Accepted):
                waiting.add(entry.token)
            elif isinstance(entry, Seen | Bounced | Expired):
                waiting.discard(entry.token)
        entries.append(Counted(at=at, backlog=_backlog(at, len(waiting))))
        await books.record(*entries)
        await books.tick(Tick(at=at))
    if ends:
        await books.record(Ran(at=until, running=False))
    return books


def mails(script: Callable[[Look], Ill | None] = held) -> Iterator[MailEntry]:
    """
    Yield the story of a mail for each canary and half hour.

    What was held comes at noon; of those sent to libero0 it is returned then, and the
    first to libero2 is never seen again.
    """
    noon = UP + 2 * HOUR
    lost = ""
    for turn in range(int(DAYS * 1440 / EVERY)):
        for place, (account, party) in enumerate(CANARIES):
            minutes = turn * EVERY + place * EVERY / len(CANARIES)
            at = BEGIN + timedelta(minutes=minutes)
            source, sender = CANARIES[(place + turn) % len(CANARIES)]
            token = f"mp1-{turn}-{place}"
            yield Intended(
                at=at,
                token=token,
                route=f"{source} to {account}",
                sender=source,
                recipient=account,
                late_after=300.0,
            )
            yield Accepted(at=at + SOON / 5, token=token, submitted_at=at + SOON / 5)
            ill = script(Look(at, DELIVER, party, account, sender))
            came = at + SOON if ill is None else noon
            if ill is not None and account.startswith("libero2") and not lost:
                lost = token
                yield Expired(at=END - HOUR, token=token)
            elif ill is not None and account.startswith("libero0"):
                yield Bounced(at=noon, token=token, status="5.4.7", said=SAID)
            else:
                yield Seen(at=came, token=token, copy=_copy(account, came))


def _copy(account: str, at: datetime) -> Copy:
    return Copy(
        mailbox=account,
        folder="INBOX",
        landed="inbox",
        uid=7,
        uidvalidity=1,
        seen_at=at,
        stored_at=at,
    )


def _backlog(at: datetime, waiting: int) -> Backlog:
    tail = None if waiting > 1 else 5.0
    return Backlog(
        at=at,
        platform="italiaonline",
        waiting=max(waiting - 1, 0),
        tail=tail,
        usual=5.0,
    )


def _turn(at: datetime) -> int:
    return int((at - BEGIN) / STEP)
