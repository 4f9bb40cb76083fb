"""What commands share that ask a ledger: where it is, and in which zone times are."""

from __future__ import annotations

import asyncio
import os
from argparse import ArgumentTypeError
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, Final, TypeVar

from mailprobe.model.errors import UsageError

if TYPE_CHECKING:
    from argparse import Namespace
    from collections.abc import Callable, Coroutine
    from datetime import tzinfo
    from pathlib import Path

    from mailprobe.cli.arguments import Parser
    from mailprobe.config import Config
    from mailprobe.monitor.ledger import Ledger

T = TypeVar("T")

VARIABLE: Final = "MAILPROBE_LEDGER"
YEARS: Final = range(1970, 9999)  # no mail is older; room for what is learnt days later


def ledger_options(parser: Parser) -> None:
    """Add where the ledger is."""
    group = parser.add_argument_group("files")
    group.add_argument(
        "--ledger",
        metavar="LEDGER",
        help="an SQLite file or a postgresql:// URL (default: the environment variable "
        f"{VARIABLE}, else the ledger of [monitor] in the settings)",
    )
    group.add_argument(
        "--config", metavar="FILE", help="settings (default: mailprobe.toml)"
    )


def zone_option(parser: Parser) -> None:
    """Add the zone of times that people read."""
    parser.add_argument(
        "--zone",
        type=_zone,
        metavar="ZONE",
        help="time zone for people, such as Europe/Rome or UTC (default: this "
        "machine's); JSON is in UTC",
    )


def times_options(parser: Parser, *, since: str = "", until: str = "") -> None:
    """Add from when until when."""
    for name, default in (("since", since), ("until", until)):
        text = "ISO 8601; UTC if not said"
        told = f"{text} (default: {default})" if default else text
        parser.add_argument(f"--{name}", type=time, metavar="TIME", help=told)


def configuration(args: Namespace) -> Config:
    """Return the settings."""
    from mailprobe.cli import presets  # noqa: PLC0415 - not for the help

    return presets.configuration(args)


def named(args: Namespace) -> str:
    """Return the ledger that was named, by option or environment; else nothing."""
    return args.ledger or os.environ.get(VARIABLE, "")


def where(args: Namespace) -> str | Path:
    """
    Return where the ledger is.

    Raises:
        UsageError: If nothing says so.
        ConfigError: If the settings cannot be read.
    """
    if given := named(args):
        return given
    config = configuration(args)
    table = config.document.root.table("monitor") if config.document else None
    if table is None:
        message = (
            f"which ledger? Write --ledger, set {VARIABLE}, or write [monitor] into "
            "mailprobe.toml"
        )
        raise UsageError(message)
    from mailprobe.monitor.settings import ledger_of  # noqa: PLC0415 - with a file

    return ledger_of(table)


def ask(
    args: Namespace,
    question: Callable[[Ledger], Coroutine[Any, Any, T]],
    *,
    write: bool = False,
) -> T:
    """
    Open the ledger, have a question answered, and close it; none is ever made.

    Raises:
        LedgerError: If it is not there, or cannot be used.
    """
    place = where(args)

    async def work() -> T:
        from mailprobe.monitor.ledger import Ledger  # noqa: PLC0415 - not for the help

        async with Ledger.open(place, create=False, write=write) as ledger:
            return await question(ledger)

    return asyncio.run(work())


def time(text: str) -> datetime:
    """Read a date or a time; without an offset it is UTC."""
    try:
        found = datetime.fromisoformat(text)
    except ValueError:
        message = f"{text!r} is no time; write 2023-01-23 or 2023-01-23T08:00"
        raise ArgumentTypeError(message) from None
    if found.year not in YEARS:
        message = f"{text!r} is no time of any mail; write a year from 1970 to 9998"
        raise ArgumentTypeError(message)
    return found if found.tzinfo else found.replace(tzinfo=UTC)


def _zone(text: str) -> tzinfo:
    from zoneinfo import ZoneInfo  # noqa: PLC0415 - only if it is asked for

    if text.upper() == "UTC":
        return UTC
    try:
        return ZoneInfo(text)
    except (ValueError, OSError, KeyError):
        message = f"{text!r} is no time zone; write one such as Europe/Rome"
        raise ArgumentTypeError(message) from None
