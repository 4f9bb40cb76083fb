"""``mailprobe imap HOST|ADDRESS``: one IMAP conversation."""

from __future__ import annotations

from typing import TYPE_CHECKING

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
    from mailprobe.model.target import Mailbox


def arguments(parser: Parser) -> None:
    """Add what this command takes."""
    parser.add_argument(
        "target",
        metavar="HOST[:PORT]|ADDRESS",
        help="a host, up to the login; an address or the name of a mailbox, with it",
    )
    parser.add_argument("--port", type=port, help="the port (default: 993)")
    parser.add_argument(
        "--security", choices=SECURITY, help="default: tls on 993, else starttls"
    )
    output_options(parser)
    network_options(parser)
    secret_options(parser)


def run(args: Namespace) -> int:
    """Talk, write, and return the exit status."""
    from mailprobe.cli import session  # noqa: PLC0415 - not for the help
    from mailprobe.cli.mailboxes import is_known, mailbox  # noqa: PLC0415

    config = session.configuration(args)
    target: Mailbox | str
    if "@" in args.target or is_known(args.target, config):
        catalogue = session.catalogue(args, config)
        target, number = mailbox(args.target, args, config, catalogue), args.port
    else:
        target, number = host_and_port(args.target, args.port)
    return session.one_check(
        args,
        config,
        lambda prober, within: prober.imap(
            target, number, security=args.security, **within
        ),
    )
