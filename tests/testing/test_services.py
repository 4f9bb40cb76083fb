"""The servers as values: addresses, settings, and no secrets shown by chance."""

from __future__ import annotations

import sys
from pathlib import Path
from types import SimpleNamespace

import pytest

from mailprobe.model.target import SecurityName
from mailprobe.testing.services import Service, Services


def services(security: SecurityName) -> Services:
    """Return the servers of a fixed world."""
    smtp, imap = (
        Service(
            name=name,
            host="127.0.0.1",
            port=port,
            security=security,
            user="app@example.test",
            password="p@ss/word",
            ca_file=Path("ca.pem"),
        )
        for name, port in (("submission", 465), ("imap", 993))
    )
    return Services(smtp=smtp, imap=imap)


@pytest.mark.parametrize(
    ("security", "smtp", "imap", "email"),
    [
        ("tls", "smtps", "imaps", "smtp+ssl"),
        ("starttls", "smtp", "imap", "smtp+tls"),
        ("none", "smtp", "imap", "smtp"),
    ],
)
def test_addresses(security: SecurityName, smtp: str, imap: str, email: str) -> None:
    """Addresses say how to connect, and carry the login in a form that can be read."""
    env = services(security).env
    login = "app%40example.test:p%40ss%2Fword@127.0.0.1"
    assert env["SMTP_URL"] == f"{smtp}://{login}:465"
    assert env["IMAP_URL"] == f"{imap}://{login}:993"
    assert env["EMAIL_URL"] == f"{email}://{login}:465"


def project(
    monkeypatch: pytest.MonkeyPatch, version: tuple[int, int], **settings: object
) -> None:
    """Let there be a Django project."""
    known = SimpleNamespace(settings=SimpleNamespace(configured=True, **settings))
    monkeypatch.setitem(sys.modules, "django", SimpleNamespace(VERSION=version))
    monkeypatch.setitem(sys.modules, "django.conf", known)


@pytest.mark.parametrize(
    ("security", "ssl", "tls"),
    [("tls", True, False), ("starttls", False, True), ("none", False, False)],
)
def test_settings(
    monkeypatch: pytest.MonkeyPatch, security: SecurityName, *, ssl: bool, tls: bool
) -> None:
    """Django and Flask-Mail get their own types; the environment gets their words."""
    project(monkeypatch, (5, 2), MAILERS={})
    given = services(security)
    assert (given.django["EMAIL_USE_SSL"], given.django["EMAIL_USE_TLS"]) == (ssl, tls)
    assert (given.flask["MAIL_USE_SSL"], given.flask["MAIL_USE_TLS"]) == (ssl, tls)
    assert given.django["EMAIL_PORT"] == 465
    assert given.env["EMAIL_USE_SSL"] == str(ssl)
    assert given.env["MAIL_PORT"] == "465"
    assert given.env["SSL_CERT_FILE"] == "ca.pem"


@pytest.mark.parametrize("security", ["tls", "starttls", "none"])
def test_mailers(monkeypatch: pytest.MonkeyPatch, security: SecurityName) -> None:
    """A Django project that has mailers finds every one of them led to the lab."""
    project(monkeypatch, (6, 1), MAILERS={"news": {}})
    django = services(security).django
    assert set(django) == {"MAILERS", "DEFAULT_FROM_EMAIL"}
    assert set(django["MAILERS"]) == {"default", "news"}
    options = django["MAILERS"]["news"]["OPTIONS"]
    assert (options["host"], options["port"]) == ("127.0.0.1", 465)
    assert options["use_ssl"] is (security == "tls")
    assert options["use_tls"] is (security == "starttls")


def test_a_project_without_mailers(monkeypatch: pytest.MonkeyPatch) -> None:
    """A Django project that has no mailers yet gets the settings it does have."""
    project(monkeypatch, (6, 1))
    assert "EMAIL_HOST" in services("tls").django
    monkeypatch.delitem(sys.modules, "django.conf")
    assert "EMAIL_HOST" in services("tls").django


def test_password_is_not_shown() -> None:
    """Printing a service, as a failing assertion does, leaves its password out."""
    assert "p@ss" not in repr(services("tls"))
