"""Send a mail, fetch it back, and say how long each part took."""

from __future__ import annotations

import mailprobe


# --8<-- [start:example]
async def travel(
    prober: mailprobe.Prober, sender: mailprobe.Mailbox, recipient: mailprobe.Mailbox
) -> None:
    """Print how long a mail takes from one mailbox to another."""
    check = await prober.round_trip(sender, recipient, timeout=300)
    print(check.status, check.why)
    trip = check.report
    if trip.visible is not None and trip.visible_error is not None:
        print(f"seen after {trip.visible:.3f} s, up to {trip.visible_error:.3f} s late")
        print(f"in {trip.landed}; told by IDLE after {trip.notified} s")


# --8<-- [end:example]
