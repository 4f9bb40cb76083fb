"""Canaries for the tests of dispatch and visit, all made with one key."""

from __future__ import annotations

import os
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, Final

from mailprobe import mint
from tests.worlds import prober_options_for

if TYPE_CHECKING:
    from mailprobe import Canary
    from tests.worlds import World

KEY: Final = bytes(range(32))
ADA: Final = "ada@libero.test"
BOB: Final = "bob@posta.test"


def canary(sender: str = ADA, recipient: str = BOB, key: bytes = KEY) -> Canary:
    """Return a canary that nobody has sent yet."""
    return mint(key, sender, recipient, at=datetime.now(UTC), nonce=os.urandom(16))


def mail(sent: Canary) -> bytes:
    """Return a canary as it lies in a mailbox."""
    return b"Return-Path: <x@y.test>\r\n" + sent.message(datetime.now(UTC))


def options(world: World) -> dict[str, Any]:
    """Return the options of a prober that signs with `KEY`."""
    return prober_options_for(world) | {"canary_key": KEY}
