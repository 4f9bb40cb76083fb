"""Reports and transcripts beside the chain, and how long they are kept."""

from __future__ import annotations

import hashlib
import zlib
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from mailprobe.model.entry import Attached
from mailprobe.model.errors import UsageError

KEEP_FAILURES: Final = timedelta(days=90)
"""A complaint, or a report of a quarter, still finds what was said."""

KEEP_SUCCESSES: Final = timedelta(days=7)
"""Long enough to compare last week's good runs with today's bad one."""

SIZE_MAX: Final = 4 * 1024 * 1024
"""Bytes. A report with the longest transcript has a tenth of it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Detail:
    """
    A report that is kept for a while; the chain holds its hash for ever.

    Attributes:
        about: A token, or whatever else it is looked up by.
        report: The report as JSON, or any bytes.
        failed: Whether it tells of a failure: 90 days instead of 7.
    """

    about: str
    report: bytes
    failed: bool

    def __post_init__(self) -> None:
        if len(self.report) > SIZE_MAX:
            message = (
                f"a report of {len(self.report)} bytes about {self.about!r} is longer "
                f"than the {SIZE_MAX} that the ledger takes"
            )
            raise UsageError(message)

    def entry(self, at: datetime) -> Attached:
        """Return the entry that stays when the report is gone."""
        return Attached(
            at=at,
            about=self.about,
            digest=hashlib.sha256(self.report).hexdigest(),
            size=len(self.report),
            failed=self.failed,
            until=at + (KEEP_FAILURES if self.failed else KEEP_SUCCESSES),
        )


def pack(report: bytes) -> bytes:
    """Return it compressed: transcripts of one service are much alike."""
    return zlib.compress(report, 1)  # a tenth larger than 6, in a third of the time


def unpack(stored: bytes) -> bytes:
    """
    Return what was packed.

    Raises:
        ValueError: If it is not what `pack` made, or longer than it may be.
    """
    opener = zlib.decompressobj()
    try:
        report = opener.decompress(stored, SIZE_MAX)
    except zlib.error as error:
        raise ValueError(str(error)) from error
    if not opener.eof:
        message = "it is cut off, or too long"
        raise ValueError(message)
    return report
