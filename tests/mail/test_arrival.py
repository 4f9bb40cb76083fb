"""What a mail is to us, told by its headers."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Final

import pytest

from mailprobe.mail.arrival import Nature, Ours, may_be_bounce
from mailprobe.mail.canary import authentic, mint

KEY: Final = bytes(range(32))
ADA: Final = "ada@libero.test"
BOB: Final = "bob@posta.test"
AT: Final = datetime(2023, 1, 23, tzinfo=UTC)
SENT: Final = mint(KEY, ADA, BOB, at=AT, nonce=bytes(16))
HEADERS: Final = SENT.message(AT)
TOKEN: Final = SENT.token
NAMES: Final = f"From: {ADA}\r\nTo: {BOB}\r\n".encode()
BOX: Final = Ours(key=KEY, address=BOB)


def test_a_token_proves_itself_between_its_two_addresses_alone() -> None:
    """Another sender, recipient or key makes it worthless; case does not matter."""
    assert authentic(TOKEN, "ADA@Libero.test", BOB, KEY)
    assert not authentic(TOKEN, BOB, ADA, KEY)
    assert not authentic(TOKEN, ADA, BOB, b"k" * 32)
    assert not authentic("mp1", ADA, BOB, KEY)


@pytest.mark.parametrize(
    ("headers", "nature"),
    [
        (HEADERS, Nature.OURS),
        (NAMES + f"Subject: [SPAM] {TOKEN}\r\n".encode(), Nature.OURS),
        (NAMES + f"Message-ID: <{TOKEN.upper()}@x>\r\n".encode(), Nature.OURS),
        (f"X-Mailprobe-Canary: {TOKEN}\r\n".encode(), Nature.FORGED),
        (NAMES + f"Subject: {TOKEN[:-2]}00\r\n".encode(), Nature.FORGED),
        (NAMES + f"Subject: Re\r\nIn-Reply-To: <{TOKEN}@x>\r\n".encode(),
         Nature.FOREIGN),
        (HEADERS.replace(b"\r\n\r\n", b"\r\n") + f"References: <{TOKEN}@x>".encode(),
         Nature.FOREIGN),
        (NAMES + b"Subject: hello\r\n", Nature.PLAIN),
        (b"", Nature.PLAIN),
        (b"\xff\x00: =?x?q?=\r\n mp1-\r\n", Nature.PLAIN),
    ],
)  # fmt: skip
def test_nature(headers: bytes, nature: Nature) -> None:
    """Any one of the three places suffices; an answer is no arrival."""
    assert BOX.nature(headers)[0] is nature


def test_to_another_mailbox() -> None:
    """A canary for somebody else is no arrival, unless it is expected here."""
    assert Ours(key=KEY, address=ADA).nature(HEADERS)[0] is Nature.FOREIGN
    expecting = Ours(key=KEY, address=ADA, expected=frozenset({TOKEN}))
    assert expecting.nature(HEADERS) == (Nature.OURS, TOKEN)


def test_of_another_prober() -> None:
    """A token made with a key that is not ours is a stranger's."""
    assert Ours(key=b"k" * 32, address=BOB).nature(HEADERS)[0] is Nature.FOREIGN


def test_a_lookup_that_knows_decides() -> None:
    """What the caller knows of a token counts, and not what the mail says."""
    bare = f"Subject: {TOKEN}\r\n".encode()
    knowing = Ours(key=KEY, address=BOB, lookup=lambda _: (ADA, BOB))
    assert knowing.nature(bare) == (Nature.OURS, TOKEN)
    wrong = Ours(key=KEY, address=BOB, lookup=lambda _: (BOB, BOB))
    assert wrong.nature(HEADERS)[0] is Nature.FORGED


@pytest.mark.parametrize(
    ("headers", "may"),
    [
        (b"Return-Path: <>\r\n", True),
        (b"Content-Type: multipart/report; report-type=delivery-status\r\n", True),
        (b"From: Mail Delivery System <MAILER-DAEMON@x.test>\r\n", True),
        (b"X-Failed-Recipients: bob@posta.test\r\n", True),
        (HEADERS, False),
        (b"Return-Path: <ada@libero.test>\r\nFrom: ada@libero.test\r\n", False),
    ],
)
def test_what_is_worth_reading_as_a_bounce(headers: bytes, *, may: bool) -> None:
    """Only what nobody or a daemon sent is fetched whole."""
    assert may_be_bounce(headers) is may
