"""
The tables of the ledger as they are now; `migrations/` says how they came to be.

One table is the chain. All others follow from it and are written in the same
transaction, so that no question about the present has to read the past; only what is
*kept* (bookmarks, snapshots) and the reports are on their own.
"""

from __future__ import annotations

from dataclasses import fields
from typing import Final

from sqlalchemy import (
    BigInteger,
    Boolean,
    Column,
    Index,
    Integer,
    LargeBinary,
    MetaData,
    Table,
    Text,
    text,
)

from mailprobe.model.passage import Balance

VERSION: Final = "0001"
"""The revision that this program writes, and the newest that it can read."""

KNOWN: Final = frozenset({VERSION})
VERSION_TABLE: Final = "ledger_version"

_Number: Final = BigInteger().with_variant(Integer, "sqlite")

METADATA: Final = MetaData()

entry: Final = Table(
    "ledger_entry",
    METADATA,
    Column("seq", _Number, primary_key=True, autoincrement=False),
    Column("at", _Number, nullable=False),
    Column("kind", Text, nullable=False),
    Column("subject", Text, nullable=False),
    Column("body", Text, nullable=False),
    Column("digest", LargeBinary, nullable=False),
    Index("ledger_entry_kind", "kind", "seq"),
    Index("ledger_entry_subject", "subject", "seq"),
)
"""The chain: appended to, never changed."""

head: Final = Table(
    "ledger_head",
    METADATA,
    Column("one", _Number, primary_key=True, autoincrement=False),
    Column("ledger", Text, nullable=False),
    Column("seq", _Number, nullable=False),
    Column("digest", LargeBinary, nullable=False),
    Column("clock", _Number, nullable=False),
)
"""One row: the end of the chain, and what the clock said when it was written."""

passage: Final = Table(
    "ledger_passage",
    METADATA,
    Column("token", Text, primary_key=True),
    Column("route", Text, nullable=False),
    Column("recipient", Text, nullable=False),
    Column("intended_at", _Number, nullable=False),
    Column("pending", Boolean, nullable=False),
    Column("body", Text, nullable=False),
    Index("ledger_passage_at", "intended_at"),
    Index("ledger_passage_route", "route", "intended_at"),
    Index("ledger_passage_recipient", "recipient", "intended_at"),
    Index(
        "ledger_passage_pending",
        "intended_at",
        sqlite_where=text("pending"),
        postgresql_where=text("pending"),
    ),
)
"""What became of each mail: the fold of its entries."""

COUNTS: Final = tuple(field.name for field in fields(Balance))

balance: Final = Table(
    "ledger_balance",
    METADATA,
    Column("route", Text, primary_key=True),
    Column("day", _Number, primary_key=True, autoincrement=False),
    *(Column(name, _Number, nullable=False) for name in COUNTS),
)
"""How many mails of a route, intended on a day, are in each state."""

tally: Final = Table(
    "ledger_tally",
    METADATA,
    Column("day", _Number, primary_key=True, autoincrement=False),
    Column("kind", Text, primary_key=True),
    Column("entries", _Number, nullable=False),
    Column("first", _Number, nullable=False),
    Column("last", _Number, nullable=False),
)
"""How many entries of a kind bear a day's date, and between which numbers they are."""

latest: Final = Table(
    "ledger_latest",
    METADATA,
    Column("kind", Text, primary_key=True),
    Column("subject", Text, primary_key=True),
    Column("seq", _Number, nullable=False),
)
"""The newest entry of each kind about each thing; mails and reports left out."""

kept: Final = Table(
    "ledger_kept",
    METADATA,
    Column("key", Text, primary_key=True),
    Column("value", LargeBinary, nullable=False),
)
"""Bookmarks and snapshots: replaced, not chained."""

detail: Final = Table(
    "ledger_detail",
    METADATA,
    Column("seq", _Number, primary_key=True, autoincrement=False),
    Column("about", Text, nullable=False),
    Column("until", _Number, nullable=False),
    Column("report", LargeBinary, nullable=False),
    Index("ledger_detail_about", "about", "seq"),
    Index("ledger_detail_until", "until"),
)
"""Reports by the number of the entry that bears their hash; removed in time."""
