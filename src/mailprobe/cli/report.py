"""``mailprobe report``: all that is known of one incident."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from mailprobe.cli.kept import ledger_options, zone_option

if TYPE_CHECKING:
    from argparse import Namespace

    from mailprobe.cli.arguments import Parser
    from mailprobe.model.account import IncidentReport

FORMATS: Final = ("text", "markdown", "html", "json")


def arguments(parser: Parser) -> None:
    """Add what this command takes."""
    parser.add_argument(
        "incident",
        metavar="INCIDENT",
        help="its id, as `mailprobe incidents` lists them; last is the newest",
    )
    parser.add_argument(
        "--format", choices=FORMATS, default="text", help="default: text"
    )
    zone_option(parser)
    ledger_options(parser)
    parser.epilog = "Exit status: 0 if it was written, 3 if there is no such incident."


def run(args: Namespace) -> int:
    """Ask and write."""
    from mailprobe.cli import kept  # noqa: PLC0415 - not for the help
    from mailprobe.monitor import report  # noqa: PLC0415

    catalogue = kept.configuration(args).catalogue
    made = kept.ask(
        args, lambda ledger: report(ledger, args.incident, catalogue=catalogue)
    )
    _write(made, args)
    return 0


def _write(made: IncidentReport, args: Namespace) -> None:
    from mailprobe.cli import output  # noqa: PLC0415

    match args.format:
        case "json":
            from mailprobe.render import json  # noqa: PLC0415

            output.say(json.answer("report", made))
        case "html":
            from mailprobe.render import account_html  # noqa: PLC0415

            output.say(account_html.encode(made, args.zone))
        case "markdown":
            from mailprobe.render import account_markdown  # noqa: PLC0415

            output.say(account_markdown.encode(made, args.zone))
        case _:
            from mailprobe.render import account_text  # noqa: PLC0415

            output.write(account_text.lines(made, output.look(), args.zone))
