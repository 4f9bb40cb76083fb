"""Bounces as servers write them, about one canary."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path
from typing import Final

from mailprobe.mail.bounce import Bounce, read_bounce
from mailprobe.mail.canary import KEY_BYTES, NONCE_BYTES, mint

KEY: Final = bytes(range(KEY_BYTES))
CANARY: Final = mint(
    KEY,
    "ada@libero.test",
    "bob@posta.test",
    at=datetime(2023, 1, 23, 16, 0, 5, tzinfo=UTC),
    nonce=b"\1" * NONCE_BYTES,
)
# Those of Postfix with a report are its own, as it sent them in tests/real; the
# others are written by hand, in the words of the servers they are named after.
BOUNCES: Final = {
    path.stem: path.read_bytes()
    for path in sorted(Path(__file__).with_name("bounces").glob("*.eml"))
}


def read(name: str, line_end: bytes = b"\n") -> Bounce:
    """Read a sample."""
    bounce = read_bounce(BOUNCES[name].replace(b"\n", line_end))
    assert bounce is not None
    return bounce


def mail(*lines: str, body: str = "") -> bytes:
    """Return a mail with these headers."""
    return "\r\n".join([*lines, "", body]).encode()


def report(*groups: str, returned_headers: str = "") -> bytes:
    """Return a report with these groups of fields."""
    return mail(
        "From: <x@posta.test>",
        "Content-Type: multipart/report; report-type=delivery-status; boundary=b",
        body="--b\r\nContent-Type: message/delivery-status\r\n\r\n"
        + "\r\n\r\n".join(groups)
        + f"\r\n--b\r\nContent-Type: text/rfc822-headers\r\n\r\n{returned_headers}"
        "\r\n--b--\r\n",
    )
