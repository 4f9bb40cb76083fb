"""A monitor that is killed at any moment of sending and reading, again and again."""

from __future__ import annotations

import random
from collections import Counter
from typing import TYPE_CHECKING

import pytest

from mailprobe.lab import Lab
from mailprobe.lab.faults import Slow
from mailprobe.model.entry import Accepted, Intended, Rejected, Unconfirmed
from mailprobe.model.passage import Fate
from mailprobe.monitor.ledger import Ledger
from tests.monitor.killing import holds, last_look, nursery
from tests.monitor.nursery import World

if TYPE_CHECKING:
    from pathlib import Path

    from mailprobe.monitor.chain import Head

LIVES = 20  # in one round; ten rounds make the 200 of the once-per-change run
LONGEST = {"sqlite": 0.5, "postgresql": 1.5}  # seconds; servers take time to begin
ROUNDS = [
    pytest.param("sqlite", 0),
    *(pytest.param("sqlite", n, marks=pytest.mark.real) for n in range(1, 10)),
    pytest.param("postgresql", 10, marks=pytest.mark.real),
]


def handed_over(lab: Lab) -> Counter[str]:
    """Return how often the lab took each token."""
    return Counter(one.message_id.partition("@")[0] for one in lab.post.journeys)


@pytest.mark.asyncio
@pytest.mark.parametrize(("kind", "round_"), ROUNDS)
async def test_killed_while_it_works(
    request: pytest.FixtureRequest, tmp_path: Path, kind: str, round_: int
) -> None:
    """No kill unbalances the books, loses a mail or an entry, or sends one twice."""
    chance = random.Random(round_)  # noqa: S311 - only to choose moments
    moments = [chance.uniform(0.0, LONGEST[kind]) for _ in range(LIVES)]
    async with Lab() as lab:
        # A little time in each part of a conversation, so that kills land in it.
        for moment in ("MAIL", "DATA", "ACCEPT", "FETCH", "STORE", "EXPUNGE"):
            lab.inject(Slow(moment, seconds=0.01))
        world = World.of(lab, tmp_path, request.getfixturevalue(kind).where)
        heads: list[Head] = []
        async with nursery(world) as life:
            for seconds in moments:
                assert await life(seconds) == "killed"
                await holds(world, heads)
        lab.reset()
        await lab.settle()
        async with Ledger.open(world.ledger) as ledger:
            await last_look(world, ledger)
            await accounts_for_all(lab, ledger)
            print(await summary(lab, ledger))  # noqa: T201 - what the kills hit


async def accounts_for_all(lab: Lab, ledger: Ledger) -> None:
    """What the lab took and what the ledger says of it are the same."""
    took = handed_over(lab)
    assert set(took.values()) <= {1}
    passages = {one.token: one for one in await ledger.passages(limit=100_000)}
    assert took.keys() <= passages.keys()
    arrived = {Fate.DELIVERED, Fate.LATE}
    for token, one in passages.items():
        assert (one.fate in arrived) == (token in took), one
        assert not one.duplicates
    kinds = Counter([entry.kind async for _, entry in ledger.entries()])
    assert kinds["alarmed"] == 0


async def summary(lab: Lab, ledger: Ledger) -> str:
    """Say where the kills landed: mails that were cut off at each stage."""
    open_ends: dict[str, bool] = {}
    async for _, entry in ledger.entries():
        if isinstance(entry, Intended):
            open_ends[entry.token] = True
        elif isinstance(entry, Accepted | Rejected | Unconfirmed):
            open_ends[entry.token] = False
    took = handed_over(lab)
    cut = [token for token, is_open in open_ends.items() if is_open]
    there = sum(token in took for token in cut)
    return (
        f"{len(open_ends)} mails, {len(cut)} cut off while being sent: "
        f"{there} had been taken, {len(cut) - there} had not"
    )
