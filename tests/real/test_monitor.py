"""The monitor on real servers: what it sends is seen, and a kill loses nothing."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from mailprobe.model.passage import Fate
from mailprobe.monitor.ledger import Ledger
from tests.monitor.killing import holds, last_look, nursery
from tests.monitor.nursery import MAILBOXES, World

if TYPE_CHECKING:
    from pathlib import Path

    from mailprobe.monitor.chain import Head
    from tests.real.world import RealWorld

LIFE = 6.0  # seconds: several mails of each route, there and back


@pytest.mark.asyncio
@pytest.mark.real
async def test_it_goes_on_after_a_kill(real_world: RealWorld, tmp_path: Path) -> None:
    """Postfix and Dovecot: each mail they took is accounted for, and taken once."""
    for address in MAILBOXES:
        real_world.empty_mailbox(address)
    world = World.of(real_world, tmp_path, str(tmp_path / "ledger.db"), every=1.5)
    heads: list[Head] = []
    async with nursery(world) as life:
        for _ in range(2):
            assert await life(LIFE) == "killed"
            await holds(world, heads)
    real_world.await_empty_queue()
    async with Ledger.open(world.ledger) as ledger:
        await last_look(world, ledger)
        passages = await ledger.passages(limit=10_000)
        balance = await ledger.balance()
    assert balance.imbalance == 0
    assert balance.delivered > 12
    for one in passages:
        message_id = f"<{one.token}@{one.sender.rpartition('@')[2]}>"
        arrived = one.fate in (Fate.DELIVERED, Fate.LATE)
        assert real_world.deliveries(message_id) == arrived, one
        assert not one.duplicates
    for address in MAILBOXES:
        assert not real_world.snapshot(address)
