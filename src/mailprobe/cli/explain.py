"""``mailprobe explain [KIND]``: what a kind of failure means."""

from __future__ import annotations

from typing import TYPE_CHECKING

from mailprobe.cli.arguments import output_options
from mailprobe.model.errors import UsageError

if TYPE_CHECKING:
    from argparse import Namespace
    from collections.abc import Iterator

    from mailprobe.cli.arguments import Parser
    from mailprobe.judge.kinds import Explanation
    from mailprobe.render.spans import Line


def arguments(parser: Parser) -> None:
    """Add what this command takes."""
    parser.add_argument(
        "kind", metavar="KIND", nargs="?", help="such as imap_no (default: list all)"
    )
    output_options(parser, formats=("text", "json"))


def run(args: Namespace) -> int:
    """Explain one kind, or list all."""
    from mailprobe.cli import output  # noqa: PLC0415 - not for the help
    from mailprobe.judge.kinds import KINDS  # noqa: PLC0415
    from mailprobe.render import json  # noqa: PLC0415

    chosen = [_find(args.kind)] if args.kind else list(KINDS.values())
    if args.format == "json":
        output.say(*(json.line(one) for one in chosen))
    elif args.kind:
        output.write(_one(chosen[0]))
    else:
        output.write(_all(chosen))
    return 0


def _find(word: str) -> Explanation:
    from mailprobe.judge.kinds import KINDS  # noqa: PLC0415

    wanted = word.strip().lower().replace("-", "_")
    for kind, explanation in KINDS.items():
        if wanted == kind.value:
            return explanation
    from difflib import get_close_matches  # noqa: PLC0415 - only for a mistake

    near = get_close_matches(wanted, [kind.value for kind in KINDS], n=3)
    near = near or [kind.value for kind in KINDS if wanted and wanted in kind.value][:3]
    hint = f"did you mean {' or '.join(near)}?" if near else "`mailprobe explain` lists"
    message = f"no kind of failure is called {word[:60]!r}; {hint}"
    raise UsageError(message if near else f"{message} all")


def _one(explanation: Explanation) -> Iterator[Line]:
    from mailprobe.cli.output import look  # noqa: PLC0415
    from mailprobe.render.spans import paragraph  # noqa: PLC0415

    width = look().width
    yield (("strong", explanation.kind.value),)
    said = f"The peer {explanation.meaning}."
    yield from paragraph(said, width=width, first=(("", "  "),), indent=2)
    yield ()
    status, blame = explanation.status, explanation.blame
    for label, text in (
        ("status", status.value),
        ("blame", blame.value),
        ("counts", "at once" if explanation.attempts == 1 else "after two attempts"),
        ("advice", explanation.advice),
        ("source", explanation.source),
    ):
        if text:
            first = (("faint", f"  {label:<8}"),)
            style = status.value if label == "status" else ""
            yield from paragraph(text, width=width, first=first, indent=10, style=style)


def _all(explanations: list[Explanation]) -> Iterator[Line]:
    from mailprobe.cli.output import look  # noqa: PLC0415
    from mailprobe.render.spans import table  # noqa: PLC0415

    rows = [
        [
            ("strong", one.kind.value),
            (one.status.value, one.status.value),
            ("", one.meaning),
        ]
        for one in explanations
    ]
    yield from table(rows, width=look().width, indent=0)
