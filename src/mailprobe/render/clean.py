"""Text of strangers, made harmless for a terminal and for a monitoring core."""

from __future__ import annotations

import unicodedata
from typing import Final

UNSEEN: Final = frozenset({"Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp"})
"""Categories that draw nothing or steer: control, format (bidi), surrogates."""


def sound(text: str) -> str:
    """
    Return *text* without lone surrogates, which no UTF-8 writer takes.

    A surrogate pair becomes its character, a lone one U+FFFD.
    """
    if text.isascii():
        return text
    return text.encode("utf-16-le", "surrogatepass").decode("utf-16-le", "replace")


def visible(text: str) -> str:
    r"""
    Return *text* on one line, with what cannot be seen written out.

    Escape sequences cannot reach the terminal: ESC is shown as ``\x1b``, a
    right-to-left override as ``\u202e``. White space is folded.
    """
    folded = " ".join(text.split())
    if folded.isascii() and folded.isprintable():
        return folded
    return "".join(_written_out(character) for character in folded)


def _written_out(character: str) -> str:
    if unicodedata.category(character) in UNSEEN:
        return character.encode("unicode_escape", "surrogatepass").decode("ascii")
    return character


def bare(text: str, limit: int) -> str:
    """
    Return *text* on one line without anything that could bend a plugin's output.

    Pipes, quotes, backslashes and everything unseen are left out; what is longer
    than *limit* characters is cut and ends in ``...``.
    """
    kept = (
        " " if character.isspace() else character
        for character in text
        if character.isspace()
        or (
            character not in "|'\"`\\" and unicodedata.category(character) not in UNSEEN
        )
    )
    return short(" ".join("".join(kept).split()), limit)


def short(text: str, limit: int) -> str:
    """Return *text* cut to *limit* characters, ending in ``...`` where it was cut."""
    if len(text) <= limit:
        return text
    return text[: max(limit - 3, 0)].rstrip() + "..."
