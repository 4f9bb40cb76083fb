"""Text from other machines is fit to be kept."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mailprobe.mail.text import ELLIPSIS, readable

limits = st.integers(min_value=0, max_value=60)
anything = st.one_of(
    st.binary(max_size=300),
    st.text(max_size=300),
    st.text(st.characters(categories=("Cs", "Cc", "Cf", "Lo")), max_size=80),
)


@pytest.mark.parametrize(
    ("data", "text"),
    [
        (b"plain", "plain"),
        ("città è".encode(), "città è"),
        (b"two\nlines\tand a tab", "two\nlines\tand a tab"),
        (b"\xff\x00\x1b[31m\r", "\\xff\\x00\\x1b[31m\\x0d"),
        ("\udc80", "\\udc80"),
        ("right\u202eleft\u2028", "right\\u202eleft\\u2028"),
        ("\U000e0001", "\\U000e0001"),
        (b"", ""),
        ("", ""),
    ],
)
def test_what_could_do_harm_becomes_visible(data: bytes | str, text: str) -> None:
    """Control characters, surrogates and foreign bytes are shown, not passed on."""
    assert readable(data, 100) == text


@given(anything, limits)
def test_the_result_can_be_kept_anywhere(data: bytes | str, limit: int) -> None:
    """Valid Unicode, within the limit, without control characters: for any input."""
    text = readable(data, limit)
    assert text.encode("utf-8").decode("utf-8") == text
    assert len(text) <= limit
    assert text.replace("\n", "").replace("\t", "").isprintable()


@given(st.text(st.characters(categories=("L", "N", "P", "S")), max_size=50))
def test_what_fits_is_unchanged(text: str) -> None:
    """Printable text within the limit comes out as it went in."""
    assert readable(text, 50) == text
    assert readable(text.encode(), 50) == text


@given(anything, limits)
def test_reading_twice_changes_nothing(data: bytes | str, limit: int) -> None:
    """What was made readable stays as it is."""
    once = readable(data, limit)
    assert readable(once, limit) == once


def test_a_cut_is_marked_and_never_inside_a_character() -> None:
    """Long text ends in an ellipsis; four-byte characters are not torn."""
    assert readable("x" * 20, 10) == "x" * 6 + ELLIPSIS
    assert readable("x" + "𝄞" * 20, 10) == "x" + "𝄞" * 5 + ELLIPSIS
    assert readable(("x" + "𝄞" * 20).encode(), 10) == "x" + "𝄞" * 5 + ELLIPSIS
