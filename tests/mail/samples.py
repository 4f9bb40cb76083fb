"""Bounces as servers write them, about one canary."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path
from typing import Final

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
