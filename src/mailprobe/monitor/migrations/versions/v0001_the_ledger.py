"""
The ledger: the chain, and all that follows from it.

A step says what it does in its own words: it must still do the same when the tables of
`schema.py` have long become others.
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None

_COUNTS = (
    "submitted rejected accepted unconfirmed delivered late junk recovered bounced "
    "presumed_lost in_flight duplicates"
)


def _number(name: str, *, key: bool = False) -> sa.Column[int]:
    kind = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
    if key:
        return sa.Column(name, kind, primary_key=True, autoincrement=False)
    return sa.Column(name, kind, nullable=False)


def _text(name: str, *, key: bool = False) -> sa.Column[str]:
    return sa.Column(name, sa.Text(), primary_key=key, nullable=False)


def _bytes(name: str) -> sa.Column[bytes]:
    return sa.Column(name, sa.LargeBinary(), nullable=False)


def upgrade() -> None:
    """Create the tables."""
    _chain()
    _mails()
    op.create_table(
        "ledger_tally",
        _number("day", key=True),
        _text("kind", key=True),
        *map(_number, ("entries", "first", "last")),
    )
    op.create_table(
        "ledger_latest",
        _text("kind", key=True),
        _text("subject", key=True),
        _number("seq"),
    )
    op.create_table("ledger_kept", _text("key", key=True), _bytes("value"))
    op.create_table(
        "ledger_detail",
        _number("seq", key=True),
        _text("about"),
        _number("until"),
        _bytes("report"),
    )
    op.create_index("ledger_detail_about", "ledger_detail", ["about", "seq"])
    op.create_index("ledger_detail_until", "ledger_detail", ["until"])


def _chain() -> None:
    op.create_table(
        "ledger_entry",
        _number("seq", key=True),
        _number("at"),
        *map(_text, ("kind", "subject", "body")),
        _bytes("digest"),
    )
    op.create_index("ledger_entry_kind", "ledger_entry", ["kind", "seq"])
    op.create_index("ledger_entry_subject", "ledger_entry", ["subject", "seq"])
    op.create_table(
        "ledger_head",
        _number("one", key=True),
        _text("ledger"),
        _number("seq"),
        _bytes("digest"),
        _number("clock"),
    )


def _mails() -> None:
    op.create_table(
        "ledger_passage",
        _text("token", key=True),
        *map(_text, ("route", "recipient")),
        _number("intended_at"),
        sa.Column("pending", sa.Boolean(), nullable=False),
        _text("body"),
    )
    for name, columns in (
        ("at", ["intended_at"]),
        ("route", ["route", "intended_at"]),
        ("recipient", ["recipient", "intended_at"]),
    ):
        op.create_index(f"ledger_passage_{name}", "ledger_passage", columns)
    op.create_index(
        "ledger_passage_pending",
        "ledger_passage",
        ["intended_at"],
        sqlite_where=sa.text("pending"),
        postgresql_where=sa.text("pending"),
    )
    op.create_table(
        "ledger_balance",
        _text("route", key=True),
        _number("day", key=True),
        *map(_number, _COUNTS.split()),
    )
