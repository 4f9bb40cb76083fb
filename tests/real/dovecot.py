"""Dovecot: IMAP for people, LMTP and SASL for Postfix, and its own delivery log."""

from __future__ import annotations

import os
import re
import shutil
import signal
import time
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Final

from tests.real.guard import members
from tests.real.plan import DOVECOT, LMTP_PORT, QUOTA_PORT, SASL_PORT
from tests.real.process import POLL, Server, greets, listens, run

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from tests.real.certificates import Trust
    from tests.real.plan import Plan
    from tests.real.process import Guard

MAIL_OWNER: Final = "nobody"
MAIL_UID: Final = 65534
MAIL_GID: Final = 65534

# Penalties and delays after a refused login are off: they would only slow the
# tests down. The connection limits are off too: a sweep opens many at once.
_CONFIG: Final = """\
base_dir = {directory}/run
state_dir = {directory}/state
instance_name = {name}
protocols = imap lmtp
hostname = store.lab.test
log_path = {log}
log_timestamp = "%Y-%m-%dT%H:%M:%S.%{{usecs}} "
mail_location = maildir:~/Maildir
mail_plugins = quota
first_valid_uid = {uid}
ssl = yes
ssl_cert = <{chain}
ssl_key = <{chain}
ssl_min_protocol = TLSv1.2
ssl_cipher_list = HIGH:!aNULL
disable_plaintext_auth = yes
auth_mechanisms = plain login cram-md5
auth_failure_delay = 0
auth_verbose = yes
mail_max_userip_connections = 0
lmtp_save_to_detail_mailbox = yes
recipient_delimiter = +

passdb {{
  driver = passwd-file
  args = scheme=PLAIN username_format=%u {users}
}}
userdb {{
  driver = static
  args = uid={uid} gid={gid} home={directory}/mail/%d/%n
}}
service anvil {{
  unix_listener anvil-auth-penalty {{
    mode = 0
  }}
}}
service auth {{
  inet_listener sasl {{
    address = {address}
    port = {sasl_port}
  }}
}}
service lmtp {{
  inet_listener lmtp {{
    address = {address}
    port = {lmtp_port}
  }}
}}
service quota-status {{
  executable = quota-status -p postfix
  client_limit = 1
  inet_listener quota {{
    address = {address}
    port = {quota_port}
  }}
}}
service imap-login {{
  service_count = 0
  process_min_avail = 1
  inet_listener imap {{
    address = {imap_addresses}
    port = 143
  }}
  inet_listener imaps {{
    address = {imap_addresses}
    port = 993
    ssl = yes
  }}
}}
protocol imap {{
  mail_plugins = quota imap_quota
}}
protocol lmtp {{
  postmaster_address = postmaster@posta.test
}}
plugin {{
  quota = count:User quota
  quota_rule = *:storage=100M
  quota_vsizes = yes
  quota_status_success = DUNNO
  quota_status_nouser = DUNNO
  quota_status_overquota = 552 5.2.2 Mailbox is full
}}
namespace inbox {{
  inbox = yes
  mailbox Junk {{
    special_use = \\Junk
    auto = subscribe
  }}
  mailbox Sent {{
    special_use = \\Sent
    auto = subscribe
  }}
  mailbox Trash {{
    special_use = \\Trash
    auto = subscribe
  }}
}}
"""

_SAVED: Final = re.compile(
    r"^(?P<when>\S+) lmtp\((?P<user>[^)]+)\)<[^>]*><[^>]*>: "
    r"(?:Info: )?msgid=(?P<id>.*): saved mail to (?P<folder>.+)$"
)


@dataclass(frozen=True, slots=True)
class Delivery:
    """
    One line of Dovecot's delivery log.

    Attributes:
        at: When the mail was in the store, UTC, to the microsecond.
        message_id: Its Message-ID, with the angle brackets.
        address: Whose mailbox it went to.
        folder: Which folder it went to.
    """

    at: datetime
    message_id: str
    address: str
    folder: str


@dataclass(slots=True)
class DeliveryLog:
    """Follows the log; every line is read once."""

    path: Path
    _offset: int = 0
    _found: dict[str, list[Delivery]] = field(default_factory=dict)

    def deliveries(self, message_id: str) -> list[Delivery]:
        """Return the deliveries of this Message-ID so far, first one first."""
        self._read_on()
        return list(self._found.get(f"<{message_id.strip('<>')}>", []))

    def _read_on(self) -> None:
        with self.path.open("rb") as file:
            file.seek(self._offset)
            for line in file:
                if not line.endswith(b"\n"):
                    break  # half written: the next call reads it
                self._offset += len(line)
                self._note(line.decode(errors="replace").rstrip("\n"))

    def _note(self, line: str) -> None:
        found = _SAVED.match(line)
        if found is None:
            return
        at = datetime.fromisoformat(found["when"]).replace(tzinfo=UTC)
        folder = found["folder"].strip("'")
        delivery = Delivery(at, found["id"], found["user"], folder)
        self._found.setdefault(delivery.message_id, []).append(delivery)


class Dovecot:
    """The mail store of one world."""

    def __init__(
        self,
        plan: Plan,
        directory: Path,
        guard: Guard,
        trust: Trust,
        passwords: Mapping[str, str],
    ) -> None:
        self._plan = plan
        self.directory = directory
        self.config = directory / "dovecot.conf"
        self.log = directory / "dovecot.log"
        self.log.touch()
        self.delivery_log = DeliveryLog(self.log)
        self._write(trust, passwords)
        command = ["/usr/sbin/dovecot", "-F", "-c", str(self.config)]
        self.server = Server(command, self.log, guard)

    def start(self) -> None:
        """Start it; `await_ready` waits for it."""
        self.server.start()

    def await_ready(self) -> None:
        """Wait until every service of it greets."""
        self.server.await_ready(self._ready)

    def stop(self) -> None:
        """End it with all its children."""
        self.server.stop()
        # Killed children leave their sockets' files behind.
        shutil.rmtree(self.directory / "run", ignore_errors=True)

    @contextmanager
    def changed(self, **settings: str) -> Iterator[None]:
        """Run with other settings of these names; restarts it before and after."""
        before = text = self.config.read_text(encoding="utf-8")
        for name, value in settings.items():
            line = re.search(rf"^ *{name} = (.*)$", text, re.MULTILINE)
            assert line, f"{name} is not set in {self.config}"
            text = text[: line.start(1)] + value + text[line.end(1) :]
        self.config.write_text(text, encoding="utf-8")
        try:
            self._restart()
            yield
        finally:
            self.config.write_text(before, encoding="utf-8")
            self._restart()

    @contextmanager
    def frozen(self, service: str) -> Iterator[None]:
        """Stop the processes of one service from running (``imap-login``, ``auth``)."""
        chosen = self._processes(service)
        assert chosen, f"no process of {service} runs"
        for pid in chosen:
            os.kill(pid, signal.SIGSTOP)
        try:
            yield
        finally:
            for pid in chosen:
                with suppress(ProcessLookupError):
                    os.kill(pid, signal.SIGCONT)

    def maildir(self, address: str) -> Path:
        """Return the folder of a mailbox; it exists after its first use."""
        local, _, domain = address.rpartition("@")
        return self.directory / "mail" / domain / local / "Maildir"

    def doveadm(self, *arguments: str, content: bytes | None = None) -> str:
        """Run an administrator's command and return what it printed."""
        command = ("/usr/bin/doveadm", "-c", str(self.config), *arguments)
        return run(*command, content=content)

    def delivered(self, message_id: str, timeout: float) -> Delivery:
        """
        Wait for the first delivery of a mail.

        Raises:
            TimeoutError: If it is not in the store after *timeout* seconds.
        """
        deadline = time.monotonic() + timeout
        while not (found := self.delivery_log.deliveries(message_id)):
            if time.monotonic() > deadline:
                message = f"{message_id} was not delivered within {timeout} s"
                raise TimeoutError(message)
            time.sleep(POLL)
        return found[0]

    def _restart(self) -> None:
        self.stop()
        self.start()
        self.await_ready()

    def _processes(self, service: str) -> list[int]:
        found = []
        for pid in members(self.server.group or 0):
            with suppress(OSError):
                if Path(f"/proc/{pid}/comm").read_text().strip() == service:
                    found.append(pid)
        return found

    def _ready(self) -> bool:
        address = self._plan.at(DOVECOT)
        imap = "protocols = imap" in self.config.read_text(encoding="utf-8")
        return (
            (not imap or all(greets(h.imap, 143) for h in self._plan.all_hosts()))
            and greets(address, LMTP_PORT)
            and listens(address, SASL_PORT)
        )

    def _write(self, trust: Trust, passwords: Mapping[str, str]) -> None:
        users = self.directory / "users"
        users.touch(mode=0o640)
        text = "".join(f"{name}:{{PLAIN}}{word}\n" for name, word in passwords.items())
        users.write_text(text, encoding="utf-8")
        shutil.chown(users, group="dovecot")
        mail = self.directory / "mail"
        mail.mkdir()
        shutil.chown(mail, MAIL_UID, MAIL_GID)
        text = _CONFIG.format(
            directory=self.directory,
            name=self._plan.network,
            log=self.log,
            uid=MAIL_UID,
            gid=MAIL_GID,
            chain=trust.chain,
            users=users,
            address=self._plan.at(DOVECOT),
            imap_addresses=" ".join(h.imap for h in self._plan.all_hosts()),
            lmtp_port=LMTP_PORT,
            sasl_port=SASL_PORT,
            quota_port=QUOTA_PORT,
        )
        self.config.write_text(text, encoding="utf-8")
