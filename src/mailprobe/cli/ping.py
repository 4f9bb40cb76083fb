"""``mailprobe ping FROM [TO]``: round trips, one line each, summed up at the end."""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final

from mailprobe.cli.arguments import count, network_options, output_options, pause
from mailprobe.cli.roundtrip import ends, trip_arguments, trip_secrets

if TYPE_CHECKING:
    from argparse import Namespace

    from mailprobe.cli.arguments import Parser
    from mailprobe.config import Config
    from mailprobe.model.report import TripReport
    from mailprobe.model.target import Mailbox
    from mailprobe.model.verdict import Check

COUNT: Final = 5
"""Trips by default: enough for a spread, few enough for every send limit."""
INTERVAL: Final = 10.0
"""Seconds between trips by default: six mails a minute trouble no provider."""


def arguments(parser: Parser) -> None:
    """Add what this command takes."""
    trip_arguments(parser)
    parser.add_argument(
        "--count", type=count, default=COUNT, metavar="N", help=f"default: {COUNT}"
    )
    parser.add_argument(
        "--interval",
        type=pause,
        default=INTERVAL,
        metavar="S",
        help=f"seconds from one end to the next start (default: {INTERVAL:g})",
    )
    output_options(parser, formats=("text", "json"))
    network_options(parser)
    trip_secrets(parser)


def run(args: Namespace) -> int:
    """Ping, sum up, and return 0 (all back), 1 (some), 2 (none) or 3 (could not)."""
    from mailprobe.cli import session  # noqa: PLC0415 - not for the help

    config = session.configuration(args)
    sender, recipient = ends(args, config)
    tally = Tally()
    ours = _trips(args, config, (sender, recipient), tally)
    try:
        session.complete(ours)
    finally:
        if args.format == "text":
            _sum_up(tally, sender, recipient)
    return tally.exit_code


@dataclass(slots=True)
class Tally:
    """
    What became of the pings.

    Attributes:
        sent: Trips that were made, or tried.
        times: Transit of those that came back, seconds.
        blind: Trips that say nothing of the provider (the status is unknown).
    """

    sent: int = 0
    times: list[float] = field(default_factory=list)
    blind: int = 0

    def count(self, check: Check[TripReport]) -> None:
        """Add one trip."""
        self.sent += 1
        if check.report.transit is not None:
            self.times.append(check.report.transit)
        elif check.status == "unknown":
            self.blind += 1

    @property
    def exit_code(self) -> int:
        """0 all back, 1 some missing, 2 none back, 3 not one could be made."""
        if self.sent == self.blind:
            return 3
        if not self.times:
            return 2
        return 0 if len(self.times) == self.sent else 1

    def lines(self) -> list[str]:
        """Return the closing lines, as ping(8) has them."""
        back = len(self.times)
        lost = 100 * (self.sent - back) / self.sent if self.sent else 0
        made = [f"{self.sent} sent, {back} back, {lost:.3g} % lost"]
        if self.times:
            low, high, mean = min(self.times), max(self.times), sum(self.times) / back
            square = sum(time * time for time in self.times) / back
            spread = math.sqrt(max(square - mean * mean, 0.0))
            figures = "/".join(f"{x * 1000:.1f}" for x in (low, mean, high, spread))
            made.append(f"min/avg/max/mdev = {figures} ms")
        return made


async def _trips(
    args: Namespace, config: Config, both: tuple[Mailbox, Mailbox], tally: Tally
) -> None:
    import asyncio  # noqa: PLC0415

    from mailprobe.cli import output, session  # noqa: PLC0415
    from mailprobe.render import json  # noqa: PLC0415

    within = session.within(args, config)
    async with session.prober(args, config) as prober:
        if args.format == "text":
            output.say(f"PING {both[0].address} -> {both[1].address}")
        for number in range(1, args.count + 1):
            if number > 1:
                await asyncio.sleep(args.interval)
            check = await prober.round_trip(*both, **within)
            tally.count(check)
            if args.format == "json":
                output.say(json.encode(check))
            else:
                output.say(f"seq={number} {_told(check)}")


def _told(check: Check[TripReport]) -> str:
    from mailprobe.render.clean import visible  # noqa: PLC0415

    report = check.report
    if report.transit is None:
        return f"{check.status}: {visible(check.why)}"
    copies = f" ({report.copies} copies)" if report.copies > 1 else ""
    return f"time={report.transit * 1000:.1f} ms {report.landed}{copies}"


def _sum_up(tally: Tally, sender: Mailbox, recipient: Mailbox) -> None:
    from mailprobe.cli import output  # noqa: PLC0415

    title = f"--- {sender.address} -> {recipient.address} ---"
    output.say(title, *tally.lines())
