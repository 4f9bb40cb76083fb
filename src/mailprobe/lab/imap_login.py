"""IMAP capabilities and the ways to log in (RFC 3501 6.2, 4959, 7628)."""

from __future__ import annotations

from typing import Final

from mailprobe.lab.imap_mailbox import MailboxCommands
from mailprobe.lab.imap_session import Done, bad, no
from mailprobe.lab.imap_syntax import ImapSyntaxError, Token, text
from mailprobe.lab.sasl import MECHANISMS, Login, SaslError, check_password

BEFORE: Final = ("IMAP4rev1", "SASL-IR", "LITERAL+", "ID", "IDLE")
AFTER: Final = (
    *BEFORE,
    "NAMESPACE",
    "UNSELECT",
    "UIDPLUS",
    "SPECIAL-USE",
    "QUOTA",
)
REFUSED: Final = "[AUTHENTICATIONFAILED] Authentication failed."
EXPOSED: Final = (
    "BAD [ALERT] Plaintext authentication not allowed without SSL/TLS, but your "
    "client did it anyway. If anyone was listening, the password was exposed."
)


class LoginCommands(MailboxCommands):
    """What is offered, and who may come in."""

    # --- capabilities and TLS ---------------------------------------------------

    def may_start_tls(self) -> bool:
        """Whether STARTTLS has a place here."""
        return self.site.security == "starttls" and not self.channel.secure

    def capabilities(self) -> str:
        """Return what is offered in this state, as CAPABILITY lists it."""
        if self.account is not None:
            return " ".join(self.offered(AFTER))
        names = [*BEFORE]
        if self.may_start_tls():
            names.append("STARTTLS")
        if self.clear():
            names.append("LOGINDISABLED")
        else:
            names += [f"AUTH={name}" for name in MECHANISMS]
        return " ".join(self.offered(tuple(names)))

    def capability(self, _: list[Token]) -> Done:
        """CAPABILITY."""
        self.tell(f"CAPABILITY {self.capabilities()}")
        return Done("OK", "Capability completed.")

    def identify(self, _: list[Token]) -> Done:
        """ID (RFC 2971)."""
        self.tell('ID ("name" "mailprobe lab")')
        return Done("OK", "ID completed.")

    # --- logging in -------------------------------------------------------------

    def login(self, args: list[Token]) -> Done:
        """LOGIN."""
        self.counters.auth_attempts += 1
        if self.clear():
            self.surprise("LOGIN in clear")
            self.tell(EXPOSED)
            return no("[PRIVACYREQUIRED] Plaintext authentication disallowed.")
        if len(args) != 2 or isinstance(args[1], list):  # noqa: PLR2004 - name, password
            message = "a user name and a password were expected"
            raise ImapSyntaxError(message)
        account = check_password(self.find(text(args[0])), args[1])
        return self.welcome(Login(account))

    def welcome(self, login: Login) -> Done:
        """Let a user in, or not."""
        if login.account is None:
            return no(REFUSED)
        self.account = login.account
        self.counters.logins += 1
        return Done("OK", f"[CAPABILITY {self.capabilities()}] Logged in")

    async def hear_out(self, rest: bytes) -> Login | Done:
        """Hold the SASL exchange; a `Done` says why there was none."""
        word, _, initial = rest.partition(b" ")
        mechanism = word.decode("ascii", "replace").upper()
        if self.clear():
            self.surprise("AUTHENTICATE in clear")
            return no("[PRIVACYREQUIRED] Plaintext authentication disallowed.")
        if mechanism not in MECHANISMS or not self.offered((f"AUTH={mechanism}",)):
            self.surprise(f"AUTHENTICATE {mechanism} was not offered")
            return no("Unsupported authentication mechanism.")
        if initial and "SASL-IR" not in self.offered(("SASL-IR",)):
            self.surprise("an initial response though SASL-IR was not offered")
            return bad("Error in IMAP command AUTHENTICATE: Unexpected argument.")
        try:
            login = await self.sasl(mechanism, initial, b"+")
        except SaslError as error:
            self.surprise(f"AUTHENTICATE {mechanism}: {error}")
            return bad("Invalid base64 data in continued response")
        return login or bad("Authentication aborted by client.")
