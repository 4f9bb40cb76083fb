"""NSD with the test zones, and unbound as the resolver in front of it."""

from __future__ import annotations

import socket
from contextlib import contextmanager
from typing import TYPE_CHECKING, Final

from tests.real.plan import BROKEN_NSD, NSD, RESOLVER, RESOLVER_PORT
from tests.real.process import Guard, Server, ServerError, listens
from tests.real.zones import signed_zones, zones

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from tests.real.plan import Plan

_NSD_CONFIG: Final = """\
server:
  ip-address: {address}@53
  server-count: 1
  username: ""
  chroot: ""
  zonesdir: "{directory}"
  database: ""
  pidfile: "{directory}/nsd.pid"
  xfrdfile: "{directory}/xfrd.state"
  zonelistfile: "{directory}/zone.list"
  xfrdir: "{directory}"
  hide-version: yes
remote-control:
  control-enable: no
"""

# Only the signed test zones are validated, by keys of their own. Without root
# hints, root keys or any other forwarder nothing can leave the machine.
_UNBOUND_CONFIG: Final = """\
server:
  interface: {address}@{port}
  access-control: 127.0.0.0/8 allow
  username: ""
  chroot: ""
  directory: "{directory}"
  pidfile: "{directory}/unbound.pid"
  use-syslog: no
  logfile: ""
  module-config: "validator iterator"
  do-ip6: no
  do-daemonize: no
  do-not-query-localhost: no
  num-threads: 1
  cache-max-ttl: 2
  cache-max-negative-ttl: 1
  infra-host-ttl: 1
  target-fetch-policy: "0 0 0 0 0"
  local-zone: "test." nodefault
  ede: yes
{anchors}
remote-control:
  control-enable: yes
  control-interface: "{directory}/unbound.ctl"
  control-use-cert: no
stub-zone:
  name: "."
  stub-addr: {upstream}
  stub-prime: no
"""


class NameService:
    """The authoritative server and the resolver of one world."""

    def __init__(self, plan: Plan, directory: Path, guard: Guard) -> None:
        self._plan = plan
        self._control_path = directory / "unbound.ctl"
        self.address = f"{plan.at(RESOLVER)}:{RESOLVER_PORT}"
        self._signed = signed_zones(plan)
        # A zone without its file is SERVFAIL: a second server has nothing else.
        missing = {".": directory / "missing" / "root.zone"}
        self.nsd = _nsd(plan.at(NSD), directory / "nsd", self._files(directory), guard)
        self.broken = _nsd(plan.at(BROKEN_NSD), directory / "broken", missing, guard)
        self._write_resolver(directory)
        self.unbound = Server(
            ["/usr/sbin/unbound", "-d", "-p", "-c", str(directory / "unbound.conf")],
            directory / "unbound.log",
            guard,
        )

    def start(self) -> None:
        """Start all; `await_ready` waits for them."""
        self.nsd.start()
        self.broken.start()
        self.unbound.start()

    def await_ready(self) -> None:
        """Wait until all answer."""
        self.nsd.await_ready(lambda: listens(self._plan.at(NSD), 53))
        self.broken.await_ready(lambda: listens(self._plan.at(BROKEN_NSD), 53))
        self.unbound.await_ready(
            lambda: listens(self._plan.at(RESOLVER), RESOLVER_PORT)
        )

    def stop(self) -> None:
        """End all."""
        self.unbound.stop()
        self.broken.stop()
        self.nsd.stop()

    @contextmanager
    def servfail(self, domain: str) -> Iterator[None]:
        """Let every question about *domain* end in SERVFAIL, as its servers fail."""
        self._control(f"forward_add {domain} {self._plan.at(BROKEN_NSD)}")
        self._forget(domain)
        try:
            yield
        finally:
            self._control(f"forward_remove {domain}")
            self._forget(domain)

    @contextmanager
    def timeout(self, domain: str) -> Iterator[None]:
        """Leave every question about *domain* without any answer."""
        with self._local(domain, "deny"):
            yield

    @contextmanager
    def refused(self, domain: str) -> Iterator[None]:
        """Answer every question about *domain* with REFUSED."""
        with self._local(domain, "refuse"):
            yield

    @contextmanager
    def frozen(self) -> Iterator[None]:
        """Stop the whole resolver: it takes datagrams and answers none."""
        self.unbound.freeze()
        try:
            yield
        finally:
            self.unbound.thaw()

    @contextmanager
    def _local(self, domain: str, kind: str) -> Iterator[None]:
        self._control(f"local_zone {domain} {kind}")
        try:
            yield
        finally:
            self._control(f"local_zone_remove {domain}")

    def _forget(self, domain: str) -> None:
        """Drop what was learnt: records, failures, and which servers are dead."""
        self._control(f"flush_zone {domain}")
        self._control("flush_infra all")

    def _control(self, command: str) -> None:
        """Speak unbound's control protocol over its own socket."""
        with socket.socket(socket.AF_UNIX) as connection:
            connection.settimeout(5)
            connection.connect(str(self._control_path))
            connection.sendall(f"UBCT1 {command}\n".encode())
            with connection.makefile(encoding="utf-8") as answer:
                text = answer.read()
        if not text.startswith("ok"):
            message = f"unbound refused {command!r}: {text.strip()}"
            raise ServerError(message)

    def _files(self, directory: Path) -> dict[str, Path]:
        """Write the zones and return their files."""
        files = {}
        for name, text in zones(self._plan, self._signed).items():
            files[name] = directory / f"{name.strip('.') or 'root'}.zone"
            files[name].write_text(text, encoding="ascii")
        return files

    def _write_resolver(self, directory: Path) -> None:
        keys = (zone.anchor for zone in self._signed.values())
        text = _UNBOUND_CONFIG.format(
            anchors="\n".join(f"  trust-anchor: '{key}'" for key in keys),
            address=self._plan.at(RESOLVER),
            port=RESOLVER_PORT,
            directory=directory,
            upstream=self._plan.at(NSD),
        )
        (directory / "unbound.conf").write_text(text, encoding="ascii")


def _nsd(address: str, directory: Path, files: dict[str, Path], guard: Guard) -> Server:
    """Return an authoritative server for these zone files, not started."""
    directory.mkdir()
    text = _NSD_CONFIG.format(address=address, directory=directory)
    for name, file in files.items():
        text += f'zone:\n  name: "{name}"\n  zonefile: "{file}"\n'
    config = directory / "nsd.conf"
    config.write_text(text, encoding="ascii")
    command = ["/usr/sbin/nsd", "-d", "-c", str(config)]
    return Server(command, directory / "nsd.log", guard)
