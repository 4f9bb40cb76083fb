"""The canary: made by us, recognised however its headers were rewritten."""

from __future__ import annotations

import base64
import re
from datetime import UTC, datetime
from email import message_from_bytes, policy
from email.utils import parsedate_to_datetime
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mailprobe.mail.canary import (
    HEADER,
    KEY_BYTES,
    NONCE_BYTES,
    Canary,
    Origin,
    authentic,
    key_id,
    mint,
    origin,
    tokens,
)

AT = datetime(2023, 1, 23, 16, 0, 5, tzinfo=UTC)
KEY = bytes(range(KEY_BYTES))
OTHER_KEY = bytes(KEY_BYTES)
ADA, BOB = "ada@libero.test", "bob@virgilio.test"


def make(key: bytes = KEY, nonce: int = 1, sender: str = ADA) -> Canary:
    """Return a canary for tests."""
    return mint(key, sender, BOB, at=AT, nonce=bytes([nonce]) * NONCE_BYTES)


CANARY = make()


def q_word(text: str) -> str:
    """Return an RFC 2047 encoded word that encodes every byte (Q)."""
    return f"=?utf-8?Q?{''.join(f'={ord(c):02X}' for c in text)}?="


def b_word(text: str) -> str:
    """Return an RFC 2047 encoded word (B)."""
    return f"=?UTF-8?B?{base64.b64encode(text.encode()).decode()}?="


def test_a_token_has_the_documented_form() -> None:
    """``mp1-<key id>-<time>-<nonce>-<mac>``, hexadecimal, lower case."""
    form = rf"mp1-{key_id(KEY)}-{int(AT.timestamp()):08x}-(01){{16}}-[0-9a-f]{{32}}"
    assert re.fullmatch(form, CANARY.token)
    assert CANARY.message_id == f"<{CANARY.token}@libero.test>"


def test_the_key_is_not_told_by_its_name() -> None:
    """The id differs from key to key and contains no part of it."""
    assert key_id(KEY) != key_id(OTHER_KEY)
    assert key_id(KEY) not in KEY.hex()


@pytest.mark.parametrize(
    "header",
    [
        "Message-ID: <{token}@libero.test>",
        "X-Mailprobe-Canary: {token}",
        "x-mailprobe-canary:{token}",
        "Subject: mailprobe canary {token}",
        "Subject: [SPAM] mailprobe canary {token} (bulk)",
        "Subject: mailprobe canary\r\n {token}",
        "Subject: mailprobe\n\tcanary\n\t{token}",
        "Subject: MAILPROBE CANARY {upper}",
        "Subject: {q}",
        "Subject: {b}",
        "Subject: ***SPAM*** {b}",
        "Subject: {q1}\r\n {q2}",
        "Subject: {b1}\r\n\t{b2}",
        "Subject: =?utf-8?Q?mailprobe_canary_{token}?=",
        "Subject: =?x-unknown?Q?{token}?=",
        "From: =?utf-8?B?a?=\r\nSubject: {b}\r\nTo: =?utf-8?B?a?=",
        "X-Junk: \xff\xfe =?\r\nMessage-ID: <{token}@x>",
    ],
)
def test_any_one_header_suffices(header: str) -> None:
    """Folded, encoded or re-cased: the token is found, and is ours."""
    subject = f"mailprobe canary {CANARY.token}"
    half = len(subject) // 2
    written = header.format(
        token=CANARY.token,
        upper=CANARY.token.upper(),
        q=q_word(subject),
        b=b_word(subject),
        q1=q_word(subject[:half]),
        q2=q_word(subject[half:]),
        b1=b_word(subject[:half]),
        b2=b_word(subject[half:]),
    )
    found = tokens(written.encode("latin-1") + b"\r\n\r\n")
    assert found == (CANARY.token,)
    assert origin(found[0], CANARY, KEY) is Origin.OURS


@pytest.mark.parametrize(
    "headers",
    [
        b"",
        b"Subject: hello\r\n\r\n",
        b"Subject: mp1-12345678-12345678-short-short\r\n",
        b"Subject: =?utf-8?B?!!!?=\r\n",
        b"Subject: =?utf-8?Q?=ZZ?=\r\n",
        b"Subject: =?\r\n",
        f"Subject: {CANARY.token[:-1]}".encode(),
        f"Subject: {CANARY.token.replace('-', '_')}".encode(),
        f"Message-ID: <{CANARY.token[:40]} {CANARY.token[40:]}@x>".encode(),
    ],
)
def test_half_a_token_is_none(headers: bytes) -> None:
    """Nothing is recognised that is not a whole token."""
    assert tokens(headers) == ()


def test_a_line_is_decoded_to_a_length() -> None:
    """Behind its beginning a line is not: it takes time by the square of it."""
    encoded = b_word(CANARY.token)
    near, far = (f"Subject: {'x' * size} {encoded}\r\n" for size in (800, 1000))
    assert tokens(near.encode()) == (CANARY.token,)
    assert tokens(far.encode()) == ()


def test_tokens_are_distinct() -> None:
    """A token that stands in three headers is one; two canaries are two."""
    both = CANARY.message(AT) + make(nonce=2).message(AT)
    assert tokens(both) == tuple(sorted({CANARY.token, make(nonce=2).token}))


def changed(token: str, at: int) -> str:
    """Return the token with one hexadecimal digit changed."""
    return token[:at] + ("0" if token[at] != "0" else "1") + token[at + 1 :]


@pytest.mark.parametrize(
    ("token", "whose"),
    [
        (CANARY.token, Origin.OURS),
        (make(nonce=2).token, Origin.SIBLING),
        (make(OTHER_KEY).token, Origin.STRANGER),
        (changed(CANARY.token, -1), Origin.FORGED),
        (changed(CANARY.token, 30), Origin.FORGED),
        (changed(CANARY.token, 15), Origin.FORGED),
        (changed(CANARY.token, 4), Origin.STRANGER),
        (CANARY.token[:-32] + "0" * 32, Origin.FORGED),
        # A sibling between other mailboxes cannot be told from a forgery.
        (make(sender="eve@libero.test").token, Origin.FORGED),
    ],
)
def test_a_token_tells_whose_it_is(token: str, whose: Origin) -> None:
    """Only this very canary is ours; a wrong MAC is a forgery."""
    assert origin(token, CANARY, KEY) is whose


def test_addresses_are_signed_whatever_their_case() -> None:
    """A provider that re-cases an address changes nothing."""
    again = mint(KEY, ADA.upper(), BOB.title(), at=AT, nonce=bytes([1]) * NONCE_BYTES)
    assert again.token == CANARY.token


@given(st.binary(max_size=400))
def test_any_headers_can_be_searched(headers: bytes) -> None:
    """No header of a stranger makes the search fail."""
    assert tokens(headers) == ()


pieces = st.sampled_from(
    [
        "=?",
        "?=",
        "?Q?",
        "?b?",
        "utf-8",
        "x",
        " ",
        "\r\n ",
        "\r\n",
        "=41",
        "QQ==",
        "mp1-",
    ]
)


@given(st.lists(pieces, max_size=20).map("".join))
def test_broken_encoded_words_hide_nothing(noise: str) -> None:
    """Whatever a stranger wrote into one header, the next one is still read."""
    headers = f"X-Noise: {noise}\r\nSubject: {b_word(CANARY.token)}\r\n"
    assert tokens(headers.encode()) == (CANARY.token,)


def test_the_mail_is_well_formed() -> None:
    """RFC 5322: CRLF line ends, seven bit, short lines, one header each."""
    raw = CANARY.message(AT)
    assert raw.endswith(b"\r\n")
    assert raw.replace(b"\r\n", b"").isascii()
    assert b"\n" not in raw.replace(b"\r\n", b"")
    assert b"\r" not in raw.replace(b"\r\n", b"")
    head, _, body = raw.partition(b"\r\n\r\n")
    lines = raw.split(b"\r\n")
    assert all(len(line) <= 998 for line in lines)
    # A token has 87 characters and cannot be folded: only its lines are longer.
    assert all(CANARY.token.encode() in line for line in lines if len(line) > 78)
    assert not any(line.startswith(b".") for line in lines)
    names = [line.split(b":")[0].lower() for line in head.split(b"\r\n")]
    assert len(names) == len(set(names))
    assert body.strip()


def test_the_mail_is_read_by_others_as_it_is_meant() -> None:
    """Python's own parser finds no defect, and every header says what it should."""
    mail = message_from_bytes(CANARY.message(AT), policy=policy.default)
    assert mail.defects == []
    assert [d for value in mail.values() for d in value.defects] == []
    assert mail["From"].addresses[0].addr_spec == ADA
    assert mail["To"].addresses[0].addr_spec == BOB
    assert mail["Message-ID"] == CANARY.message_id
    assert mail[HEADER] == CANARY.token
    assert mail["Auto-Submitted"] == "auto-generated"
    assert mail["Subject"] == f"mailprobe canary {CANARY.token}"
    assert parsedate_to_datetime(mail["Date"]) == AT
    assert mail.get_content_type() == "text/plain"
    body = mail.get_content()
    assert CANARY.token in body
    assert "mailprobe" in body


def test_bodies_vary() -> None:
    """Many mails of one text look like a campaign; these differ in sentences."""
    mails = {make(nonce=n).message(AT).split(b"\r\n\r\n")[1][:200] for n in range(40)}
    assert len(mails) > 2
    for mail in mails:
        assert all(a != b for a, b in pairwise(mail.split(b"\r\n")) if a)


@pytest.mark.parametrize(
    ("token", "sender", "recipient", "key", "right"),
    [
        (CANARY.token, ADA, BOB, KEY, True),
        (CANARY.token.upper(), ADA.upper(), BOB, KEY, True),
        (CANARY.token, BOB, ADA, KEY, False),
        (CANARY.token, ADA, BOB, OTHER_KEY, False),
        (CANARY.token[:-1] + "z", ADA, BOB, KEY, False),
        (CANARY.token[:-32] + "f" * 32, ADA, BOB, KEY, False),
        (CANARY.token + "0", ADA, BOB, KEY, False),
        ("", ADA, BOB, KEY, False),
    ],
)
def test_a_genuine_token_was_made_for_these_two(
    token: str, sender: str, recipient: str, key: bytes, *, right: bool
) -> None:
    """A token proves itself only with the key and both addresses it was made for."""
    assert authentic(token, sender, recipient, key) is right
