"""``mailprobe note``: put what a provider said beside what was seen."""

from __future__ import annotations

from typing import TYPE_CHECKING

from mailprobe.cli.kept import ledger_options, time

if TYPE_CHECKING:
    from argparse import Namespace

    from mailprobe.cli.arguments import Parser


def arguments(parser: Parser) -> None:
    """Add what this command takes."""
    parser.add_argument("party", metavar="PARTY", help="a provider or platform")
    parser.add_argument("text", metavar="TEXT", help="what it said")
    parser.add_argument(
        "--resolved", action="store_true", help="it said that all is well again"
    )
    parser.add_argument(
        "--at", type=time, metavar="TIME", help="when it said so (default: now)"
    )
    ledger_options(parser)
    parser.epilog = (
        "A running monitor takes it in at its next look at the books; reports have it "
        "at once."
    )


def run(args: Namespace) -> int:
    """Write it down."""
    from mailprobe.cli import kept, output  # noqa: PLC0415 - not for the help
    from mailprobe.monitor import note  # noqa: PLC0415
    from mailprobe.render.clean import visible  # noqa: PLC0415

    entry = kept.ask(
        args,
        lambda ledger: note(
            ledger, args.party, args.text, resolved=args.resolved, said_at=args.at
        ),
        write=True,
    )
    said = entry.statement
    mark = ", resolved" if said.resolved else ""
    told = f"noted: {entry.party}{mark}, {said.at:%Y-%m-%d %H:%M %Z}: {said.text}"
    output.say(visible(told))
    return 0
