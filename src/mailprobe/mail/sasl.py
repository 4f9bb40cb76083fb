"""What is said to log in, mechanism by mechanism; pure, the secret is an argument."""

from __future__ import annotations

import hmac
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

TOKEN_MECHANISMS: Final = ("OAUTHBEARER", "XOAUTH2")
# Inside verified TLS, PLAIN is the one everybody serves and one round trip.
PASSWORD_MECHANISMS: Final = ("PLAIN", "LOGIN", "CRAM-MD5")


def choose(offered: Iterable[str], *, token: bool, wanted: str = "") -> str | None:
    """
    Choose one mechanism of those offered; None if none of them will do.

    Args:
        offered: What the server announces, in capitals.
        token: Whether the secret is an OAuth 2 token rather than a password.
        wanted: The mechanism to insist on, if any.
    """
    known: tuple[str, ...] = TOKEN_MECHANISMS if token else PASSWORD_MECHANISMS
    if wanted:
        known = (wanted.upper(),)
    there = frozenset(offered)
    return next((name for name in known if name in there), None)


def initial(mechanism: str, user: str, secret: str) -> bytes | None:
    """Return the client's first message; None if the server speaks first."""
    match mechanism:
        case "PLAIN":  # RFC 4616
            return f"\0{user}\0{secret}".encode()
        case "XOAUTH2":
            return f"user={user}\1auth=Bearer {secret}\1\1".encode()
        case "OAUTHBEARER":  # RFC 7628
            name = user.replace("=", "=3D").replace(",", "=2C")
            return f"n,a={name},\1auth=Bearer {secret}\1\1".encode()
        case _:
            return None


def responder(mechanism: str, user: str, secret: str) -> Callable[[bytes], bytes]:
    """
    Return what answers the server's challenges, one call for each.

    A challenge that follows a token is the server's reason for refusing it;
    the answer only asks for the final word (RFC 7628 3.2.3).
    """
    answers = iter((user.encode(), secret.encode()))

    def answer(challenge: bytes) -> bytes:
        match mechanism:
            case "LOGIN":
                return next(answers, b"*")
            case "CRAM-MD5":  # RFC 2195
                mac = hmac.new(secret.encode(), challenge, "md5").hexdigest()
                return f"{user} {mac}".encode()
            case "OAUTHBEARER":
                return b"\1"
            case _:
                return b""

    return answer
