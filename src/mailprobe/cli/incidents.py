"""``mailprobe incidents``: what failed, whose fault it was, how long it took."""

from __future__ import annotations

from typing import TYPE_CHECKING

from mailprobe.cli.kept import ledger_options, times_options, zone_option

if TYPE_CHECKING:
    from argparse import Namespace

    from mailprobe.cli.arguments import Parser


def arguments(parser: Parser) -> None:
    """Add what this command takes."""
    parser.add_argument(
        "party", metavar="PARTY", nargs="?", default="", help="a provider or platform"
    )
    times_options(parser)
    parser.add_argument(
        "--format", choices=("text", "json"), default="text", help="default: text"
    )
    zone_option(parser)
    ledger_options(parser)
    parser.epilog = "Exit status: 0, whatever the list has; 3 if it cannot be read."


def run(args: Namespace) -> int:
    """Ask and list."""
    from mailprobe.cli import kept, output  # noqa: PLC0415 - not for the help
    from mailprobe.model.answer import IncidentList  # noqa: PLC0415
    from mailprobe.monitor import incidents  # noqa: PLC0415

    found = kept.ask(
        args,
        lambda ledger: incidents(
            ledger, party=args.party, since=args.since, until=args.until
        ),
    )
    if args.format == "json":
        from mailprobe.render import json  # noqa: PLC0415

        output.say(json.answer("incidents", IncidentList(incidents=found)))
    else:
        from mailprobe.render import listing  # noqa: PLC0415

        output.write(listing.lines(found, args.zone))
    return 0
