"""``mailprobe monitor``: watch as ``mailprobe.toml`` says, until told to stop."""

from __future__ import annotations

from typing import TYPE_CHECKING

from mailprobe.cli.arguments import network_options, seconds

if TYPE_CHECKING:
    from argparse import Namespace

    from mailprobe.cli.arguments import Parser
    from mailprobe.config import Config
    from mailprobe.model.incident import Event


def arguments(parser: Parser) -> None:
    """Add what this command takes."""
    parser.add_argument(
        "--for",
        dest="length",
        type=seconds,
        metavar="S",
        help="end after so many seconds (default: never)",
    )
    parser.add_argument(
        "--format", choices=("text", "json"), default="text", help="default: text"
    )
    network_options(parser)
    parser.epilog = (
        "Writes a line for each change of an incident. Ctrl-C and SIGTERM end it "
        "within seconds; what was intended is in the ledger."
    )


def run(args: Namespace) -> int:
    """Watch until the time is up or a signal comes."""
    from mailprobe.cli import session  # noqa: PLC0415 - not for the help

    config = session.configuration(args)
    session.complete(_watch(args, config))
    return 0


async def _watch(args: Namespace, config: Config) -> None:
    import asyncio  # noqa: PLC0415
    from contextlib import suppress  # noqa: PLC0415

    from mailprobe.cli import output, session  # noqa: PLC0415
    from mailprobe.monitor.monitor import Monitor  # noqa: PLC0415
    from mailprobe.monitor.settings import read_plan  # noqa: PLC0415

    plan = read_plan(config)

    def told(event: Event) -> None:
        output.say(line(event) if args.format == "text" else document(event))

    async with session.prober(args, config) as prober:
        monitor = Monitor(plan, prober, on_event=told)
        async with monitor:
            if args.format == "text":
                boxes, routes = len(plan.mailboxes), len(plan.routes)
                output.say(f"watching {boxes} mailboxes over {routes} routes")
            with suppress(TimeoutError):
                await asyncio.wait_for(monitor.run(), args.length)


def line(event: Event) -> str:
    """Return a change of an incident as one line of a log."""
    from mailprobe.render.clean import visible  # noqa: PLC0415 - not for the help

    incident = event.incident
    at = f"{event.at:%Y-%m-%dT%H:%M:%SZ}"
    return visible(f"{at} {event.change} {incident.id}: {incident.why}")


def document(event: Event) -> str:
    """Return a change of an incident as one line of JSON."""
    import msgspec  # noqa: PLC0415 - not for the help

    return msgspec.json.encode(event).decode()
