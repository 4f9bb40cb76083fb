"""``mailprobe export``: entries of the ledger, or mails, for other programs."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from mailprobe.cli.kept import ledger_options, times_options

if TYPE_CHECKING:
    from argparse import Namespace

    from mailprobe.cli.arguments import Parser
    from mailprobe.monitor.ledger import Ledger

BATCH: Final = 200  # lines written at a time


def arguments(parser: Parser) -> None:
    """Add what this command takes."""
    parser.add_argument(
        "what",
        metavar="entries|mails",
        choices=("entries", "mails"),
        help="entries: what was decided and seen; mails: what became of each",
    )
    parser.add_argument(
        "--format",
        choices=("ndjson", "csv"),
        default="ndjson",
        help="default: ndjson, a JSON object on each line",
    )
    parser.add_argument(
        "--kind",
        action="append",
        default=[],
        metavar="KIND",
        help="only entries of this kind; may be repeated",
    )
    times_options(parser)
    ledger_options(parser)
    parser.epilog = (
        "Times of entries are when they were noted, of mails when they were intended. "
        "In CSV, text that a spreadsheet would take for a formula begins with '."
    )


def run(args: Namespace) -> int:
    """Write row after row."""
    from mailprobe.cli import kept  # noqa: PLC0415 - not for the help

    kept.ask(args, lambda ledger: _write(ledger, args))
    return 0


async def _write(ledger: Ledger, args: Namespace) -> None:
    from mailprobe.cli import output  # noqa: PLC0415
    from mailprobe.monitor.exporting import export  # noqa: PLC0415

    batch: list[str] = []
    async for line in export(
        ledger,
        args.what,
        form=args.format,
        kinds=args.kind,
        since=args.since,
        until=args.until,
    ):
        batch.append(line)
        if len(batch) >= BATCH:
            output.say(*batch)
            batch.clear()
    output.say(*batch)
