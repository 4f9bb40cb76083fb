"""The argument parser, and the options that commands share."""

from __future__ import annotations

import argparse
import math
from collections.abc import Sequence
from typing import Any, Final, Never

from mailprobe.model.errors import UsageError

FORMATS: Final = ("text", "json", "nagios")
SECURITY: Final = ("tls", "starttls", "none")
SECONDS_MAX: Final = 86400.0
"""A day. Whoever writes more has most likely written milliseconds."""
PORT_MAX: Final = 65535

NO_SUCH_OPTION: Final = (
    "there is no --password: every user of this machine can read arguments; write "
    "--password-env NAME, --password-file PATH or --password-command CMD"
)


class Parser(argparse.ArgumentParser):
    """A parser that takes no abbreviations and raises instead of exiting."""

    def __init__(self, **options: Any) -> None:  # noqa: ANN401 - argparse's own
        super().__init__(**options, allow_abbrev=False)

    def error(self, message: str) -> Never:
        """Raise `UsageError`: exit status 2 would mean CRITICAL to monitoring."""
        if "unrecognized arguments" in message and "-password" in message:
            # Whatever follows is the password itself: do not repeat it.
            raise UsageError(NO_SUCH_OPTION)
        text = f"{message}; see `{self.prog} --help`"
        raise UsageError(text)


def output_options(parser: Parser, formats: Sequence[str] = FORMATS) -> None:
    """Add how the result is written."""
    group = parser.add_argument_group("output")
    group.add_argument(
        "--format", choices=formats, default="text", help="default: text"
    )
    if "nagios" in formats:
        group.add_argument(
            "--transcript",
            action="store_true",
            help="also show the lines exchanged, without secrets",
        )


def network_options(parser: Parser) -> None:
    """Add how and from where is asked."""
    group = parser.add_argument_group("asking")
    group.add_argument(
        "--timeout", type=seconds, metavar="S", help="seconds for one check in all"
    )
    group.add_argument(
        "--nameserver",
        action="append",
        default=[],
        metavar="HOST[:PORT]",
        help="ask this name server; may be repeated (default: the system's)",
    )
    group.add_argument(
        "--ca-file", metavar="FILE", help="trust these CA certificates (PEM) alone"
    )
    group.add_argument(
        "--ehlo-name", metavar="NAME", help="the name to greet SMTP servers with"
    )
    group.add_argument(
        "--mx-port", type=port, metavar="PORT", help="ask MX hosts here (default: 25)"
    )
    group.add_argument(
        "--control",
        action="append",
        default=[],
        metavar="HOST[:PORT]",
        help="a mail server known to work, asked when nobody answers on its port "
        "(default: 25); may be repeated",
    )
    group.add_argument(
        "--attempts",
        type=count,
        metavar="N",
        help="attempts before a failure counts that may pass (default: 2)",
    )
    config_options(parser)


def config_options(parser: Parser) -> None:
    """Add which files to read."""
    group = parser.add_argument_group("files")
    group.add_argument(
        "--config", metavar="FILE", help="settings (default: mailprobe.toml)"
    )
    group.add_argument(
        "--presets",
        action="append",
        default=[],
        metavar="FILE",
        help="provider presets of your own; may be repeated",
    )


def secret_options(parser: Parser, prefix: str = "", whose: str = "") -> None:
    """Add where the password comes from; never the password itself."""
    title = f"password {whose}".strip()
    ways = parser.add_argument_group(
        title, "without one of these: mailprobe.toml, else a prompt on a terminal"
    ).add_mutually_exclusive_group()
    dest = prefix.replace("-", "_")
    for name, metavar, text in (
        ("password-env", "NAME", "in an environment variable"),
        ("password-file", "PATH", "in the first line of a file"),
        ("password-command", "CMD", "in the first line a command prints"),
        ("token-command", "CMD", "an OAuth 2 access token, printed by a command"),
    ):
        ways.add_argument(
            f"--{prefix}{name}",
            dest=dest + name.replace("-", "_"),
            metavar=metavar,
            help=text,
        )


def seconds(text: str) -> float:
    """Read a number of seconds: above zero, a day at most."""
    try:
        value = float(text)
    except ValueError:
        value = math.nan
    if not 0 < value <= SECONDS_MAX:
        message = f"{text!r} is not a number of seconds from 0 to {SECONDS_MAX:g}"
        raise argparse.ArgumentTypeError(message)
    return value


def pause(text: str) -> float:
    """Read a number of seconds that may be zero."""
    return 0.0 if text in {"0", "0.0"} else seconds(text)


def count(text: str) -> int:
    """Read a whole number above zero."""
    value = int(text) if text.isascii() and text.isdigit() else 0
    if value < 1:
        message = f"{text!r} is not a whole number above zero"
        raise argparse.ArgumentTypeError(message)
    return value


def port(text: str) -> int:
    """Read a port number."""
    value = int(text) if text.isascii() and text.isdigit() and len(text) < 8 else 0  # noqa: PLR2004 - digits enough for any port
    if not 1 <= value <= PORT_MAX:
        message = f"port {text!r} is out of range; write a number from 1 to {PORT_MAX}"
        raise argparse.ArgumentTypeError(message)
    return value


def host_and_port(text: str, given: int | None = None) -> tuple[str, int | None]:
    """
    Read ``HOST``, ``HOST:PORT``, ``[IPV6]:PORT`` or a bare IPv6 address.

    Args:
        text: What was written.
        given: The port that was given by an option.

    Raises:
        UsageError: If it is none of these, or names another port than *given*.
    """
    host, written = text, ""
    if text.startswith("["):
        host, bracket, written = text[1:].partition("]")
        if not bracket or (written and not written.startswith(":")):
            message = f"{text!r} cannot be read; write HOST:PORT or [IPV6]:PORT"
            raise UsageError(message)
        written = written[1:]
    elif text.count(":") == 1:
        host, _, written = text.partition(":")
        if not written:
            message = f"{text!r} ends without its port; write HOST:PORT"
            raise UsageError(message)
    try:
        number = port(written) if written else given
    except argparse.ArgumentTypeError as error:
        raise UsageError(str(error)) from None
    if number != given and given is not None:
        message = f"two ports were given, {number} and {given}; leave one out"
        raise UsageError(message)
    return host, number
