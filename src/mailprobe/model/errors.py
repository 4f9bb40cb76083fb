"""Errors raised for misuse. What the other side does is never raised."""

from __future__ import annotations


class MailprobeError(Exception):
    """Base of everything mailprobe raises on purpose."""


class UsageError(MailprobeError, ValueError):
    """An argument that cannot be meant; the message says which and what to write."""


class ConfigError(MailprobeError):
    """A file that cannot be used; the message names file, line and key where known."""


class LedgerError(MailprobeError):
    """The ledger cannot be used; nothing of the call that raised it is stored."""
