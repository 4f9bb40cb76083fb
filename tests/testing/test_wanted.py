"""Which mails fit, and in what others differ."""

from __future__ import annotations

import re
from email.message import EmailMessage
from typing import Any

import pytest

from mailprobe.model.errors import UsageError
from mailprobe.testing.wanted import Wanted


@pytest.fixture
def message() -> EmailMessage:
    """Give a mail from the shop to Ada, and a copy to Bob."""
    message = EmailMessage()
    message["From"] = "The Shop <shop@example.test>"
    message["To"] = "Ada <ada@example.test>"
    message["Cc"] = "bob@example.test"
    message["Subject"] = "Your Invoice 7"
    message.set_content("Hello")
    return message


@pytest.mark.parametrize(
    ("wanted", "misses"),
    [
        ({}, ()),
        ({"subject": "invoice"}, ()),
        ({"subject": "bill"}, ("subject",)),
        ({"subject": re.compile(r"Invoice \d$")}, ()),
        ({"subject": re.compile("invoice")}, ("subject",)),
        ({"sender": "SHOP@example.test"}, ()),
        ({"sender": "op@example.test"}, ("sender",)),
        ({"sender": re.compile("The Shop")}, ()),
        ({"to": "ada@example.test"}, ()),
        ({"to": "bob@example.test"}, ()),
        ({"to": "eve@example.test"}, ("to",)),
        ({"matching": lambda m: "Hello" in m.get_content()}, ()),
        ({"matching": lambda _: None}, ("matching",)),
        ({"subject": "bill", "to": "eve@example.test"}, ("subject", "to")),
    ],
)
def test_misses(
    message: EmailMessage, wanted: dict[str, Any], misses: tuple[str, ...]
) -> None:
    """A mail fits if nothing that is asked for differs."""
    assert Wanted(**wanted).misses(message) == misses


def test_a_mail_without_headers() -> None:
    """A mail without a header fits nothing that is asked of it, and breaks nothing."""
    wanted = Wanted(subject="x", sender="a@a.test", to=re.compile("a"))
    assert wanted.misses(EmailMessage()) == ("subject", "sender", "to")


def test_words() -> None:
    """What is wanted is said as people would say it."""
    assert str(Wanted()) == "mail"
    assert str(Wanted(subject="a", sender=re.compile("b"))) == (
        "mail with subject 'a' and sender 'b'"
    )


@pytest.mark.parametrize(
    ("wanted", "sentence"),
    [
        ({"subject": b"x"}, "subject=b'x' cannot be compared with a mail"),
        ({"to": "ada"}, "to='ada' is no mail address; write name@domain"),
        ({"matching": "x"}, "matching='x' cannot be called with a mail"),
    ],
)
def test_misuse(wanted: dict[str, Any], sentence: str) -> None:
    """What cannot be meant is refused in one sentence."""
    with pytest.raises(UsageError, match=re.escape(sentence)):
        Wanted(**wanted)
