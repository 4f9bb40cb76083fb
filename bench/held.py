"""
An IMAP server that shakes hands and then is silent until it is told to go on.

A process of its own: ``python -m bench.held CHAIN ADDRESS PORT``. A line on its
input is the number of connections to wait for: it says so when they are there, and
greets them all at the next line.
"""

from __future__ import annotations

import asyncio
import ssl
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Final

from bench.worker import PROJECT, allow_many_files

GREETING: Final = b"* OK [CAPABILITY IMAP4rev1] ready\r\n"
BACKLOG: Final = 2000  # all of them may come at once


class Held:
    """The server, as its parent sees it."""

    def __init__(self, chain: str, address: str, port: int) -> None:
        """Start it and wait until it listens."""
        self._process = subprocess.Popen(
            [sys.executable, "-m", "bench.held", chain, address, str(port)],
            cwd=PROJECT,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        self._hear()

    def gather(self, number: int) -> None:
        """Wait until so many have shaken hands."""
        self._say(str(number))
        self._hear()

    def release(self) -> None:
        """Greet all of them."""
        self._say("")

    def stop(self) -> None:
        """End it."""
        self._process.terminate()
        self._process.wait()

    def _say(self, line: str) -> None:
        assert self._process.stdin is not None
        self._process.stdin.write(f"{line}\n")
        self._process.stdin.flush()

    def _hear(self) -> None:
        assert self._process.stdout is not None
        assert self._process.stdout.readline()


@contextmanager
def held(chain: str, address: str, port: int) -> Iterator[Held]:
    """Keep the server while the block lasts."""
    server = Held(chain, address, port)
    try:
        yield server
    finally:
        server.stop()


class _Waiting:
    def __init__(self) -> None:
        self.number = 0
        self.wanted = 0
        self.changed = asyncio.Condition()
        self.go = asyncio.Event()

    def complete(self) -> bool:
        return self.number >= self.wanted

    async def serve(
        self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter
    ) -> None:
        async with self.changed:
            self.number += 1
            self.changed.notify_all()
        await self.go.wait()
        writer.write(GREETING)
        tag = (await reader.readline()).split(b" ")[0]
        writer.write(b"* BYE\r\n" + tag + b" OK bye\r\n")
        await reader.read()
        writer.transport.abort()


async def _serve(chain: str, address: str, port: int) -> None:
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    context.load_cert_chain(chain)
    waiting = _Waiting()
    server = await asyncio.start_server(
        waiting.serve, address, port, ssl=context, backlog=BACKLOG
    )
    async with server:
        print("listening", flush=True)
        while line := await asyncio.to_thread(sys.stdin.readline):
            waiting.wanted = int(line)
            async with waiting.changed:
                await waiting.changed.wait_for(waiting.complete)
            print("here", flush=True)
            await asyncio.to_thread(sys.stdin.readline)
            waiting.number = 0
            waiting.go.set()
            await asyncio.sleep(0)  # who waits is woken; the next ones wait again
            waiting.go.clear()


if __name__ == "__main__":
    allow_many_files()
    asyncio.run(_serve(sys.argv[1], sys.argv[2], int(sys.argv[3])))
