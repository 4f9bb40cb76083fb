"""A pause that a server may cut short: IDLE, where it is to be had."""

from __future__ import annotations

import asyncio
from contextlib import suppress
from typing import TYPE_CHECKING

from mailprobe.probes.jobs import named
from mailprobe.wire.trouble import Trouble

if TYPE_CHECKING:
    from mailprobe.mail.imap_stream import Response
    from mailprobe.wire.imap import ImapSession


async def idle(
    session: ImapSession, stirred: asyncio.Event, seconds: float, budget: float
) -> list[tuple[float, Response]] | None:
    """
    Wait in IDLE until the server tells something, the time is up, or *stirred*.

    Args:
        session: With a folder open.
        stirred: Ends it; is set by its end.
        seconds: How long at most.
        budget: Seconds for the server's answers to IDLE and to DONE.

    Returns:
        What was told, and when; None if the server refused IDLE or ended it by
        itself: then the session can be used as before.

    Raises:
        Trouble: If the session ends instead.
    """
    try:
        async with named(budget):
            await session.idle_start()
        news = await pushed(session, stirred, seconds)
        async with named(budget):
            return news + await session.idle_done()
    except Trouble:
        if session.usable:
            return None
        raise


async def pushed(
    session: ImapSession, stirred: asyncio.Event, seconds: float
) -> list[tuple[float, Response]]:
    """
    Wait in IDLE until the server tells something, the time is up, or *stirred*.

    Raises:
        Trouble: If the session ends instead.
    """
    push = asyncio.ensure_future(session.idle_push())
    push.add_done_callback(lambda _: stirred.set())
    try:
        with suppress(TimeoutError):
            async with asyncio.timeout(seconds):
                await stirred.wait()
    finally:
        push.cancel()
        await asyncio.wait({push})
    return [] if push.cancelled() else push.result()
