"""Text from other machines, made fit to be kept: valid Unicode, bounded."""

from __future__ import annotations

from typing import Final

ELLIPSIS: Final = " ..."


def readable(data: bytes | str, limit: int) -> str:
    """
    Decode what a server sent; no input can fail or outgrow *limit* characters.

    Bytes that are not UTF-8, lone surrogates and control characters other than
    newline and tab become visible escapes, so that JSON, terminals and logs
    can carry the result.
    """
    if isinstance(data, str):
        if len(data) <= limit and data.isprintable():
            return data  # as nearly everything is: nothing to be done
        data = data.encode("utf-8", "backslashreplace")
    elif len(data) <= limit and data.isascii():
        plain = data.decode("ascii")
        if plain.isprintable():
            return plain
    # A character takes at most four bytes: no need to decode the rest.
    text = data[: 4 * limit].decode("utf-8", "backslashreplace")
    if not text.replace("\n", "").replace("\t", "").isprintable():
        text = "".join(c if _harmless(c) else _escaped(c) for c in text)
    if len(text) > limit or len(data) > 4 * limit:
        text = (text[: max(limit - len(ELLIPSIS), 0)] + ELLIPSIS)[:limit]
    return text


def _harmless(char: str) -> bool:
    return char.isprintable() or char in "\n\t"


def _escaped(char: str) -> str:
    return (
        char.encode("ascii", "backslashreplace").decode("ascii")
        if (not char.isascii())
        else f"\\x{ord(char):02x}"
    )
