"""``mailprobe monitor``: watch as ``mailprobe.toml`` says, until told to stop."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from mailprobe.cli.arguments import network_options, seconds

if TYPE_CHECKING:
    from argparse import Namespace
    from collections.abc import Callable

    from mailprobe.cli.arguments import Parser
    from mailprobe.config import Config
    from mailprobe.model.incident import Event
    from mailprobe.model.snapshot import Notice
    from mailprobe.monitor.monitor import Monitor

REFRESH: Final = 1.0  # seconds between two pictures of a live view


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
        "--format",
        choices=("live", "text", "json"),
        help="live: one screen that is kept up to date; text, json: a line for each "
        "thing that happens (default: live on a terminal, else text)",
    )
    network_options(parser)
    parser.epilog = (
        "There is a line for each change of an incident, and for what is wrong with "
        "the monitor itself; none for a check: those are in the ledger. Ctrl-C and "
        "SIGTERM end it within seconds."
    )


def run(args: Namespace) -> int:
    """Watch until the time is up or a signal comes."""
    from mailprobe.cli import output, session  # noqa: PLC0415 - not for the help

    config = session.configuration(args)
    if args.format is None:
        args.format = "live" if output.coloured() else "text"
    session.complete(_watch(args, config))
    return 0


async def _watch(args: Namespace, config: Config) -> None:
    import asyncio  # noqa: PLC0415
    from contextlib import suppress  # noqa: PLC0415

    from mailprobe.cli import session  # noqa: PLC0415
    from mailprobe.monitor.monitor import Monitor  # noqa: PLC0415
    from mailprobe.monitor.settings import read_plan  # noqa: PLC0415

    told, noticed = _voices(args.format)
    plan = read_plan(config)
    async with session.prober(args, config) as prober:
        monitor = Monitor(plan, prober, on_event=told, on_notice=noticed)
        async with monitor:
            work = monitor.run() if args.format != "live" else _show(monitor)
            with suppress(TimeoutError):
                await asyncio.wait_for(work, args.length)


def _voices(
    form: str,
) -> tuple[Callable[[Event], None] | None, Callable[[Notice], None] | None]:
    """Return what says changes and notices; nothing where a screen shows them."""
    from mailprobe.cli import output  # noqa: PLC0415
    from mailprobe.render import watch  # noqa: PLC0415

    if form == "live":
        return None, None
    if form == "json":
        return (
            lambda event: output.say(document(event)),
            lambda notice: output.say(document(notice)),
        )
    return (
        lambda event: output.say(watch.event_line(event)),
        lambda notice: output.say(watch.notice_line(notice)),
    )


async def _show(monitor: Monitor) -> None:
    """Keep a screen up to date until the monitor ends."""
    import asyncio  # noqa: PLC0415

    from rich.console import Console  # noqa: PLC0415 - for terminals only
    from rich.live import Live  # noqa: PLC0415

    from mailprobe.cli import output  # noqa: PLC0415
    from mailprobe.render import watch  # noqa: PLC0415

    console = Console(highlight=False)
    work = asyncio.ensure_future(monitor.run())
    try:
        with Live(console=console, screen=True, auto_refresh=False) as live:
            while not work.done():
                shown = output.painted(watch.lines(monitor.snapshot(), output.look()))
                live.update(shown, refresh=True)
                await asyncio.wait({work}, timeout=REFRESH)
        await work
    finally:
        work.cancel()
        await asyncio.wait({work})
        # The screen is gone; what stood there at last is left in the window.
        output.write(watch.lines(monitor.snapshot(), output.look()))


def document(value: Event | Notice) -> str:
    """Return a change of an incident, or a notice, as one line of JSON."""
    import msgspec  # noqa: PLC0415 - not for the help

    return msgspec.json.encode(value).decode()
