"""``mailprobe check NAME|DOMAIN|ADDRESS``: everything that can be tried."""

from __future__ import annotations

from typing import TYPE_CHECKING

from mailprobe.cli.arguments import network_options, output_options, secret_options

if TYPE_CHECKING:
    from argparse import Namespace

    from mailprobe.cli.arguments import Parser


def arguments(parser: Parser) -> None:
    """Add what this command takes."""
    parser.add_argument(
        "target",
        metavar="NAME|DOMAIN|ADDRESS",
        help="a provider, its domain, or a mailbox there (which is logged in to)",
    )
    parser.add_argument(
        "--login", metavar="ADDRESS", help="a mailbox to log in to, by address or name"
    )
    output_options(parser)
    network_options(parser)
    secret_options(parser)


def run(args: Namespace) -> int:
    """Try, write, and return the exit status."""
    from mailprobe.cli import session  # noqa: PLC0415 - not for the help
    from mailprobe.cli.mailboxes import is_known, mailbox  # noqa: PLC0415

    config = session.configuration(args)
    catalogue = session.catalogue(args, config)
    name, login = args.target, args.login
    if "@" in name or is_known(name, config):
        login = login or name
    elif "." not in name:
        catalogue.get(name)
    box = mailbox(login, args, config, catalogue) if login else None
    if box is not None and name == login:
        name = box.domain
    return session.one_check(
        args,
        config,
        lambda prober, within: prober.provider(name, box, **within),
    )
