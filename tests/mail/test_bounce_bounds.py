"""Bounces that are broken, endless or made to do harm."""

from __future__ import annotations

from datetime import UTC
from typing import TYPE_CHECKING, Final

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mailprobe.mail.bounce import TOKENS_MAX, Bounce, read_bounce
from mailprobe.mail.delivery_status import LINES_MAX, RECIPIENTS_MAX
from mailprobe.mail.mime import BYTES_MAX
from mailprobe.mail.notice import LINES_MAX as NOTICE_LINES
from mailprobe.mail.notice import NOTICE_MAX
from mailprobe.mail.returned import ADDRESS_MAX, HOST_MAX, TEXT_MAX
from tests.mail.samples import BOUNCES, CANARY, read
from tests.mail.steps import steps

if TYPE_CHECKING:
    from collections.abc import Callable


def sound(bounce: Bounce | None) -> bool:
    """Check that whatever was read can be kept, and has its bounds."""
    if bounce is None:
        return False
    texts = [bounce.original_id, bounce.reporting_mta, bounce.auto_submitted]
    for entry in bounce.recipients:
        assert len(entry.recipient) <= ADDRESS_MAX
        assert len(entry.remote_mta or "") <= HOST_MAX
        said = entry.diagnostic
        assert said is None or len(said.text) <= TEXT_MAX
        texts += [entry.recipient, entry.original, entry.status, entry.remote_mta]
        texts += [said.text, said.enhanced] if said else []
    for text in texts:
        (text or "").encode()
    assert len(bounce.recipients) <= RECIPIENTS_MAX
    assert len(bounce.canary_tokens) <= TOKENS_MAX
    assert bounce.arrived is None or bounce.arrived.tzinfo is UTC
    return True


DAEMON: Final = b"From: MAILER-DAEMON\nSubject: failure notice\n"
LISTED: Final = DAEMON + b"\nThe following addresses failed:\n"
STATUS: Final = (
    b"Content-Type: multipart/report; report-type=delivery-status; boundary=b\n\n"
    b"--b\nContent-Type: message/delivery-status\n\n"
)


@pytest.mark.parametrize(
    ("beginning", "filler", "entry"),
    [
        (STATUS, b"x:\n" * LINES_MAX, b"Final-Recipient: a@b\nAction: failed\n"),
        (LISTED, b"x" * NOTICE_MAX + b"\n", b"<a@b>:\n"),
        (LISTED, b"x\n" * NOTICE_LINES, b"<a@b>:\n"),
    ],
    ids=["report", "notice", "notice-lines"],
)
def test_what_stands_far_below_is_not_read(
    beginning: bytes, filler: bytes, entry: bytes
) -> None:
    """A report and a notice are read to a length, which is generous."""
    near, far = read_bounce(beginning + entry), read_bounce(beginning + filler + entry)
    assert near is not None
    assert [returned.recipient for returned in near.recipients] == ["a@b"]
    assert far is not None
    assert "a@b" not in [returned.recipient for returned in far.recipients]


words = st.sampled_from(
    [
        *(b"\n", b"\r\n", b"\n\n", b" ", b"--", b"--b", b"--b--", b"<", b">", b":"),
        *(b"550 ", b"550-", b"5.1.1", b"a@b", b"<a@b>", b"<a@b>:\n", b"  a@b\n", b";"),
        b"Content-Type: multipart/report; report-type=delivery-status; boundary=b\n",
        b"Content-Type: message/delivery-status\n\n",
        b"Content-Type: message/rfc822\n\n",
        b"Content-Transfer-Encoding: base64\n",
        b"Return-Path: <>\n",
        b"From: MAILER-DAEMON\n",
        b"Subject: failure notice\n",
        b"X-Failed-Recipients: a@b, c@d\n",
        *(b"Final-Recipient: rfc822; a@b\n", b"Action: failed\n", b"Status: 4.0.0\n"),
        b"Diagnostic-Code: smtp; ",
        b"Arrival-Date: Mon, 23 Jan 2023 16:00:06 +0000\n",
        b"wasn't able to deliver your message to the following address",
        b"----- Transcript of session follows -----\n",
        b"------ This is a copy of the message",
        *(b"Message-ID: <x@y>\n", CANARY.token.encode(), b"\xff\x00\xe2\x80\xae"),
    ]
)


@given(st.one_of(st.binary(max_size=400), st.lists(words).map(b"".join)))
def test_any_bytes_are_read_without_a_fault(raw: bytes) -> None:
    """Nothing that comes by mail raises; what comes out has its bounds."""
    sound(read_bounce(raw))
    sound(read_bounce(b"Return-Path: <>\nFrom: MAILER-DAEMON\n" + raw))


@given(
    st.sampled_from(sorted(BOUNCES)),
    st.lists(
        st.tuples(
            st.integers(0, 4000),
            st.integers(0, 200),
            st.one_of(st.binary(max_size=20), words),
        ),
        min_size=1,
        max_size=5,
    ),
)
def test_damaged_bounces_are_read_without_a_fault(
    name: str, cuts: list[tuple[int, int, bytes]]
) -> None:
    """Whatever is cut out of a bounce or put into it, the rest is read soundly."""
    raw = BOUNCES[name]
    for at, length, instead in cuts:
        raw = raw[:at] + instead + raw[at + length :]
    sound(read_bounce(raw))


@given(st.sampled_from(sorted(BOUNCES)), st.integers(0, 4000))
def test_half_a_bounce_claims_nothing_else(name: str, size: int) -> None:
    """A bounce that was cut off says less, and nothing about anybody else."""
    bounce = read_bounce(BOUNCES[name][:size])
    if sound(bounce):
        assert bounce is not None
        everybody = {entry.recipient for entry in read(name).recipients}
        for entry in bounce.recipients:
            assert any(one.startswith(entry.recipient) for one in everybody)
        assert set(bounce.canary_tokens) <= set(read(name).canary_tokens)


# How a hostile mail of any size is made: its beginning, and what is repeated.
HOSTILE: Final[dict[str, tuple[bytes, Callable[[int], bytes]]]] = {
    "recipients": (STATUS, lambda n: b"Final-Recipient: a%d@b\nAction: failed\n\n" % n),
    "unexplained": (STATUS, lambda _: b"Final-Recipient: a@b\nAction: failed\n\n"),
    "fields": (STATUS, lambda n: b"a%d:\n" % n),
    "folds": (STATUS + b"Final-Recipient: a@b\nDiagnostic-Code:", lambda _: b" \n a"),
    "codes": (STATUS + b"Final-Recipient: a@b\nDiagnostic-Code:", lambda _: b" 550 "),
    "entries": (LISTED, lambda n: b"<a%d@b>:\n550 no\n\n" % n),
    "addresses": (LISTED, lambda n: b" a%d@b\n" % n),
    "paragraphs": (LISTED + b"<a@b>:\n", lambda _: b"x\n\n"),
    "phrases": (DAEMON + b"\n", lambda _: b"had delivery problems\n<a@b>\n"),
    "copies": (DAEMON + b"\n", lambda _: b"--- Original message\n"),
    "failed": (b"From: MAILER-DAEMON\n", lambda n: b"X-Failed-Recipients: a%d@b\n" % n),
    "ids": (DAEMON + b"\n", lambda _: b"Message-ID: <a\n"),
    "tags": (DAEMON + b"Content-Type: text/html\n\n", lambda _: b"<a <"),
    "tokens": (STATUS, lambda n: b"mp1-%08x-%08x-%032x-%032x\n" % (n, n, n, n)),
    "words": (b"Subject: ", lambda _: b"=?a?q?x "),
    "lines": (DAEMON, lambda _: b"\n"),
    "nothing": (b"", lambda _: b" "),
}


def hostile(name: str, size: int) -> bytes:
    """Return a hostile mail of *size* bytes."""
    beginning, more = HOSTILE[name]
    made, n, length = [beginning], 0, len(beginning)
    while length < size:
        n += 1
        made.append(more(n))
        length += len(made[-1])
    return b"".join(made)[:size]


@pytest.mark.parametrize("name", HOSTILE)
def test_work_grows_with_the_mail_and_no_faster(name: str) -> None:
    """Four times the bytes are four times the steps at most, up to the bound."""
    small, large = (hostile(name, size) for size in (16_000, 64_000))
    least = steps(read_bounce, b"x" * 16_000)
    assert steps(read_bounce, large) <= 4.4 * max(steps(read_bounce, small), least)
    sound(read_bounce(large))


@pytest.mark.parametrize("name", ["recipients", "entries", "nothing"])
def test_what_lies_behind_the_bound_costs_nothing(name: str) -> None:
    """Of a mail without end, the beginning is read."""
    raw = hostile(name, BYTES_MAX + 50_000)
    assert steps(read_bounce, raw) == steps(read_bounce, raw[:BYTES_MAX])
    bounce = read_bounce(raw)
    assert bounce == read_bounce(raw[:BYTES_MAX])
    sound(bounce)
