"""IMAP responses, read: status, capabilities, lists (RFC 9051 section 7, RFC 5530)."""

from __future__ import annotations

import re
from base64 import b64decode
from typing import TYPE_CHECKING, Final, NoReturn, TypeAlias

from mailprobe.mail.imap_stream import StreamError
from mailprobe.mail.reply import TEXT_MAX
from mailprobe.mail.text import readable
from mailprobe.model.failure import Reply
from mailprobe.model.report import Folder

if TYPE_CHECKING:
    from collections.abc import Iterable

    from mailprobe.mail.imap_stream import Response

Item: TypeAlias = "bytes | list[Item] | None"

NUMBER_MAX: Final = 2**63 - 1  # number64 of RFC 9051 9
DEPTH_MAX: Final = 32  # nesting of lists; a deep MIME structure has ten
_STATUS: Final = re.compile(
    rb"(OK|NO|BAD|BYE|PREAUTH)(?: (?:\[([A-Za-z0-9-]+)(?: ([^\]]*))?\] ?)?(.*))?",
    re.IGNORECASE | re.DOTALL,
)
_TOKEN: Final = re.compile(
    rb'\s*(?:(?P<open>\()|(?P<close>\))|"(?P<quoted>(?:[^"\\]|\\.)*)"'
    rb"|(?P<literal>\{\d+\+?\})|(?P<atom>(?:[^\s()\"{\[]|\[[^\]]*\])+))",
    re.DOTALL,
)
_COUNT: Final = re.compile(rb"(\d{1,10}) (EXISTS|RECENT|EXPUNGE)", re.IGNORECASE)
_SHIFTED: Final = re.compile(r"&([^-]*)-")
# Folder names that hold unwanted mail where SPECIAL-USE is not offered.
_JUNK_NAMES: Final = frozenset(
    (
        "junk", "spam", "bulk mail", "junk e-mail", "junk email", "posta indesiderata",
        "[gmail]/spam", "inbox.spam", "inbox.junk", "inbox/spam", "inbox/junk",
        "unbekannt", "indésirables", "spamverdacht",
    )
)  # fmt: skip
_ROLES: Final = frozenset(
    ("all", "archive", "drafts", "flagged", "important", "junk", "sent", "trash")
)


def status_reply(rest: bytes) -> Reply | None:
    """
    Read a status response behind its tag; None if it is none.

    The code is the condition ("NO"), the enhanced code the response code
    ("UNAVAILABLE").
    """
    found = _STATUS.fullmatch(rest)
    if found is None:
        return None
    condition, code, argument, text = found.groups()
    name = code.decode().upper() if code else None
    # What stands inside the brackets is kept where it is text for people.
    said = readable(text or b"", TEXT_MAX)
    if argument and name not in {"CAPABILITY", "PERMANENTFLAGS"}:
        said = f"{said} ({readable(argument, 200)})".strip()
    return Reply(condition.decode().upper(), name, said)


def capabilities(responses: Iterable[Response]) -> tuple[str, ...] | None:
    """
    Return what was announced last, in capitals and sorted; None if nothing was.

    Both forms count: the untagged CAPABILITY response and the response code.
    """
    last: bytes | None = None
    for response in responses:
        rest = response.rest
        if rest[:11].upper() == b"CAPABILITY ":
            last = rest[11:]
        elif found := _STATUS.fullmatch(rest):
            code, argument = found[2], found[3]
            if code and code.upper() == b"CAPABILITY" and argument:
                last = argument
    if last is None:
        return None
    return tuple(sorted({readable(word, 100).upper() for word in last.split()}))


def count(response: Response, *words: str) -> int | None:
    """Return n of an untagged ``n EXISTS`` (or one of other words), else None."""
    found = _COUNT.fullmatch(response.rest.strip())
    if found is None or response.tag != b"*":
        return None
    return int(found[1]) if found[2].decode().upper() in words else None


def code_number(responses: Iterable[Response], name: str) -> int | None:
    """Return the number in a response code such as ``[UIDNEXT 17]``, if any."""
    for response in responses:
        found = _STATUS.fullmatch(response.rest)
        if found and found[2] and found[2].upper() == name.encode():
            return _number(found[3])
    return None


def items(response: Response) -> list[Item]:
    """
    Read a response's data: atoms and strings as bytes, NIL as None, lists as lists.

    Raises:
        StreamError: If parentheses or quotes do not balance.
    """
    text, literals = response.rest, iter(response.literals)
    top: list[Item] = []
    stack = [top]
    at = 0
    end = len(text.rstrip())
    while at < end:
        token = _TOKEN.match(text, at)
        if token is None:
            _unreadable(response)
        at = token.end()
        kind, value = token.lastgroup, token[token.lastgroup or 0]
        if kind == "open":
            inner: list[Item] = []
            stack[-1].append(inner)
            stack.append(inner)
        elif kind == "close":
            stack.pop()
        elif kind == "literal":
            stack[-1].append(next(literals, b""))
        elif kind == "quoted":
            stack[-1].append(re.sub(rb"\\(.)", rb"\1", value, flags=re.DOTALL))
        else:
            stack[-1].append(None if value.upper() == b"NIL" else value)
        if not 0 < len(stack) <= DEPTH_MAX:
            _unreadable(response)
    if len(stack) != 1:
        _unreadable(response)
    return top


def fetched(response: Response) -> dict[str, Item] | None:
    """
    Return the attributes of an untagged FETCH, names in capitals; None if it is none.

    ``BODY[...]`` attributes are called ``BODY``.
    """
    words = response.rest.split(b" ", 2)
    if len(words) < 3 or words[1].upper() != b"FETCH" or not words[0].isdigit():  # noqa: PLR2004
        return None
    data = items(response)
    pairs = data[2] if len(data) > 2 else None  # noqa: PLR2004
    if not isinstance(pairs, list):
        return None
    result: dict[str, Item] = {}
    for name, value in zip(pairs[::2], pairs[1::2], strict=False):
        if isinstance(name, bytes):
            result[readable(name.split(b"[")[0], 100).upper()] = value
    return result


def folder(response: Response) -> tuple[bytes, Folder] | None:
    """
    Return name as sent and folder of a LIST response; None if it is none.

    The role is that of SPECIAL-USE (RFC 6154); without one, names that are
    known to hold unwanted mail get "junk". A folder without a role has "".
    """
    if response.rest[:5].upper() != b"LIST ":
        return None
    data = items(response)
    flags, name = (data[1], data[3]) if len(data) > 3 else (None, None)  # noqa: PLR2004
    if not isinstance(flags, list) or not isinstance(name, bytes):
        return None
    marks = {f.lower() for f in flags if isinstance(f, bytes)}
    if b"\\noselect" in marks or b"\\nonexistent" in marks:
        return None
    shown = folder_name(name)
    used = sorted(m[1:].decode("ascii", "replace") for m in marks if m[:1] == b"\\")
    role = next((mark for mark in used if mark in _ROLES), "")
    if not role and shown.lower() in _JUNK_NAMES:
        role = "junk"
    return name, Folder(name=shown, role=role)


def folder_name(raw: bytes) -> str:
    """Decode a folder's name from modified UTF-7 (RFC 3501 5.1.3)."""

    def shifted(match: re.Match[str]) -> str:
        coded = match[1].replace(",", "/")
        if not coded:
            return "&"
        padded = coded + "=" * (-len(coded) % 4)
        return b64decode(padded).decode("utf-16-be")

    text = readable(raw, 500)
    try:
        return readable(_SHIFTED.sub(shifted, text), 500)
    except ValueError:
        return text


def status_numbers(response: Response) -> dict[str, int] | None:
    """Return the numbers of a STATUS response; None if it is none."""
    if response.rest[:7].upper() != b"STATUS ":
        return None
    data = items(response)
    pairs = data[-1]
    if not isinstance(pairs, list):
        return None
    numbers: dict[str, int] = {}
    for name, value in zip(pairs[::2], pairs[1::2], strict=False):
        number = _number(value) if isinstance(value, bytes) else None
        if isinstance(name, bytes) and number is not None:
            numbers[readable(name, 50).upper()] = number
    return numbers


def storage_quota(response: Response) -> tuple[int, int] | None:
    """Return used and allowed KiB of a QUOTA response (RFC 9208), if it says."""
    if response.rest[:6].upper() != b"QUOTA ":
        return None
    data = items(response)
    values = data[-1]
    if not isinstance(values, list):
        return None
    for at in range(0, len(values) - 2, 3):
        name, used, limit = values[at : at + 3]
        if isinstance(name, bytes) and name.upper() == b"STORAGE":
            pair = (_number(used), _number(limit))
            return pair if None not in pair else None  # type: ignore[return-value]
    return None


def id_pairs(response: Response) -> tuple[tuple[str, str], ...] | None:
    """Return what an ID response tells (RFC 2971); None if it is none."""
    if response.rest[:3].upper() != b"ID ":
        return None
    data = items(response)
    values = data[-1]
    if not isinstance(values, list):
        return ()
    pairs = zip(values[::2], values[1::2], strict=False)
    return tuple(
        (readable(name, 30), readable(value, 200))
        for name, value in pairs
        if isinstance(name, bytes) and isinstance(value, bytes)
    )[:30]


def _number(value: Item) -> int | None:
    if not isinstance(value, bytes):
        return None
    digits = value.strip()
    if not digits.isdigit() or len(digits) > len(str(NUMBER_MAX)):
        return None
    number = int(digits)
    return number if number <= NUMBER_MAX else None


def _unreadable(response: Response) -> NoReturn:
    message = f"not a readable response: {readable(response.line, 200)!r}"
    raise StreamError(message)
