"""A test of a Django application's mails, on a real connection."""

from __future__ import annotations

import django
from django.conf import settings

if not settings.configured:
    # As a project has them that is ready for Django 2028; older ones pass them over.
    settings.configure(MAILERS={})
    django.setup()

# --8<-- [start:example]
import pytest
from django.core.mail import EmailMultiAlternatives, send_mail
from django.test import override_settings

from mailprobe.testing import MailLab, link


def invite(address: str) -> None:
    """Send an invitation (this is the application under test)."""
    message = EmailMultiAlternatives(
        "You are invited", "See the other part.", to=[address]
    )
    message.attach_alternative(
        '<p><a href="https://club.example/join?who=ada">Join</a></p>', "text/html"
    )
    message.send()


def test_invitation(mail_lab: MailLab, monkeypatch: pytest.MonkeyPatch) -> None:
    """An invitation has a link in its HTML part."""
    mail_lab.patch_env(monkeypatch)  # so that Django trusts the lab's certificate
    guest = mail_lab.mailbox("ada@example.com")

    with override_settings(**mail_lab.django):
        invite("ada@example.com")

    assert link(guest.wait_for(subject="invited")).endswith("/join?who=ada")


def test_without_tls(mail_lab: MailLab) -> None:
    """A plain connection needs no certificate."""
    ada = mail_lab.mailbox()
    with override_settings(**mail_lab.plain.django):
        send_mail("Hello", "Hello, Ada.", None, [ada.address])
    assert ada.wait_for(sender=mail_lab.sender)["Subject"] == "Hello"


# --8<-- [end:example]
