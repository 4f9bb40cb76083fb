"""
``mailprobe.toml`` to values: settings of the prober, and mailboxes by name.

Every key of the file::

    [prober]                                     # as the arguments of Prober
    nameservers = ["192.0.2.53", "[2001:db8::53]:5300"]
    ca_file = "ca.pem"                           # relative to this file
    ehlo_name = "probe.example.org"
    timeout = 60                                 # seconds for one check
    mx_port = 25
    control = ["mx.example.net", "imap.example.net:993"]     # one is a string
    attempts = 2
    canary_key = "env:MAILPROBE_CANARY_KEY"
    presets = ["our-provider.toml"]              # preset files of your own

    [mailbox.canary]
    address = "canary@example.org"               # needed
    password = "env:CANARY_PASSWORD"             # or "file:PATH", "command:..."
    token = "command:fetch-token canary"         # OAuth 2, instead of a password
    auth = "XOAUTH2"                             # a SASL mechanism to insist on
    imap = { host = "imap.example.org", port = 993, security = "tls" }
    smtp = { host = "smtp.example.org", port = 465, security = "tls" }
    imap_user = "canary"                         # the address if left out
    smtp_user = "canary"

Hosts and login names that are left out come from the preset of the address's
domain. Secrets never stand in the file; they are fetched when a mailbox is
first used.
"""

from __future__ import annotations

import os
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Final, Self, TypedDict

from mailprobe.model.errors import ConfigError
from mailprobe.model.target import Mailbox
from mailprobe.tables import MailboxSettings, ProberSettings

if TYPE_CHECKING:
    from collections.abc import Iterator

    from mailprobe.model.provider import Catalogue
    from mailprobe.providers.document import Document

FILE_NAME: Final = "mailprobe.toml"
VARIABLE: Final = "MAILPROBE_CONFIG"


class ProberOptions(TypedDict, total=False):
    """What a file sets of the keyword arguments of `mailprobe.Prober`."""

    nameservers: tuple[str, ...]
    ca_file: str
    ehlo_name: str
    mx_port: int
    control: tuple[str, ...]
    attempts: int
    canary_key: bytes


@dataclass(frozen=True, kw_only=True)  # no slots: the catalogue is kept once read
class Config:
    """
    What ``mailprobe.toml`` says; without a file, nothing.

    Attributes:
        document: The file; None if there is none.
        prober: Its ``[prober]`` table.
        mailboxes: Its ``[mailbox.NAME]`` tables, in their order.
        searched: Where `find` looked in vain.
    """

    document: Document | None = field(default=None, repr=False)
    prober: ProberSettings = field(default_factory=ProberSettings)
    mailboxes: tuple[MailboxSettings, ...] = ()
    searched: tuple[Path, ...] = ()

    @classmethod
    def load(cls, path: str | os.PathLike[str]) -> Self:
        """
        Read a file. Secrets and preset files are left for when they are needed.

        Raises:
            ConfigError: If it cannot be read or says something that cannot be
                meant; the message names file, line and key.
        """
        from mailprobe.providers.document import read  # noqa: PLC0415 - with a file
        from mailprobe.settings import settings  # noqa: PLC0415 - the same

        document = read(Path(path))
        found = settings(document)
        return cls(document=document, prober=found.prober, mailboxes=found.mailboxes)

    @classmethod
    def find(cls, start: str | os.PathLike[str] | None = None) -> Self:
        """
        Read the first file there is; without one, return an empty `Config`.

        The order is: the file that ``$MAILPROBE_CONFIG`` names (which must
        exist), ``mailprobe.toml`` in *start*, and ``mailprobe/mailprobe.toml``
        in ``$XDG_CONFIG_HOME`` (``~/.config`` if that is not set). What was named
        on purpose comes before what happens to lie around.

        Args:
            start: A folder; the current directory if left out.

        Raises:
            ConfigError: As `load` does, and for a file in *start* that belongs
                to another user: it could name commands to be run as you.
        """
        if named := os.environ.get(VARIABLE):
            return cls.load(named)
        here = Path(start or ".") / FILE_NAME
        if os.path.exists(here):  # noqa: PTH110 - unlike Path's, never raises
            _refuse_foreign(here)
            return cls.load(here)
        home = _user_folder()
        if home is None:
            return cls(searched=(here,))
        own = home / "mailprobe" / FILE_NAME
        if os.path.exists(own):  # noqa: PTH110
            return cls.load(own)
        return cls(searched=(here, own))

    @cached_property
    def catalogue(self) -> Catalogue:
        """
        The built-in presets with those of the file's ``presets`` on top.

        Raises:
            ConfigError: If a preset file cannot be used.
        """
        from mailprobe import providers  # noqa: PLC0415 - only if needed

        found = providers.builtin()
        for item, path in enumerate(self.prober.presets):
            with _named(self._where("prober", "presets", item)):
                found = found.merged(providers.load(path))
        return found

    def prober_options(self) -> ProberOptions:
        """
        Return what the file sets for ``Prober(**options)``; its key is fetched now.

        The canary key is the SHA-256 of the secret's text. `catalogue` and the
        deadline, ``prober.timeout``, are for the caller to pass on.

        Raises:
            ConfigError: If the canary key or the CA file cannot be had.
        """
        options = ProberOptions()
        prober = self.prober
        if prober.nameservers:
            options["nameservers"] = prober.nameservers
        if prober.ca_file:
            self._try_open("ca_file", prober.ca_file)
            options["ca_file"] = str(prober.ca_file)
        if prober.ehlo_name:
            options["ehlo_name"] = prober.ehlo_name
        if prober.mx_port is not None:
            options["mx_port"] = prober.mx_port
        if prober.control:
            options["control"] = prober.control
        if prober.attempts is not None:
            options["attempts"] = prober.attempts
        if prober.canary_key:
            with _named(self._where("prober", "canary_key")):
                options["canary_key"] = prober.canary_key.key()
        return options

    def mailbox(self, name: str) -> Mailbox:
        """
        Return the mailbox with this name or address, ready for use.

        Its password is fetched now; its token whenever it logs in. What the file
        leaves out comes from the preset of its domain, if there is one.

        Raises:
            ConfigError: If there is no such mailbox (the message names near
                ones), or its password cannot be had.
        """
        found = self._find(name)
        key = ("mailbox", found.name)
        password, token = None, found.token
        if found.password:
            with _named(self._where(*key, "password")):
                password = found.password.resolve()
        box = Mailbox(
            found.address,
            password=password,
            token=token.token_source(self._where(*key, "token")) if token else None,
            auth=found.auth,
            imap=found.imap,
            smtp=found.smtp,
            imap_user=found.imap_user,
            smtp_user=found.smtp_user,
        )
        return self.catalogue.complete(box)

    def name_of(self, name: str) -> str:
        """
        Return the name of the mailbox with this name or address.

        Raises:
            ConfigError: If there is no such mailbox.
        """
        return self._find(name).name

    def _find(self, name: str) -> MailboxSettings:
        for box in self.mailboxes:
            if box.name == name:
                return box
        from mailprobe.providers.document import dotted, shown  # noqa: PLC0415 - rare

        wanted = name.lower()
        found = [box for box in self.mailboxes if box.address.lower() == wanted]
        if len(found) == 1:
            return found[0]
        names = ", ".join(dotted((box.name,)) for box in found)
        if found:
            reason = f"{shown(name)} is the address of {names}; use one of these names"
        else:
            reason = f"no mailbox is called {shown(name)}{self._nearest(name)}"
        file = f"{shown(self.document.path)}: " if self.document else ""
        raise ConfigError(file + reason)

    def absence(self) -> str:
        """Say in part of a sentence that there is no file, and where it could be."""
        places = " and ".join(str(path) for path in self.searched)
        looked = f" (looked for {places})" if places else ""
        return f"there is no {FILE_NAME}{looked}"

    def _nearest(self, name: str) -> str:
        from difflib import get_close_matches  # noqa: PLC0415 - only for a mistake

        if self.document is None:
            return f": {self.absence()}"
        if not self.mailboxes:
            return "; the file has no [mailbox.NAME] table"
        from mailprobe.providers.document import dotted  # noqa: PLC0415 - the same

        known = [word for box in self.mailboxes for word in (box.name, box.address)]
        near = get_close_matches(name, known, n=3)
        if near:
            return f"; did you mean {' or '.join(dotted((word,)) for word in near)}?"
        names = ", ".join(dotted((box.name,)) for box in self.mailboxes[:10])
        return f"; the file has {names}"

    def _where(self, *key: str | int) -> str:
        from mailprobe.providers.document import dotted  # noqa: PLC0415 - rare

        return self.document.where(key) if self.document else dotted(key)

    def _try_open(self, key: str, path: Path) -> None:
        try:
            path.open("rb").close()
        except (OSError, ValueError) as error:
            reason = getattr(error, "strerror", None) or "not a usable path"
            from mailprobe.providers.document import shown  # noqa: PLC0415 - rare

            where = self._where("prober", key)
            message = f"{where}: {shown(path)} cannot be read: {reason}"
            raise ConfigError(message) from None


@contextmanager
def _named(where: str) -> Iterator[None]:
    """Let complaints begin with the place in the file that led to them."""
    try:
        yield
    except ConfigError as error:
        message = f"{where}: {error}"
        raise ConfigError(message) from None


def _user_folder() -> Path | None:
    """Give ``$XDG_CONFIG_HOME`` or its default; a relative one is ignored."""
    given = os.environ.get("XDG_CONFIG_HOME", "")
    if os.path.isabs(given):  # noqa: PTH117
        return Path(given)
    try:
        return Path.home() / ".config"
    except RuntimeError:  # a user without a home
        return None


def _refuse_foreign(path: Path) -> None:
    if os.name != "posix":
        return
    try:
        owner = path.stat().st_uid
    except OSError:  # reading it will say why
        return
    if owner not in {os.geteuid(), 0}:
        from mailprobe.providers.document import shown  # noqa: PLC0415 - rare

        message = (
            f"{shown(path)}: belongs to another user; if you trust it, "
            f"name it in ${VARIABLE}"
        )
        raise ConfigError(message)
