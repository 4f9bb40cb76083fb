"""Targets as people write them, one a line."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from mailprobe.given import mode
from mailprobe.mail.domain import ascii_domain, ascii_host
from mailprobe.model.errors import UsageError
from mailprobe.model.target import (
    PORT_MAX,
    ImapTarget,
    Mailbox,
    MxTarget,
    ProviderTarget,
    SmtpTarget,
    Target,
    TlsTarget,
    TripTarget,
)

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

USES: Final = {
    "mx": "mx DOMAIN",
    "smtp": "smtp HOST[:PORT] [SECURITY]",
    "imap": "imap HOST[:PORT] [SECURITY], or imap MAILBOX",
    "tls": "tls HOST:PORT [SECURITY]",
    "trip": "trip MAILBOX MAILBOX",
    "provider": "provider NAME [MAILBOX]",
}
"""Every kind of line; a domain alone stands for ``mx DOMAIN``."""

_PORTS: Final = {"smtp": 25, "imap": 993}


def read_target(line: str, mailbox: Callable[[str], Mailbox]) -> Target:
    """
    Return the target that a line means.

    Args:
        line: The line, without a comment; not blank.
        mailbox: Returns the mailbox of a name or an address.

    Raises:
        UsageError: If it means none; the message says what may be written.
    """
    kind, *words = line.split()
    if kind not in USES:
        if words:
            known = "; ".join(USES.values())
            message = f"{kind!r} is no kind of target; write a domain, or {known}"
            raise UsageError(message)
        kind, words = "mx", [kind]
    most = 2 if kind != "mx" else 1
    least = 2 if kind == "trip" else 1
    if not least <= len(words) <= most:
        message = f"{line!r} cannot be read; write {USES[kind]}"
        raise UsageError(message)
    return _target(kind, words, mailbox)


def _target(
    kind: str, words: Sequence[str], mailbox: Callable[[str], Mailbox]
) -> Target:
    first, second = words[0], words[1] if len(words) > 1 else ""
    if kind == "mx":
        return MxTarget(ascii_domain(first), connect=True)
    if kind == "trip":
        return TripTarget(mailbox(first), mailbox(second))
    if kind == "provider":
        return ProviderTarget(first, mailbox(second) if second else None)
    if kind == "imap" and not second and _is_mailbox(first):
        return ImapTarget(mailbox(first))
    return _served(kind, first, second)


def _served(kind: str, word: str, second: str) -> Target:
    host, port = _service(kind, word)
    security = mode(port, second or None)  # type: ignore[arg-type]  # it is checked there
    if kind == "smtp":
        return SmtpTarget(host, port, security)
    if kind == "imap":
        return ImapTarget(None, host, port, security)
    return TlsTarget(host, port, security)


def _is_mailbox(word: str) -> bool:
    return "@" in word or ("." not in word and ":" not in word)


def _service(kind: str, word: str) -> tuple[str, int]:
    host, colon, text = word.rpartition(":")
    if not colon or (":" in host and not host.endswith("]")):
        host, text = word, str(_PORTS.get(kind, ""))
    legible = text.isascii() and text.isdecimal() and len(text) <= len(str(PORT_MAX))
    if not legible:
        message = f"{word!r} has no port that can be read; write {USES[kind]}"
        raise UsageError(message)
    return ascii_host(host), int(text)
