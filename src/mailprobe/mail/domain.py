"""Domain names as people write them, made fit for DNS and certificates."""

from __future__ import annotations

import re
from ipaddress import ip_address
from typing import Final

from mailprobe.model.errors import UsageError

NAME_MAX: Final = 253  # RFC 1035 2.3.4: 255 octets on the wire
LABEL_MAX: Final = 63  # RFC 1035 2.3.4
_LABEL: Final = re.compile(r"[a-z0-9_](?:[a-z0-9_-]*[a-z0-9_])?")


def ascii_domain(name: str) -> str:
    """
    Return *name* in lower-case ASCII without the final dot.

    Names outside ASCII are converted by IDNA 2008 (RFC 5891).

    Raises:
        UsageError: If no such domain can exist; the message says why.
    """
    text = name.strip()
    if ".." in text:
        _check_label(name, "")
    if not text.isascii():
        text = _idna(name, text)
    text = text.lower().removesuffix(".")
    if not text:
        message = f"domain {name!r} is empty; write one such as libero.it"
        raise UsageError(message)
    if len(text) > NAME_MAX:
        message = f"domain {name[:40]!r}... is longer than {NAME_MAX} characters"
        raise UsageError(message)
    for label in text.split("."):
        _check_label(name, label)
    return text


def ascii_host(host: str) -> str:
    """Return a host name in ASCII, or an IP address as it is canonically written."""
    bare = host.strip("[]")
    if not is_address(bare):
        return ascii_domain(host)
    return str(ip_address(bare))


def is_address(host: str) -> bool:
    """Whether *host* is an IPv4 or IPv6 address rather than a name."""
    if ":" not in host and not host[-1:].isdigit():
        return False  # as nearly every host: told without an exception
    try:
        ip_address(host)
    except ValueError:
        return False
    return True


def _check_label(name: str, label: str) -> None:
    shown = name if len(name) <= NAME_MAX else name[:40] + "..."
    if not label:
        message = f"domain {shown!r} has an empty label (two dots in a row?)"
        raise UsageError(message)
    if len(label) > LABEL_MAX:
        message = (
            f"domain {shown!r} has a label longer than {LABEL_MAX} characters: "
            f"{label[:20]!r}..."
        )
        raise UsageError(message)
    if not _LABEL.fullmatch(label):
        message = (
            f"domain {shown!r} has a label that is no host name: {label!r} "
            "(letters, digits and inner hyphens are)"
        )
        raise UsageError(message)


def _idna(name: str, text: str) -> str:
    import idna  # noqa: PLC0415 - 33 ms, and only for names outside ASCII

    if len(text) > NAME_MAX:  # coded it is longer still; the coding takes its time
        message = f"domain {name[:40]!r}... is longer than {NAME_MAX} characters"
        raise UsageError(message)
    try:
        return idna.encode(text, uts46=True).decode("ascii")
    except (idna.IDNAError, UnicodeError) as error:
        message = f"domain {name[:80]!r} is not a valid international name: {error}"
        raise UsageError(message) from None
