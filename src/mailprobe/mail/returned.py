"""What became of a mail for one recipient, as a bounce says it."""

from __future__ import annotations

import re
from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from mailprobe.mail.reply import smtp_reply
from mailprobe.mail.text import readable
from mailprobe.model.failure import Reply

LINE_MAX: Final = 998  # RFC 5322 2.1.1; what reports hold is matched line by line
ADDRESS_MAX: Final = 320  # RFC 5321 4.5.3.1: 64 before the "@", 255 behind it
HOST_MAX: Final = 255  # RFC 1035 2.3.4
TEXT_MAX: Final = 4000  # as of a reply that was heard: refusals fill two lines

_STATUS: Final = re.compile(
    r"(?<![\w.-])([245]\.[0-9]{1,3}\.[0-9]{1,3})(?!\.?[0-9]|[\w-])"
)
# No digits of an address, a version, a size or a queue id, and no exit status:
# what begins with 2 counts at the beginning alone, and with an enhanced code.
_CODE: Final = re.compile(
    r"(?:^(?=2[0-9]{2} 2\.)|(?<![\w.=<\[/-])(?=[45]))([245][0-9]{2})"
    r"(?:[ :-]+(?=[^\s:-])|[ :-]*$)"
)
_COMMENT: Final = re.compile(r"\([^()]*\)")


class Action(StrEnum):
    """What the reporting server did (RFC 3464 2.3.3)."""

    FAILED = "failed"  # it gave up: the mail will not arrive
    DELAYED = "delayed"  # it has not arrived yet, and goes on being tried
    DELIVERED = "delivered"
    RELAYED = "relayed"  # handed to a server that sends no such reports
    EXPANDED = "expanded"  # handed on to the members of a list


@dataclass(frozen=True, slots=True, kw_only=True)
class Returned:
    """
    What a bounce says about one recipient.

    Attributes:
        recipient: The address it could not be brought to; empty if the bounce
            names none. It may be another one than the mail was sent to.
        original: The address that the sender gave, if that is told too.
        action: What was done.
        status: The enhanced code (RFC 3463), such as ``5.1.1``; None if the
            bounce has none.
        diagnostic: What the server said that refused it: its code is empty if
            it has no number. None if the bounce does not tell.
        remote_mta: That server, by name or address, as it is written.
    """

    recipient: str
    original: str | None = None
    action: Action
    status: str | None = None
    diagnostic: Reply | None = None
    remote_mta: str | None = None


def enhanced_code(text: str) -> str | None:
    """Return the first enhanced code that stands in a text."""
    found = _STATUS.search(text)
    return found[1] if found else None


def reply_in(lines: list[str]) -> Reply | None:
    """
    Return the first SMTP reply that is quoted in *lines*, up to their end.

    Without any, they are the reply, and have no code; None if they are empty.
    """
    for at, line in enumerate(lines):
        found = _CODE.search(line[:LINE_MAX])
        if found:
            rest = [line[found.end() :], *lines[at + 1 :]]
            return _numbered(found[1], rest)
    text = "\n".join(line.strip() for line in lines).strip()
    if not text:
        return None
    return Reply("", enhanced_code(text), readable(text, TEXT_MAX))


def _numbered(code: str, lines: list[str]) -> Reply:
    """Make a reply of its lines, where each may begin with the code again."""
    whole = "\n".join(" ".join(line.split()) for line in lines).strip()[: 2 * TEXT_MAX]
    # Folded headers and transcripts repeat it, with or without a line of its own.
    text = re.sub(rf"(?m)^(?:<<< )?{code}[ -]", "", whole)
    text = re.sub(rf"[ \n]{code}[ -](?=[245]\.[0-9]{{1,3}}\.)", "\n", text)
    if (text.endswith(")") and text.count("(") < text.count(")")) or (
        text.endswith("'") and text.count("'") == 1
    ):
        text = text[:-1]  # the whole reply stood in parentheses or quotes
    return smtp_reply(int(code), text.encode("utf-8", "backslashreplace").split(b"\n"))


def address(text: str) -> str:
    """Return an address without brackets, comments and route, readable."""
    text = text.strip()[:LINE_MAX]
    if '"' not in text:
        text = _COMMENT.sub("", text).strip()
    begin, end = text.find("<"), text.rfind(">")
    if 0 <= begin < end:
        text = text[begin + 1 : end]
    if text.startswith("@") and ":" in text:  # RFC 5321 4.1.2: a route is ignored
        text = text.partition(":")[2]
    return readable(text.strip(), ADDRESS_MAX)


def host(text: str) -> str | None:
    """Return the name or address of a server, readable; None if there is none."""
    words = _COMMENT.sub(" ", text[:LINE_MAX]).split()
    return readable(words[0].rstrip("."), HOST_MAX) if words else None
