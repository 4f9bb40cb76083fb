"""Reads the tables of ``mailprobe.toml``; `mailprobe.config` describes them."""

from __future__ import annotations

import os
import re
from ipaddress import ip_address
from pathlib import Path
from typing import TYPE_CHECKING, Final

from mailprobe.credentials import Reference
from mailprobe.given import attempts
from mailprobe.model.errors import ConfigError, UsageError
from mailprobe.model.target import PORT_MAX, Mailbox
from mailprobe.providers.document import shown
from mailprobe.providers.presets import endpoint
from mailprobe.tables import MailboxSettings, ProberSettings, Settings

if TYPE_CHECKING:
    from mailprobe.providers.document import Document, Table

TIMEOUT_MAX: Final = 86400.0
"""Seconds: a day. Whoever writes more has most likely written milliseconds."""

MECHANISMS: Final = ("PLAIN", "LOGIN", "CRAM-MD5", "XOAUTH2", "OAUTHBEARER")

_PROBER_KEYS: Final = (
    "nameservers",
    "ca_file",
    "ehlo_name",
    "timeout",
    "mx_port",
    "control",
    "attempts",
    "canary_key",
    "presets",
)
_MAILBOX_KEYS: Final = (
    "address",
    "password",
    "token",
    "auth",
    "imap",
    "smtp",
    "imap_user",
    "smtp_user",
)
# The registered ports (RFC 8314 and 6409) of each security mode.
_IMAP_PORTS: Final = {"tls": 993, "starttls": 143, "none": 143}
_SMTP_PORTS: Final = {"tls": 465, "starttls": 587, "none": 587}

# ADDRESS:PORT or [IPv6]:PORT; a bare IPv6 address does not match and is whole.
_SERVER: Final = re.compile(r"(?:\[([^\]]*)\]|([^:]*))(?::([0-9]{1,5}))?")
# What EHLO takes: a domain or an address literal (RFC 5321 4.1.1.1).
_EHLO: Final = re.compile(r"[A-Za-z0-9](?:[A-Za-z0-9._-]{0,253})|\[[0-9A-Fa-f.:IPv]+\]")


def settings(document: Document) -> Settings:
    """
    Read the tables of a file.

    Raises:
        ConfigError: If it says something that cannot be meant.
    """
    root = document.root
    root.only(("prober", "mailbox", "monitor"))  # the last one: monitor/settings.py
    prober = root.table("prober")
    boxes = root.table("mailbox")
    return Settings(
        prober=_prober(prober) if prober else ProberSettings(),
        mailboxes=_mailboxes(boxes) if boxes else (),
    )


def _prober(table: Table) -> ProberSettings:
    table.only(_PROBER_KEYS)
    folder = table.document.path.parent
    ca_file = table.text("ca_file", "")
    return ProberSettings(
        nameservers=_nameservers(table),
        ca_file=beside(folder, ca_file) if ca_file else None,
        ehlo_name=_ehlo_name(table),
        timeout=timeout(table),
        mx_port=_port(table, "mx_port"),
        control=_controls(table),
        attempts=_attempts(table),
        canary_key=_reference(table, "canary_key"),
        presets=tuple(beside(folder, text) for text in table.texts("presets")),
    )


def _mailboxes(table: Table) -> tuple[MailboxSettings, ...]:
    found = ((name, table.table(name)) for name in table.values)
    return tuple(_mailbox(name, box) for name, box in found if box)


def _mailbox(name: str, table: Table) -> MailboxSettings:
    table.only(_MAILBOX_KEYS)
    address = table.text("address")
    try:
        Mailbox(address)
    except UsageError as error:
        table.refuse("address", str(error))
    imap, smtp = table.table("imap"), table.table("smtp")
    return MailboxSettings(
        name=name,
        address=address,
        password=_reference(table, "password"),
        token=_reference(table, "token"),
        auth=_mechanism(table),
        imap=endpoint(imap, _IMAP_PORTS) if imap else None,
        smtp=endpoint(smtp, _SMTP_PORTS) if smtp else None,
        imap_user=table.text("imap_user", ""),
        smtp_user=table.text("smtp_user", ""),
    )


def _reference(table: Table, key: str) -> Reference | None:
    if key not in table.values:
        return None
    text = table.text(key)
    try:
        return Reference.parse(text, table.document.path.parent)
    except ConfigError as error:
        table.refuse(key, str(error))


def _nameservers(table: Table) -> tuple[str, ...]:
    servers = table.texts("nameservers")
    for item, server in enumerate(servers):
        found = _SERVER.fullmatch(server)
        try:
            ip_address((found[1] or found[2]) if found else server)
            known = not (found and found[3]) or 1 <= int(found[3]) <= PORT_MAX
        except ValueError:
            known = False
        if not known:
            complaint = (
                f"{shown(server)} is not an IP address with an optional port, "
                "such as 127.0.0.53 or 127.0.0.1:5300"
            )
            table.refuse("nameservers", complaint, item=item)
    return servers


def _ehlo_name(table: Table) -> str:
    name = table.text("ehlo_name", "")
    if name and not _EHLO.fullmatch(name):
        complaint = f"{shown(name)} is not a host name such as probe.example.org"
        table.refuse("ehlo_name", complaint)
    return name


def timeout(table: Table) -> float | None:
    """Return the seconds under ``timeout``; None if it is left out."""
    if "timeout" not in table.values:
        return None
    seconds = table.number("timeout")
    if not 0 < seconds <= TIMEOUT_MAX:  # also refuses nan
        complaint = f"must be more than 0 and at most {TIMEOUT_MAX:g} seconds"
        table.refuse("timeout", complaint)
    return float(seconds)


def _controls(table: Table) -> tuple[str, ...]:
    if isinstance(table.values.get("control"), str):
        return (table.text("control"),)
    return table.texts("control")


def _attempts(table: Table) -> int | None:
    if "attempts" not in table.values:
        return None
    try:
        return attempts(table.integer("attempts"))
    except UsageError as error:
        table.refuse("attempts", str(error))


def _port(table: Table, key: str) -> int | None:
    if key not in table.values:
        return None
    port = table.integer(key)
    if not 1 <= port <= PORT_MAX:
        complaint = f"port {port} is out of range; write a number from 1 to {PORT_MAX}"
        table.refuse(key, complaint)
    return port


def _mechanism(table: Table) -> str:
    name = table.text("auth", "")
    if name and name.upper() not in MECHANISMS:
        complaint = f"{shown(name)} is not known; write one of {', '.join(MECHANISMS)}"
        table.refuse("auth", complaint)
    return name.upper()


def beside(folder: Path, text: str) -> Path:
    """Return the path that a file in this folder means."""
    return folder / os.path.expanduser(text)  # noqa: PTH111 - never raises
