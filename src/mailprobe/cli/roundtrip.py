"""``mailprobe roundtrip FROM [TO]``: a mail sent, and awaited."""

from __future__ import annotations

from typing import TYPE_CHECKING

from mailprobe.cli.arguments import network_options, output_options, secret_options

if TYPE_CHECKING:
    from argparse import Namespace

    from mailprobe.cli.arguments import Parser
    from mailprobe.config import Config
    from mailprobe.model.target import Mailbox


def arguments(parser: Parser) -> None:
    """Add what this command takes."""
    trip_arguments(parser)
    output_options(parser)
    network_options(parser)
    trip_secrets(parser)


def trip_arguments(parser: Parser) -> None:
    """Add the two ends of a trip."""
    parser.add_argument(
        "sender", metavar="FROM", help="an address, or a mailbox of mailprobe.toml"
    )
    parser.add_argument(
        "recipient", metavar="TO", nargs="?", help="the same (default: FROM)"
    )


def trip_secrets(parser: Parser) -> None:
    """Add the secrets of the two ends."""
    secret_options(parser, whose="of FROM")
    secret_options(parser, "to-", whose="of TO, if that is another")


def ends(args: Namespace, config: Config) -> tuple[Mailbox, Mailbox]:
    """Return the two mailboxes of a trip."""
    from mailprobe.cli import session  # noqa: PLC0415
    from mailprobe.cli.mailboxes import mailbox  # noqa: PLC0415

    catalogue = session.catalogue(args, config)
    sender = mailbox(args.sender, args, config, catalogue)
    if args.recipient in (None, args.sender, sender.address):
        return sender, sender
    return sender, mailbox(args.recipient, args, config, catalogue, prefix="to_")


def run(args: Namespace) -> int:
    """Send, wait, write, and return the exit status."""
    from mailprobe.cli import session  # noqa: PLC0415 - not for the help

    config = session.configuration(args)
    sender, recipient = ends(args, config)
    return session.one_check(
        args,
        config,
        lambda prober, within: prober.round_trip(sender, recipient, **within),
    )
