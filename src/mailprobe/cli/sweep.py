"""``mailprobe sweep FILE|-``: many targets, paced, with a closing table."""

from __future__ import annotations

import contextlib
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Final

from mailprobe.cli.arguments import count, network_options, pause
from mailprobe.model.errors import ConfigError, UsageError

if TYPE_CHECKING:
    from argparse import Namespace
    from collections.abc import AsyncIterator, Callable, Iterable, Iterator
    from typing import TextIO

    from mailprobe.cli.arguments import Parser
    from mailprobe.config import Config
    from mailprobe.model.report import Report
    from mailprobe.model.target import Mailbox, Target
    from mailprobe.model.verdict import Check
    from mailprobe.render.tally import Tally

LINE_MAX: Final = 2000  # characters; two mailboxes of the longest kind have a third
STDIN: Final = "-"


def arguments(parser: Parser) -> None:
    """Add what this command takes."""
    parser.add_argument(
        "file",
        metavar="FILE|-",
        help="one target a line: a domain, or mx, smtp, imap, tls, trip or provider "
        "and what it is about; - reads standard input",
    )
    pace = parser.add_argument_group("pace")
    for name, text in (
        ("at-once", "targets at a time (default: 200)"),
        ("per-platform", "of them on one platform (default: 4)"),
        ("per-host", "of them on one host or mail domain (default: 2)"),
    ):
        pace.add_argument(f"--{name}", type=count, metavar="N", help=text)
    pace.add_argument(
        "--spread",
        type=pause,
        default=0.0,
        metavar="S",
        help="seconds to spread the starts over, each target always at its place",
    )
    out = parser.add_argument_group("output")
    out.add_argument(
        "--format", choices=("text", "json"), default="text", help="default: text"
    )
    out.add_argument(
        "--output", metavar="FILE", help="also write the checks there, one JSON a line"
    )
    out.add_argument(
        "--resume",
        metavar="FILE",
        help="go on with the output of an earlier run: what is in it is not repeated",
    )
    out.add_argument(
        "--plot", action="store_true", help="show how long the checks took"
    )
    network_options(parser)


def run(args: Namespace) -> int:
    """Look at all of them; the exit status is that of the worst."""
    from mailprobe.cli import session  # noqa: PLC0415 - not for the help
    from mailprobe.render.tally import Tally  # noqa: PLC0415

    config = session.configuration(args)
    done = _done(Path(args.resume)) if args.resume else frozenset()
    bad: list[str] = []
    # A file is read whole first: nothing is sent if a line of it cannot be meant.
    targets = _of_stdin(config, bad) if args.file == STDIN else _of_file(args, config)
    path = args.output or args.resume
    tally = Tally()
    finished = False
    with _appending(path) as file:
        try:
            session.complete(_look(args, config, _left(targets, done), tally, file))
            finished = True
        finally:
            _close(args, tally, path, finished=finished)
    for complaint in bad:
        sys.stderr.write(f"mailprobe: {complaint}\n")
    return 3 if bad else tally.worst.exit_code


async def _look(
    args: Namespace,
    config: Config,
    targets: AsyncIterator[Target],
    tally: Tally,
    file: TextIO | None,
) -> None:
    from mailprobe.cli import output, session  # noqa: PLC0415
    from mailprobe.model.pace import Pace  # noqa: PLC0415
    from mailprobe.render import json  # noqa: PLC0415
    from mailprobe.render.tally import line  # noqa: PLC0415

    bounds = {
        name: value
        for name in ("at_once", "per_platform", "per_host", "spread")
        if (value := getattr(args, name))
    }
    limit = session.within(args, config).get("timeout")
    counter = _Counter(wanted=args.format == "text")
    async with (
        session.prober(args, config) as prober,
        prober.sweep(targets, pace=Pace(**bounds), timeout=limit) as checks,
    ):
        async for check in checks:
            tally.count(check)
            if file is not None:
                file.write(f"{json.encode(check)}\n")
                file.flush()  # whatever ends this run, the line is there
            if args.format == "json":
                output.say(json.encode(check))
            elif check.status != "ok":
                counter.clear()
                output.write([line(check)])
            counter.show(check)
    counter.clear()


class _Counter:
    """One line on a terminal that tells how far it is; gone when it is done."""

    def __init__(self, *, wanted: bool) -> None:
        self._on = wanted and sys.stderr.isatty() and sys.stdout.isatty()
        self._count = 0

    def show(self, check: Check[Report]) -> None:
        """Count a check that has come."""
        self._count += 1
        if self._on:
            from mailprobe.render.clean import short, visible  # noqa: PLC0415
            from mailprobe.render.subject import subject  # noqa: PLC0415

            name = short(visible(subject(check.report)), 60)
            sys.stderr.write(f"\r\x1b[K  {self._count} done  {name}")
            sys.stderr.flush()

    def clear(self) -> None:
        """Take the line away."""
        if self._on:
            sys.stderr.write("\r\x1b[K")
            sys.stderr.flush()


# --- in -------------------------------------------------------------------------


def _of_file(args: Namespace, config: Config) -> AsyncIterator[Target]:
    path = Path(args.file)
    try:
        lines = path.read_text("utf-8", "replace").splitlines()
    except OSError as error:
        message = f"{path} cannot be read: {error.strerror}"
        raise UsageError(message) from None
    return _asynchronous(list(_read(lines, str(path), _boxes(config))))


def _read(
    lines: Iterable[str], name: str, mailbox: Callable[[str], Mailbox]
) -> Iterator[Target]:
    for number, line in enumerate(lines, 1):
        text = line.partition("#")[0].strip()
        if text:
            yield _target(text, f"{name}, line {number}", mailbox)


def _target(text: str, where: str, mailbox: Callable[[str], Mailbox]) -> Target:
    from mailprobe.targets import read_target  # noqa: PLC0415 - not for the help

    if len(text) > LINE_MAX:
        message = f"{where}: it is longer than {LINE_MAX} characters"
        raise UsageError(message)
    try:
        return read_target(text, mailbox)
    except (UsageError, ConfigError) as error:
        message = f"{where}: {error}"
        raise UsageError(message) from None


def _boxes(config: Config) -> Callable[[str], Mailbox]:
    known: dict[str, Mailbox] = {}

    def box(name: str) -> Mailbox:
        if name not in known:
            known[name] = config.mailbox(name)
        return known[name]

    return box


async def _asynchronous(targets: Iterable[Target]) -> AsyncIterator[Target]:
    for target in targets:
        yield target


async def _of_stdin(config: Config, bad: list[str]) -> AsyncIterator[Target]:
    """Take targets as they come; a line that cannot be meant is told at the end."""
    boxes = _boxes(config)
    number = 0
    async for line in _lines():
        number += 1
        text = line.partition("#")[0].strip()
        if not text:
            continue
        try:
            yield _target(text, f"standard input, line {number}", boxes)
        except UsageError as error:
            bad.append(str(error))


async def _lines() -> AsyncIterator[str]:
    import asyncio  # noqa: PLC0415

    reader = asyncio.StreamReader(limit=LINE_MAX * 4)
    loop = asyncio.get_running_loop()
    try:
        transport, _ = await loop.connect_read_pipe(
            lambda: asyncio.StreamReaderProtocol(reader), sys.stdin
        )
    except ValueError:  # a file was put there: it is read at once
        for line in sys.stdin:
            yield line
        return
    try:
        while line := await reader.readline():
            yield line.decode("utf-8", "replace")
    finally:
        transport.close()


async def _left(
    targets: AsyncIterator[Target], done: frozenset[str]
) -> AsyncIterator[Target]:
    from mailprobe.render.key import key  # noqa: PLC0415

    async for target in targets:
        if not done or key(target) not in done:
            yield target


# --- out ------------------------------------------------------------------------


def _done(path: Path) -> frozenset[str]:
    """Return the targets that a file of checks is about; a torn line is passed over."""
    import json  # noqa: PLC0415

    from mailprobe.render.key import key_in  # noqa: PLC0415

    found = set()
    try:
        with path.open(encoding="utf-8", errors="replace") as lines:
            for number, line in enumerate(lines, 1):
                try:
                    found.add(key_in(json.loads(line)))
                except (ValueError, KeyError, TypeError, AttributeError):
                    # Checks are appended to it: nothing else may be harmed.
                    if number == 1 or not line.startswith('{"schema": "mailprobe/'):
                        message = f"{path}, line {number}: this is no output of a sweep"
                        raise UsageError(message) from None
    except OSError as error:
        message = f"{path} cannot be read: {error.strerror}"
        raise UsageError(message) from None
    return frozenset(found)


@contextlib.contextmanager
def _appending(path: str | None) -> Iterator[TextIO | None]:
    """Open the file of checks; a torn last line is ended first."""
    if path is None:
        yield None
        return
    try:
        file = Path(path).open("a+", encoding="ascii")  # noqa: SIM115 - below
    except OSError as error:
        message = f"{path} cannot be written: {error.strerror}"
        raise UsageError(message) from None
    with file:
        if file.tell():
            file.seek(file.tell() - 1)
            if file.read(1) != "\n":
                file.write("\n")
        yield file


def _close(args: Namespace, tally: Tally, path: str | None, *, finished: bool) -> None:
    from mailprobe.cli import output  # noqa: PLC0415

    if args.format == "text":
        output.write(tally.lines(output.look()))
        if args.plot:
            output.write(tally.plot(output.look()))
    if not finished and path:
        sys.stderr.write(f"mailprobe: to go on: mailprobe sweep {args.file} --resume ")
        sys.stderr.write(f"{path}\n")
