"""What callers give a prober, read into what is meant."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from mailprobe.mail.domain import ascii_domain, ascii_host
from mailprobe.model.errors import UsageError
from mailprobe.model.target import Endpoint, Security

if TYPE_CHECKING:
    from collections.abc import Sequence

    from mailprobe.model.target import SecurityName

RELAY_PORT: Final = 25  # RFC 5321 4.5.4.2: where mail servers meet
ATTEMPTS_MAX: Final = 5  # whoever needs more is being told something
_TLS_PORTS: Final = frozenset({465, 993, 995})  # RFC 8314 7.3: TLS from the first byte


def mode(port: int, security: SecurityName | Security | None) -> Security:
    """Return the security mode; by the port, if none was given."""
    if security is None:
        return Security.TLS if port in _TLS_PORTS else Security.STARTTLS
    return Security(Endpoint("any", 1, security).security)


def servers(nameservers: Sequence[str]) -> tuple[str, ...]:
    """Return the name servers as ``ADDRESS:PORT``."""
    if isinstance(nameservers, str):
        message = "nameservers is a list of addresses, not one string"
        raise UsageError(message)
    if nameservers:
        from mailprobe.wire.resolver import NameServer  # noqa: PLC0415 - dnspython

        return tuple(str(NameServer.parse(text)) for text in nameservers)
    return ()


def controls(given: str | Sequence[str]) -> tuple[Endpoint, ...]:
    """Return the controls; of two for one port the first is asked."""
    texts = (given,) if isinstance(given, str) else given
    return tuple(_control(text) for text in texts if text)


def attempts(number: int) -> int:
    """Return how often a conversation is held that may fail in passing."""
    if type(number) is not int or not 1 <= number <= ATTEMPTS_MAX:
        message = (
            f"attempts {number!r} is out of range; write a number from 1 to "
            f"{ATTEMPTS_MAX}"
        )
        raise UsageError(message)
    return number


def _control(text: str) -> Endpoint:
    host, colon, port = text.rpartition(":")
    bare = not colon or (":" in host and not host.endswith("]"))
    name, number = (text, "25") if bare else (host.strip("[]"), port)
    if not (number.isascii() and number.isdecimal()):
        message = f"control {text!r} cannot be read; write HOST or HOST:PORT"
        raise UsageError(message)
    return Endpoint(ascii_host(name), int(number), Security.NONE)


def ehlo(name: str) -> str:
    """Return the name to greet with: a domain or an address literal."""
    if not name or (name.startswith("[") and name.endswith("]")):
        return name
    return ascii_domain(name)


def seconds(timeout: float) -> float:
    """Return a deadline in seconds."""
    if not timeout > 0:
        message = f"timeout {timeout!r} is not a positive number of seconds"
        raise UsageError(message)
    return float(timeout)
