"""Settings as applications and frameworks name them."""

from __future__ import annotations

import sys
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, Final
from urllib.parse import quote

if TYPE_CHECKING:
    from collections.abc import Mapping

    from mailprobe.testing.services import Service

DJANGO_BACKEND: Final = "django.core.mail.backends.smtp.EmailBackend"
MAILERS_SINCE: Final = (6, 1)
TIMEOUT: Final = 10
"""Seconds for Django to wait: an outage ends a test, and does not hang it."""

_EMAIL_SCHEMES: Final = {"tls": "smtp+ssl", "starttls": "smtp+tls", "none": "smtp"}
"""What django-environ and dj-email-url call them."""


def variables(smtp: Service, imap: Service) -> Mapping[str, str]:
    """
    Return environment variables for an application.

    ``EMAIL_`` names are Django's, ``MAIL_`` names are Flask-Mail's, ``SMTP_`` and
    ``IMAP_`` everybody else's. Truth is written "True", as most settings files
    compare it. ``SSL_CERT_FILE`` lets OpenSSL trust the lab.
    """
    login = f"{quote(smtp.user, safe='')}:{quote(smtp.password, safe='')}"
    scheme = _EMAIL_SCHEMES[smtp.security]
    values: dict[str, object] = {
        **_email_settings(smtp),
        "EMAIL_URL": f"{scheme}://{login}@{smtp.host}:{smtp.port}",
        **flask(smtp),
        "SMTP_HOST": smtp.host,
        "SMTP_PORT": smtp.port,
        "SMTP_USER": smtp.user,
        "SMTP_PASSWORD": smtp.password,
        "SMTP_SECURITY": smtp.security,
        "SMTP_URL": smtp.url,
        "IMAP_HOST": imap.host,
        "IMAP_PORT": imap.port,
        "IMAP_USER": imap.user,
        "IMAP_PASSWORD": imap.password,
        "IMAP_SECURITY": imap.security,
        "IMAP_URL": imap.url,
        "SSL_CERT_FILE": smtp.ca_file,
    }
    values.pop("EMAIL_BACKEND")
    return MappingProxyType({name: str(value) for name, value in values.items()})


def django(smtp: Service) -> Mapping[str, Any]:
    """
    Return Django's settings; the backend too, since test runners replace it.

    A project that has ``MAILERS`` (Django 6.1) gets each of them led here, any other
    the settings whose names begin with ``EMAIL_``.
    """
    aliases = _mailers()
    if aliases is None:
        return _email_settings(smtp)
    options = {
        "host": smtp.host,
        "port": smtp.port,
        "username": smtp.user,
        "password": smtp.password,
        "use_ssl": smtp.security == "tls",
        "use_tls": smtp.security == "starttls",
        "timeout": TIMEOUT,
    }
    mailer = {"BACKEND": DJANGO_BACKEND, "OPTIONS": options}
    return MappingProxyType(
        {"MAILERS": dict.fromkeys(aliases, mailer), "DEFAULT_FROM_EMAIL": smtp.user}
    )


def _mailers() -> tuple[str, ...] | None:
    """Return the names of the project's mailers; None if it has none yet."""
    # Who tests a Django project has imported it.
    django, conf = sys.modules.get("django"), sys.modules.get("django.conf")
    if django is None or conf is None or django.VERSION < MAILERS_SINCE:
        return None
    if not (conf.settings.configured and hasattr(conf.settings, "MAILERS")):
        return None
    return ("default", *conf.settings.MAILERS)


def _email_settings(smtp: Service) -> Mapping[str, Any]:
    return MappingProxyType(
        {
            "EMAIL_BACKEND": DJANGO_BACKEND,
            "EMAIL_HOST": smtp.host,
            "EMAIL_PORT": smtp.port,
            "EMAIL_HOST_USER": smtp.user,
            "EMAIL_HOST_PASSWORD": smtp.password,
            "EMAIL_USE_SSL": smtp.security == "tls",
            "EMAIL_USE_TLS": smtp.security == "starttls",
            "EMAIL_TIMEOUT": TIMEOUT,
            "DEFAULT_FROM_EMAIL": smtp.user,
        }
    )


def flask(smtp: Service) -> Mapping[str, Any]:
    """Return the settings of Flask-Mail."""
    return MappingProxyType(
        {
            "MAIL_SERVER": smtp.host,
            "MAIL_PORT": smtp.port,
            "MAIL_USERNAME": smtp.user,
            "MAIL_PASSWORD": smtp.password,
            "MAIL_USE_SSL": smtp.security == "tls",
            "MAIL_USE_TLS": smtp.security == "starttls",
            "MAIL_DEFAULT_SENDER": smtp.user,
        }
    )
