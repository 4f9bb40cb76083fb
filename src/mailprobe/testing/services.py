"""Where the code under test finds its mail servers, and by what name it logs in."""

from __future__ import annotations

import ssl
from abc import ABC, abstractmethod
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final
from urllib.parse import quote

from mailprobe.testing import environment

if TYPE_CHECKING:
    from collections.abc import Mapping

    import pytest

    from mailprobe.model.target import SecurityName

_SCHEMES: Final = {"submission": ("smtp", "smtps"), "imap": ("imap", "imaps")}


@dataclass(frozen=True, slots=True, kw_only=True)
class Service:
    """
    One server, and an account there.

    Attributes:
        name: "submission" or "imap".
        host: Its address on this machine; the certificate holds for it.
        port: Its port.
        security: "tls" (from the first byte), "starttls" or "none".
        user: The login name, which is a mail address too.
        password: The password, in clear: it opens nothing but this lab.
        ca_file: The root certificate to trust (PEM).
    """

    name: str
    host: str
    port: int
    security: SecurityName
    user: str
    password: str = field(repr=False)
    ca_file: Path

    @property
    def url(self) -> str:
        """``smtps://user:password@host:port``; without the s unless TLS is implicit."""
        scheme = _SCHEMES[self.name][self.security == "tls"]
        login = f"{quote(self.user, safe='')}:{quote(self.password, safe='')}"
        return f"{scheme}://{login}@{self.host}:{self.port}"

    def ssl_context(self) -> ssl.SSLContext:
        """Return a client's TLS context that trusts the lab, and nobody else."""
        return ssl.create_default_context(cafile=str(self.ca_file))


@dataclass(frozen=True, slots=True, kw_only=True)
class Services:
    """
    The two servers, as one account uses them by one kind of protection.

    Attributes:
        smtp: Where it sends.
        imap: Where it reads.
    """

    smtp: Service
    imap: Service

    @property
    def env(self) -> Mapping[str, str]:
        """Environment variables as applications commonly name them."""
        return environment.variables(self.smtp, self.imap)

    @property
    def django(self) -> Mapping[str, Any]:
        """Settings for Django: ``with override_settings(**mail_lab.django):``."""
        return environment.django(self.smtp)

    @property
    def flask(self) -> Mapping[str, Any]:
        """Settings for Flask-Mail: ``app.config.update(mail_lab.flask)``."""
        return environment.flask(self.smtp)

    def patch_env(self, monkeypatch: pytest.MonkeyPatch) -> None:
        """
        Put `env` into the environment until *monkeypatch* ends.

        ``SSL_CERT_FILE`` is among it: TLS contexts made by
        `ssl.create_default_context` from now on trust the lab, and nobody else.
        """
        for name, value in self.env.items():
            monkeypatch.setenv(name, value)


class Access(ABC):
    """
    How one account reaches its servers; with TLS, where nothing else is said.

    What `Services` has is here at once: ``.smtp`` is ``.tls.smtp``.
    """

    @abstractmethod
    def services(self, security: SecurityName) -> Services:
        """Return the servers by one kind of protection."""

    @property
    def tls(self) -> Services:
        """The servers with TLS from the first byte."""
        return self.services("tls")

    @property
    def starttls(self) -> Services:
        """The servers with STARTTLS."""
        return self.services("starttls")

    @property
    def plain(self) -> Services:
        """The servers without TLS; mail is taken there without a login, too."""
        return self.services("none")

    @property
    def smtp(self) -> Service:
        """Where it sends."""
        return self.tls.smtp

    @property
    def imap(self) -> Service:
        """Where it reads."""
        return self.tls.imap

    @property
    def env(self) -> Mapping[str, str]:
        """Environment variables as applications commonly name them."""
        return self.tls.env

    @property
    def django(self) -> Mapping[str, Any]:
        """Settings for Django: ``with override_settings(**mail_lab.django):``."""
        return self.tls.django

    @property
    def flask(self) -> Mapping[str, Any]:
        """Settings for Flask-Mail: ``app.config.update(mail_lab.flask)``."""
        return self.tls.flask

    def patch_env(self, monkeypatch: pytest.MonkeyPatch) -> None:
        """Put `env` into the environment; see `Services.patch_env`."""
        self.tls.patch_env(monkeypatch)
