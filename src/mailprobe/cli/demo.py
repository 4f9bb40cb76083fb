"""``mailprobe demo``: what mailprobe does, on a mail world of its own."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from argparse import Namespace

    from mailprobe.cli.arguments import Parser
    from mailprobe.cli.stage import Stage
    from mailprobe.lab import Fault, Lab
    from mailprobe.model.report import ProviderReport, TripReport
    from mailprobe.model.target import Mailbox
    from mailprobe.model.verdict import Check
    from mailprobe.prober import Prober

PATIENCE: Final = 20.0
"""Seconds for a check of a healthy world; it takes a fraction of one."""

OUTAGE_PATIENCE: Final = 4.0
"""Seconds for the check of the broken one: a mail that does not come takes them all."""

STORE_DOWN: Final = "[UNAVAILABLE] Mailbox store is not available"
"""What the mailbox servers answer in the outage (RFC 5530)."""

HELD_BACK: Final = 0.25
"""Seconds by which one mail is late, so that there is something to measure."""

LIBERO: Final = "libero.test"


def arguments(parser: Parser) -> None:
    """Add what this command takes: nothing."""
    parser.epilog = "It needs no network and takes a few seconds."


def run(args: Namespace) -> int:
    """Show it, and return 0 if everything was as it should be, else 3."""
    from mailprobe.cli import session  # noqa: PLC0415 - not for the help

    del args
    return 0 if session.complete(_demo()) else 3


async def _demo() -> bool:
    from mailprobe.cli.stage import Stage  # noqa: PLC0415
    from mailprobe.lab import Lab  # noqa: PLC0415
    from mailprobe.prober import Prober  # noqa: PLC0415

    stage = Stage()
    async with (
        Lab() as lab,
        Prober(
            ca_file=str(lab.ca_file),
            nameservers=(lab.nameserver,),
            ehlo_name="demo.mailprobe.test",
            mx_port=lab.mx_port,
            catalogue=lab.catalogue,
            on_step=stage.step,
        ) as prober,
    ):
        return await _three_acts(lab, prober, stage)


async def _three_acts(lab: Lab, prober: Prober, stage: Stage) -> bool:
    from mailprobe.lab import Delay  # noqa: PLC0415

    ada, bob = lab.mailbox(f"ada@{LIBERO}"), lab.mailbox("bob@posta.test")
    stage.say(
        "A mail world on this machine: SMTP, IMAP, DNS and a CA, on loopback alone."
    )

    stage.act("1  All is well")
    well = await prober.provider(LIBERO, ada, timeout=PATIENCE)
    stage.provider(well)
    trips = [await _trip(prober, stage, ada, bob)]
    with lab.fault(Delay(HELD_BACK, domain=LIBERO)):
        remark = f", held back {HELD_BACK * 1000:.0f} ms on purpose"
        trips.append(await _trip(prober, stage, bob, ada, remark))

    stage.act("2  January 2023 again: the mailbox store fails, every port stays green")
    with lab.fault(*outage()):
        broken = await prober.provider(LIBERO, ada, timeout=OUTAGE_PATIENCE)
        stage.diagnosis(broken)

    stage.act("3  The store is back")
    again = await prober.provider(LIBERO, ada, timeout=PATIENCE)
    stage.provider(again)
    return _as_it_should_be(stage, [well, *trips, again], broken)


async def _trip(
    prober: Prober,
    stage: Stage,
    sender: Mailbox,
    recipient: Mailbox,
    remark: str = "",
) -> Check[TripReport]:
    stage.trip_begins(sender, recipient, remark)
    check = await prober.round_trip(sender, recipient, timeout=PATIENCE)
    stage.trip(check)
    return check


def outage() -> tuple[Fault, ...]:
    """Return what failed in January 2023: mail is taken, no mailbox can be reached."""
    from mailprobe.lab import Delay, Reply  # noqa: PLC0415

    opening = ("SELECT", "EXAMINE", "STATUS")
    return (
        *(
            Reply(how, "NO", STORE_DOWN, service="imap", domain=LIBERO, platform=True)
            for how in opening
        ),
        Delay(domain=LIBERO, platform=True),
    )


def _as_it_should_be(
    stage: Stage,
    good: list[Check[ProviderReport] | Check[TripReport]],
    broken: Check[ProviderReport],
) -> bool:
    four = broken.verdict.availabilities
    found = (
        broken.status == "down"
        and broken.blame == "provider"
        and four is not None
        and [v and v.status.value for v in (four.submit, four.accept, four.read)]
        == ["ok", "ok", "down"]
    )
    passed = found and all(check.status == "ok" for check in good)
    stage.end(passed=passed)
    return passed
