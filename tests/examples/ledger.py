"""Write a mail's story into a ledger, and ask what became of it."""

# --8<-- [start:example]
from __future__ import annotations

import asyncio
from datetime import UTC, datetime

import mailprobe
from mailprobe.model.entry import Accepted, Intended


async def note(ledger: mailprobe.Ledger, token: str) -> None:
    """Note the intent, send (left out here), note the answer."""
    await ledger.append(
        Intended(
            at=datetime.now(UTC),
            token=token,
            route="ada to bob",
            sender="ada@example.org",
            recipient="bob@libero.it",
            late_after=300.0,
        )
    )
    # It is on disk: only now may the wire be touched.
    now = datetime.now(UTC)
    await ledger.append(Accepted(at=now, token=token, submitted_at=now))


async def main() -> None:
    """Note one mail, and print what is known."""
    async with mailprobe.Ledger.open("ledger.db") as ledger:
        await note(ledger, "mp1-example")
        print(await ledger.passage("mp1-example"))
        print(await ledger.balance("ada to bob"))
        print((await ledger.verify()).sound)


if __name__ == "__main__":
    asyncio.run(main())
# --8<-- [end:example]
