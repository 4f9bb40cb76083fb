"""
The floor: bare asyncio scripts that speak the same bytes and understand nothing.

No timeout, no timing, no certificate read, no name looked up, no reply judged: what
is left is asyncio's, OpenSSL's and the kernel's.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Coroutine
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from bench.scene import Scene
    from bench.worker import Client

Talk = Callable[[], Awaitable[None]]


def runner_of(scene: Scene) -> Callable[[Coroutine[Any, Any, Any]], Any]:
    """Return what runs coroutines, on the loop that the scene asks for."""
    if scene.uvloop:
        import uvloop  # noqa: PLC0415 - an optional extra

        return asyncio.Runner(loop_factory=uvloop.new_event_loop).run
    return asyncio.Runner().run


def smtp(scene: Scene) -> Client:
    """Banner, EHLO, STARTTLS, EHLO, QUIT."""
    context = scene.context()

    async def talk() -> None:
        reader, writer = await asyncio.open_connection(scene.address, scene.port)
        await _reply(reader)
        await _say(reader, writer, b"EHLO probe.posta.test\r\n")
        await _say(reader, writer, b"STARTTLS\r\n")
        await writer.start_tls(context, server_hostname=scene.host)
        await _say(reader, writer, b"EHLO probe.posta.test\r\n")
        await _say(reader, writer, b"QUIT\r\n")
        writer.transport.abort()

    return _client(scene, talk)


def imap(scene: Scene) -> Client:
    """Greeting, which tells the capabilities, and LOGOUT, on a TLS connection."""
    context = scene.context()

    async def talk() -> None:
        reader, writer = await asyncio.open_connection(
            scene.address, scene.port, ssl=context, server_hostname=scene.host
        )
        await reader.readline()
        writer.write(b"A1 LOGOUT\r\n")
        while not (await reader.readline()).startswith(b"A1 "):
            pass
        writer.transport.abort()

    return _client(scene, talk)


async def _say(
    reader: asyncio.StreamReader, writer: asyncio.StreamWriter, line: bytes
) -> None:
    writer.write(line)
    await _reply(reader)


async def _reply(reader: asyncio.StreamReader) -> None:
    while (line := await reader.readline())[3:4] == b"-":
        pass
    if not line:
        raise EOFError


def _client(scene: Scene, talk: Talk) -> Client:
    run = runner_of(scene)

    def do(probes: int, at_once: int) -> None:
        run(in_parallel(talk, probes, at_once))

    return do


async def in_parallel(talk: Talk, probes: int, at_once: int) -> None:
    """Hold so many conversations, so many at once."""
    left = iter(range(probes))

    async def some() -> None:
        for _ in left:
            await talk()

    async with asyncio.TaskGroup() as group:
        for _ in range(at_once):
            group.create_task(some())
