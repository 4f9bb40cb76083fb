"""
The tables of ``mailprobe.toml`` as values; `mailprobe.settings` reads them.

They stand apart since a command without a file needs no reader.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pathlib import Path

    from mailprobe.credentials import Reference
    from mailprobe.model.target import Endpoint


@dataclass(frozen=True, slots=True, kw_only=True)
class ProberSettings:
    """The ``[prober]`` table; what the file leaves out is empty or None."""

    nameservers: tuple[str, ...] = ()
    ca_file: Path | None = None
    ehlo_name: str = ""
    timeout: float | None = None
    mx_port: int | None = None
    control: tuple[str, ...] = ()
    attempts: int | None = None
    canary_key: Reference | None = None
    presets: tuple[Path, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class MailboxSettings:
    """One ``[mailbox.NAME]`` table, its secrets not yet fetched."""

    name: str
    address: str
    password: Reference | None = None
    token: Reference | None = None
    auth: str = ""
    imap: Endpoint | None = None
    smtp: Endpoint | None = None
    imap_user: str = ""
    smtp_user: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings:
    """A whole file."""

    prober: ProberSettings
    mailboxes: tuple[MailboxSettings, ...]
