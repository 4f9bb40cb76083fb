"""``mailprobe smtp HOST``: one SMTP conversation."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from mailprobe.cli.arguments import (
    SECURITY,
    host_and_port,
    network_options,
    output_options,
    port,
    secret_options,
)

if TYPE_CHECKING:
    from argparse import Namespace

    from mailprobe.cli.arguments import Parser

MX: Final = 25
SUBMISSION: Final = 465  # implicit TLS, as RFC 8314 prefers


def arguments(parser: Parser) -> None:
    """Add what this command takes."""
    parser.add_argument(
        "host", metavar="HOST[:PORT]", help="port 25 if left out, with a login 465"
    )
    parser.add_argument("--port", type=port, help="the port, if not behind the host")
    parser.add_argument(
        "--security", choices=SECURITY, help="default: tls on 465, else starttls"
    )
    parser.add_argument(
        "--login", metavar="ADDRESS", help="also log in, as this address or mailbox"
    )
    output_options(parser)
    network_options(parser)
    secret_options(parser)


def run(args: Namespace) -> int:
    """Talk, write, and return the exit status."""
    from mailprobe.cli import session  # noqa: PLC0415 - not for the help
    from mailprobe.cli.mailboxes import mailbox  # noqa: PLC0415

    host, given = host_and_port(args.host, args.port)
    config = session.configuration(args)
    box = None
    if args.login:
        box = mailbox(args.login, args, config, session.catalogue(args, config))
    number = given or (SUBMISSION if box else MX)
    return session.one_check(
        args,
        config,
        lambda prober, within: prober.smtp(
            host, number, security=args.security, mailbox=box, **within
        ),
    )
