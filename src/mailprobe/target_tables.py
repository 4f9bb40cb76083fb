"""
Lists of targets in TOML: one ``[[target]]`` table for each.

Every key of the file::

    [[target]]
    mx = "libero.it"               # who takes its mail, greeted

    [[target]]
    smtp = "smtp.libero.it"        # a host
    port = 465                     # 25 if left out
    security = "tls"               # by the port if left out
    mailbox = "canary"             # of mailprobe.toml: tries the login, too
    timeout = 20                   # seconds; every target may have it

    [[target]]
    imap = "imap.libero.it"        # a host, with the same keys; or a mailbox alone

    [[target]]
    tls = "smtp.libero.it"         # a host
    port = 465                     # needed
    security = "tls"

    [[target]]
    trip = "canary"                # a mailbox
    to = "office"                  # a mailbox; needed

    [[target]]
    provider = "libero"            # a preset or a domain
    mailbox = "canary"
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from mailprobe.model.errors import ConfigError, UsageError
from mailprobe.providers.document import read
from mailprobe.settings import timeout
from mailprobe.targets import Written, meant

if TYPE_CHECKING:
    from pathlib import Path

    from mailprobe.providers.document import Table
    from mailprobe.targets import Asked, Boxes

KEYS: Final = {
    "mx": (),
    "smtp": ("port", "security", "mailbox"),
    "imap": ("port", "security", "mailbox"),
    "tls": ("port", "security"),
    "trip": ("to",),
    "provider": ("mailbox",),
}
"""What says what a target is, and which keys may stand beside it."""


def read_tables(path: Path, boxes: Boxes) -> list[Asked]:
    """
    Read a file of targets.

    Raises:
        ConfigError: If it cannot be read or says something that cannot be meant;
            the message names file, line and key.
    """
    root = read(path).root
    root.only(("target",))
    return [_asked(table, boxes) for table in root.tables("target")]


def _asked(table: Table, boxes: Boxes) -> Asked:
    every = {key: None for keys in KEYS.values() for key in keys}
    table.only((*KEYS, *every, "timeout"))
    kinds = [key for key in table.values if key in KEYS]
    if not kinds:
        complaint = f"nothing says what it is; write one of {', '.join(KEYS)}"
        raise table.document.error(table.path, complaint)
    kind, *more = kinds
    if more:
        complaint = f"{kind} stands there already; each target has its own [[target]]"
        table.refuse(more[0], complaint)
    for key in table.values:
        if key not in (kind, "timeout", *KEYS[kind]):
            table.refuse(key, f"means nothing beside {kind}")
    if kind in {"tls", "trip"}:  # what else would be missing later, said of the table
        _ = table.integer("port") if kind == "tls" else table.text("to")
    beside = next((key for key in ("mailbox", "to") if key in table.values), None)
    written = Written(
        kind=kind,
        name=table.text(kind),
        port=table.integer("port") if "port" in table.values else None,
        security=table.text("security") if "security" in table.values else None,
        mailbox=_box(table, beside, boxes) if beside else None,
        timeout=timeout(table),
    )
    try:
        return meant(written, boxes)
    except (UsageError, ConfigError) as error:
        # The model's messages begin with the name of the argument.
        word = str(error).partition(" ")[0]
        table.refuse(word if word in table.values else kind, str(error))


def _box(table: Table, key: str, boxes: Boxes) -> str:
    word = table.text(key)
    try:
        boxes.get(word)
    except (UsageError, ConfigError) as error:
        table.refuse(key, str(error))
    return word
