"""The server's side of SASL, without any I/O: challenges out, responses in."""

from __future__ import annotations

import base64
import binascii
import hmac
import json
import secrets
from collections.abc import Generator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final, TypeAlias

if TYPE_CHECKING:
    from collections.abc import Callable

    from mailprobe.lab.store import Account

MECHANISMS: Final = ("PLAIN", "LOGIN", "CRAM-MD5", "XOAUTH2", "OAUTHBEARER")

RESPONSE_MAX: Final = 12288
"""Characters of one response line (RFC 4954 section 4: 12288)."""

_OAUTH_ERROR: Final = json.dumps(
    {"status": "401", "schemes": "bearer", "scope": "https://mail.test/"}
).encode()


class SaslError(Exception):
    """A response that cannot be read (not a refusal)."""


@dataclass(frozen=True, slots=True)
class Login:
    """How an exchange ended: the account, None if it was refused."""

    account: Account | None
    name: str = ""


Find: TypeAlias = "Callable[[str], Account | None]"
Exchange: TypeAlias = Generator[bytes, bytes, Login]


def decode(response: bytes) -> bytes:
    """
    Undo base64; ``=`` is the empty response.

    Raises:
        SaslError: If it is not base64.
    """
    if response == b"=":
        return b""
    try:
        return base64.b64decode(response, validate=True)
    except binascii.Error:
        message = "not base64"
        raise SaslError(message) from None


def exchange(mechanism: str, initial: bytes | None, find: Find) -> Exchange:
    """
    Hold one exchange: yields challenges, takes responses, returns a `Login`.

    Args:
        mechanism: One of `MECHANISMS`.
        initial: The initial response, if there was one, decoded.
        find: Gives the account of a login name.

    Raises:
        SaslError: If a response cannot be read.
    """
    if mechanism == "LOGIN":
        return (yield from _login(initial, find))
    if mechanism == "CRAM-MD5":
        return (yield from _cram_md5(find))
    response = initial if initial is not None else (yield b"")
    if mechanism == "PLAIN":
        return _plain(response, find)
    login = _bearer(mechanism, response, find)
    if login.account is None:
        yield _OAUTH_ERROR  # RFC 7628 section 3.2.2: error first, refusal after
    return login


def check_password(account: Account | None, password: bytes) -> Account | None:
    """Return *account* if the password is right."""
    if account is None:
        return None
    right = hmac.compare_digest(account.password.encode(), password)
    return account if right else None


def _text(data: bytes) -> str:
    return data.decode("utf-8", "replace")


def _plain(response: bytes, find: Find) -> Login:
    parts = response.split(b"\0")
    if len(parts) != 3:  # noqa: PLR2004 - RFC 4616: authzid NUL authcid NUL passwd
        message = "PLAIN wants three parts"
        raise SaslError(message)
    name = _text(parts[1])
    return Login(check_password(find(name), parts[2]), name)


def _login(initial: bytes | None, find: Find) -> Exchange:
    user = initial if initial is not None else (yield b"Username:")
    password = yield b"Password:"
    name = _text(user)
    return Login(check_password(find(name), password), name)


def _cram_md5(find: Find) -> Exchange:
    challenge = f"<{secrets.token_hex(8)}@lab.test>".encode()
    response = yield challenge
    user, _, digest = response.rpartition(b" ")
    name = _text(user)
    account = find(name)
    if account is None:
        return Login(None, name)
    right = hmac.new(account.password.encode(), challenge, "md5").hexdigest()
    return Login(account if hmac.compare_digest(right.encode(), digest) else None, name)


def _bearer(mechanism: str, response: bytes, find: Find) -> Login:
    """Read XOAUTH2, or OAUTHBEARER with its GS2 header (RFC 7628)."""
    fields = response.split(b"\x01")
    if mechanism == "XOAUTH2":
        name = _text(fields[0].removeprefix(b"user="))
    else:
        attributes = fields[0].split(b",")
        names = [a[2:] for a in attributes if a.startswith(b"a=")]
        name = _text(names[0]) if names else ""
    tokens = [
        f[len(b"auth=Bearer ") :] for f in fields if f.startswith(b"auth=Bearer ")
    ]
    account = find(name)
    if not tokens or account is None or not account.token:
        return Login(None, name)
    right = hmac.compare_digest(account.token.encode(), tokens[0])
    return Login(account if right else None, name)
