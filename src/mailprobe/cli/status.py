"""``mailprobe status``: how everything is, on one screen."""

from __future__ import annotations

from typing import TYPE_CHECKING

from mailprobe.cli.arguments import seconds
from mailprobe.cli.kept import ledger_options, zone_option

if TYPE_CHECKING:
    from argparse import Namespace

    from mailprobe.cli.arguments import Parser


def arguments(parser: Parser) -> None:
    """Add what this command takes."""
    parser.add_argument(
        "--format", choices=("text", "json"), default="text", help="default: text"
    )
    parser.add_argument(
        "--stale",
        type=seconds,
        metavar="S",
        help="without a look for so many seconds nothing is known (default: three "
        "times look_every of the settings, 900 without them)",
    )
    zone_option(parser)
    ledger_options(parser)
    parser.epilog = (
        "Exit status: 0 all that is looked at works, 1 something does not for some, 2 "
        "something does not for anybody, 3 nothing is known: nobody looks, or our own "
        "network fails."
    )


def run(args: Namespace) -> int:
    """Ask and show."""
    from mailprobe.cli import kept, output  # noqa: PLC0415 - not for the help
    from mailprobe.monitor import status  # noqa: PLC0415

    stale = args.stale or _stale(args)
    report = kept.ask(args, lambda ledger: status(ledger, stale=stale))
    if args.format == "json":
        from mailprobe.render import json  # noqa: PLC0415

        output.say(json.answer("status", report))
    else:
        from mailprobe.render import screen  # noqa: PLC0415

        output.write(screen.lines(report, output.look(), args.zone))
    return report.status.exit_code


def _stale(args: Namespace) -> float:
    """Return after how long the monitor of the settings has missed its looks."""
    from mailprobe.cli import kept  # noqa: PLC0415
    from mailprobe.monitor.answers import MISSED, STALE  # noqa: PLC0415

    if kept.named(args) and not args.config:
        return STALE  # the settings here may be another monitor's
    document = kept.configuration(args).document
    table = document.root.table("monitor") if document else None
    if table is None or "look_every" not in table.values:
        return STALE
    return MISSED * table.number("look_every")
