"""What people do with a mail: read its text, follow its link, type in its code."""

from __future__ import annotations

import itertools
import re
from html.parser import HTMLParser
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from email.message import EmailMessage

_LINK: Final = re.compile(r"\bhttps?://[^\s<>\"'`]+", re.IGNORECASE)
_TRAILING: Final = ".,;:!?*_~'\""
_BRACKETS: Final = {")": "(", "]": "[", "}": "{"}

_CODE: Final = re.compile(
    r"(?<![\w.,/#@+$€£-])(?<!\d[ -])"
    r"(\d{3}[ -]\d{3}|\d{4,8})"
    r"(?![\w/@%-]|[.,: -]\d)"
)
"""Four to eight digits that stand alone: no part of a date, a price or a word."""

_KEYWORD: Final = re.compile(
    r"code|kode|codice|c[oó]digo|\bpin\b|\botp\b|passcode|password|tan\b|token",
    re.IGNORECASE,
)
NEAR: Final = 80
"""Characters between the word "code" and the code: a line, and some layout."""

_SKIPPED: Final = frozenset({"head", "script", "style", "title"})
_BLOCK_TAGS: Final = (
    "address article blockquote br div dd dl dt footer form h1 h2 h3 h4 h5 h6 header "
    "hr li ol p pre section table td th tr ul"
)
_BLOCKS: Final = frozenset(_BLOCK_TAGS.split())


class _Page(HTMLParser):
    """The text and the links of an HTML part."""

    def __init__(self, source: str) -> None:
        super().__init__(convert_charrefs=True)
        self.words: list[str] = []
        self.links: list[str] = []
        self._skipping = 0
        self.feed(source)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Note where a link leads, and where a line ends."""
        if tag in _SKIPPED:
            self._skipping += 1
        if tag in _BLOCKS:
            self.words.append("\n")
        if tag in {"a", "area"}:
            target = (dict(attrs).get("href") or "").strip()
            if _LINK.match(target):
                self.links.append(target)

    def handle_endtag(self, tag: str) -> None:
        """Note where a line ends."""
        if tag in _SKIPPED and self._skipping:
            self._skipping -= 1
        if tag in _BLOCKS:
            self.words.append("\n")

    def handle_data(self, data: str) -> None:
        """Keep the text that is shown."""
        if not self._skipping:
            self.words.append(re.sub(r"\s+", " ", data))


def _part(message: EmailMessage, kind: str) -> str:
    """Return the first part of one kind that is no attachment; else nothing."""
    part = message.get_body((kind,))
    if part is None:
        return ""
    try:
        return str(part.get_content())
    except LookupError:  # a charset that nobody knows; ASCII can be read all the same
        payload = part.get_payload(decode=True)
        return payload.decode("latin-1") if isinstance(payload, bytes) else ""


def html(message: EmailMessage) -> str:
    """Return the HTML part of a mail, decoded; empty if it has none."""
    return _part(message, "html")


def text(message: EmailMessage) -> str:
    """Return what a mail says: its plain part, else the text of its HTML part."""
    plain = _part(message, "plain")
    return plain or _shown(_Page(html(message)))


def _shown(page: _Page) -> str:
    lines = ("".join(page.words)).split("\n")
    return "\n".join(stripped for line in lines if (stripped := line.strip()))


def links(message: EmailMessage) -> tuple[str, ...]:
    """Return the web links in a mail, plain part first, each once."""
    page = _Page(html(message))
    written = [_trim(found) for found in _LINK.findall(_part(message, "plain"))]
    return tuple(dict.fromkeys([*written, *page.links]))


def _trim(found: str) -> str:
    """Take off what belongs to the sentence around a link."""
    while found:
        last = found[-1]
        opening = _BRACKETS.get(last)
        if last in _TRAILING or (opening and found.count(last) > found.count(opening)):
            found = found[:-1]
        else:
            break
    return found


def link(message: EmailMessage, containing: str = "") -> str:
    """
    Return the first web link in a mail that contains *containing*.

    Raises:
        AssertionError: If there is none; it says which links there are.
    """
    __tracebackhide__ = True
    found = links(message)
    fitting = [one for one in found if containing in one]
    if not fitting:
        wanted = f" with {containing!r}" if containing else ""
        there = f"it has {', '.join(found)}" if found else "it has no link at all"
        complaint = f"the mail {str(message['subject'])!r} has no link{wanted}; {there}"
        raise AssertionError(complaint)
    return fitting[0]


def codes(message: EmailMessage) -> tuple[str, ...]:
    """
    Return what may be one-time codes in a mail, the likeliest first.

    A code is a run of four to eight digits, or of two times three, as people are
    asked to type it: links, dates, times and prices are none. Those that follow a
    word such as "code" or "PIN" come first. Spaces and hyphens are left out.
    """
    ranked: tuple[list[str], ...] = ([], [], [])
    parts = (_part(message, "plain"), _shown(_Page(html(message))))
    for part in (str(message["subject"] or ""), *parts):
        shown = _LINK.sub(" ", part)
        for match in _CODE.finditer(shown):
            ranked[_rank(shown, match)].append(re.sub(r"[ -]", "", match[1]))
    return tuple(dict.fromkeys(itertools.chain(*ranked)))


def _rank(shown: str, match: re.Match[str]) -> int:
    """Return 0 for digits behind a word like "code", 1 for those before, else 2."""
    before = shown[max(0, match.start() - NEAR) : match.start()]
    after = shown[match.end() : match.end() + NEAR].split("\n", 1)[0]
    # Other digits in between are what the word is about.
    if _KEYWORD.search(re.split(r"\d", before)[-1]):
        return 0
    return 1 if _KEYWORD.search(re.split(r"\d", after)[0]) else 2


def code(message: EmailMessage, pattern: str = "") -> str:
    """
    Return the one-time code in a mail.

    Args:
        message: The mail.
        pattern: A regular expression for codes of another shape (``[A-Z0-9]{8}``);
            its first group is the code, if it has one. Every part is searched.

    Raises:
        AssertionError: If there is none.
    """
    __tracebackhide__ = True
    if pattern:
        parts = (_part(message, "plain"), _shown(_Page(html(message))))
        matches = (re.search(pattern, part) for part in parts)
        found = [m[1] if m.re.groups else m[0] for m in matches if m]
    else:
        found = list(codes(message))
    if not found:
        said = text(message).strip()[:200]
        complaint = f"the mail {str(message['subject'])!r} has no code; it says: {said}"
        raise AssertionError(complaint)
    return found[0]
