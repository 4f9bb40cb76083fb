"""``mailprobe version``: which version this is."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, Final

from mailprobe.release import VERSION

if TYPE_CHECKING:
    from argparse import Namespace

    from mailprobe.cli.arguments import Parser

LIBRARIES: Final = (
    "aioimaplib",
    "aiosmtplib",
    "cryptography",
    "dnspython",
    "msgspec",
    "rich",
)


def arguments(parser: Parser) -> None:
    """Add what this command takes."""
    parser.add_argument(
        "--verbose", action="store_true", help="also of Python and the libraries"
    )


def run(args: Namespace) -> int:
    """Print versions."""
    lines = [f"mailprobe {VERSION}"]
    if args.verbose:
        lines += _others()
    sys.stdout.write("".join(f"{line}\n" for line in lines))
    return 0


def _others() -> list[str]:
    import platform  # noqa: PLC0415 - only for the long answer
    import ssl  # noqa: PLC0415
    from importlib import metadata  # noqa: PLC0415

    lines = [f"Python {platform.python_version()}", ssl.OPENSSL_VERSION]
    for name in LIBRARIES:
        try:
            lines.append(f"{name} {metadata.version(name)}")
        except metadata.PackageNotFoundError:
            lines.append(f"{name} is not installed")
    return lines
