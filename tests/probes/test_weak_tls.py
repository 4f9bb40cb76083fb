"""Servers whose TLS is too weak for today's rules are weak, not down."""

from __future__ import annotations

import asyncio
import ssl
import warnings
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING

import pytest

from mailprobe import Prober
from mailprobe.lab.certificates import Authority

if TYPE_CHECKING:
    from collections.abc import AsyncIterator
    from pathlib import Path


@asynccontextmanager
async def old_server(folder: Path) -> AsyncIterator[int]:
    """Serve an SMTP banner behind TLS 1.1, which nobody should accept any more."""
    context = Authority(folder, ["localhost"]).context()
    context.minimum_version = ssl.TLSVersion.MINIMUM_SUPPORTED
    context.set_ciphers("ALL:@SECLEVEL=0")
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)  # that is the point
        context.maximum_version = ssl.TLSVersion.TLSv1_1

    async def talk(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(b"220 old.test ESMTP\r\n")
        while line := await reader.readline():
            writer.write(b"221 bye\r\n" if line[:4] == b"QUIT" else b"250 old.test\r\n")
        writer.close()

    server = await asyncio.start_server(talk, "127.0.0.1", 0, ssl=context)
    async with server:
        yield server.sockets[0].getsockname()[1]


@pytest.mark.asyncio
async def test_old_tls_is_weak_not_down(tmp_path: Path) -> None:
    """What only old programs can connect to is degraded, and its version is told."""
    async with old_server(tmp_path) as port, Prober() as prober:
        check = await prober.smtp("localhost", port, security="tls")
    assert (check.status, check.blame) == ("degraded", "provider")
    assert check.verdict.rule == "tls_weak"
    assert check.report.tls is not None
    assert check.report.tls.version == "TLSv1.1"
    assert not check.report.tls.verified
    assert "old_tls" in {finding.code for finding in check.findings}
