"""``mailprobe tls HOST:PORT``: the certificate a service shows."""

from __future__ import annotations

from typing import TYPE_CHECKING

from mailprobe.cli.arguments import (
    SECURITY,
    host_and_port,
    network_options,
    output_options,
    port,
)
from mailprobe.model.errors import UsageError

if TYPE_CHECKING:
    from argparse import Namespace

    from mailprobe.cli.arguments import Parser


def arguments(parser: Parser) -> None:
    """Add what this command takes."""
    parser.add_argument("host", metavar="HOST:PORT", help="such as imap.libero.it:993")
    parser.add_argument("--port", type=port, help="the port, if not behind the host")
    parser.add_argument(
        "--security",
        choices=SECURITY[:2],
        help="default: tls on 465 and 993, else starttls",
    )
    output_options(parser)
    network_options(parser)


def run(args: Namespace) -> int:
    """Look, write, and return the exit status."""
    from mailprobe.cli import session  # noqa: PLC0415 - not for the help

    host, number = host_and_port(args.host, args.port)
    if number is None:
        message = f"{args.host!r} lacks the port; write HOST:PORT"
        raise UsageError(message)
    return session.one_check(
        args,
        session.configuration(args),
        lambda prober, within: prober.tls(
            host, number, security=args.security, **within
        ),
    )
