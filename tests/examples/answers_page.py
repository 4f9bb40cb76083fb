"""
The output that docs/how-to/answers.md shows, from a ledger with an outage in it.

``python -m tests.examples.answers_page`` writes it into the page.
"""

from __future__ import annotations

import asyncio
import re
import tempfile
from pathlib import Path
from typing import Final
from zoneinfo import ZoneInfo

from mailprobe import Ledger, providers
from mailprobe.monitor import history, incidents, note, report, status
from mailprobe.render import account_text, diary, listing, screen
from tests.monitor.outages import BEGIN, DOWN, END, HOUR, UP, write

PAGE: Final = Path(__file__).parents[2] / "docs/how-to/answers.md"
ZONE: Final = ZoneInfo("Europe/Rome")
BLOCK: Final = re.compile(
    r"(<!-- output of (\w+) -->\n```text\n)(.*?)(```\n)", re.DOTALL
)


async def outputs(folder: Path) -> dict[str, str]:
    """Return what each command prints, by its name."""
    found = {}
    now = DOWN + 8 * HOUR
    async with _new(folder / "now.db") as ledger:
        await write(ledger, until=now)
        told = await status(ledger, at=now + HOUR / 60)
        found["status"] = screen.encode(told, ZONE)
    async with _new(folder / "over.db") as ledger:
        await write(ledger)
        text = "The maintenance is over, all services work."
        early = UP - 3 * HOUR
        await note(ledger, "libero", text, resolved=True, said_at=early, now=END)
        found["incidents"] = listing.encode(await incidents(ledger), ZONE)
        found["history"] = diary.encode(await history(ledger, since=BEGIN, until=END))
        made = await report(ledger, "last", at=END, catalogue=providers.builtin())
        found["report"] = account_text.encode(made, ZONE)
    return found


def shown() -> dict[str, str]:
    """Return what the page shows."""
    return {name: text for _, name, text, _ in BLOCK.findall(PAGE.read_text("utf-8"))}


def _new(path: Path) -> Ledger:
    return Ledger.open(path, durable=False, threaded=False)


def _write() -> None:
    with tempfile.TemporaryDirectory() as folder:
        made = asyncio.run(outputs(Path(folder)))
    page = BLOCK.sub(
        lambda found: f"{found[1]}{made[found[2]]}\n{found[4]}", PAGE.read_text("utf-8")
    )
    PAGE.write_text(page, "utf-8")


if __name__ == "__main__":
    _write()
