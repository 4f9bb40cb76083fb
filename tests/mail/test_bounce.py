"""Bounces: reports, and the words of servers that write none."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Final

import pytest

from mailprobe.mail.bounce import read_bounce
from mailprobe.mail.canary import Origin, origin
from tests.mail.said import SAID, failed, reply
from tests.mail.samples import BOUNCES, CANARY, KEY, mail, read

TAKEN: Final = datetime(2023, 1, 23, 16, 0, 6, tzinfo=UTC)
NAMELESS: Final = {"aol", "exim-late", "forged"}
LINE_ENDS: Final = [b"\n", b"\r\n"]


def test_every_sample_is_read() -> None:
    """The table has a row for each file."""
    assert set(SAID) == set(BOUNCES)


@pytest.mark.parametrize("line_end", LINE_ENDS, ids=["lf", "crlf"])
@pytest.mark.parametrize("name", SAID)
def test_what_became_of_the_mail_is_read(name: str, line_end: bytes) -> None:
    """Recipients, what was done, why, and which server said so."""
    assert read(name, line_end).recipients == SAID[name]


@pytest.mark.parametrize("line_end", LINE_ENDS, ids=["lf", "crlf"])
@pytest.mark.parametrize("name", [n for n in SAID if n not in {"aol", "forged"}])
def test_our_mail_is_recognised(name: str, line_end: bytes) -> None:
    """The canary's token is found in whatever was returned, and is ours."""
    (token,) = read(name, line_end).canary_tokens
    assert origin(token, CANARY, KEY) is Origin.OURS


@pytest.mark.parametrize("name", [n for n in SAID if n not in NAMELESS])
def test_the_returned_mail_is_named(name: str) -> None:
    """Its Message-ID is that of the mail that was sent, not of the bounce."""
    assert read(name).original_id == CANARY.message_id


def test_a_bounce_may_return_nothing() -> None:
    """AOL's old words neither name nor return the mail; Exim quotes its subject."""
    assert read("aol").original_id is None
    assert read("aol").canary_tokens == ()
    assert read("exim-late").original_id is None
    assert read("exim-late").canary_tokens == (CANARY.token,)


def test_a_forged_bounce_is_told_by_its_token() -> None:
    """It looks like any other, but its token was not made with our key."""
    (token,) = read("forged").canary_tokens
    assert origin(token, CANARY, KEY) is Origin.FORGED


@pytest.mark.parametrize(
    ("name", "writer", "arrived", "auto"),
    [
        ("sendmail-report", "mx.posta.test", TAKEN, "auto-generated"),
        ("gmail-report", "googlemail.test", TAKEN, "auto-replied"),
        ("exchange-report", "DB9PR01.posta.test", TAKEN, "auto-replied"),
        ("exchange-words", "DB9PR01.posta.test", None, None),
        ("international", "mx.posta.test", TAKEN, None),
        ("gateway", "mx.posta.test", TAKEN, None),
        ("qmail", "mx.posta.test", None, None),
        ("exim", None, None, "auto-replied"),
    ],
)
def test_who_wrote_it_and_when(
    name: str, writer: str | None, arrived: datetime | None, auto: str | None
) -> None:
    """The reporting server, when it took the mail, and RFC 3834's keyword."""
    bounce = read(name)
    assert bounce.reporting_mta == writer
    assert bounce.arrived == arrived
    assert bounce.auto_submitted == auto


AWAY: Final = "I am out of the office until Monday.\r\n"
NULL: Final = "Return-Path: <>"
QMAIL: Final = BOUNCES["qmail"].decode()


@pytest.mark.parametrize(
    "raw",
    [
        b"",
        b"\r\n",
        CANARY.message(TAKEN),
        mail(NULL, "From: <bob@posta.test>", "Auto-Submitted: auto-replied", body=AWAY),
        mail(  # an answer that quotes what it answers
            NULL,
            "From: <bob@posta.test>",
            f"Subject: Out of office: mailprobe canary {CANARY.token}",
            f"In-Reply-To: {CANARY.message_id}",
            "Auto-Submitted: auto-replied (vacation)",
            body=AWAY + "> " + CANARY.message(TAKEN).decode().replace("\n", "\n> "),
        ),
        mail(  # a server's account may be away too
            "From: Postmaster <postmaster@posta.test>",
            "Subject: Automatic reply",
            body=AWAY,
        ),
        mail(  # a bounce that a person passes on, in the text
            "Return-Path: <bob@posta.test>",
            "From: Bob <bob@posta.test>",
            "Subject: Fwd: failure notice",
            body=QMAIL,
        ),
        mail(  # and as an attachment
            "Return-Path: <bob@posta.test>",
            "From: Bob <bob@posta.test>",
            "Subject: Fwd: Undelivered Mail Returned to Sender",
            "Content-Type: message/rfc822",
            body=BOUNCES["postfix-failed"].decode(),
        ),
        mail(  # a receipt says that it was read (RFC 8098)
            NULL,
            "From: <bob@posta.test>",
            "Content-Type: multipart/report; report-type=disposition-notification;"
            " boundary=x",
            body="--x\r\nContent-Type: message/disposition-notification\r\n\r\n"
            "Final-Recipient: rfc822; bob@posta.test\r\n"
            f"Original-Message-ID: {CANARY.message_id}\r\n"
            "Disposition: automatic-action/MDN-sent-automatically; deleted\r\n"
            "--x--\r\n",
        ),
        mail(  # a complaint (RFC 5965)
            NULL,
            "From: <abuse@posta.test>",
            "Content-Type: multipart/report; report-type=feedback-report; boundary=x",
            body="--x\r\nContent-Type: message/feedback-report\r\n\r\n"
            "Feedback-Type: abuse\r\n\r\n--x\r\nContent-Type: message/rfc822\r\n\r\n"
            + CANARY.message(TAKEN).decode()
            + "--x--\r\n",
        ),
        mail(  # a daemon's mail that returns none
            "From: MAILER-DAEMON@posta.test",
            "Subject: Undeliverable mail: what to do",
            body="Read our advice.\r\n",
        ),
    ],
    ids=[
        "empty",
        "headless",
        "canary",
        "away",
        "away-quoting",
        "postmaster-away",
        "forwarded",
        "attached",
        "receipt",
        "complaint",
        "advice",
    ],
)
def test_other_mail_is_no_bounce(raw: bytes) -> None:
    """Answers, receipts, complaints and what people write are left alone."""
    assert read_bounce(raw) is None


def test_a_header_names_in_full_what_the_words_do_not() -> None:
    """Exim lists its own users without their domain; the header has it."""
    raw = BOUNCES["exim"].replace(b"  bob@posta.test\n", b"  bob\n")
    bounce = read_bounce(raw)
    assert bounce is not None
    assert bounce.recipients == SAID["exim"]


def test_a_header_alone_says_that_mail_failed() -> None:
    """In words that nobody knows, those whom the header lists failed all the same."""
    bounce = read_bounce(
        mail(
            "X-Failed-Recipients: bob@posta.test, carol@posta.test",
            body="Nicht zugestellt.\r\n\r\n550 5.1.1 Unbekannt\r\n",
        )
    )
    assert bounce is not None
    unknown = reply(550, "5.1.1", "Unbekannt")
    assert bounce.recipients == (
        failed("5.1.1", diagnostic=unknown),
        failed("5.1.1", diagnostic=unknown, recipient="carol@posta.test"),
    )


def test_a_notice_may_name_nobody() -> None:
    """That mail failed is known, though not for whom."""
    bounce = read_bounce(
        mail(
            NULL,
            body="----- Transcript of session follows -----\r\n"
            "421 posta.test (smtp)... Deferred: Connection timed out\r\n",
        )
    )
    assert bounce is not None
    late = reply(421, None, "posta.test (smtp)... Deferred: Connection timed out")
    assert bounce.recipients == (failed(recipient="", diagnostic=late),)


QUOTED: Final = "Content-Transfer-Encoding: quoted-printable\r\n\r\n"
NESTED: Final = (
    "Content-Type: message/rfc822\r\n\r\n"
    "Content-Type: multipart/mixed; boundary=c\r\n\r\n--c\r\n"
)
ENCODED: Final = "".join(f"={ord(c):02X}" for c in CANARY.token)


@pytest.mark.parametrize(
    "returned_part",
    [
        f"Content-Type: message/rfc822\r\n\r\nSubject: {CANARY.token}\r\n\r\nx",
        f"Content-Type: message/rfc822\r\n\r\nSubject: =?utf-8?Q?{ENCODED}?=\r\n",
        f"Content-Type: text/html\r\n\r\n<p>{CANARY.token.upper()}</p>",
        f"{QUOTED}{CANARY.token[:50]}=\r\n{CANARY.token[50:]}",
        f"{NESTED}{QUOTED}{ENCODED}\r\n--c--",
        f"X-Original: {CANARY.token}\r\n\r\nx",
    ],
    ids=["subject", "encoded-subject", "html", "soft-break", "nested", "header"],
)
def test_a_token_is_found_wherever_it_stands(returned_part: str) -> None:
    """In headers and bodies, of the bounce and of what it returns, however coded."""
    raw = BOUNCES["two-fates"].replace(CANARY.token.encode(), b"gone")
    part = b"--two\r\n" + returned_part.encode() + b"\r\n--two--\r\n"
    bounce = read_bounce(raw.replace(b"--two--", part))
    assert bounce is not None
    assert bounce.canary_tokens == (CANARY.token,)
