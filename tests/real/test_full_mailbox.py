"""A mailbox full of strangers' mail: nothing in it is read, moved or changed."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import pytest

import mailprobe
from tests.worlds import prober_options_for

if TYPE_CHECKING:
    from tests.real.world import RealWorld

pytestmark = pytest.mark.real

MAILS: Final = 10_000
OWNER: Final = "bob@virgilio.test"
# All that the server may say on both connections: some 40 lines of greeting,
# capabilities and headers, and two lines for each poll. One stranger's header
# of a megabyte, or a list of ten thousand UIDs, would be far beyond it.
RECEIVED_MAX: Final = 60_000


@pytest.mark.asyncio
async def test_strangers_mail_is_left_alone(real_world: RealWorld) -> None:
    """Ten thousand mails, some hostile, stay byte-identical, and are not read."""
    real_world.empty_mailbox(OWNER)
    real_world.fill_mailbox(OWNER, MAILS, hostile=True)
    try:
        before = real_world.snapshot(OWNER)
        async with mailprobe.Prober(
            **prober_options_for(real_world),
            transcript=True,
            limits=mailprobe.Limits(transcript_lines=100_000),
        ) as prober:
            box = real_world.mailbox(OWNER)
            opened = await prober.imap(box)
            trip = await prober.round_trip(
                real_world.mailbox("ada@libero.test"), box, timeout=60
            )
        assert opened.status == "ok", opened.why
        assert opened.report.inbox is not None
        assert opened.report.inbox.messages == MAILS
        assert trip.status == "ok", trip.why
        assert trip.report.deleted is True
        assert sum(map(len, trip.report.transcript)) < RECEIVED_MAX
        assert real_world.snapshot(OWNER) == before
    finally:
        real_world.empty_mailbox(OWNER)
