"""Links and codes: what people find in a mail is found, and nothing else."""

from __future__ import annotations

from email import message_from_bytes
from email.message import EmailMessage
from email.policy import default

import pytest

from mailprobe.testing import code, codes, html, link, links, text


def mail(plain: str = "", page: str = "", subject: str = "Hello") -> EmailMessage:
    """Write a mail with a plain part, an HTML part, or both."""
    message = EmailMessage()
    message["Subject"] = subject
    if plain or not page:
        message.set_content(plain)
        if page:
            message.add_alternative(page, subtype="html")
    else:
        message.set_content(page, subtype="html")
    return message


@pytest.mark.parametrize(
    ("plain", "found"),
    [
        ("See https://a.test/confirm?t=1&u=2.", ["https://a.test/confirm?t=1&u=2"]),
        ("(https://a.test/x)", ["https://a.test/x"]),
        ("https://a.test/w_(x), then", ["https://a.test/w_(x)"]),
        ("<https://a.test/x>", ["https://a.test/x"]),
        ("Here: HTTPS://A.test/x!", ["HTTPS://A.test/x"]),
        ("https://a.test/1 https://a.test/1", ["https://a.test/1"]),
        ("mailto:ada@a.test ftp://a.test", []),
        ("https://a.test/" + "x" * 100, ["https://a.test/" + "x" * 100]),
    ],
)
def test_links_in_text(plain: str, found: list[str]) -> None:
    """A link in text ends where its reader would end it, however long it is."""
    assert list(links(mail(plain))) == found


def test_links_in_html() -> None:
    """Links of the HTML part come behind those of the text, decoded, each once."""
    message = mail(
        "https://a.test/plain",
        '<a href="https://a.test/go?a=1&amp;b=2">Go</a>'
        '<a href=" https://a.test/plain ">Same</a><a href="mailto:a@a.test">Mail</a>'
        "<a>None</a>",
    )
    assert links(message) == ("https://a.test/plain", "https://a.test/go?a=1&b=2")


def test_link() -> None:
    """The first link that fits is given; none is a failure that lists the others."""
    message = mail("https://a.test/ and https://a.test/confirm/7")
    assert link(message, "confirm") == "https://a.test/confirm/7"
    assert link(message) == "https://a.test/"
    with pytest.raises(AssertionError, match="no link with 'reset'; it has https"):
        link(message, "reset")
    with pytest.raises(AssertionError, match="it has no link at all"):
        link(mail("Hello"))


@pytest.mark.parametrize(
    ("plain", "found"),
    [
        ("Your code is 123456.", ["123456"]),
        ("Code:123456", ["123456"]),
        ("Ihr Code lautet\n\n  123 456\n\nViele Grüße", ["123456"]),
        ("Il codice: 123-456, valido 10 minuti", ["123456"]),
        ("4711 is your PIN", ["4711"]),
        ("(c) 2026 Shop\nYour code: 99887766", ["99887766", "2026"]),
        ("Order of 2026-11-24, 10:30:15, 1234.50 EUR, $5000, +39 02 123456", []),
        ("https://a.test/123456 a123456 123456b 123456@a.test 1234/26", []),
        ("Card 1234 5678 9012 3456", []),
        ("123 and 123456789", []),
    ],
)
def test_codes(plain: str, found: list[str]) -> None:
    """Digits that stand alone are codes; dates, prices and telephones are not."""
    assert list(codes(mail(plain))) == found


def test_codes_in_html_and_subject() -> None:
    """Codes are found in the HTML part and in the subject as well."""
    page = "<style>.a{margin:123456px}</style><p>Your code</p><p><b>246810</b></p>"
    assert codes(mail(page=page)) == ("246810",)
    assert codes(mail("Hi", subject="123456 is your code")) == ("123456",)


def test_code() -> None:
    """The likeliest code is given; another shape is found by its pattern."""
    assert code(mail("Call 5555, or use code 123456")) == "123456"
    assert code(mail("Key: AB12-CD34"), pattern=r"[A-Z0-9]{4}-[A-Z0-9]{4}") == (
        "AB12-CD34"
    )
    assert code(mail(page="<p>Key: G-7788</p>"), pattern=r"G-(\d+)") == "7788"
    with pytest.raises(AssertionError, match="'Hello' has no code; it says: Nothing"):
        code(mail("Nothing"))


def test_text() -> None:
    """What a mail says is its plain part, else the text its HTML part shows."""
    both = mail("Plain", "<p>Rich</p>")
    assert text(both).strip() == "Plain"
    assert html(both).strip() == "<p>Rich</p>"
    page = "<head><title>No</title></head><h1>Ciao\n Ada</h1><p>caff&egrave;</p>"
    assert text(mail(page=page)) == "Ciao Ada\ncaffè"
    assert html(mail("Plain")) == ""


def test_unknown_charset() -> None:
    """A mail in a charset that nobody knows is read as far as it can be."""
    message = message_from_bytes(
        b"Content-Type: text/plain; charset=x-nobody\r\n\r\nYour code: 123456\r\n",
        policy=default,
    )
    assert code(message) == "123456"
