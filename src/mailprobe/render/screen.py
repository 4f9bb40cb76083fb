"""How everything is, on one screen."""

from __future__ import annotations

from datetime import UTC
from typing import TYPE_CHECKING, Final

from mailprobe.model.answer import Watching
from mailprobe.model.incident import State
from mailprobe.model.sample import Function
from mailprobe.model.verdict import Status
from mailprobe.render.account import BLAMES
from mailprobe.render.clean import visible
from mailprobe.render.spans import PLAIN, Line, Look, Span, paragraph, plain, table
from mailprobe.render.times import between, moment

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from mailprobe.model.answer import StatusReport
    from mailprobe.model.availability import Availability
    from mailprobe.model.incident import Incident
    from mailprobe.model.passage import Balance
    from mailprobe.render.times import Zone

PARTIES_MAX: Final = 30  # rows: what is not ok comes first; JSON has them all
INCIDENTS_MAX: Final = 10
_WIDE: Final = 120  # columns a table may take; what is longer goes on below
_STATES: Final = {
    Watching.RUNNING: "runs",
    Watching.STOPPED: "is stopped",
    Watching.SILENT: "should run, and is silent",
    Watching.NEVER: "has never run here",
}


def encode(report: StatusReport, zone: Zone = UTC) -> str:
    """Return the status as plain text."""
    return plain(lines(report, PLAIN, zone))


def lines(report: StatusReport, look: Look = PLAIN, zone: Zone = UTC) -> Iterator[Line]:
    """Yield the status as styled lines."""
    word = report.status.value
    why = visible(report.why) or "everything that is looked at works"
    head: Line = ((word, f"{word.upper():<9}"),)
    yield from paragraph(why, width=look.width, first=head, indent=9)
    yield ()
    if report.availabilities:
        yield from _availabilities(report.availabilities)
    else:
        yield (("faint", "  nothing was looked at in the last hour"),)
    for one in report.incidents[:INCIDENTS_MAX]:
        yield ()
        yield from _incident(one, report, look, zone)
    more = len(report.incidents) - INCIDENTS_MAX
    if more > 0:
        yield (("faint", f"  and {more} more; see mailprobe incidents"),)
    yield ()
    yield from table(list(_rest(report, zone)), width=_WIDE, fold=True)


def _availabilities(found: Sequence[Availability]) -> Iterator[Line]:
    parties: dict[str, dict[Function, Availability]] = {}
    for one in found:
        parties.setdefault(one.party.name, {})[one.function] = one
    worst = {
        name: max(one.status.gravity for one in row.values())
        for name, row in parties.items()
    }
    names = sorted(parties, key=lambda name: (-worst[name], name))
    heads = ("provider", "platform", *(one.value for one in Function), "")
    rows: list[list[Span]] = [[("faint", head) for head in heads]]
    for name in names[:PARTIES_MAX]:
        row = parties[name]
        platform = next(iter(row.values())).party.platform
        rows.append(
            [
                ("strong", visible(name)),
                ("faint", visible(platform)),
                *(_share(row.get(one)) for one in Function),
                ("", ""),
            ]
        )
    yield from table(rows, width=_WIDE)
    if len(names) > PARTIES_MAX:
        yield (("faint", f"  and {len(names) - PARTIES_MAX} more providers"),)
    yield (
        ("faint", "  k/n: works for k of n canaries, so for that share of all users"),
    )


def _share(one: Availability | None) -> Span:
    if one is None:
        return "faint", "-"
    if one.status is Status.UNKNOWN:
        return "unknown", "unknown"
    low, high = one.low, one.high
    style = {"ok": "good", "down": "bad"}.get(one.status.value, one.status.value)
    return style, f"{one.working}/{one.of} ({low * 100:.0f}-{high * 100:.0f} %)"


def _incident(
    one: Incident, report: StatusReport, look: Look, zone: Zone
) -> Iterator[Line]:
    style = "degraded" if one.state is State.RECOVERING else "down"
    since = f"since {moment(one.began_at, zone)}, {between(one.began_at, report.at)}"
    yield (
        (style, f"{one.state.value.upper()} "),
        ("strong", visible(one.id)),
        ("", f"  {since}; fault of {BLAMES[one.blame]}"),
    )
    why = visible(one.why)
    if one.why == report.why:
        return  # it stands above
    yield from paragraph(why, width=look.width, first=(("", "  "),), indent=2)


def _rest(report: StatusReport, zone: Zone) -> Iterator[list[Span]]:
    yield [("faint", "mails"), ("", mails(report.balance))]
    watch = report.watch
    told = f"{_STATES[watch.state]}"
    if watch.looked_at is not None:
        ago = between(watch.looked_at, report.at)
        told += f"; last looked {moment(watch.looked_at, zone)}, {ago} ago"
    if watch.since is not None:
        began = "stopped" if watch.state is Watching.STOPPED else "started"
        told += f"; {began} {moment(watch.since, zone)}"
    yield [("faint", "monitor"), ("", visible(told))]
    for one in report.alarms:
        yield [
            ("faint", "alarm"),
            ("bad", f"{moment(one.at, zone)} {visible(one.what)}"),
        ]


def mails(balance: Balance) -> str:
    """Say what became of mails, in the order of the books."""
    told = [f"{balance.submitted} sent"]
    for number, name in (
        (balance.delivered, "delivered"),
        (balance.late, "late"),
        (balance.junk, "junk"),
        (balance.recovered, "recovered"),
        (balance.in_flight, "on the way"),
        (balance.bounced, "returned"),
        (balance.presumed_lost, "lost"),
        (balance.rejected, "refused"),
        (balance.duplicates, "extra copies"),
    ):
        if number:
            told.append(f"{number} {name}")
    if balance.imbalance:
        told.append(f"{balance.imbalance} UNACCOUNTED FOR")
    return ", ".join(told)
