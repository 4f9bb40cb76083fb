"""The table of what arrived: aligned, bounded, and safe to print."""

from __future__ import annotations

from mailprobe.testing.table import CELL_MAX, ROWS_MAX, Row, table


def row(number: int = 0, subject: str = "Hello") -> Row:
    """Return a mail that arrived."""
    return Row(
        after=number, where="a@a.test", sender="b@a.test", to="c", subject=subject
    )


def test_nothing() -> None:
    """Nothing at all is said in a sentence, not shown as an empty table."""
    assert table([]) == ["nothing arrived in any mailbox of this test"]


def test_columns() -> None:
    """Columns stand below their heads."""
    title, heads, *lines = table([row(), row(100, "A longer subject")])
    assert title == "what did arrive:"
    assert [line.index("a@a.test") for line in lines] == [heads.index("mailbox")] * 2


def test_bounds() -> None:
    """Long cells are cut, control characters are gone, and old rows are counted."""
    lines = table([row(n, "\x1b[31m" + "x" * 200) for n in range(ROWS_MAX + 3)])
    assert len(lines) == ROWS_MAX + 3
    assert lines[-1].strip() == "(3 more came before these)"
    assert not any("\x1b" in line for line in lines)
    assert max(len(line) for line in lines) < CELL_MAX + 60
