"""One STARTTLS probe at a time of Postfix, and a blocking script that does the same."""

from __future__ import annotations

import asyncio
import smtplib
import ssl
from collections.abc import Iterator
from time import perf_counter
from typing import Final

import dns.resolver

import mailprobe
from bench.measure import Comparison, in_turns
from tests.real.world import RealWorld
from tests.worlds import prober_options_for

RUNS: Final = 60
GOAL: Final = 1.5
DOMAIN: Final = "posta.test"


class Script:
    """What one writes without mailprobe: dnspython, `smtplib`, verified TLS."""

    def __init__(self, world: RealWorld, host: str, port: int) -> None:
        address, _, dns_port = world.nameserver.rpartition(":")
        self._resolver = dns.resolver.Resolver(configure=False)
        self._resolver.nameservers = [address]
        self._resolver.port = int(dns_port)
        self._context = ssl.create_default_context(cafile=str(world.ca_file))
        self._host = host
        self._port = port
        self.seen: object = None

    def run(self) -> None:
        """Look the host up, connect, EHLO, STARTTLS, see what it shows, EHLO, QUIT."""
        answer = self._resolver.resolve(self._host, "A")
        self._resolver.resolve(self._host, "AAAA", raise_on_no_answer=False)
        client = smtplib.SMTP(local_hostname="probe.posta.test")
        # What starttls() checks the certificate against.
        client._host = self._host  # type: ignore[attr-defined]  # noqa: SLF001
        client.connect(answer[0].to_text(), self._port)
        client._host = self._host  # type: ignore[attr-defined]  # noqa: SLF001
        client.ehlo()
        client.starttls(context=self._context)
        assert isinstance(client.sock, ssl.SSLSocket)
        self.seen = (client.sock.getpeercert(), client.sock.cipher())
        client.ehlo()
        client.quit()


def measure() -> Iterator[Comparison]:
    """Compare the two on the submission port and on the MX port."""
    with RealWorld() as world, asyncio.Runner() as runner:
        for service in ("submission", "mx"):
            yield _compare(world, runner, service)


def _compare(world: RealWorld, runner: asyncio.Runner, service: str) -> Comparison:
    endpoint = world.endpoint(DOMAIN, service, "starttls")
    script = Script(world, endpoint.host, endpoint.port)
    prober = mailprobe.Prober(**prober_options_for(world))

    def ours() -> float:
        began = perf_counter()
        check = runner.run(
            prober.smtp(endpoint.host, endpoint.port, security="starttls")
        )
        took = perf_counter() - began
        if check.status is not mailprobe.Status.OK:
            message = f"the probe did not succeed: {check.why}"
            raise RuntimeError(message)
        return took

    def theirs() -> float:
        began = perf_counter()
        script.run()
        return perf_counter() - began

    runner.run(prober.__aenter__())
    try:
        mine, other = in_turns(RUNS, ours, theirs)
    finally:
        runner.run(prober.__aexit__(None, None, None))
    return Comparison(
        name=f"STARTTLS probe of Postfix ({service}, port {endpoint.port})",
        against="blocking script with `smtplib` and dnspython",
        ours=mine,
        theirs=other,
        goal=GOAL,
    )


if __name__ == "__main__":
    for comparison in measure():
        print(comparison)
