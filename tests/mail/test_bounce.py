"""Bounces: reports, and the words of servers that write none."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING, Final

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mailprobe.mail.bounce import (
    TOKENS_MAX,
    Action,
    Bounce,
    Returned,
    read_bounce,
)
from mailprobe.mail.canary import Origin, origin
from mailprobe.mail.delivery_status import RECIPIENTS_MAX
from mailprobe.mail.mime import BYTES_MAX
from mailprobe.mail.returned import ADDRESS_MAX, HOST_MAX, TEXT_MAX
from mailprobe.model.failure import Reply
from tests.mail.samples import BOUNCES, CANARY, KEY
from tests.mail.steps import steps

if TYPE_CHECKING:
    from collections.abc import Callable

BOB: Final = "bob@posta.test"
TAKEN: Final = datetime(2023, 1, 23, 16, 0, 6, tzinfo=UTC)
ROTTEN: Final = "Recipient address rejected"


def failed(status: str | None = None, **facts: object) -> Returned:
    """Return what a bounce says of Bob, whose mail failed."""
    return returned(Action.FAILED, status, **facts)


def returned(action: Action, status: str | None = None, **facts: object) -> Returned:
    """Return what a bounce says of Bob."""
    said = {"recipient": BOB, **facts}
    return Returned(action=action, status=status, **said)  # type: ignore[arg-type]


def reply(code: int | str, enhanced: str | None, text: str) -> Reply:
    """Return a reply."""
    return Reply(code, enhanced, text)


SAID: Final[dict[str, tuple[Returned, ...]]] = {
    "postfix-failed": (
        failed(
            "5.1.1",
            original=BOB,
            diagnostic=reply(550, "5.1.1", f"<{BOB}>: {ROTTEN}: No such user here"),
            remote_mta="127.64.0.30",
        ),
    ),
    "postfix-delayed": (
        returned(
            Action.DELAYED,
            "4.3.0",
            original=BOB,
            diagnostic=reply(
                451, "4.3.0", f"<{BOB}>: {ROTTEN}: Mailbox temporarily unavailable"
            ),
            remote_mta="127.64.0.30",
        ),
    ),
    "postfix-relayed": (
        returned(
            Action.RELAYED,
            "2.0.0",
            original=BOB,
            diagnostic=reply(250, "2.0.0", f"<{BOB}> sHtDJwtqBWtyPAAAg+zDdQ Saved"),
            remote_mta="127.64.0.4",
        ),
    ),
    "postfix-words": (
        failed(
            "5.2.2",
            diagnostic=reply(552, "5.2.2", "Over quota (in\nreply to RCPT TO command)"),
            remote_mta="store.posta.test",
        ),
    ),
    "sendmail-report": (
        failed(
            "5.1.1",
            diagnostic=reply(550, "5.1.1", f"<{BOB}>... User unknown"),
            remote_mta="store.posta.test",
        ),
    ),
    "sendmail-old": (failed(diagnostic=reply(550, None, f"<{BOB}>... User unknown")),),
    "sendmail-late": (
        returned(
            Action.DELAYED,
            diagnostic=reply(
                "",
                None,
                f"<{BOB}>... Deferred: Connection timed out with store.posta.test.\n"
                "Warning: message still undelivered after 4 hours\n"
                "Will keep trying until message is 5 days old",
            ),
        ),
    ),
    "qmail": (
        failed(
            "5.1.1",
            diagnostic=reply(550, "5.1.1", "no such user\nGiving up on 192.0.2.20."),
        ),
        failed(
            "5.1.1",
            recipient="carol@posta.test",
            diagnostic=reply(
                "", "5.1.1", "Sorry, no mailbox here by that name. (#5.1.1)"
            ),
        ),
    ),
    "exim": (
        failed(
            "5.2.1",
            diagnostic=reply(550, "5.2.1", "The mailbox is disabled.\nAsk its owner."),
            remote_mta="store.posta.test",
        ),
    ),
    "exim-late": (
        returned(
            Action.DELAYED,
            "4.3.1",
            diagnostic=reply(452, "4.3.1", "Out of memory"),
            remote_mta="store.posta.test",
        ),
    ),
    "gmail-words": (
        failed("5.7.1", diagnostic=reply(550, "5.7.1", "Message refused")),
    ),
    "gmail-late": (
        returned(
            Action.DELAYED,
            diagnostic=reply("", None, "Message will be retried for 2 more day(s)"),
        ),
    ),
    "gmail-report": (
        failed(
            "5.1.1",
            diagnostic=reply(
                550,
                "5.1.1",
                "The email account that you tried to reach does not exist. Please try\n"
                "double-checking the recipient's email address for typos or\n"
                "unnecessary spaces.",
            ),
            remote_mta="mx.posta.test",
        ),
    ),
    "exchange-old": (
        failed(
            diagnostic=reply(
                "",
                None,
                "The recipient name is not recognized\n"
                "The MTS-ID of the original message is: "
                "c=it;a= ;p=posta;l=STORE0301231600\n"
                "MSEXCH:IMS:POSTA:STORE:MX 0 (000C05A6) Unknown Recipient",
            ),
        ),
    ),
    "exchange-report": (
        failed(
            "5.1.10",
            original="robert@posta.test",
            diagnostic=reply(
                550,
                "5.1.10",
                "RESOLVER.ADR.RecipientNotFound; "
                "Recipient not found by SMTP address lookup",
            ),
        ),
    ),
    "exchange-words": (
        failed(
            "5.1.10",
            diagnostic=reply(
                550,
                "5.1.10",
                "RESOLVER.ADR.RecipientNotFound; "
                "Recipient not found by SMTP address lookup",
            ),
        ),
    ),
    "yahoo": (
        failed(
            "5.7.9",
            diagnostic=reply(554, "5.7.9", "Message not accepted for policy reasons"),
        ),
    ),
    "aol": (failed(recipient="bob"),),
    "opensmtpd": (
        failed("5.2.0", diagnostic=reply(550, "5.2.0", "Mailbox is not there")),
    ),
    # Its report says less than its words.
    "courier": (
        failed(
            "5.0.0",
            diagnostic=reply(550, None, "User unknown."),
            remote_mta="store.posta.test",
        ),
    ),
    "international": (
        failed(
            "5.6.7",
            recipient="bòb@pòsta.test",
            original="bòb@pòsta.test",
            diagnostic=reply(553, "5.6.7", "Indirizzo non accettabile: bòb@pòsta.test"),
        ),
    ),
    "gateway": (failed("5.4.7", diagnostic=reply(554, "5.4.7", "message timeout")),),
    "italian": (
        failed("5.2.1", diagnostic=reply(550, "5.2.1", "La casella è disabilitata")),
    ),
    "two-fates": (
        failed("5.1.1", diagnostic=reply("", None, "user unknown")),
        returned(
            Action.DELAYED,
            "4.4.1",
            recipient="carol@store.posta.test",
            original="carol@posta.test",
        ),
        returned(Action.EXPANDED, "2.1.9", recipient="list@posta.test"),
    ),
}
LINE_ENDS: Final = [b"\n", b"\r\n"]


def read(name: str, line_end: bytes = b"\n") -> Bounce:
    """Read a sample."""
    bounce = read_bounce(BOUNCES[name].replace(b"\n", line_end))
    assert bounce is not None
    return bounce


def test_every_sample_is_read() -> None:
    """The table has a row for each file."""
    assert set(SAID) == set(BOUNCES)


@pytest.mark.parametrize("line_end", LINE_ENDS, ids=["lf", "crlf"])
@pytest.mark.parametrize("name", SAID)
def test_what_became_of_the_mail_is_read(name: str, line_end: bytes) -> None:
    """Recipients, what was done, why, and which server said so."""
    assert read(name, line_end).recipients == SAID[name]


@pytest.mark.parametrize("line_end", LINE_ENDS, ids=["lf", "crlf"])
@pytest.mark.parametrize("name", [name for name in SAID if name != "aol"])
def test_our_mail_is_recognised(name: str, line_end: bytes) -> None:
    """The canary's token is found in whatever was returned, and is ours."""
    (token,) = read(name, line_end).canary_tokens
    assert origin(token, CANARY, KEY) is Origin.OURS


@pytest.mark.parametrize("name", [n for n in SAID if n not in {"aol", "exim-late"}])
def test_the_returned_mail_is_named(name: str) -> None:
    """Its Message-ID is that of the mail that was sent, not of the bounce."""
    assert read(name).original_id == CANARY.message_id


def test_a_bounce_may_return_nothing() -> None:
    """AOL's old words neither name nor return the mail; Exim quotes its subject."""
    assert read("aol").original_id is None
    assert read("aol").canary_tokens == ()
    assert read("exim-late").original_id is None
    assert read("exim-late").canary_tokens == (CANARY.token,)


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


def mail(*lines: str, body: str = "") -> bytes:
    """Return a mail with these headers."""
    return "\r\n".join([*lines, "", body]).encode()


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


def only(group: str) -> Returned:
    """Return what a report says that has one recipient."""
    bounce = read_bounce(report("Reporting-MTA: dns; mx.test", group))
    assert bounce is not None
    (entry,) = bounce.recipients
    return entry


@pytest.mark.parametrize(
    ("fields", "action", "status"),
    [
        ("Action: failed\r\nStatus: 5.1.1", Action.FAILED, "5.1.1"),
        ("action : FAILED (bad)\r\nstatus:5.1.1 (gone)", Action.FAILED, "5.1.1"),
        ("Action: expired\r\nStatus: 4.4.7", Action.FAILED, "4.4.7"),
        ("Action: delayed\r\nStatus: 5.9.9999", Action.DELAYED, None),
        ("Action: relayed", Action.RELAYED, None),
        ("Status: 5.2.2", Action.FAILED, "5.2.2"),
        ("Status: 4.2.2", Action.DELAYED, "4.2.2"),
        ("Action: what?\r\nStatus: 2.0.0", Action.DELIVERED, "2.0.0"),
        (
            "Action: failed\r\nDiagnostic-Code: smtp; 552 5.2.2 full",
            Action.FAILED,
            "5.2.2",
        ),
    ],
)
def test_what_was_done(fields: str, action: Action, status: str | None) -> None:
    """The action counts; without one that is known, the status says it."""
    entry = only(f"Final-Recipient: rfc822; a@b.test\r\n{fields}")
    assert (entry.recipient, entry.action, entry.status) == ("a@b.test", action, status)


@pytest.mark.parametrize(
    ("value", "address"),
    [
        ("rfc822; a@b.test", "a@b.test"),
        ("RFC822;<a@b.test>", "a@b.test"),
        ("a@b.test", "a@b.test"),
        ("rfc822; @mx.test:a@b.test", "a@b.test"),
        ("rfc822; a@b.test (Ada)", "a@b.test"),
        ('rfc822; "a b(c)"@b.test', '"a b(c)"@b.test'),
        ("utf-8; \\x{3B1}\\x{1F4EE}@b.test", "\u03b1\U0001f4ee@b.test"),
        ("utf-8; \\x{110000}\\x{}@b.test", "\\x{110000}\\x{}@b.test"),
        ("utf-8; \\x{D800}\\x{A}@b.test", "\\x{D800}\\x{A}@b.test"),
        ("rfc822; \\x{41}@b.test", "\\x{41}@b.test"),
        ("x400; /c=it/a= /p=posta/", "/c=it/a= /p=posta/"),
        ("rfc822;", ""),
        ("rfc822; " + "a" * 999 + "@b.test", "a" * (ADDRESS_MAX - 4) + " ..."),
    ],
)
def test_addresses(value: str, address: str) -> None:
    """Types, brackets, comments and routes are left out; other scripts are read."""
    assert only(f"Final-Recipient: {value}\r\nAction: failed").recipient == address


@pytest.mark.parametrize(
    ("value", "diagnostic"),
    [
        ("smtp; 550 5.1.1 no", Reply(550, "5.1.1", "no")),
        ("smtp;550 no", Reply(550, None, "no")),
        ("550 5.1.1 no", Reply(550, "5.1.1", "no")),
        ("smtp; 550-5.1.1 a\r\n 550-5.1.1 b\r\n 550 5.1.1 c", ("5.1.1", "a\nb\nc")),
        ("smtp; 550 #5.1.1 no", Reply(550, None, "#5.1.1 no")),
        ("X-Postfix; host mx.test[192.0.2.5] said: 550 no", Reply(550, None, "no")),
        (
            "X-Postfix; connect to mx.test[192.0.2.5]:25: timed out",
            Reply("", None, "connect to mx.test[192.0.2.5]:25: timed out"),
        ),
        ("x-unix; 255", Reply("", None, "255")),
        ("smtp; 250 2.1.5 ok", Reply(250, "2.1.5", "ok")),
        ("smtp;", None),
    ],
)
def test_diagnostics(value: str, diagnostic: Reply | tuple[str, str] | None) -> None:
    """The reply is taken apart; without a number its text is kept."""
    if isinstance(diagnostic, tuple):
        diagnostic = Reply(550, *diagnostic)
    entry = only(f"Final-Recipient: a@b\r\nAction: failed\r\nDiagnostic-Code: {value}")
    assert entry.diagnostic == diagnostic


def test_a_report_that_says_nothing_is_a_bounce_all_the_same() -> None:
    """It is known that mail came back; nothing is claimed about its recipients."""
    bounce = read_bounce(
        report(
            "Reporting-MTA: dns; mx.test",
            "Remote-MTA: dns; x.test",
            "Final-Recipient: rfc822; a@b.test",
            returned_headers=f"Message-ID: {CANARY.message_id}\r\n",
        )
    )
    assert bounce == Bounce(
        original_id=CANARY.message_id,
        canary_tokens=(CANARY.token,),
        recipients=(),
        reporting_mta="mx.test",
    )


@pytest.mark.parametrize(
    ("headers", "fields", "known"),
    [
        ("Message-ID: <a@x>\r\n", "Original-Message-ID: <b@x>", "<a@x>"),
        ("Subject: x\r\n", "Original-Message-ID: <b@x>", "<b@x>"),
        ("Subject: x\r\n", "X-Original-Message-ID: <b@x>", "<b@x>"),
        ("Subject: x\r\n", "X: y", "<d@x>"),
        ("Message-ID: none\r\n", "Original-Message-ID: < >", "<d@x>"),
    ],
)
def test_the_surest_place_names_the_mail(headers: str, fields: str, known: str) -> None:
    """The returned headers first, then the report, then what the bounce answers."""
    raw = report(
        f"Reporting-MTA: dns; mx.test\r\n{fields}",
        "Final-Recipient: a@b\r\nAction: failed",
        returned_headers=headers,
    )
    bounce = read_bounce(b"References: <c@x>\r\n <d@x>\r\n" + raw)
    assert bounce is not None
    assert bounce.original_id == known


def test_groups_may_be_run_together_or_torn() -> None:
    """Fields count wherever servers put the empty line."""
    bounce = read_bounce(
        report(
            "Original-Recipient: a@b\r\nFinal-Recipient: c@d\r\nAction: failed\r\n"
            "Original-Recipient: e@f\r\nFinal-Recipient: g@h\r\nAction: delayed",
            "Reporting-MTA: dns; mx.test\r\nArrival-Date: never",
        )
    )
    assert bounce is not None
    assert [(r.original, r.recipient) for r in bounce.recipients] == [
        ("a@b", "c@d"),
        ("e@f", "g@h"),
    ]
    assert bounce.reporting_mta == "mx.test"
    assert bounce.arrived is None


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


# --- bounds -------------------------------------------------------------------------


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
        assert bounce.canary_tokens in {(), (CANARY.token,)}


names = st.from_regex(r"[a-z][a-z0-9.]{0,20}[a-z0-9]@[a-z]{1,20}\.test", fullmatch=True)


@given(
    st.lists(
        st.tuples(
            names,
            st.sampled_from(Action),
            st.from_regex(r"[245]\.[0-9]{1,3}\.[0-9]{1,3}", fullmatch=True),
            st.integers(400, 599),
            st.from_regex(r"[a-z]{1,9}( [a-z]{1,9}){0,9}", fullmatch=True),
        ),
        min_size=1,
        max_size=5,
    ),
    st.sampled_from(["\r\n", "\n"]),
    st.sampled_from([" ", "\r\n ", "\n\t"]),
)
def test_a_report_is_read_as_it_was_written(
    entries: list[tuple[str, Action, str, int, str]], line_end: str, fold: str
) -> None:
    """However its lines are folded and ended, a report says what it said."""
    groups = [
        f"Final-Recipient: rfc822;{fold}{who}\r\nAction:{fold}{action}\r\n"
        f"Status: {status}\r\nDiagnostic-Code: smtp; {code} {text.replace(' ', fold)}"
        for who, action, status, code, text in entries
    ]
    raw = report("Reporting-MTA: dns; mx.test", *groups)
    bounce = read_bounce(raw.replace(b"\r\n", line_end.encode()))
    assert bounce is not None
    assert bounce.recipients == tuple(
        Returned(
            recipient=who,
            action=action,
            status=status,
            diagnostic=Reply(code, None, text),
        )
        for who, action, status, code, text in entries
    )


DAEMON: Final = b"From: MAILER-DAEMON\nSubject: failure notice\n"
LISTED: Final = DAEMON + b"\nThe following addresses failed:\n"
STATUS: Final = (
    b"Content-Type: multipart/report; report-type=delivery-status; boundary=b\n\n"
    b"--b\nContent-Type: message/delivery-status\n\n"
)
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
