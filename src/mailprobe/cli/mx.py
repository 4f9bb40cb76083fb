"""``mailprobe mx DOMAIN``: who takes mail for a domain."""

from __future__ import annotations

from typing import TYPE_CHECKING

from mailprobe.cli.arguments import network_options, output_options

if TYPE_CHECKING:
    from argparse import Namespace

    from mailprobe.cli.arguments import Parser


def arguments(parser: Parser) -> None:
    """Add what this command takes."""
    parser.add_argument("domain", metavar="DOMAIN", help="a mail domain: libero.it")
    parser.add_argument(
        "--connect",
        action="store_true",
        help="also take every address through banner and EHLO",
    )
    output_options(parser)
    network_options(parser)


def run(args: Namespace) -> int:
    """Look, write, and return the exit status."""
    from mailprobe.cli import session  # noqa: PLC0415 - not for the help

    config = session.configuration(args)
    return session.one_check(
        args,
        config,
        lambda prober, within: prober.mx(args.domain, connect=args.connect, **within),
    )
