"""Targets refuse what cannot be meant, in one sentence."""

from __future__ import annotations

import re
from collections.abc import Callable

import pytest

from mailprobe.model.errors import UsageError
from mailprobe.model.provider import Catalogue, Preset
from mailprobe.model.secret import Secret
from mailprobe.model.target import (
    Endpoint,
    ImapTarget,
    Mailbox,
    Security,
    SmtpTarget,
    TlsTarget,
)

MAKERS: list[Callable[..., object]] = [
    Endpoint,
    SmtpTarget,
    TlsTarget,
    lambda host, port, security="tls": ImapTarget(
        host=host, port=port, security=security
    ),
]


@pytest.mark.parametrize("make", MAKERS)
@pytest.mark.parametrize(
    ("host", "port", "security", "sentence"),
    [
        ("h.test", 0, "tls", "port 0 is out of range; write a number from 1 to 65535"),
        ("h.test", 65536, "tls", "port 65536 is out of range; write a number from 1"),
        ("h.test", -1, "tls", "port -1 is out of range"),
        ("h.test", "993", "tls", "port '993' is out of range"),
        ("h.test", 993, "ssl", "security 'ssl' is not known; write one of tls, sta"),
        ("h.test", 993, "", "security '' is not known"),
        ("", 993, "tls", "host '' is not a host name or an address"),
        ("a b", 993, "tls", "host 'a b' is not a host name or an address"),
        ("a\r\nb", 993, "tls", "host 'a\\r\\nb' is not a host name or an address"),
        ("a\x00b", 993, "tls", "host 'a\\x00b' is not a host name or an address"),
    ],
)
def test_what_cannot_be_meant_is_refused(
    make: Callable[..., object],
    host: str,
    port: int,
    security: str,
    sentence: str,
) -> None:
    """The message names what was wrong and what to write; one line."""
    with pytest.raises(UsageError, match=re.escape(sentence)) as caught:
        make(host, port, security)
    assert "\n" not in str(caught.value)


def test_a_usage_error_is_a_value_error() -> None:
    """Callers who know nothing of mailprobe can catch it all the same."""
    with pytest.raises(ValueError, match="port"):
        Endpoint("h.test", 0)


@pytest.mark.parametrize("name", ["tls", "starttls", "none"])
def test_security_is_known_by_name(name: str) -> None:
    """A name becomes the enumeration, whose value is the name."""
    made = Endpoint("h.test", 993, name)  # type: ignore[arg-type]
    assert made.security is Security(name)
    assert made.security == name


def test_an_endpoint_is_written_as_host_and_port() -> None:
    """IPv6 addresses stand in brackets."""
    assert str(Endpoint("imap.libero.test", 993)) == "imap.libero.test:993"
    assert str(Endpoint("2001:db8::1", 993)) == "[2001:db8::1]:993"


@pytest.mark.parametrize(
    "address",
    ["", "ada", "@libero.test", "ada@", "a da@libero.test", "ada@libero.test\r\nX: y"],
)
def test_an_address_has_a_name_and_a_domain(address: str) -> None:
    """Line ends in an address would be commands; they are refused."""
    with pytest.raises(UsageError, match="is not a mail address; write name@domain"):
        Mailbox(address)


def test_the_domain_is_what_stands_behind_the_last_at() -> None:
    """A quoted local part may hold an ``@`` of its own."""
    assert Mailbox('"a@b"@libero.test').domain == "libero.test"


def test_a_password_is_a_secret() -> None:
    """A bare string is refused, without being quoted."""
    with pytest.raises(UsageError, match=r"as mailprobe\.Secret") as caught:
        Mailbox("ada@libero.test", password="hunter2")  # type: ignore[arg-type]
    assert "hunter2" not in str(caught.value)


def test_a_host_may_be_left_to_the_mailbox() -> None:
    """An IMAP target needs a mailbox or a host."""
    assert ImapTarget(Mailbox("ada@libero.test")).host == ""
    with pytest.raises(UsageError, match="host ''"):
        ImapTarget()


def preset(username: str) -> Catalogue:
    """Return a catalogue of one provider."""
    made = Preset(
        id="libero",
        name="Libero",
        operator="Posta",
        platform="posta",
        domains=("libero.test",),
        username=username,  # type: ignore[arg-type]
        imap=(Endpoint("imap.libero.test", 993),),
        smtp=(Endpoint("smtp.libero.test", 465),),
        sources=("https://libero.test/help",),
        last_checked="2026-01-01",
    )
    return Catalogue(presets=(made,))


@pytest.mark.parametrize(
    ("rule", "imap_user", "smtp_user"),
    [("email", "", ""), ("localpart", "ada", "ada"), ("mixed", "ada", "")],
)
def test_a_mailbox_is_completed_from_its_preset(
    rule: str, imap_user: str, smtp_user: str
) -> None:
    """Hosts and login names come from the provider's preset."""
    box = Mailbox.at("ada@Libero.test", password=Secret("x"), catalogue=preset(rule))
    assert box.imap == Endpoint("imap.libero.test", 993)
    assert box.smtp == Endpoint("smtp.libero.test", 465)
    assert (box.imap_user, box.smtp_user) == (imap_user, smtp_user)
    assert box.password == Secret("x")


def test_what_was_given_by_hand_stays() -> None:
    """A preset fills in what is missing, and nothing else."""
    mine = Mailbox("ada@libero.test", imap=Endpoint("a.test", 993), imap_user="me")
    box = preset("localpart").complete(mine)
    assert (box.imap, box.imap_user) == (Endpoint("a.test", 993), "me")
    assert box.smtp == Endpoint("smtp.libero.test", 465)


def test_a_domain_without_a_preset_is_no_error() -> None:
    """Its endpoints are looked up when the mailbox is probed."""
    box = Mailbox.at("ada@unknown.test", catalogue=preset("email"))
    assert (box.imap, box.smtp) == (None, None)
