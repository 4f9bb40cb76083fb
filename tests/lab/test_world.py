"""The lab as an object: what it hands out, and that it leaves nothing behind."""

from __future__ import annotations

import asyncio
import contextlib
import gc
import smtplib
import sys
import threading
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from mailprobe.lab import BRANDS, DOMAINS, Delay, Lab, Refuse, Reply, Stall, ThreadedLab
from mailprobe.model.errors import UsageError
from tests.lab.clients import Wire, address, opened, password, submit

if TYPE_CHECKING:
    from mailprobe.model.target import Endpoint


def _descriptors() -> int:
    if sys.platform != "linux":
        return 0
    return sum(1 for _ in Path("/proc/self/fd").iterdir())


async def _greeting(lab: Lab, endpoint: Endpoint) -> bytes:
    """Read a greeting on the lab's own loop."""
    host = "127.0.0.2" if endpoint.port == lab.mx_port else "127.0.0.1"
    reader, writer = await asyncio.open_connection(host, endpoint.port)
    line = await reader.readline()
    writer.close()
    await writer.wait_closed()
    return line


@pytest.mark.asyncio
async def test_one_loop_and_no_threads() -> None:
    """The lab runs on the caller's loop; blocking clients run in a thread."""
    before = threading.active_count()
    async with Lab() as lab:
        assert threading.active_count() == before
        endpoint = lab.endpoint("posta.test", "submission", "starttls")

        def talk() -> int:
            with smtplib.SMTP("127.0.0.1", endpoint.port, "c", timeout=10) as client:
                return client.ehlo()[0]

        assert await asyncio.to_thread(talk) == 250


@pytest.mark.asyncio
async def test_nothing_is_left() -> None:
    """Leaving ends every session, in whatever state, and closes every socket."""
    gc.collect()
    tasks, descriptors = asyncio.all_tasks(), _descriptors()
    async with Lab() as lab:
        ca_file = lab.ca_file
        lab.inject(Stall("NOOP"))
        lab.inject(Delay(60))
        writers = []
        for service, words in (
            ("submission", b"EHLO c\r\nNOOP\r\n"),
            ("imap", b"a CAPABILITY\r\n"),
            ("submission", b"EHLO c\r\nSTARTTLS\r\n"),
        ):
            endpoint = lab.endpoint("posta.test", service, "starttls")
            reader, writer = await asyncio.open_connection("127.0.0.1", endpoint.port)
            await reader.readline()
            writer.write(words)
            await reader.readline()
            writers.append(writer)
        tls = lab.endpoint("posta.test", "imap", "tls")
        writers.append((await asyncio.open_connection("127.0.0.1", tls.port))[1])
    for writer in writers:
        writer.transport.abort()
    await asyncio.sleep(0)
    await asyncio.sleep(0)
    assert asyncio.all_tasks() == tasks
    assert _descriptors() == descriptors
    assert not ca_file.exists()


@pytest.mark.asyncio
async def test_faults_switch_at_once() -> None:
    """On one loop, a fault acts and ends with its block, without any waiting."""
    async with Lab() as lab:
        endpoint = lab.endpoint("libero.test", "imap", "starttls")
        for _ in range(3):
            with lab.fault(Refuse(service="imap", domain="libero.test")):
                with pytest.raises(ConnectionRefusedError):
                    await _greeting(lab, endpoint)
                other = lab.endpoint("virgilio.test", "imap", "starttls")
                assert (await _greeting(lab, other)).startswith(b"* OK")
            assert (await _greeting(lab, endpoint)).startswith(b"* OK")


@pytest.mark.asyncio
async def test_two_labs_side_by_side() -> None:
    """Two labs share nothing."""
    async with Lab() as one, Lab() as two:
        assert one.mx_port != two.mx_port
        assert one.ca_file != two.ca_file
        one.inject(Reply("GREETING", 554, "no"))
        assert (await _greeting(two, two.endpoint("libero.test", "mx"))).startswith(
            b"220 "
        )


@pytest.mark.asyncio
async def test_a_failed_start_leaves_nothing(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """If the name server cannot start, all that was opened is closed again."""
    gc.collect()
    descriptors = _descriptors()
    lab = Lab()

    def fail() -> None:
        message = "no name server today"
        raise OSError(message)

    monkeypatch.setattr(lab._dns, "start", fail)
    with pytest.raises(OSError, match="no name server"):
        await lab.__aenter__()
    assert _descriptors() == descriptors


def test_the_catalogue(lab: ThreadedLab) -> None:
    """Each domain has a preset; the brands share a platform."""
    catalogue = lab.catalogue
    libero = catalogue.get("libero.test")
    assert libero.id == "libero-test"
    assert libero.platform == catalogue.get("virgilio-test").platform
    assert catalogue.platform(libero.platform) is not None
    assert catalogue.platform(catalogue.get("posta.test").platform) is None
    assert libero.smtp[0] == lab.endpoint("libero.test", "submission", "tls")
    assert libero.imap[1] == lab.endpoint("libero.test", "imap", "starttls")
    assert libero.expects_mx("mx2.libero.test.")
    assert libero.sources == ("the lab",)


def test_mailboxes(lab: ThreadedLab) -> None:
    """A mailbox comes with its endpoints and a secret that does not show."""
    for domain in DOMAINS:
        for user in ("ada", "bob"):
            box = lab.mailbox(f"{user}@{domain}", security="starttls")
            assert box.imap == lab.endpoint(domain, "imap", "starttls")
            assert box.smtp == lab.endpoint(domain, "submission", "starttls")
            assert password(lab, box) not in repr(box)
            assert password(lab, box) not in repr(lab.store.account(box.address))
    box = lab.mailbox("ada@libero.test", token=True, auth="XOAUTH2")
    assert box.password is None
    assert box.token is not None
    assert box.auth == "XOAUTH2"


def test_what_is_not_there(lab: ThreadedLab) -> None:
    """Asking for what the lab does not have says what it has."""
    with pytest.raises(UsageError, match=r"its domains are libero\.test, "):
        lab.mailbox("ada@elsewhere.test")
    with pytest.raises(UsageError, match="no none submission service"):
        lab.endpoint("libero.test", "submission", "none")
    with pytest.raises(UsageError, match="brands must be among"):
        Lab(["one.test"], brands=BRANDS)


def test_other_domains() -> None:
    """A lab can have domains of one's own."""
    with ThreadedLab(["one.test", "two.test"], brands=["two.test"]) as lab:
        submit(lab, lab.mailbox("x@one.test"), "ada@two.test", b"Subject: x\r\n\r\n")
        with opened(lab, lab.mailbox("ada@two.test")) as client:
            assert client.search(None, "ALL")[1] == [b"1"]


def test_one_loopback_address_is_enough(monkeypatch: pytest.MonkeyPatch) -> None:
    """Where only 127.0.0.1 exists, one server is every MX host."""
    from mailprobe.lab import listener, world  # noqa: PLC0415 - bent for this test

    bind_all = listener.bind_all

    def poor(addresses: tuple[str, ...]) -> object:
        if addresses != ("127.0.0.1",):
            message = "cannot assign requested address"
            raise OSError(99, message)
        return bind_all(addresses)

    monkeypatch.setattr(world, "bind_all", poor)
    with ThreadedLab() as lab:
        assert address(lab, "mx2.posta.test") == "127.0.0.1"
        endpoint = lab.endpoint("posta.test", "mx", "none")
        with Wire(lab, endpoint) as wire:
            wire.smtp()
            wire.smtp(b"EHLO c")
            wire.smtp(b"MAIL FROM:<>")
            for domain in DOMAINS:
                reply = wire.smtp(f"RCPT TO:<ada@{domain}>".encode())
                assert reply.startswith(b"250 ")
            with lab.fault(Reply("RCPT", 451, "x", domain="libero.test")):
                assert wire.smtp(b"RCPT TO:<bob@libero.test>") == b"451 x\r\n"
                assert wire.smtp(b"RCPT TO:<bob@posta.test>").startswith(b"250 ")


def test_the_threaded_lab_ends_with_clients_connected() -> None:
    """Leaving a threaded lab does not wait for its clients."""
    with ThreadedLab() as lab:
        wire = Wire(lab, lab.endpoint("libero.test", "imap"))
        wire.line()
    with wire, contextlib.suppress(ConnectionError):
        assert wire.line() == b""
