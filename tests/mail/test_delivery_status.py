"""Reports by RFC 3464: what their fields say, however they are written."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mailprobe.mail.bounce import Action, Bounce, Returned, read_bounce
from mailprobe.mail.returned import ADDRESS_MAX
from mailprobe.model.failure import Reply
from tests.mail.samples import CANARY, report


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
