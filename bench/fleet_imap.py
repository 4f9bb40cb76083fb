"""IMAP at Dovecot, 200 at once: greeting and leave, and with a login."""

from __future__ import annotations

import imaplib
import ssl
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from functools import partial
from typing import TYPE_CHECKING, Final

from bench.beside import AT_ONCE, beside
from bench.load import Load, turns
from bench.scene import Scene
from bench.worker import allow_many_files, worker
from tests.real.world import RealWorld

if TYPE_CHECKING:
    from collections.abc import Callable

    from bench.worker import Client

LOGINS: Final = 400
TIMES: Final = 5  # so many probes of ours for one of the pool, by CPU


def measure() -> Iterator[Load]:
    """Compare IMAPS without a login, and logins."""
    allow_many_files()
    with RealWorld() as world:
        scene = Scene.of(world, "imap", "tls")
        yield from beside("IMAPS greeting and LOGOUT", "imap", scene)
        yield from _logins(scene)


def _logins(scene: Scene) -> Iterator[Load]:
    clients = ("bench.sweeps:login", "bench.fleet_imap:pool", "bench.fleet_imap:shared")
    with ExitStack() as stack:
        running = [stack.enter_context(worker(name, scene)) for name in clients]
        ours, plain, common = turns(
            [partial(one.batch, LOGINS, AT_ONCE) for one in running]
        )
    name = f"login, EXAMINE, {AT_ONCE} at once (ours asks ID, quota and folders too)"
    for theirs, policy in (
        (plain, "`create_default_context()` each"),
        (common, "one context for all"),
    ):
        yield Load(
            name=name,
            against=f"`imaplib` in threads, {policy}",
            ours=ours,
            theirs=theirs,
            cpu_at_most=1 / TIMES,
        )


def pool(scene: Scene) -> Client:
    """Log in as the documentation of `imaplib` says, a context for each connection."""

    def fresh() -> ssl.SSLContext:
        context = ssl.create_default_context()
        context.load_verify_locations(scene.ca_file)
        return context

    return _pool(scene, fresh)


def shared(scene: Scene) -> Client:
    """Log in with a context that is made once."""
    context = scene.context()
    return _pool(scene, lambda: context)


def _pool(scene: Scene, policy: Callable[[], ssl.SSLContext]) -> Client:
    class Dialled(imaplib.IMAP4_SSL):
        """Goes to the address, without a lookup, and checks the name."""

        def _create_socket(self, timeout: float | None) -> ssl.SSLSocket:
            plain = imaplib.IMAP4._create_socket(self, timeout)  # type: ignore[attr-defined]  # noqa: SLF001
            wrapped: ssl.SSLSocket = self.ssl_context.wrap_socket(
                plain, server_hostname=scene.host
            )
            return wrapped

    def one(_: int) -> None:
        with Dialled(scene.address, scene.port, ssl_context=policy()) as box:
            box.login(scene.user, scene.password)
            status, _found = box.select("INBOX", readonly=True)
            assert status == "OK"

    def do(probes: int, at_once: int) -> None:
        with ThreadPoolExecutor(at_once) as threads:
            list(threads.map(one, range(probes)))

    return do


if __name__ == "__main__":
    for load in measure():
        print(load, flush=True)
