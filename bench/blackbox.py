"""prometheus-blackbox-exporter on loopback, driven by a client that is not counted."""

from __future__ import annotations

import asyncio
import os
import shutil
import socket
import subprocess
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from time import perf_counter
from typing import TYPE_CHECKING, Final
from urllib.parse import quote

from bench.floor import in_parallel
from bench.load import Batch

if TYPE_CHECKING:
    from bench.scene import Scene

PROGRAM: Final = "prometheus-blackbox-exporter"
START: Final = 10.0  # seconds; it listens after a tenth of one

_MODULES: Final = """\
modules:
  smtp:
    prober: tcp
    timeout: 60s
    tcp:
      query_response:
        - expect: "^220 "
        - send: "EHLO probe.posta.test\\r"
        - expect: "^250 "
        - send: "STARTTLS\\r"
        - expect: "^220 "
        - starttls: true
        - send: "EHLO probe.posta.test\\r"
        - expect: "^250 "
        - send: "QUIT\\r"
        - expect: "^221 "
      tls_config: {{ ca_file: "{ca_file}", server_name: "{host}" }}
  imap:
    prober: tcp
    timeout: 60s
    tcp:
      tls: true
      query_response:
        - expect: "^\\\\* OK .*CAPABILITY"
        - send: "A1 LOGOUT\\r"
        - expect: "^A1 OK"
      tls_config: {{ ca_file: "{ca_file}", server_name: "{host}" }}
"""


def installed() -> bool:
    """Whether the exporter is there (Debian: ``apt-get install`` its name)."""
    return shutil.which(PROGRAM) is not None


def version() -> str:
    """Return the version it tells."""
    done = subprocess.run(
        [PROGRAM, "--version"], check=True, capture_output=True, text=True
    )
    return (done.stdout or done.stderr).split()[2]


class Exporter:
    """The running exporter."""

    def __init__(self, module: str, scene: Scene, directory: Path) -> None:
        """Start it with the scripts of this benchmark."""
        config = directory / "blackbox.yml"
        text = _MODULES.format(ca_file=scene.ca_file, host=scene.host)
        config.write_text(text, "utf-8")
        self._port = _free_port()
        self._process = subprocess.Popen(
            [
                PROGRAM,
                f"--config.file={config}",
                f"--web.listen-address=127.0.0.1:{self._port}",
                "--log.level=error",
            ],
        )
        target = quote(f"{scene.address}:{scene.port}")
        self._request = (
            f"GET /probe?module={module}&target={target} HTTP/1.1\r\n"
            "Host: 127.0.0.1\r\n\r\n"
        ).encode()

    def await_ready(self) -> None:
        """Wait until it listens."""
        deadline = time.monotonic() + START
        while True:
            try:
                socket.create_connection(("127.0.0.1", self._port)).close()
            except OSError:
                if time.monotonic() > deadline:
                    raise
                time.sleep(0.05)
            else:
                return

    def batch(self, probes: int, at_once: int) -> Batch:
        """Have it probe; its own CPU counts, ours for asking does not."""
        cpu, wall = self._cpu(), perf_counter()
        asyncio.run(self._ask(probes, at_once))
        wall, cpu = perf_counter() - wall, self._cpu() - cpu
        return Batch(probes=probes, wall=wall, cpu=cpu)

    @property
    def pid(self) -> int:
        """Its process id."""
        return self._process.pid

    def stop(self) -> None:
        """End it."""
        self._process.terminate()
        self._process.wait()

    def _cpu(self) -> float:
        stat = Path(f"/proc/{self._process.pid}/stat").read_text("ascii")
        fields = stat.rpartition(")")[2].split()
        return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")

    async def _ask(self, probes: int, at_once: int) -> None:
        idle = [
            await asyncio.open_connection("127.0.0.1", self._port)
            for _ in range(at_once)
        ]

        async def one() -> None:
            reader, writer = idle.pop()
            writer.write(self._request)
            answer = await _answer(reader)
            if b"\nprobe_success 1" not in answer:
                message = f"the exporter's probe failed: {answer[-200:]!r}"
                raise RuntimeError(message)
            idle.append((reader, writer))

        await in_parallel(one, probes, at_once)
        for _, writer in idle:
            writer.transport.abort()


async def _answer(reader: asyncio.StreamReader) -> bytes:
    """Read one HTTP response, chunked or of a known length."""
    head = (await reader.readuntil(b"\r\n\r\n")).lower()
    if b"chunked" not in head:
        length = head.partition(b"content-length:")[2].split(b"\r\n")[0]
        return await reader.readexactly(int(length))
    body = b""
    while size := int(await reader.readline(), 16):
        body += await reader.readexactly(size)
        await reader.readline()
    await reader.readline()
    return body


def _free_port() -> int:
    with socket.socket() as sock:
        sock.bind(("127.0.0.1", 0))
        port: int = sock.getsockname()[1]
        return port


@contextmanager
def exporter(module: str, scene: Scene) -> Iterator[Callable[[int, int], Batch]]:
    """Keep an exporter while the block lasts; what it gives runs a batch."""
    import tempfile  # noqa: PLC0415

    with tempfile.TemporaryDirectory() as directory:
        running = Exporter(module, scene, Path(directory))
        try:
            running.await_ready()
            yield running.batch
        finally:
            running.stop()
