"""Where a mail has been, as real servers write it."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mailprobe.mail.received import (
    HOPS_MAX,
    authentication_results,
    header_values,
    received_hops,
)
from mailprobe.model.report import Hop

NOON = datetime(2023, 1, 23, 12, 0, 0, tzinfo=UTC)


def first(value: str) -> Hop:
    """Return the only hop of a mail with this Received header."""
    (hop,) = received_hops(f"Received: {value}\r\n\r\n".encode())
    return hop


@pytest.mark.parametrize(
    ("value", "by", "sender", "protocol"),
    [
        (  # Postfix, from another host
            (
                "from smtp-10.libero.test (smtp-10.libero.test [192.0.2.10])\r\n"
                "\t(using TLSv1.3 with cipher TLS_AES_256_GCM_SHA384 (256/256 bits)\r\n"
                "\t key-exchange X25519 server-signature RSA-PSS (2048 bits))\r\n"
                "\t(No client certificate requested)\r\n"
                "\tby mx.posta.test (Postfix) with ESMTPS id 4P0x1y2z3A\r\n"
                "\tfor <bob@posta.test>; Mon, 23 Jan 2023 13:00:00 +0100 (CET)"
            ),
            "mx.posta.test",
            "smtp-10.libero.test",
            "ESMTPS",
        ),
        (  # Postfix, handed in on the host itself
            (
                "by mx.posta.test (Postfix, from userid 1000)\r\n"
                "\tid 4P0x1y2z3A; Mon, 23 Jan 2023 13:00:00 +0100 (CET)"
            ),
            "mx.posta.test",
            "",
            "",
        ),
        (  # Exim
            (
                "from [192.0.2.7] (helo=probe.posta.test)\r\n"
                "\tby mail.exim.test with esmtpsa  (TLS1.3) tls TLS_AES_128_GCM\r\n"
                "\t(Exim 4.96)\r\n\t(envelope-from <ada@libero.test>)\r\n"
                "\tid 1pJvXk-0001Ab-2c\r\n\tfor bob@posta.test;\r\n"
                "\tMon, 23 Jan 2023 12:00:00 +0000"
            ),
            "mail.exim.test",
            "[192.0.2.7]",
            "esmtpsa",
        ),
        (  # Gmail, from outside
            (
                "from mail.libero.test (mail.libero.test. [2001:db8::7])\r\n"
                "        by mx.google.com with ESMTPS id a1-20020a05600c1d01si2.3\r\n"
                "        for <bob@gmail.test>\r\n"
                "        (version=TLS1_3 cipher=TLS_AES_256_GCM_SHA384 bits=256);\r\n"
                "        Mon, 23 Jan 2023 04:00:00 -0800 (PST)"
            ),
            "mx.google.com",
            "mail.libero.test",
            "ESMTPS",
        ),
        (  # Gmail, within
            (
                "by 2002:a05:6a10:9149:b0:2a1:5a2b with SMTP id w9csp1234567pxa;\r\n"
                "        Mon, 23 Jan 2023 04:00:00 -0800 (PST)"
            ),
            "2002:a05:6a10:9149:b0:2a1:5a2b",
            "",
            "SMTP",
        ),
        (  # Exchange Online
            (
                "from DB9PR01.eurprd01.prod.outlook.test (2603:10a6:10:1d9::8) by\r\n"
                " AM0PR01.eurprd01.prod.outlook.test (2603:10a6:208:e6::11) with\r\n"
                " Microsoft SMTP Server (version=TLS1_2,\r\n"
                " cipher=TLS_ECDHE_RSA_WITH_AES_256_GCM_SHA384) id 15.20.6002.33;"
                " Mon, 23\r\n Jan 2023 12:00:00 +0000"
            ),
            "AM0PR01.eurprd01.prod.outlook.test",
            "DB9PR01.eurprd01.prod.outlook.test",
            "Microsoft",
        ),
        (  # Dovecot's local delivery
            (
                "from mx.posta.test\r\n\tby store1.posta.test with LMTP\r\n"
                "\tid 8MSfFcB1zmMbIwAAsNZ9tg\r\n"
                "\t(envelope-from <ada@libero.test>)\r\n"
                "\tfor <bob@posta.test>; Mon, 23 Jan 2023 12:00:00 +0000"
            ),
            "store1.posta.test",
            "mx.posta.test",
            "LMTP",
        ),
        (  # qmail
            "(qmail 12345 invoked by uid 89); 23 Jan 2023 12:00:00 -0000",
            "",
            "",
            "",
        ),
        (  # a clock with a monotonic reading behind the date
            (
                "from a.test by b.test with HTTP; Mon, 23 Jan 2023 12:00:00 +0000 "
                "m=+555016.7"
            ),
            "b.test",
            "a.test",
            "HTTP",
        ),
        (  # semicolons in comments before and behind the date
            (
                "from a.test (EHLO x; y (z; w)) by b.test (v1; beta) with ESMTP;\r\n"
                " Mon, 23 Jan 2023 13:00:00 +0100 (CET; summer (never))"
            ),
            "b.test",
            "a.test",
            "ESMTP",
        ),
    ],
    ids=[
        "postfix",
        "local",
        "exim",
        "gmail",
        "gmail-within",
        "exchange",
        "lmtp",
        "qmail",
        "go",
        "nested",
    ],
)
def test_a_hop_is_read_as_real_servers_write_it(
    value: str, by: str, sender: str, protocol: str
) -> None:
    """Who wrote it, whom it took the mail from, how, and when in UTC."""
    assert first(value) == Hop(
        by=by, sender=sender, protocol=protocol, at=NOON, delay=None
    )


@pytest.mark.parametrize(
    "value",
    [
        "from a by b with ESMTP id 7",
        "from a by b with ESMTP id 7;",
        "from a by b with ESMTP id 7; yesterday",
        "from a by b with ESMTP id 7; Mon, 99 Jan 2023 12:00:00 +0000",
        "from a by b with ESMTP id 7; Mon, 23 Jan 99999 12:00:00 +0000",
        "from a by b with ESMTP id 7; Mon, 23 Jan 2023 12:00:00 +999999",
        "from a by b with ESMTP id 7; Fri, 31 Dec 9999 23:59:59 -2359",
    ],
)
def test_a_date_that_cannot_be_read_is_none(value: str) -> None:
    """The hop is kept, its time is unknown."""
    hop = first(value)
    assert (hop.by, hop.sender, hop.protocol) == ("b", "a", "ESMTP")
    assert hop.at is None
    assert hop.delay is None


def mail(*dates: str) -> bytes:
    """Return headers with these Received dates, the topmost (last hop) first."""
    lines = (f"Received: by h{n}.test; {date}" for n, date in enumerate(dates))
    return "\r\n".join([*lines, "Subject: x", "", ""]).encode()


def test_hops_run_from_the_first_to_the_last() -> None:
    """The lowest header is the first hop; delays are by the hosts' own clocks."""
    hops = received_hops(
        mail(
            "Mon, 23 Jan 2023 12:00:10 +0000",
            "Mon, 23 Jan 2023 13:00:07 +0100",
            "Mon, 23 Jan 2023 12:00:00 +0000",
        )
    )
    assert [hop.by for hop in hops] == ["h2.test", "h1.test", "h0.test"]
    assert [hop.delay for hop in hops] == [None, 7.0, 3.0]


def test_a_clock_that_runs_behind_is_not_mended() -> None:
    """Negative delays are facts about clocks, and stay."""
    hops = received_hops(
        mail("Mon, 23 Jan 2023 11:59:00 +0000", "Mon, 23 Jan 2023 12:00:00 +0000")
    )
    assert [hop.delay for hop in hops] == [None, -60.0]


def test_a_missing_date_is_bridged_never_invented() -> None:
    """A hop without a time has no delay; the next counts from the last known time."""
    hops = received_hops(
        mail(
            "Mon, 23 Jan 2023 12:00:09 +0000",
            "no date",
            "Mon, 23 Jan 2023 12:00:00 +0000",
        )
    )
    assert [hop.delay for hop in hops] == [None, None, 9.0]


def test_a_date_without_a_zone_is_taken_for_utc() -> None:
    """``-0000`` says that the zone is unknown (RFC 5322 3.3)."""
    assert first("by a.test; 23 Jan 2023 12:00:00 -0000").at == NOON


def test_hops_are_bounded() -> None:
    """A mail that went in circles costs no more than a long way."""
    date = "Mon, 23 Jan 2023 12:00:00 +0000"
    assert len(received_hops(mail(*[date] * (HOPS_MAX + 20)))) == HOPS_MAX


def test_a_mail_without_received_headers_has_no_hops() -> None:
    """Nothing is no fault."""
    assert received_hops(b"") == ()
    assert received_hops(b"Subject: Received: by x\r\n\r\n") == ()


def test_header_values_are_unfolded_and_topmost_first() -> None:
    """Names in any case, folded lines as one, bare LF too."""
    headers = b"x-a: one\r\n two\r\nX-B: no\r\nX-A:\tthree\nX-a : four\n\nX-A"
    assert header_values(headers, "X-A") == ["one two", "three", "four"]


def results(*values: str) -> tuple[tuple[str, str], ...]:
    """Read these Authentication-Results headers, topmost first."""
    lines = (f"Authentication-Results: {value}\r\n" for value in values)
    return authentication_results("".join(lines).encode())


def test_the_receivers_verdicts_are_read() -> None:
    """Methods and results, in order, comments and properties left out."""
    assert results(
        "mx.google.com;\r\n       dkim=pass header.i=@libero.test header.s=s1 "
        "header.b=abc;\r\n       spf=pass (google.com: domain of ada@libero.test "
        "designates 192.0.2.10 as permitted sender; really) smtp.mailfrom=a@b;\r\n"
        "       dmarc=FAIL (p=NONE sp=NONE dis=NONE) header.from=libero.test"
    ) == (("dkim", "pass"), ("spf", "pass"), ("dmarc", "fail"))


def test_exchange_online_does_not_say_who_it_is() -> None:
    """Without an authserv-id the first word is a result already."""
    assert results(
        "spf=pass (sender IP is 192.0.2.10)\r\n smtp.mailfrom=libero.test; "
        "dkim=none (message not signed)\r\n header.d=none;dmarc=bestguesspass "
        "action=none\r\n header.from=libero.test;compauth=pass reason=109"
    ) == (
        ("spf", "pass"),
        ("dkim", "none"),
        ("dmarc", "bestguesspass"),
        ("compauth", "pass"),
    )


def test_only_the_receiver_is_believed() -> None:
    """Headers below those of the topmost host may have been written by anybody."""
    assert results(
        "mx.posta.test; spf=fail",
        "MX.posta.test 1; dkim=none",
        "mx.evil.test; spf=pass",
        "mx.posta.test; dmarc=pass",
    ) == (("spf", "fail"), ("dkim", "none"))


def test_an_empty_topmost_header_lends_no_trust() -> None:
    """What stands below it is not taken for the receiver's word."""
    assert results("; spf=none", "mx.evil.test; spf=pass") == (("spf", "none"),)


def test_no_result_is_no_result() -> None:
    """RFC 8601 2.2: ``none`` stands alone when nothing was checked."""
    assert results("mx.posta.test; none") == ()
    assert results("mx.posta.test") == ()
    assert results() == ()


words = st.sampled_from(
    [
        "from ",
        "by ",
        "with ",
        ";",
        "(",
        ")",
        "Mon, 23 Jan 2023 12:00:00 +0000",
        "=",
        "\r\n ",
        "spf=pass",
        "id ",
        "-0000",
        "99",
        ":",
        "Feb ",
        ",",
    ]
)


@given(
    st.one_of(
        st.binary(max_size=200), st.lists(words).map(lambda w: "".join(w).encode())
    )
)
def test_any_header_is_read_without_a_fault(value: bytes) -> None:
    """No header of a stranger raises; times come out in UTC, delays as numbers."""
    for hop in received_hops(
        b"Received: %s\r\nReceived: x; 1 Jan 2020 0:0\r\n" % value
    ):
        assert hop.at is None or hop.at.tzinfo is UTC
    authentication_results(b"Authentication-Results: %s\r\n" % value)
