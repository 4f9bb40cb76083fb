"""Text of strangers is made harmless."""

from __future__ import annotations

import pytest

from mailprobe.render.clean import bare, short, sound, visible


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("plain text", "plain text"),
        ("two\r\nlines\tand a tab", "two lines and a tab"),
        ("\x1b[31mred", r"\x1b[31mred"),
        ("nul\x00", r"nul\x00"),
        ("\u202eright to left", r"\u202eright to left"),
        ("\udc80", r"\udc80"),
        ("città", "città"),
    ],
)
def test_visible(text: str, shown: str) -> None:
    """What cannot be seen is written out; letters of all languages stay."""
    assert visible(text) == shown


@pytest.mark.parametrize(
    ("text", "kept"),
    [
        ("a|b", "ab"),
        ('it\'s "so" `x` \\n', "its so x n"),
        ("two\nlines", "two lines"),
        ("\x1b[31mred", "[31mred"),
        ("abcdefghijkl", "abcdefg..."),
    ],
)
def test_bare(text: str, kept: str) -> None:
    """What could bend a plugin's line is left out; the rest is cut to length."""
    assert bare(text, 10 if text.startswith("abc") else 100) == kept


@pytest.mark.parametrize(
    ("text", "kept"),
    [("\ud83d\ude00", "\U0001f600"), ("a\udc80b", "a\ufffdb"), ("è", "è")],
)
def test_sound(text: str, kept: str) -> None:
    """Surrogate pairs become characters, lone ones the replacement character."""
    assert sound(text) == kept


def test_short() -> None:
    """A text that fits is not touched."""
    assert (short("abc", 3), short("abcdef", 5)) == ("abc", "ab...")
