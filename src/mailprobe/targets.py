"""Targets as people write them: the words of a line or the keys of a table."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from mailprobe.given import mode
from mailprobe.mail.domain import ascii_domain, ascii_host
from mailprobe.model.errors import ConfigError, UsageError
from mailprobe.model.target import (
    PORT_MAX,
    Endpoint,
    ImapTarget,
    MxTarget,
    ProviderTarget,
    Security,
    SmtpTarget,
    Target,
    TlsTarget,
    TripTarget,
)

if TYPE_CHECKING:
    from mailprobe.config import Config
    from mailprobe.model.target import Mailbox, SecurityName

USES: Final = {
    "mx": "mx DOMAIN",
    "smtp": "smtp HOST[:PORT] [SECURITY [MAILBOX]]",
    "imap": "imap MAILBOX, or imap HOST[:PORT] [SECURITY [MAILBOX]]",
    "tls": "tls HOST:PORT [SECURITY]",
    "trip": "trip MAILBOX MAILBOX",
    "provider": "provider NAME [MAILBOX]",
}
"""Every kind of line; a domain alone stands for ``mx DOMAIN``."""

_WORDS: Final = {
    "mx": (1, 1),
    "smtp": (1, 3),
    "imap": (1, 3),
    "tls": (1, 2),
    "trip": (2, 2),
    "provider": (1, 2),
}
_PORTS: Final = {"smtp": 25, "imap": 993}


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """
    A target as it was asked for.

    Attributes:
        line: The target as one line: the same for all ways of writing it, and
            whatever a check finds out about it. It is known by this from one
            run to the next.
        target: What it means.
        timeout: Seconds for it; None for the default.
    """

    line: str
    target: Target
    timeout: float | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Written:
    """
    What somebody wrote of a target; None is left out.

    Attributes:
        kind: One of `USES`.
        name: The domain, host, mailbox or provider.
        port: The port.
        security: The security mode.
        mailbox: The mailbox beside it; of a trip, the one it goes to.
        timeout: Seconds for it.
    """

    kind: str
    name: str
    port: int | None = None
    security: str | None = None
    mailbox: str | None = None
    timeout: float | None = None


class Boxes:
    """The mailboxes of the settings; each is made once, and its secret fetched once."""

    def __init__(self, config: Config) -> None:
        """Take mailboxes from *config*."""
        self._config = config
        self._made: dict[str, tuple[str, Mailbox]] = {}

    def knows(self, word: str) -> bool:
        """Whether the settings have a mailbox with this name or address."""
        return any(word in {box.name, box.address} for box in self._config.mailboxes)

    def get(self, word: str) -> tuple[str, Mailbox]:
        """
        Return the name in the settings, and the mailbox, of a name or an address.

        Raises:
            ConfigError: If there is none, or its secret cannot be had.
            UsageError: If it has no secret: nobody can be asked for many.
        """
        if word not in self._made:
            box = self._config.mailbox(word)
            name = self._config.name_of(word)
            if box.password is None and box.token is None:
                message = (
                    f"mailbox {name} has no password and no token in the settings, "
                    "and a sweep asks nobody for one"
                )
                raise UsageError(message)
            # A name with blanks is one word in what it is known by.
            self._made[word] = (name if name.split() == [name] else repr(name), box)
        return self._made[word]


def read_line(line: str, boxes: Boxes) -> Asked:
    """
    Return the target that a line means.

    Args:
        line: The line, without a comment; not blank.
        boxes: The mailboxes that it may name.

    Raises:
        UsageError: If it means none; the message says what may be written.
        ConfigError: If it names a mailbox that cannot be had.
    """
    kind, *words = line.split()
    if kind not in USES:
        if words:
            known = "; ".join(USES.values())
            message = f"{kind!r} is no kind of target; write a domain, or {known}"
            raise UsageError(message)
        kind, words = "mx", [kind]
    least, most = _WORDS[kind]
    if not least <= len(words) <= most:
        message = f"{line!r} cannot be read; write {USES[kind]}"
        raise UsageError(message)
    name, *more = words
    if kind in {"mx", "trip", "provider"}:
        box = more[0] if more else None
        return meant(Written(kind=kind, name=name, mailbox=box), boxes)
    host, port = _host_and_port(kind, name)
    security, box = (*more, None, None)[:2]
    return meant(
        Written(kind=kind, name=host, port=port, security=security, mailbox=box), boxes
    )


def meant(written: Written, boxes: Boxes) -> Asked:
    """
    Return the target that was meant.

    Raises:
        UsageError: If none can be.
        ConfigError: If a mailbox cannot be had.
    """
    name, words = written.name, [written.kind]
    target: Target
    beside = boxes.get(written.mailbox) if written.mailbox is not None else None
    box_name, box = beside or ("", None)
    if written.kind == "mx":
        target = MxTarget(ascii_domain(name), connect=True)
        words += [target.domain]
    elif written.kind == "trip" and box is not None:
        sender_name, sender = boxes.get(name)
        target = TripTarget(sender, box)
        words += [sender_name]
    elif written.kind == "provider":
        target = ProviderTarget(name, box)
        words += [ascii_domain(name)]
    elif written.kind == "imap" and _is_mailbox(written, boxes):
        own_name, own = boxes.get(name)
        target = ImapTarget(own)
        words += [own_name]
    else:
        target = _service(written, box)
        at = Endpoint(target.host, target.port, target.security)
        words += [str(at), str(at.security)]
    words += [box_name] if box_name else []
    return Asked(line=" ".join(words), target=target, timeout=written.timeout)


def _service(
    written: Written, box: Mailbox | None
) -> SmtpTarget | ImapTarget | TlsTarget:
    kind, host = written.kind, ascii_host(written.name)
    port = written.port if written.port is not None else _PORTS.get(kind)
    if port is None:
        message = f"{written.name!r} has no port that can be read; write {USES[kind]}"
        raise UsageError(message)
    given: SecurityName | None = written.security  # type: ignore[assignment]  # mode() checks it
    security = mode(port, given)
    if kind == "smtp":
        return SmtpTarget(host, port, security, box)
    if kind == "imap":
        return ImapTarget(box, host, port, security)
    if security is Security.NONE:
        message = "security 'none' shows no certificate; write tls or starttls"
        raise UsageError(message)
    return TlsTarget(host, port, security)


def _is_mailbox(written: Written, boxes: Boxes) -> bool:
    """Whether a mailbox is meant; what stands beside a host makes it one."""
    word = written.name
    beside = (written.port, written.security, written.mailbox)
    if any(one is not None for one in beside):
        return False
    if "@" in word or boxes.knows(word):
        return True
    if "." in word or ":" in word:
        return False
    try:
        boxes.get(word)
    except ConfigError as error:
        # One word may be either; a mistyped mailbox must not become a host.
        message = f"{error}. If a host is meant, give its port: {word}:993"
        raise UsageError(message) from None
    return True


def _host_and_port(kind: str, word: str) -> tuple[str, int | None]:
    host, colon, text = word.rpartition(":")
    if not colon or (":" in host and not host.endswith("]")):
        return word, None
    if not (text.isascii() and text.isdecimal() and len(text) <= len(str(PORT_MAX))):
        message = f"{word!r} has no port that can be read; write {USES[kind]}"
        raise UsageError(message)
    return host, int(text)
