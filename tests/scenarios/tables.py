"""All tables together, and the kinds of failure that none of them can show."""

from __future__ import annotations

from typing import Final

from mailprobe.model.failure import Kind
from tests.scenarios import (
    table_imap,
    table_monitor,
    table_mx,
    table_provider,
    table_roundtrip,
    table_smtp,
    table_tls,
)

ALL: Final = (
    *table_mx.SCENARIOS,
    *table_smtp.SCENARIOS,
    *table_tls.SCENARIOS,
    *table_imap.SCENARIOS,
    *table_roundtrip.SCENARIOS,
    *table_provider.SCENARIOS,
    *table_monitor.SCENARIOS,
)
UNREACHABLE_HERE: Final = {
    Kind.UNKNOWN: "it is what no scenario may ever show",
    Kind.TARGET_UNUSABLE: "a single call raises instead; only sweeps turn it into a "
    "check (tests/test_sweep.py)",
    Kind.TCP_RESET: "a reset in answer to a SYN is a refusal, and a later one is told "
    "by the operation it breaks; only luck makes one meet the connection attempt",
}
