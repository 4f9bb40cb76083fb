"""``mailprobe sweep FILE|-``: many targets, paced, with a closing table."""

from __future__ import annotations

import argparse
import shlex
import sys
from collections import Counter
from contextlib import nullcontext
from pathlib import Path
from typing import TYPE_CHECKING

from mailprobe.cli.arguments import count, network_options, pause
from mailprobe.model.errors import MailprobeError, UsageError

if TYPE_CHECKING:
    from argparse import Namespace
    from collections.abc import AsyncIterator

    from mailprobe.cli.arguments import Parser
    from mailprobe.cli.record import Record
    from mailprobe.cli.source import Source
    from mailprobe.config import Config
    from mailprobe.model.report import Report
    from mailprobe.model.target import Target
    from mailprobe.model.verdict import Check
    from mailprobe.targets import Asked


def arguments(parser: Parser) -> None:
    """Add what this command takes."""
    parser.add_argument(
        "file",
        metavar="FILE|-",
        help="one target a line: a domain, or mx, smtp, imap, tls, trip or provider "
        "and what it is about; tables if it ends in .toml; - reads standard input",
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
        action="append",
        default=[],
        metavar="FILE",
        help="go on with the output of an earlier run: what is in it is not repeated, "
        "but counted; may be repeated",
    )
    out.add_argument(
        "--plot",
        nargs="?",
        const=True,  # as text
        type=_svg_file,
        metavar="FILE.svg",
        help="show how long the checks took; as a picture, if a file is named",
    )
    network_options(parser)


def _svg_file(text: str) -> str:
    """Read the name of an SVG file; a list behind ``--plot`` is taken for one."""
    if not text.endswith(".svg"):
        message = f"{text!r} does not end in .svg; the list of targets comes before it"
        raise argparse.ArgumentTypeError(message)
    return text


def run(args: Namespace) -> int:
    """Look at all of them; the exit status is that of the worst."""
    from mailprobe.cli import Terminated, session  # noqa: PLC0415 - not for the help
    from mailprobe.cli.record import Record  # noqa: PLC0415
    from mailprobe.cli.source import source  # noqa: PLC0415
    from mailprobe.targets import Boxes  # noqa: PLC0415

    config = session.configuration(args)
    ours = _Run(args)
    targets = source(args.file, Boxes(config), ours.complain)
    ours.read_earlier()
    path = args.output or (args.resume[-1] if args.resume else None)
    with Record(Path(path)) if path else nullcontext() as record:
        try:
            session.complete(ours.look(config, targets, record))
        except BrokenPipeError:
            ours.say_how_to_go_on("nobody reads the output any more")
            raise
        except (KeyboardInterrupt, Terminated):
            ours.sum_up()
            ours.say_how_to_go_on("stopped")
            raise
        except MailprobeError:
            ours.sum_up()
            raise
    ours.sum_up()
    ours.say_if_nothing_was_asked()
    return ours.exit_code


class _Run:
    """One run of a sweep: what was done before, what is asked, what it came to."""

    def __init__(self, args: Namespace) -> None:
        from mailprobe.cli.live import Live  # noqa: PLC0415 - not for the help
        from mailprobe.render.tally import Tally  # noqa: PLC0415

        self._args = args
        self._tally = Tally()
        self._done: Counter[str] = Counter()
        self._refused = 0
        # By identity: equal targets may stand in a list twice. It holds what is
        # waiting or going on, which the pace bounds.
        self._asked: dict[int, Asked] = {}
        self._live = Live(aside=args.format == "json")

    @property
    def exit_code(self) -> int:
        """That of the worst status; 3 if a target could not be meant."""
        return 3 if self._refused else self._tally.worst.exit_code

    def read_earlier(self) -> None:
        """Count what earlier runs wrote as if it were of this one."""
        from mailprobe.cli.record import earlier  # noqa: PLC0415

        for path in self._args.resume:
            for one in earlier(Path(path)):
                self._done[one.name] += 1
                self._tally.count(one, earlier=True)

    async def look(self, config: Config, source: Source, record: Record | None) -> None:
        """Look at every target that is left."""
        from mailprobe.cli import session  # noqa: PLC0415
        from mailprobe.model.pace import Pace  # noqa: PLC0415

        bounds = {
            name: value
            for name in ("at_once", "per_platform", "per_host", "spread")
            if (value := getattr(self._args, name))
        }
        usual = session.within(self._args, config).get("timeout")

        def limit(target: Target) -> float | None:
            return self._asked[id(target)].timeout or usual

        self._live.total = source.total
        async with (
            session.prober(self._args, config) as prober,
            prober.sweep(
                self._left(source.targets), pace=Pace(**bounds), timeout=limit
            ) as checks,
        ):
            async for target, check in checks.pairs():
                self._take(self._asked.pop(id(target)).line, check, record)

    async def _left(self, targets: AsyncIterator[Asked]) -> AsyncIterator[Target]:
        """Yield what no earlier run finished, each target as often as it is due."""
        async for asked in targets:
            if self._done[asked.line]:
                self._done[asked.line] -= 1
                self._live.passed += 1
                continue
            self._asked[id(asked.target)] = asked
            yield asked.target

    def _take(self, asked: str, check: Check[Report], record: Record | None) -> None:
        from mailprobe.cli import output  # noqa: PLC0415
        from mailprobe.render import json  # noqa: PLC0415
        from mailprobe.render.outcome import outcome  # noqa: PLC0415
        from mailprobe.render.tally import line  # noqa: PLC0415

        aside = self._args.format == "json"
        text = json.encode(check, asked=asked) if record or aside else ""
        if record:
            record.add(text)  # whatever ends this run, the line is there
        self._tally.count(outcome(check, asked))
        if aside:
            self._live.clear()
            output.say(text)
        elif check.status != "ok":
            self._live.clear()
            output.write([line(check)])
        self._live.show(asked)

    # --- words beside the checks --------------------------------------------------

    def complain(self, sentence: str) -> None:
        """Tell what cannot be meant at once, and remember that there was such."""
        self._refused += 1
        self._live.say(sentence)

    def sum_up(self) -> None:
        """Write the closing table and the histogram."""
        from mailprobe.cli import output  # noqa: PLC0415
        from mailprobe.render.histogram import histogram, svg  # noqa: PLC0415
        from mailprobe.render.spans import plain  # noqa: PLC0415

        self._live.clear()
        plot = self._args.plot
        lines = [*self._tally.lines(output.look())]
        if plot is True:
            lines += histogram(self._tally.durations, output.look())
        if self._args.format == "text":
            output.write(lines)
        elif sys.stderr.isatty() or plot is True:
            sys.stderr.write(f"{plain(lines)}\n")
        if isinstance(plot, str):
            try:
                Path(plot).write_text(svg(self._tally.durations), "utf-8")
            except OSError as error:
                message = f"{plot} cannot be written: {error.strerror}"
                raise UsageError(message) from None

    def say_if_nothing_was_asked(self) -> None:
        """Say that the status is unknown for want of targets."""
        if not self._tally.size and not self._refused:
            self._live.say("there was no target; write one a line, such as libero.it")

    def say_how_to_go_on(self, why: str) -> None:
        """Tell how a run that ended early is gone on with."""
        files = [*self._args.resume]
        if self._args.output and self._args.output not in files:
            files.append(self._args.output)
        options = " ".join(f"--resume {shlex.quote(name)}" for name in files)
        number = self._tally.size
        done = f"{why} after {number} check{'s' * (number != 1)}"
        if files:
            file = shlex.quote(self._args.file)
            self._live.say(f"{done}; to go on: mailprobe sweep {file} {options}")
        else:
            self._live.say(f"{done}; --output FILE would keep them to go on with")
