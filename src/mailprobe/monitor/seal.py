"""
Signed heads: what is kept elsewhere to prove later that nothing was rewritten.

A hash chain shows a change only to those who know a digest from before it. A seal is
such a digest with an Ed25519 signature (RFC 8032); pure but for reading key files.
"""

from __future__ import annotations

import base64
import binascii
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Final

import msgspec
from cryptography.exceptions import InvalidSignature, UnsupportedAlgorithm
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric.ed25519 import (
    Ed25519PrivateKey,
    Ed25519PublicKey,
)

from mailprobe.model.errors import LedgerError, UsageError
from mailprobe.monitor.chain import Head

KEY_MAX: Final = 16 * 1024  # bytes; an Ed25519 key in PEM has about 120
_MAKE: Final = "openssl genpkey -algorithm ed25519 -out FILE"
_SHOW: Final = "openssl pkey -in FILE -pubout"


@dataclass(frozen=True, slots=True, kw_only=True)
class Seal:
    """
    A head and who vouches for it.

    Attributes:
        head: The end of the chain when it was signed.
        signature: Ed25519 over `statement`, Base64.
    """

    head: Head
    signature: str


def statement(head: Head) -> bytes:
    """Return the bytes that are signed: four lines, so that any tool can check."""
    at = head.at.isoformat()
    lines = ("mailprobe ledger head", head.ledger, f"{head.seq} {at}", head.digest, "")
    return "\n".join(lines).encode()


def sign(head: Head, key: Ed25519PrivateKey) -> Seal:
    """Vouch for the chain up to *head*."""
    signature = base64.b64encode(key.sign(statement(head))).decode()
    return Seal(head=head, signature=signature)


def genuine(seal: Seal, key: Ed25519PublicKey) -> bool:
    """Whether the holder of *key* signed exactly this head."""
    try:
        signature = base64.b64decode(seal.signature, validate=True)
        key.verify(signature, statement(seal.head))
    except (InvalidSignature, binascii.Error, ValueError):
        return False
    return True


def write(seal: Seal) -> str:
    """Return a seal as one line of JSON."""
    return msgspec.json.encode(asdict(seal)).decode()


def read(text: str, where: str) -> Seal:
    """
    Read a line that `write` wrote.

    Raises:
        UsageError: If it is none; the message begins with *where*.
    """
    try:
        return msgspec.json.decode(text, type=Seal)
    except (msgspec.MsgspecError, UnicodeEncodeError) as error:
        message = f"{where}: this is no signed head of `mailprobe ledger sign`: {error}"
        raise UsageError(message) from None


def private_key(path: str | Path) -> Ed25519PrivateKey:
    """
    Read a private key (PEM, PKCS #8, without a passphrase).

    Raises:
        LedgerError: If there is none in that file.
    """
    try:
        key = serialization.load_pem_private_key(_bytes(path), password=None)
    except (ValueError, TypeError, UnsupportedAlgorithm) as error:
        message = f"{path} holds no private key that can be used ({error}); `{_MAKE}`"
        raise LedgerError(message + " makes one") from None
    if not isinstance(key, Ed25519PrivateKey):
        message = (
            f"{path} holds a key of another kind than Ed25519; `{_MAKE}` makes one"
        )
        raise LedgerError(message)
    return key


def public_key(path: str | Path) -> Ed25519PublicKey:
    """
    Read a public key (PEM).

    Raises:
        LedgerError: If there is none in that file.
    """
    try:
        key = serialization.load_pem_public_key(_bytes(path))
    except (ValueError, UnsupportedAlgorithm) as error:
        message = f"{path} holds no public key ({error}); `{_SHOW}` prints one"
        raise LedgerError(message) from None
    if not isinstance(key, Ed25519PublicKey):
        message = f"{path} holds a key of another kind than Ed25519"
        raise LedgerError(message)
    return key


def _bytes(path: str | Path) -> bytes:
    try:
        with Path(path).open("rb") as file:
            return file.read(KEY_MAX)
    except OSError as error:
        message = f"the key {path} cannot be read: {error.strerror}"
        raise LedgerError(message) from None
