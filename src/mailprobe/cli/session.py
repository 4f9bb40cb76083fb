"""From arguments to a prober, and from a coroutine to its result."""

from __future__ import annotations

import asyncio
import contextlib
import signal
from collections.abc import Awaitable, Callable, Coroutine
from typing import TYPE_CHECKING, Any, TypedDict, TypeVar

from mailprobe.cli import Terminated
from mailprobe.cli.output import Progress, show
from mailprobe.cli.presets import catalogue, configuration, named
from mailprobe.prober import Prober

if TYPE_CHECKING:
    from argparse import Namespace

    from mailprobe.config import Config
    from mailprobe.model.report import Report, Step
    from mailprobe.model.verdict import Check

T = TypeVar("T")

__all__ = ["catalogue", "complete", "configuration", "one_check", "prober", "within"]


class Within(TypedDict, total=False):
    """The deadline of a call, if one was given."""

    timeout: float


def within(args: Namespace, config: Config) -> Within:
    """Return the deadline as keyword argument; nothing where the default holds."""
    given = args.timeout or config.prober.timeout
    return Within(timeout=given) if given else Within()


def prober(
    args: Namespace,
    config: Config,
    on_step: Callable[[str, Step], None] | None = None,
) -> Prober:
    """Return a prober: what the arguments leave open the settings say."""
    options = config.prober_options()
    return Prober(
        ca_file=args.ca_file or options.get("ca_file"),
        nameservers=tuple(args.nameserver) or options.get("nameservers", ()),
        ehlo_name=args.ehlo_name or options.get("ehlo_name", ""),
        mx_port=args.mx_port or options.get("mx_port", 25),
        control=tuple(args.control) or options.get("control", ()),
        attempts=args.attempts or options.get("attempts", 2),
        catalogue=named(args, config),
        transcript=getattr(args, "transcript", False),
        canary_key=options.get("canary_key"),
        on_step=on_step,
    )


def one_check(
    args: Namespace,
    config: Config,
    ask: Callable[[Prober, Within], Awaitable[Check[Report]]],
) -> int:
    """Make one check, write it, and return the exit status of its verdict."""
    progress = Progress(wanted=args.format == "text")

    async def work() -> Check[Report]:
        async with prober(args, config, progress) as ours:
            return await ask(ours, within(args, config))

    try:
        check = complete(work())
    finally:
        progress.clear()
    show(check, args)
    return check.status.exit_code


def complete(work: Coroutine[Any, Any, T]) -> T:
    """
    Run *work* to its end; Ctrl-C and SIGTERM cancel it, so that it can tidy up.

    Raises:
        KeyboardInterrupt: After Ctrl-C.
        Terminated: After SIGTERM.
    """
    with asyncio.Runner() as runner:
        return runner.run(_until_terminated(work))


async def _until_terminated(work: Coroutine[Any, Any, T]) -> T:
    loop = asyncio.get_running_loop()
    task = asyncio.ensure_future(work)
    came = False

    def stop() -> None:
        nonlocal came
        came = True
        task.cancel()

    # Only the main thread of a POSIX process hears signals.
    with contextlib.suppress(ValueError, RuntimeError, NotImplementedError):
        loop.add_signal_handler(signal.SIGTERM, stop)
    try:
        return await task
    except asyncio.CancelledError:
        if came:
            raise Terminated from None
        raise
    finally:
        with contextlib.suppress(ValueError, RuntimeError, NotImplementedError):
            loop.remove_signal_handler(signal.SIGTERM)
