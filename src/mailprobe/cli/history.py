"""``mailprobe history``: what happened, day by day."""

from __future__ import annotations

from typing import TYPE_CHECKING

from mailprobe.cli.kept import ledger_options, times_options

if TYPE_CHECKING:
    from argparse import Namespace

    from mailprobe.cli.arguments import Parser


def arguments(parser: Parser) -> None:
    """Add what this command takes."""
    parser.add_argument(
        "party", metavar="PARTY", nargs="?", default="", help="a provider or platform"
    )
    times_options(parser, since="six days before --until", until="now")
    parser.add_argument(
        "--format", choices=("text", "json"), default="text", help="default: text"
    )
    ledger_options(parser)
    parser.epilog = "Days are those of UTC. Exit status: 0, whatever happened."


def run(args: Namespace) -> int:
    """Ask and show."""
    from mailprobe.cli import kept, output  # noqa: PLC0415 - not for the help
    from mailprobe.monitor import history  # noqa: PLC0415

    found = kept.ask(
        args,
        lambda ledger: history(
            ledger, party=args.party, since=args.since, until=args.until
        ),
    )
    if args.format == "json":
        from mailprobe.render import json  # noqa: PLC0415

        output.say(json.answer("history", found))
    else:
        from mailprobe.render import diary  # noqa: PLC0415

        output.write(diary.lines(found))
    return 0
