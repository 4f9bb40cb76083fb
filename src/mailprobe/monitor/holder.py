"""Who has a ledger: what a second monitor is told."""

from __future__ import annotations

import os
import platform
from datetime import datetime
from typing import Final

import msgspec

from mailprobe.model.errors import LedgerError

KEY: Final = "monitor"
"""Under which the monitor that has it is kept in the ledger."""


class _Holder(msgspec.Struct):
    host: str
    pid: int
    since: datetime


def me(now: datetime) -> bytes:
    """Return what this process writes about itself."""
    return msgspec.json.encode(_Holder(platform.node(), os.getpid(), now))


def taken(place: str, kept: bytes | None) -> LedgerError:
    """Return the sentence for whoever comes second."""
    try:
        one = msgspec.json.decode(kept or b"", type=_Holder)
    except msgspec.DecodeError:
        who = ""  # it has come a moment ago, or writes it differently
    else:
        since = f"{one.since:%Y-%m-%d %H:%M:%S} UTC"
        who = f" (process {one.pid} on {one.host}, since {since})"
    message = (
        f"another monitor{who} writes to the ledger {place}; end that one, or give "
        "this one a ledger of its own"
    )
    return LedgerError(message)
