"""A watching connection and its server, line by line."""

from __future__ import annotations

import asyncio
import os
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING

import pytest

from mailprobe import Endpoint, Limits, Mailbox, Prober
from mailprobe.mail import canary
from mailprobe.probes.lookouts import Lookouts
from mailprobe.probes.newmail import Sighting
from tests.wire.peers import GUARD, NOW, serving, until

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Awaitable, Callable

    from mailprobe.probes.awaited import Awaited
    from tests.wire.peers import Peer

pytestmark = pytest.mark.asyncio


async def expect(peer: Peer, verb: bytes) -> bytes:
    """Expect a command and return its tag."""
    tag, _, rest = (await peer.line()).partition(b" ")
    assert rest.startswith(verb), rest
    return tag


async def carry_out(peer: Peer, verb: bytes, *said: bytes) -> None:
    """Expect a command and say OK to it, after these lines."""
    await peer.says(*said, await expect(peer, verb) + b" OK done")


async def open_inbox(peer: Peer, capabilities: bytes = b"IMAP4rev1") -> None:
    """Greet, and open an empty INBOX."""
    await peer.says(b"* PREAUTH [CAPABILITY " + capabilities + b"] ready")
    await carry_out(peer, b"LIST", b'* LIST () "/" INBOX')
    numbers = b"* OK [UIDVALIDITY 7] valid", b"* OK [UIDNEXT 1] next"
    await carry_out(peer, b'EXAMINE "INBOX"', b"* 0 EXISTS", *numbers)
    await carry_out(peer, b"UID FETCH 1:*")


@asynccontextmanager
async def watching(
    script: Callable[[Peer], Awaitable[None]], limits: Limits | None = None
) -> AsyncIterator[tuple[Awaited, Lookouts]]:
    """Watch a scripted mailbox for one mail that is not on its way yet."""
    async with serving(script) as port, Prober(limits=limits or Limits()) as prober:
        vantage = prober.vantage
        here = Endpoint("127.0.0.1", port, "none")
        lookouts = Lookouts(vantage)
        mailbox = Mailbox("bob@posta.test", imap=here)
        one, _ = await enter(lookouts, mailbox)
        await one.lookout.opened.wait()
        yield one, lookouts
        await lookouts.close()


async def enter(lookouts: Lookouts, mailbox: Mailbox) -> tuple[Awaited, bool]:
    """Take a share in the watching of a mailbox."""
    vantage = lookouts.vantage
    sought = canary.mint(
        vantage.canary_key,
        "ada@libero.test",
        mailbox.address,
        at=NOW,
        nonce=os.urandom(16),
    )
    return await lookouts.enter(
        mailbox, sought, vantage.recorder(GUARD), asyncio.Event()
    )


async def test_news_beside_any_reply_is_read_at_once() -> None:
    """A server tells of a mail once: no poll is waited for, whatever it stands by."""

    async def script(peer: Peer) -> None:
        await open_inbox(peer)
        await carry_out(peer, b"UID FETCH 1 (UID INTERNALDATE", b"* 2 EXISTS")
        await carry_out(peer, b"UID FETCH 1:*")
        await carry_out(peer, b"LOGOUT")

    async with watching(script) as (one, _):
        assert one.lookout.crowd
        inbox = one.lookout.crowd.places[0]
        seen = Sighting(place=inbox, validity=7, uid=1, number=1, by=0.0, after=0.0)
        assert await one.headers(seen) == (b"", None)
        one.lookout.leave(one)


async def test_idle_that_the_server_ends_is_no_loss() -> None:
    """The conversation goes on without it, on the same connection."""

    async def script(peer: Peer) -> None:
        await open_inbox(peer, b"IMAP4rev1 IDLE")
        tag = await expect(peer, b"IDLE")
        await peer.says(b"+ idling", tag + b" OK enough")
        await carry_out(peer, b"NOOP")
        await carry_out(peer, b"LOGOUT")

    async with watching(script) as (one, _):
        await until(lambda: not one.lookout._idles)
        assert not await one.look()
        assert one.survived is None
        one.lookout.leave(one)


async def test_nobody_logs_in_again_for_nobody() -> None:
    """Who comes while it is opened again waits; when all have gone, it is left."""

    async def script(peer: Peer) -> None:
        await open_inbox(peer, b"IMAP4rev1 IDLE")
        await expect(peer, b"IDLE")
        await peer.says(b"+ idling")

    async with watching(script, Limits(again_after=GUARD)) as (one, lookouts):
        lookout = one.lookout
        await until(lambda: one.survived)
        other, opens = await enter(lookouts, lookout.mailbox)
        assert (other.lookout, opens) == (lookout, False)
        assert not lookout.opened.is_set()
        lookout.leave(other)
        lookout.leave(one)
        await asyncio.wait({lookout.task})
        assert lookout.task.cancelled()
