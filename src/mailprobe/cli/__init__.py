"""
The command line: arguments in, one library call, words out, an exit status.

Exit status 0 ok, 1 degraded, 2 down, 3 unknown. Usage and configuration errors
are 3 too, for 2 means CRITICAL to every monitoring core. 130 after Ctrl-C, 143
after SIGTERM, 141 when nobody reads the output any more.

Each command is one module here with ``arguments(parser)`` and ``run(args)``; only
the chosen one is imported.
"""

from __future__ import annotations

import errno
import os
import sys
from collections.abc import Sequence
from typing import TYPE_CHECKING, Final

from mailprobe.model.errors import MailprobeError, UsageError

if TYPE_CHECKING:
    from mailprobe.cli.arguments import Parser

COMMANDS: Final = {
    "demo": "show on a mail world of its own what mailprobe does",
    "mx": "look who takes mail for a domain",
    "smtp": "hold an SMTP conversation, with or without login",
    "imap": "hold an IMAP conversation, with or without login",
    "tls": "look at the certificate a service shows",
    "roundtrip": "send a mail and wait until it is seen",
    "check": "try everything that can be tried at a provider",
    "sweep": "look at many targets, a list of them or a stream",
    "monitor": "watch mail services all the time, as mailprobe.toml says",
    "status": "show how everything is, by what the monitor wrote down",
    "history": "say what happened, day by day",
    "incidents": "list what failed, whose fault it was and how long it took",
    "report": "say all that is known of one incident, in any format",
    "export": "write out entries of the ledger or mails, as NDJSON or CSV",
    "note": "note what a provider said of its trouble",
    "ping": "make round trips one after the other and sum them up",
    "providers": "show what is publicly known of mail providers",
    "explain": "say what a kind of failure means",
    "ledger": "verify, sign, prune or show what a monitor wrote down",
    "lab": "run a mail world on this machine, to play with",
    "version": "print the version",
}
"""Every command with its one line of help, in the order of the help."""

UNKNOWN: Final = 3
INTERRUPTED: Final = 130  # 128 + SIGINT, as shells have it
PIPE_CLOSED: Final = 141  # 128 + SIGPIPE
TERMINATED: Final = 143  # 128 + SIGTERM

NO_ROOM: Final = frozenset({errno.ENOSPC, errno.EDQUOT, errno.EFBIG})
"""What a full disk says; the probes write to none."""

TRACEBACK: Final = "MAILPROBE_TRACEBACK"
"""Environment variable: set it to see where an internal error came from."""


class Terminated(BaseException):
    """SIGTERM came; like KeyboardInterrupt, nothing but `main` handles it."""


def main(argv: Sequence[str] | None = None) -> int:
    """
    Run one command and return its exit status; nothing is raised.

    Args:
        argv: The arguments, without the program's name; ``sys.argv`` if left out.
    """
    words = list(sys.argv[1:] if argv is None else argv)
    try:
        status = _run(words)
        sys.stdout.flush()
    except KeyboardInterrupt:
        return INTERRUPTED
    except Terminated:
        return TERMINATED
    except BrokenPipeError:
        _forget_output()
        return PIPE_CLOSED
    except MailprobeError as error:
        return _refuse(words, str(error))
    except Exception as error:  # noqa: BLE001 - a traceback would end as status 1
        return _unforeseen(words, error)
    return status


def _unforeseen(words: list[str], error: Exception) -> int:
    if isinstance(error, OSError) and error.errno in NO_ROOM:
        _forget_output()
        return _refuse(words, f"the output cannot be written: {error.strerror}")
    if os.environ.get(TRACEBACK):
        sys.excepthook(type(error), error, error.__traceback__)
    reason = f"internal error, please report it: {type(error).__name__}: {error}"
    return _refuse(words, f"{reason} (set {TRACEBACK}=1 to see where)")


def parser(only: str | None = None) -> Parser:
    """
    Return the argument parser.

    Args:
        only: The one command to load arguments for; all of them if left out.
    """
    from importlib import import_module  # noqa: PLC0415 - kept off the way of errors

    from mailprobe.cli.arguments import Parser  # noqa: PLC0415

    top = Parser(
        prog="mailprobe",
        description="Is it them or is it us? Checks mail services step by step and "
        "says what fails, and whose fault it is.",
        epilog="Exit status: 0 ok, 1 degraded, 2 down, 3 unknown or not run.",
    )
    top.add_argument("--version", action="store_true", help="the same as version")
    commands = top.add_subparsers(dest="command", metavar="COMMAND", required=True)
    for name, line in COMMANDS.items():
        described = f"{line[0].upper()}{line[1:]}."
        one = commands.add_parser(name, help=line, description=described)
        if only in (None, name):
            module = import_module(f"mailprobe.cli.{name}")
            module.arguments(one)
            one.set_defaults(run=module.run)
    return top


def _run(words: list[str]) -> int:
    for stream in (sys.stdout, sys.stderr):
        # What a locale cannot write is written out; output is never the error.
        if hasattr(stream, "reconfigure") and stream.errors == "strict":
            stream.reconfigure(errors="backslashreplace")
    command = words[0] if words else ""
    if command == "--version":
        words, command = ["version", *words[1:]], "version"
    if not command:
        message = "no command was given; `mailprobe --help` lists them"
        raise UsageError(message)
    if not command.startswith("-") and command not in COMMANDS:
        raise _no_command(command)
    try:
        args = parser(command).parse_args(words)
    except SystemExit as ended:  # after --help
        return int(ended.code or 0)
    status: int = args.run(args)
    return status


def _no_command(command: str) -> UsageError:
    from difflib import get_close_matches  # noqa: PLC0415 - only for a mistake

    near = get_close_matches(command, COMMANDS, n=2)
    hint = f"did you mean {' or '.join(near)}?" if near else "see `mailprobe --help`"
    return UsageError(f"there is no command {command[:60]!r}; {hint}")


def _refuse(words: list[str], reason: str) -> int:
    from mailprobe.render.clean import bare, visible  # noqa: PLC0415

    try:
        sys.stderr.write(f"mailprobe: {visible(reason)}\n")
        if _wants_nagios(words):
            # Monitoring cores read standard output only.
            sys.stdout.write(f"MAILPROBE UNKNOWN - {bare(reason, 400)}\n")
        sys.stdout.flush()
    except BrokenPipeError:
        _forget_output()
    return UNKNOWN


def _wants_nagios(words: list[str]) -> bool:
    joined = " ".join(words)
    return "--format=nagios" in joined or "--format nagios" in joined


def _forget_output() -> None:
    """Let the interpreter's last flush go nowhere instead of complaining."""
    try:
        nowhere = os.open(os.devnull, os.O_WRONLY)
        os.dup2(nowhere, sys.stdout.fileno())
        os.close(nowhere)
    except (OSError, ValueError):
        return
