"""Logging in, mechanism by mechanism, against the RFCs' own examples."""

from __future__ import annotations

import base64

import pytest

from mailprobe.mail import sasl


def test_plain_as_in_rfc_4616() -> None:
    """RFC 4616 4: authorization identity left out, NUL between the parts."""
    assert sasl.initial("PLAIN", "tim", "tanstaaftanstaaf") == (
        b"\0tim\0tanstaaftanstaaf"
    )
    assert sasl.initial("PLAIN", "ü", "ß") == "\0ü\0ß".encode()


def test_cram_md5_as_in_rfc_2195() -> None:
    """RFC 2195 2: the example, byte for byte."""
    challenge = b"<1896.697170952@postoffice.reston.mci.net>"
    answer = sasl.responder("CRAM-MD5", "tim", "tanstaaftanstaaf")(challenge)
    assert answer == b"tim b913a602c7eda7a495b4e6e7334d3890"
    assert base64.b64encode(answer) == (
        b"dGltIGI5MTNhNjAyYzdlZGE3YTQ5NWI0ZTZlNzMzNGQzODkw"
    )
    assert sasl.initial("CRAM-MD5", "tim", "tanstaaftanstaaf") is None


def test_login_answers_with_name_then_password() -> None:
    """Whatever the prompts say; a third question gets no secret."""
    assert sasl.initial("LOGIN", "tim", "secret") is None
    answer = sasl.responder("LOGIN", "tim", "secret")
    assert [answer(b"Username:"), answer(b""), answer(b"more?")] == [
        b"tim",
        b"secret",
        b"*",
    ]


def test_oauthbearer_as_in_rfc_7628() -> None:
    """RFC 7628 4.1 without the optional host and port."""
    token = "vF9dft4qmTc2Nvb3RlckBhbHRhdmlzdGEuY29tCg=="
    assert sasl.initial("OAUTHBEARER", "user@example.com", token) == (
        b"n,a=user@example.com,\x01auth=Bearer " + token.encode() + b"\x01\x01"
    )


def test_oauthbearer_escapes_the_name() -> None:
    """RFC 5801 4: comma and equals sign in the name are written in hexadecimal."""
    told = sasl.initial("OAUTHBEARER", "a=b,c", "t")
    assert told == b"n,a=a=3Db=2Cc,\x01auth=Bearer t\x01\x01"


def test_oauthbearer_answers_a_refusal_with_the_dummy() -> None:
    """RFC 7628 3.2.3: a single 0x01 asks for the final word."""
    assert sasl.responder("OAUTHBEARER", "u", "t")(b'{"status":"401"}') == b"\x01"


def test_xoauth2_as_its_documentation_shows() -> None:
    """User and token between 0x01; a refusal is answered with nothing."""
    told = sasl.initial("XOAUTH2", "someuser@example.com", "ya29.vF9d")
    assert told is not None
    assert base64.b64encode(told) == (
        b"dXNlcj1zb21ldXNlckBleGFtcGxlLmNvbQFhdXRoPUJlYXJlciB5YTI5LnZGOWQBAQ=="
    )
    assert sasl.responder("XOAUTH2", "u", "t")(b"{}") == b""


def test_plain_has_nothing_more_to_say() -> None:
    """A challenge after PLAIN gets an empty answer, not the secret again."""
    assert sasl.responder("PLAIN", "tim", "secret")(b"?") == b""


@pytest.mark.parametrize(
    ("offered", "token", "wanted", "chosen"),
    [
        (["LOGIN", "PLAIN", "CRAM-MD5"], False, "", "PLAIN"),
        (["LOGIN", "CRAM-MD5"], False, "", "LOGIN"),
        (["CRAM-MD5"], False, "", "CRAM-MD5"),
        (["XOAUTH2", "OAUTHBEARER"], False, "", None),
        (["PLAIN", "XOAUTH2", "OAUTHBEARER"], True, "", "OAUTHBEARER"),
        (["PLAIN", "XOAUTH2"], True, "", "XOAUTH2"),
        (["PLAIN"], True, "", None),
        (["PLAIN", "LOGIN"], False, "login", "LOGIN"),
        (["PLAIN"], False, "LOGIN", None),
        (["GSSAPI", "NTLM"], False, "", None),
        ([], False, "", None),
    ],
)
def test_one_mechanism_is_chosen(
    offered: list[str], *, token: bool, wanted: str, chosen: str | None
) -> None:
    """The best of those offered; a wanted one or none; tokens never as passwords."""
    assert sasl.choose(offered, token=token, wanted=wanted) == chosen
