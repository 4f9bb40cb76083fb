"""
The ``[monitor]`` table of ``mailprobe.toml``.

Every key of it::

    [monitor]
    ledger = "mailprobe.sqlite"          # relative to this file, or postgresql://...
    interval = 1800                      # seconds between two mails of a route
    late_after = 300                     # seconds until an arrival is late
    horizon = 432000                     # seconds until a mail is presumed lost
    patience = 60                        # seconds to wait for a mail just sent
    look_every = 300                     # seconds between looks at MX and controls
    hold = 21600                         # seconds without a login after a refusal
    budget = 200                         # mails a day from one account
    outside = "canary@example.org"       # who writes from outside, if a route does
    sentinels = false                    # keep an old mail of each mailbox in sight
    heartbeat = "https://beat.example.org/1"   # or "file:alive"; after every audit
    notify = ["env:NOTIFY_URL"]          # Apprise URLs, told of changes of incidents
    webhook = "env:WEBHOOK_URL"          # the same as JSON

    [monitor.cohort.libero]
    mailboxes = ["libero1", "libero2"]   # names of [mailbox.NAME] tables
    party = "libero"                     # by the preset of their domain if left out
    platform = "italiaonline"            # the same

    [monitor.route.around]
    from = ["libero1", "friend"]         # or "outside": straight to their MX
    to = ["libero1", "libero2"]          # each to each; with self = true also itself
    self = true
    interval = 900
    late_after = 60

    [[monitor.maintenance]]
    party = "libero"
    begins = 2026-12-01T23:00:00+01:00
    ends = 2026-12-02T06:00:00+01:00
    text = "evolutionary maintenance"
"""

from __future__ import annotations

from collections import Counter
from math import ceil
from typing import TYPE_CHECKING, Final

from mailprobe.credentials import Reference
from mailprobe.model.errors import ConfigError, UsageError
from mailprobe.model.incident import Maintenance
from mailprobe.model.sample import Party
from mailprobe.monitor import plan
from mailprobe.monitor.schedule import DAY
from mailprobe.providers.document import shown
from mailprobe.settings import beside

if TYPE_CHECKING:
    from pathlib import Path

    from mailprobe.config import Config
    from mailprobe.providers.document import Table

_KEYS: Final = (
    "ledger",
    "interval",
    "late_after",
    "horizon",
    "patience",
    "look_every",
    "hold",
    "budget",
    "outside",
    "sentinels",
    "heartbeat",
    "notify",
    "webhook",
    "cohort",
    "route",
    "maintenance",
)
_ROUTE_KEYS: Final = ("from", "to", "self", "interval", "late_after")
_SECONDS_MAX: Final = 366 * 86_400.0  # a year; whoever writes more wrote milliseconds


def read_plan(config: Config) -> plan.Plan:
    """
    Return what the file's ``[monitor]`` table asks for; mailbox secrets are fetched.

    Raises:
        ConfigError: If there is no such table, or it says something that cannot be
            meant; the message names file, line and key.
    """
    if config.document is None:
        message = f"{config.absence()}; its [monitor] says what is to be watched"
        raise ConfigError(message)
    table = config.document.root.table("monitor")
    if table is None:
        complaint = "there is no [monitor] table to say what is to be watched"
        raise config.document.error((), complaint)
    table.only(_KEYS)
    _signed(config, table)
    cohorts = tuple(_cohorts(table, config))
    names = sorted({name for cohort in cohorts for name in cohort.mailboxes})
    try:
        made = plan.Plan(
            ledger=ledger_of(table),
            mailboxes={name: config.mailbox(name) for name in names},
            cohorts=cohorts,
            routes=tuple(_routes(table)),
            outside=table.text("outside", ""),
            horizon=_seconds(table, "horizon", plan.HORIZON),
            patience=_seconds(table, "patience", plan.PATIENCE),
            look_every=_seconds(table, "look_every", plan.LOOK_EVERY),
            hold=_seconds(table, "hold", plan.HOLD),
            budget=table.integer("budget", plan.BUDGET),
            sentinels=table.flag("sentinels", default=False),
            maintenance=tuple(map(_maintenance, table.tables("maintenance"))),
            heartbeat=_heartbeat(table),
            notify=tuple(
                _reference(table, "notify", text, item)
                for item, text in enumerate(table.texts("notify"))
            ),
            webhook=(
                _reference(table, "webhook", table.text("webhook"))
                if "webhook" in table.values
                else None
            ),
        )
    except UsageError as error:
        raise table.document.error(table.path, str(error)) from None
    _affordable(table, made)
    return made


def _affordable(table: Table, made: plan.Plan) -> None:
    """Hold that no account stops to send in the middle of the day, unnoticed."""
    daily: Counter[str] = Counter()
    for route in made.routes:
        daily[route.sender] += ceil(DAY.total_seconds() / route.interval)
    for sender, mails in daily.items():
        if mails > made.budget:
            table.refuse(
                "budget",
                f"the routes from {shown(sender)} take {mails} mails a day, more than "
                f"the budget of {made.budget}; raise it or an interval, or send less",
            )


def _signed(config: Config, table: Table) -> None:
    """Hold that mails of one run are known as ours by the next one."""
    if config.prober.canary_key is None:
        complaint = (
            "a monitor needs canary_key in [prober], or after a restart it would not "
            "know its own mails: write 32 random bytes or more of text into a file, "
            'and canary_key = "file:canary.key"'
        )
        raise table.document.error(table.path, complaint)


def ledger_of(table: Table) -> str | Path:
    """Return where the ledger is: a URL, or a path relative to the file."""
    text = table.text("ledger", "mailprobe.sqlite")
    return text if "://" in text else beside(table.document.path.parent, text)


def _cohorts(monitor: Table, config: Config) -> list[plan.Cohort]:
    tables = monitor.table("cohort")
    made: list[plan.Cohort] = []
    for name in tables.values if tables else ():
        assert tables is not None  # noqa: S101 - for the type checker
        table = tables.table(name)
        assert table is not None  # noqa: S101 - the name is a key of it
        table.only(("mailboxes", "party", "platform"))
        names = table.texts("mailboxes", None)
        if not names:
            table.refuse("mailboxes", "must name at least one mailbox")
        for item, box in enumerate(names):
            if box not in {known.name for known in config.mailboxes}:
                table.refuse("mailboxes", f"there is no [mailbox.{box}]", item=item)
        party = _party(table, config, names[0])
        made.append(plan.Cohort(name=name, party=party, mailboxes=names))
    return made


def _party(table: Table, config: Config, mailbox: str) -> Party:
    """Return the brand of a cohort: as written, else by preset, else the domain."""
    found = next(box for box in config.mailboxes if box.name == mailbox)
    domain = found.address.rpartition("@")[2].lower()
    preset = config.catalogue.find(domain)
    name = table.text("party", preset.id if preset else domain)
    platform = table.text("platform", (preset.platform if preset else "") or name)
    return Party(name=name, platform=platform)


def _routes(monitor: Table) -> list[plan.Route]:
    interval = _seconds(monitor, "interval", plan.INTERVAL)
    late_after = _seconds(monitor, "late_after", plan.LATE_AFTER)
    tables = monitor.table("route")
    made: list[plan.Route] = []
    for name in tables.values if tables else ():
        assert tables is not None  # noqa: S101 - for the type checker
        table = tables.table(name)
        assert table is not None  # noqa: S101 - the name is a key of it
        table.only(_ROUTE_KEYS)
        itself = table.flag("self", default=False)
        for sender in _names(table, "from"):
            for recipient in _names(table, "to"):
                if sender == recipient and not itself:
                    continue
                made.append(
                    plan.Route(
                        name=f"{name}: {sender} to {recipient}",
                        sender=sender,
                        recipient=recipient,
                        interval=_seconds(table, "interval", interval),
                        late_after=_seconds(table, "late_after", late_after),
                    )
                )
    return made


def _names(table: Table, key: str) -> tuple[str, ...]:
    if isinstance(table.values.get(key), str):
        return (table.text(key),)
    return table.texts(key, None)


def _maintenance(table: Table) -> Maintenance:
    table.only(("party", "begins", "ends", "text"))
    begins, ends = table.moment("begins"), table.moment("ends")
    if not begins < ends:
        table.refuse("ends", "is not after it begins")
    return Maintenance(
        party=table.text("party"),
        begins_at=begins,
        ends_at=ends,
        text=table.text("text", ""),
    )


def _seconds(table: Table, key: str, default: float) -> float:
    if key not in table.values:
        return default
    seconds = table.number(key)
    if not 0 < seconds <= _SECONDS_MAX:  # also refuses nan
        table.refuse(key, f"must be more than 0 and at most {_SECONDS_MAX:g} seconds")
    return float(seconds)


def _heartbeat(table: Table) -> str:
    text = table.text("heartbeat", "")
    if text.startswith("file:"):
        path = beside(table.document.path.parent, text.removeprefix("file:"))
        return f"file:{path}"
    if text and not text.startswith(("http://", "https://")):
        table.refuse("heartbeat", f"{shown(text)} is neither a URL nor file:PATH")
    return text


def _reference(table: Table, key: str, text: str, item: int | None = None) -> Reference:
    try:
        return Reference.parse(text, table.document.path.parent)
    except ConfigError as error:
        table.refuse(key, str(error), item=item)
