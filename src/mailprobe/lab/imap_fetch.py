"""FETCH, pure: which items were asked for, and how a message answers them."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from mailprobe.lab.imap_syntax import ImapSyntaxError, Token, words

if TYPE_CHECKING:
    from collections.abc import Callable

    from mailprobe.lab.store import Message

_MACROS: Final = {"FAST": ("FLAGS", "INTERNALDATE", "RFC822.SIZE")}
_PLAIN: Final = frozenset({"FLAGS", "UID", "INTERNALDATE", "RFC822.SIZE"})
_WHOLE: Final = {
    "RFC822": ("", False),
    "RFC822.TEXT": ("TEXT", False),
    "RFC822.HEADER": ("HEADER", True),
}
_SECTION: Final = re.compile(
    r"BODY(?P<peek>\.PEEK)?\[(?P<section>[^\]]*)\](?:<(?P<start>\d+)\.(?P<count>\d+)>)?\Z",
    re.IGNORECASE,
)
_FIELDS: Final = re.compile(
    r"HEADER\.FIELDS(?P<inverse>\.NOT)? \((?P<names>[^()]*)\)\Z", re.IGNORECASE
)
_FIELD: Final = re.compile(
    rb"^([^\s:]+)[ \t]*:.*?(?:\n(?![ \t])|\Z)", re.DOTALL | re.MULTILINE
)
_EMPTY_LINE: Final = re.compile(rb"^\r?\n", re.MULTILINE)


@dataclass(frozen=True, slots=True)
class Item:
    """
    One thing a client asks of a message.

    Attributes:
        label: The name it goes by in the answer.
        section: What of the body; None if it is not of the body.
        peek: Whether the message stays unseen.
        start: First byte wanted.
        count: Bytes wanted; None for all.
    """

    label: str
    section: str | None = None
    peek: bool = True
    start: int = 0
    count: int | None = None


def items(wanted: Token) -> list[Item]:
    """
    Read the items of a FETCH command.

    Raises:
        ImapSyntaxError: If one is not known here.
    """
    names = words(wanted)
    if len(names) == 1:
        names = list(_MACROS.get(names[0].upper(), names))
    return [_item(name) for name in names]


def _item(name: str) -> Item:
    upper = name.upper()
    if upper in _PLAIN:
        return Item(upper)
    if upper in _WHOLE:
        section, peek = _WHOLE[upper]
        return Item(upper, section, peek)
    match = _SECTION.match(name)
    if match is None:
        message = f"FETCH item {name[:40]!r} is not known here"
        raise ImapSyntaxError(message)
    section = " ".join(match["section"].upper().split())
    if section not in {"", "HEADER", "TEXT"} and not _FIELDS.match(section):
        message = f"section {section[:40]!r} is not known here"
        raise ImapSyntaxError(message)
    label, start, count = f"BODY[{section}]", 0, None
    if match["start"] is not None:
        start, count = int(match["start"]), int(match["count"])
        label += f"<{start}>"
    return Item(label, section, bool(match["peek"]), start, count)


def split(raw: bytes) -> tuple[bytes, bytes]:
    """Part a message into its header, blank line included, and its body."""
    match = _EMPTY_LINE.search(raw)
    return (raw, b"") if match is None else (raw[: match.end()], raw[match.end() :])


def fields(raw: bytes) -> list[tuple[str, bytes]]:
    """Return the header fields: name in lower case, and all its bytes."""
    header = split(raw)[0]
    return [
        (match[1].decode("ascii", "replace").lower(), match[0])
        for match in _FIELD.finditer(header)
    ]


def _section(raw: bytes, section: str) -> bytes:
    if not section:
        return raw
    header, body = split(raw)
    if section == "HEADER":
        return header
    match = _FIELDS.match(section)
    if match is None:
        return body
    names = {name.strip('"').lower() for name in match["names"].split()}
    chosen = [
        field
        for name, field in fields(raw)
        if (name in names) is not bool(match["inverse"])
    ]
    return b"".join([*chosen, b"\r\n"])


def answer(number: int, message: Message, wanted: list[Item]) -> bytes:
    """Write the untagged FETCH response of one message."""
    parts = [_value(message, item) for item in wanted]
    return b"* %d FETCH (%s)\r\n" % (number, b" ".join(parts))


def _value(message: Message, item: Item) -> bytes:
    label = item.label.encode()
    if item.section is None:
        return label + b" " + _PLAIN_VALUES[item.label](message).encode()
    data = _section(message.raw, item.section)
    if item.count is not None:
        data = data[item.start : item.start + item.count]
    return b"%s {%d}\r\n%s" % (label, len(data), data)


def flag_list(message: Message) -> str:
    """Write a message's flags."""
    flags = sorted(message.flags)
    if message.recent:
        flags.append("\\Recent")
    return f"({' '.join(flags)})"


def _date(message: Message) -> str:
    return f'"{message.arrived:%d-%b-%Y %H:%M:%S %z}"'


_PLAIN_VALUES: Final[dict[str, Callable[[Message], str]]] = {
    "FLAGS": flag_list,
    "UID": lambda message: str(message.uid),
    "INTERNALDATE": _date,
    "RFC822.SIZE": lambda message: str(len(message.raw)),
}


def asks_uid(wanted: list[Item]) -> bool:
    """Whether the client asked for the UID itself."""
    return any(item.label == "UID" for item in wanted)


def marks_seen(wanted: list[Item]) -> bool:
    """Whether reading these items sets the Seen flag."""
    return any(item.section is not None and not item.peek for item in wanted)
