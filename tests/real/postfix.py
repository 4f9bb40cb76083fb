"""Postfix: MX hosts and submission services, each on an address of its own."""

from __future__ import annotations

import os
import re
import shutil
import time
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Final

from tests.real.plan import (
    DOVECOT,
    LMTP_PORT,
    MAIL_DOMAINS,
    POLICY_PORT,
    RELAY,
    SASL_PORT,
)
from tests.real.process import Server, greets, listens, run

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Iterator

    from tests.real.certificates import Trust
    from tests.real.plan import Hosts, Plan
    from tests.real.process import Guard

_MASTER: Final = "/usr/lib/postfix/sbin/master"

# Postfix makes these itself only through its start script, which takes longer
# than all servers together.
_QUEUES: Final = (
    "active",
    "bounce",
    "corrupt",
    "defer",
    "deferred",
    "flush",
    "hold",
    "incoming",
    "private",
    "saved",
    "trace",
)

# inet_interfaces must be addresses of an interface: the listeners are in
# master.cf by address, so here stands the one address that is always there. The
# others are not named (proxy_interfaces): mail from submission to MX is no loop.
# No lookup in DNS is ever needed, so none is made: no query leaves the machine.
# Delays and limits that protect a public server would only slow the tests down.
_MAIN: Final = """\
compatibility_level = 3.6
queue_directory = {directory}/queue
data_directory = {directory}/data
maillog_file = {log}
maillog_file_prefixes = {directory}
import_environment = MAIL_CONFIG TZ=UTC LANG=C
inet_protocols = ipv4
inet_interfaces = 127.0.0.1
smtpd_peername_lookup = no
smtp_dns_support_level = disabled
myhostname = relay.lab.test
myorigin = posta.test
mydestination =
mynetworks =
local_recipient_maps =
alias_maps =
recipient_delimiter = +
virtual_mailbox_domains = {domains}
virtual_mailbox_maps = inline:{{ {recipients} }}
virtual_transport = lmtp:inet:{relay}:{lmtp_port}
lmtp_connection_cache_on_demand = no
lmtp_destination_recipient_limit = 1
initial_destination_concurrency = 50
default_destination_concurrency_limit = 50
message_size_limit = 52428800
minimal_backoff_time = 1s
maximal_backoff_time = 2s
queue_run_delay = 1s
delay_warning_time = 0h
service_throttle_time = 1s
smtpd_tls_chain_files = {chain}
smtpd_tls_loglevel = 1
tls_random_source = dev:/dev/urandom
smtp_tls_security_level = none
notify_classes =
smtpd_error_sleep_time = 0
smtpd_soft_error_limit = 1000
smtpd_hard_error_limit = 1000
smtpd_client_connection_count_limit = 0
smtpd_client_connection_rate_limit = 0
default_process_limit = 100
mx_routes = inline:{{ {routes} }}
smtpd_sasl_type = dovecot
smtpd_sasl_path = inet:{dovecot}:{sasl_port}
"""

_OWN_SERVICES: Final = """\
postlog   unix-dgram n - n - 1 postlogd
pickup    unix n - n 60 1 pickup
cleanup   unix n - n - 0 cleanup
qmgr      unix n - n 300 1 qmgr
tlsmgr    unix - - n 1000? 1 tlsmgr
rewrite   unix - - n - - trivial-rewrite
bounce    unix - - n - 0 bounce
defer     unix - - n - 0 bounce
trace     unix - - n - 0 bounce
flush     unix n - n 1000? 0 flush
proxymap  unix - - n - - proxymap
smtp      unix - - n - - smtp
lmtp      unix - - n - - lmtp
error     unix - - n - - error
retry     unix - - n - - error
discard   unix - - n - - discard
showq     unix n - n - - showq
anvil     unix - - n - 1 anvil
scache    unix - - n - 1 scache
"""

# The verdict of a receiver that checks nothing, as it would be written down.
_MX: Final = """\
{address}:25 inet n - n - - smtpd
  -o myhostname={name}
  -o smtpd_tls_security_level=may
  -o smtpd_relay_restrictions=reject_unauth_destination
  -o {{ smtpd_recipient_restrictions = check_policy_service inet:{policy} }}
  -o {{ smtpd_data_restrictions = check_client_access
       static:{{PREPEND Authentication-Results: {name}; spf=none; dkim=none}} }}
"""

# What a user sends takes the way that all mail takes: out, and in by an MX of
# the recipient's domain. Unknown domains meet an MX that refuses to relay.
_SUBMISSION: Final = """\
{address}:{port} inet n - n - - smtpd
  -o myhostname={name}
  -o smtpd_tls_security_level=encrypt
  -o smtpd_tls_wrappermode={wrapped}
  -o smtpd_sasl_auth_enable=yes
  -o smtpd_tls_auth_only=yes
  -o {{ smtpd_client_restrictions = permit_sasl_authenticated, reject }}
  -o {{ smtpd_relay_restrictions = permit_sasl_authenticated, reject }}
  -o {{ smtpd_recipient_restrictions = check_recipient_access $mx_routes }}
  -o content_filter=smtp:[{mx}]:25
"""


class Postfix:
    """The mail transfer agent of one world."""

    def __init__(
        self,
        plan: Plan,
        directory: Path,
        guard: Guard,
        trust: Trust,
        recipients: Iterable[str],
    ) -> None:
        self._plan = plan
        self.directory = directory
        self.log = directory / "postfix.log"
        self._make_directories()
        self._settings = self._main(trust, recipients)
        self._listeners = {
            entry.partition(" ")[0]: entry
            for hosts in plan.all_hosts()
            for entry in _listeners(hosts)
        }
        self._configure()
        command = [_MASTER, "-d", "-c", str(directory)]
        self.server = Server(command, self.log, guard)

    def start(self) -> None:
        """Start it; `await_ready` waits for it."""
        self.server.start()

    def await_ready(self) -> None:
        """Wait until every listener takes connections, and one greets."""
        self.server.await_ready(self._ready)

    def stop(self) -> None:
        """End it; its queue stays on disk for a later start."""
        self.server.stop()

    def restart(self) -> None:
        """
        End and start it; what waits in its queue stays there.

        That takes no longer than a reload, which leaves what is busy with the old
        settings.
        """
        if self.server.group is None:
            return
        self.stop()
        self.start()
        self.await_ready()

    @contextmanager
    def changed(
        self,
        places: Collection[str] = (),
        options: Iterable[str] = (),
        **settings: str,
    ) -> Iterator[None]:
        """
        Run with other settings, and with the old ones again afterwards.

        Args:
            places: The listeners (``address:port``) that get *options*.
            options: What they get, as ``name = value``; the last one of a name
                counts.
            settings: Other values of main.cf, for all of Postfix.
        """
        self._configure(places, options, **settings)
        try:
            self.restart()
            yield
        finally:
            self._configure()
            self.restart()

    def release(self) -> None:
        """Let go on what is on hold, and try all that waits in the queue."""
        run("/usr/sbin/postsuper", "-c", str(self.directory), "-H", "ALL")
        self.flush()

    def flush(self) -> None:
        """Try everything that waits in the queue at once."""
        run("/usr/sbin/postqueue", "-c", str(self.directory), "-f")

    def queue(self) -> str:
        """Return what waits in the queue, as JSON, one mail a line."""
        return run("/usr/sbin/postqueue", "-c", str(self.directory), "-j")

    def deferred(self, message_id: str) -> bool:
        """Whether its log tells of a vain try to put this mail into the store."""
        text = self.log.read_text(errors="replace")
        known = re.findall(rf": (\w+): message-id={re.escape(message_id)}\n", text)
        return any(
            re.search(rf"/lmtp\[\d+\]: {queue_id}: .*status=deferred", text)
            for queue_id in known
        )

    def _ready(self) -> bool:
        ports = [(h.mx1, 25) for h in self._plan.all_hosts()]
        ports += [(h.mx2, 25) for h in self._plan.all_hosts()]
        ports += [(h.smtp, p) for h in self._plan.all_hosts() for p in (465, 587)]
        return all(listens(*place) for place in ports) and greets(*ports[0])

    def _configure(
        self,
        places: Collection[str] = (),
        options: Iterable[str] = (),
        **settings: str,
    ) -> None:
        more = "".join(f"  -o {{ {option} }}\n" for option in options)
        entries = dict(self._listeners)
        for place in places:
            entries[place] += more
        text = self._settings
        for name, value in settings.items():
            # A name that stands twice makes each process warn before the logger
            # listens: ten such warnings, and all wait for each other forever.
            text, found = re.subn(rf"(?m)^{name} = .*$", f"{name} = {value}", text)
            assert found == 1, f"{name} is not set once in main.cf"
        _write(self.directory / "main.cf", text)
        _write(self.directory / "master.cf", _OWN_SERVICES + "".join(entries.values()))

    def _make_directories(self) -> None:
        for name in ("queue", "data"):
            (self.directory / name).mkdir()
        for name in _QUEUES:
            (self.directory / "queue" / name).mkdir(mode=0o700)
            shutil.chown(self.directory / "queue" / name, "postfix", "root")
        for name, mode in (("maildrop", 0o730), ("public", 0o710), ("pid", 0o755)):
            path = self.directory / "queue" / name
            path.mkdir()
            shutil.chown(path, "root" if name == "pid" else "postfix", "postdrop")
            path.chmod(mode)
        shutil.chown(self.directory / "data", "postfix", "postfix")

    def _main(self, trust: Trust, recipients: Iterable[str]) -> str:
        plan = self._plan
        return _MAIN.format(
            directory=self.directory,
            log=self.log,
            routes=", ".join(
                f"{{ {h.domain} = FILTER smtp:[{h.mx1}]:25 }}" for h in plan.all_hosts()
            ),
            domains=" ".join(MAIL_DOMAINS),
            recipients=", ".join(f"{{ {address} = OK }}" for address in recipients),
            relay=plan.at(RELAY),
            lmtp_port=LMTP_PORT,
            chain=trust.chain,
            dovecot=plan.at(DOVECOT),
            sasl_port=SASL_PORT,
        )


def _write(path: Path, text: str) -> None:
    """Write a file that Postfix reads at once: it waits 2 s if it just changed."""
    path.write_text(text)
    long_ago = time.time() - 3600
    os.utime(path, (long_ago, long_ago))


def _listeners(hosts: Hosts) -> list[str]:
    policy = f"{hosts.mx1.rpartition('.')[0]}.{RELAY}:{POLICY_PORT}"
    names = {address: name for name, address in hosts.named().items()}
    mx = [
        _MX.format(address=address, name=names[address], policy=policy)
        for address in (hosts.mx1, hosts.mx2)
    ]
    submission = [
        _SUBMISSION.format(
            address=hosts.smtp,
            port=port,
            name=names[hosts.smtp],
            wrapped="yes" if port == 465 else "no",
            mx=hosts.mx1,
        )
        for port in (465, 587)
    ]
    return mx + submission
