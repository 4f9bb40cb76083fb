"""Ask a ledger how things are, and what an incident did."""

# --8<-- [start:example]
from __future__ import annotations

import asyncio
import sys

from mailprobe import Ledger, monitor
from mailprobe.render import account_html


async def main(where: str) -> None:
    """Print how things are, and write a page about the last incident."""
    async with Ledger.open(where, write=False) as ledger:
        now = await monitor.status(ledger)
        print(now.status, now.why)
        for incident in await monitor.incidents(ledger, party="libero"):
            print(incident.id, incident.state, incident.blame)
        account = await monitor.report(ledger, "last")
        print(account.balance.late, "mails were late")
        print(len(account_html.encode(account)), "characters of HTML")
        async for mail in monitor.mails(ledger):
            if mail.fate == "presumed_lost":
                print(mail.token, mail.route)


if __name__ == "__main__":
    asyncio.run(main(sys.argv[1]))
# --8<-- [end:example]
