"""Hand a mail over now, and look for it at a later visit."""

from __future__ import annotations

import os
from datetime import UTC, datetime

import mailprobe


# --8<-- [start:example]
async def send_and_look(
    key: bytes, prober: mailprobe.Prober, ada: mailprobe.Mailbox, bob: mailprobe.Mailbox
) -> None:
    """Send a mail from Ada to Bob; the prober was given the same *key*."""
    first = await prober.visit(bob)  # from here on, everything is new
    canary = mailprobe.mint(
        key, ada.address, bob.address, at=datetime.now(UTC), nonce=os.urandom(16)
    )
    sent = await prober.dispatch(canary, ada)  # canary.token is written down by now
    print(sent.report.outcome, sent.why)
    later = await prober.visit(
        bob, bookmark=first.report.bookmark, expected=[canary.token], patience=60
    )
    for sighting in later.report.sightings:
        print(f"{sighting.landed}, stored at {sighting.internal_date}")
    print(f"{len(later.report.missing)} missing")


# --8<-- [end:example]
