"""Bounces in words alone, as servers wrote them before RFC 3464 and still do."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import replace
from typing import Final

from mailprobe.mail.delivery_status import RECIPIENTS_MAX
from mailprobe.mail.returned import (
    LINE_MAX,
    Action,
    Returned,
    address,
    enhanced_code,
    host,
    reply_in,
)
from mailprobe.mail.text import readable

NOTICE_MAX: Final = 32 * 1024  # characters; a hundred recipients take some 20,000
LINES_MAX: Final = 1000  # the same hundred, with ten lines each

# What stands right before the list of recipients, and what it says of them. No
# server is named: qmail's words are also Yahoo's, and Exim's those of a dozen.
_DELAYED: Final = (
    "this is a warning message only",  # sendmail, Gmail
    "this is a warning only",  # Postfix
    "had transient non-fatal errors",  # sendmail
    "has been delayed:",  # Gmail
    "have been delayed:",
    "message has not yet been delivered is:",  # Exim
    "message has not yet been delivered are:",
    "has not yet been delivered to",
    "could not be delivered for more than",  # Postfix
    "delivery is delayed to these recipients",  # Exchange
    "a message is delayed for more than",  # OpenSMTPD
    "has not been delivered to the following recipients yet",
)
_FAILED: Final = (
    "i wasn't able to deliver your message to the following address",  # qmail
    "unable to deliver your message to the following address",  # Yahoo
    "unable to deliver message to the following address",
    "following address failed:",  # Exim, GMX
    "following addresses failed:",
    "following address(es) failed:",
    "could not be delivered to one or more recipients",  # Postfix
    "could not be delivered to one or more destinations",
    "could not be delivered to one or more of its recipients",  # Exim's relatives
    "delivery to the following recipient failed",  # Gmail
    "delivery to the following recipients failed",
    "had permanent fatal errors",  # sendmail
    "had permanent delivery errors",
    "had delivery problems",
    "did not reach the following recipient(s):",  # Exchange
    "following recipient(s) could not be reached:",
    "following recipient(s) cannot be reached:",
    "delivery has failed to these recipients",
    "to the following recipients could not be delivered",  # AOL
    "to the following recipients cannot be delivered",  # Courier
    "to deliver a message for the following list of recipients:",  # OpenSMTPD
    "cannot be delivered to the following recipients:",  # Sun
    "was not delivered to:",  # Domino
)
# Old sendmail has no list: its recipients stand in the transcript.
_TRANSCRIPT: Final = "----- transcript of session follows"


def _any(phrases: tuple[str, ...]) -> str:
    """Match any of these phrases, wherever their lines are broken."""
    spaced = (r"\s+".join(map(re.escape, phrase.split())) for phrase in phrases)
    return "|".join(spaced)


_PHRASE: Final = re.compile(
    rf"(?P<delayed>{_any(_DELAYED)})|(?P<failed>{_any(_FAILED)})"
    rf"|(?P<transcript>{_any((_TRANSCRIPT,))})",
    re.IGNORECASE,
)
_COPY: Final = re.compile(
    rb"^[ \t]*(?:-{2,}[ \t]*(?:below this line is a copy|this is a copy of|"
    rb"the header of the original|the body of the message is|original message|"
    rb"unsent message|undelivered message|message header|returned message|message text)"
    rb"|below is a copy of the original|message headers follow|"
    rb"original message headers:)[^\n]*\n?",
    re.IGNORECASE | re.MULTILINE,
)
_PLACE: Final = (
    r'[^\s<>()\[\]:;,"@]{1,64}@(?:\[[0-9a-f.:]{2,60}\]|[^\s<>()\[\]:;,"@]{1,255})'
)
# "<a@b>: why", the address alone, "a@b on a date", a link, and sendmail's "550
# <a@b>... why", which is the reply itself.
_ENTRY: Final = re.compile(
    r"\s*(?:"
    r"<(?P<boxed>[^<>\s]{1,320})>(?::(?P<a>.*))?$"
    rf'|"?(?P<bare>{_PLACE})"?(?::(?P<b>.*)|\s+on\s.*)?$'
    r"|[^<>]{0,200}<mailto:(?P<link>[^<>\s]{1,320})>$"
    r"|(?P<c>(?:[45][0-9]{2}\s(?:[0-9.]{5,11}\s)?)?"
    rf"<?(?P<named>{_PLACE})>?\.\.\. .*)$"
    r")",
    re.IGNORECASE,
)
_LOCAL: Final = re.compile(r"\s+([^\s<>@:]{1,64})$")
_SERVER: Final = re.compile(
    r"(?:\bhost:? |talking to |connected to |remote host |"
    r"\bby )\[?([a-z0-9-]{1,63}(?:[.:][a-z0-9-]{1,63}){1,20})(?=[\s.:,;\[\]]|$)",
    re.IGNORECASE,
)
_WRITER: Final = re.compile(
    r"(?:qmail-send program at |this is the mail system at host |"
    r"generating server: |delivery status notification from )([^\s,]{3,255})",
    re.IGNORECASE,
)


def parted(content: bytes) -> tuple[bytes, bytes]:
    """Part a text into the notice and the copy of the mail below it, if any."""
    found = _COPY.search(content)
    return (
        (content[: found.start()], content[found.end() :]) if found else (content, b"")
    )


def read_notice(
    content: bytes, named: tuple[str, ...] = (), *, surely: bool = False
) -> tuple[tuple[Returned, ...], str | None]:
    """
    Read what a text says of mail that came back, and which server wrote it.

    There are no recipients if it has none of the phrases that are known here,
    and else at least one: its address is empty if the text names none.

    Args:
        content: The text, without the copy of the mail.
        named: Addresses of which a header says that they failed
            (``X-Failed-Recipients``): then any text is a notice.
        surely: It is a notice, whatever its language.
    """
    text = readable(content.replace(b"\r\n", b"\n"), NOTICE_MAX)
    found: dict[str, Returned] = {}
    known: Action | None = None
    for action, lines in _sections(text, surely=surely or bool(named)):
        known = known or action
        for entry in _entries(action, lines):
            _merge(found, _named_in_full(entry, named))
    if known is None:
        return (), None
    if not found:
        lines = [line[:LINE_MAX] for line in text.split("\n")[:LINES_MAX]]
        unnamed = _with(Returned(recipient="", action=known), _spoken(lines))
        found = {name: replace(unnamed, recipient=name) for name in named or ("",)}
    writer = _WRITER.search(text)
    return tuple(found.values()), host(writer[1]) if writer else None


def _named_in_full(entry: Returned, named: tuple[str, ...]) -> Returned:
    """Give a local name the domain that a header has for it."""
    if "@" in entry.recipient:
        return entry
    wanted = f"{entry.recipient}@"
    return replace(
        entry,
        recipient=next((n for n in named if n.startswith(wanted)), entry.recipient),
    )


def _sections(text: str, *, surely: bool) -> Iterator[tuple[Action, list[str]]]:
    """Yield what follows each phrase, with the action that it names."""
    action: Action | None = None
    marks = list(_PHRASE.finditer(text))
    if surely and not marks:
        yield Action.FAILED, [line[:LINE_MAX] for line in text.split("\n")[:LINES_MAX]]
    for at, mark in enumerate(marks):
        if mark.lastgroup != "transcript":
            action = Action(mark.lastgroup or "")
        end = marks[at + 1].start() if at + 1 < len(marks) else len(text)
        lines = text[mark.end() : end].split("\n")[1:]
        yield action or Action.FAILED, [line[:LINE_MAX] for line in lines[:LINES_MAX]]


def _entries(action: Action, lines: list[str]) -> Iterator[Returned]:
    """Yield a section's recipients; one without words of its own shares the next."""
    waiting: list[str] = []
    said: list[str] = []
    for line in lines:
        name, rest = _entry(line.rstrip(), first=not waiting and not any(said))
        if name is None:
            said.append(line)
            continue
        if waiting and any(said):
            yield from _returned(action, waiting, said)
            waiting = []
        waiting.append(name)
        said = [rest] if rest else []
    yield from _returned(action, waiting, said)


def _entry(line: str, *, first: bool) -> tuple[str | None, str]:
    """Return the address that a line names, and what it says about it."""
    found = _ENTRY.match(line)
    if found is None:
        local = _LOCAL.match(line) if first else None
        return (local[1], "") if local else (None, "")
    name = found["boxed"] or found["bare"] or found["link"] or found["named"]
    return name, (found["a"] or found["b"] or found["c"] or "").strip()


def _returned(action: Action, names: list[str], said: list[str]) -> Iterator[Returned]:
    entry = _with(Returned(recipient="", action=action), _spoken(said))
    for name in names:
        yield replace(entry, recipient=address(name))


def _spoken(lines: list[str]) -> list[str]:
    """Return the first paragraph with a reply; without any, the first one."""
    first: list[str] = []
    paragraph: list[str] = []
    for line in [*lines, ""]:
        if line.strip():
            paragraph.append(line)
            continue
        reply = reply_in(paragraph)
        if reply and reply.code:
            return paragraph
        first, paragraph = first or paragraph, []
    return first


def _with(returned: Returned, said: list[str]) -> Returned:
    """Add what a server is quoted to have said."""
    diagnostic = reply_in(said)
    server = _SERVER.search("\n".join(said))
    return replace(
        returned,
        status=(diagnostic.enhanced if diagnostic else None)
        or enhanced_code("\n".join(said)),
        diagnostic=diagnostic,
        remote_mta=host(server[1]) if server else None,
    )


def _merge(found: dict[str, Returned], entry: Returned) -> None:
    """Keep one entry for each address, that with the most to say."""
    key = entry.recipient.lower()
    before = found.get(key)
    if before is None and len(found) >= RECIPIENTS_MAX:
        return
    if before is None or not (before.diagnostic and before.diagnostic.code):
        numbered = entry.diagnostic is not None and entry.diagnostic.code
        if before is None or numbered or before.diagnostic is None:
            found[key] = entry
