"""What is said in each language; which of it is said is decided in `callcentre`."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

from mailprobe.model.sample import Function


@dataclass(frozen=True, slots=True, kw_only=True)
class Tongue:
    """
    All that is said in one language.

    In sentences, ``{who}`` is the provider, ``{since}`` and ``{span}`` are times,
    ``{users}``, ``{failing}`` and ``{failed}`` say who cannot do what. What became of
    mails stands behind their number, or behind ``only_mail`` if there was one alone.
    """

    conjunction: str
    since: Callable[[datetime], str]
    span: Callable[[datetime, datetime], str]
    failing: dict[Function, str]
    failed: dict[Function, str]
    users: str
    some: str
    planned: str
    overrun: str
    overran: str
    fails: str
    recovering: str
    passing: str
    over: str
    unclear: str
    unclear_over: str
    keep_settings: str
    keep_drafts: str
    wait: str
    no_mails: str
    number: Callable[[int], str]
    only_mail: str
    all_arrived: Callable[[int], str]
    of_mails: Callable[[int, str], str]
    bounced: Callable[[int], str]
    lost: Callable[[int], str]
    waiting: Callable[[int], str]
    resend: str
    none_lost: str
    no_harm: str
    network: str
    part: str
    resolver: str
    ours: str
    ours_over: str
    account: str
    mailbox: str
    account_over: str


def zone_of(at: datetime) -> str:
    """Name the zone only where it is nobody's: callers live by their own clock."""
    return " UTC" if at.tzname() == "UTC" else ""
