"""All that a ledger holds, line by line, for other programs."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

from mailprobe.model.errors import UsageError
from mailprobe.model.passage import Passage
from mailprobe.monitor.answers import mails
from mailprobe.render.rows import Csv, Row, ndjson

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Collection
    from datetime import datetime

    from mailprobe.monitor.ledger import Ledger


async def export(  # noqa: PLR0913 - each narrows what comes
    ledger: Ledger,
    what: Literal["entries", "mails"],
    *,
    form: Literal["ndjson", "csv"] = "ndjson",
    kinds: Collection[str] = (),
    since: datetime | None = None,
    until: datetime | None = None,
) -> AsyncIterator[str]:
    """
    Yield lines, without their ends: JSON objects, or CSV with its head first.

    They are read in pages: however many there are, it takes the memory of a few
    thousand. In CSV, text that a spreadsheet would take for a formula begins with an
    apostrophe.

    Args:
        ledger: What is read; entered.
        what: ``entries``, what was decided and seen, or ``mails``, what became of each.
        form: NDJSON or CSV (RFC 4180, but for the ends of lines).
        kinds: Only entries of these kinds; of all if empty.
        since: Noted, or intended, not before this time.
        until: And before this one.

    Raises:
        LedgerError: If the ledger cannot be read.
        UsageError: If kinds are given for mails, which have none, or there is no such
            kind.
    """
    from mailprobe.monitor.entries import types  # noqa: PLC0415 - an extra

    if what == "mails":
        if kinds:
            message = "kinds choose entries; mails have none"
            raise UsageError(message)
        table = Csv((Passage,))
    else:
        table = Csv(types(kinds), before=("seq", "kind"))
    csv = table if form == "csv" else None
    if csv is not None:
        yield csv.head
    line = ndjson if csv is None else csv.line
    if what == "mails":
        async for passage in mails(ledger, since, until):
            yield line(Row({}, passage))
        return
    async for seq, entry in ledger.entries(kinds=kinds, since=since, until=until):
        yield line(Row({"seq": seq, "kind": entry.kind}, entry))
