"""
A long run: 500 tests with a mail world each, on two workers, in ever new order.

``python -m bench.soak [ROUNDS]``. The exit status is 1 if a test failed, or if a
worker left a thread, a socket or a temporary file behind.
"""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Sequence
from pathlib import Path
from time import perf_counter
from typing import Final

ROUNDS: Final = 20
TESTS: Final = 500
KINDS: Final = 10
"""Kinds of tests in the suite; each is there fifty times."""

WORKERS: Final = 2
PATIENCE: Final = 300.0
"""Seconds for one round; it takes some ten of them."""

CONFTEST: Final = """
import contextlib, gc, json, os, stat, tempfile, threading
from pathlib import Path

LEFT = Path(__file__).with_name("left")
before = None


def descriptors():
    for number in range(1024):
        with contextlib.suppress(OSError):
            if stat.S_ISSOCK(os.fstat(number).st_mode):
                yield number


def pytest_sessionstart(session):
    global before
    before = set(descriptors()), {t.name for t in threading.enumerate()}


def pytest_unconfigure(config):
    if not hasattr(config, "workerinput"):
        return
    sockets, threads = before
    gc.collect()
    left = {
        "sockets": sorted(set(descriptors()) - sockets),
        "threads": sorted({t.name for t in threading.enumerate()} - threads),
    }
    LEFT.mkdir(exist_ok=True)
    worker = config.workerinput["workerid"]
    LEFT.joinpath(f"{worker}.json").write_text(json.dumps(left))
"""

SUITE: Final = """
import asyncio, imaplib, smtplib, socket
from email.message import EmailMessage

import pytest

from mailprobe.lab import Reply

OPEN = []
EACH = range(TESTS_EACH)


@pytest.fixture(scope="module", autouse=True)
def closed_at_last():
    yield
    for line in OPEN:
        line.close()


def submit(service, to, subject):
    message = EmailMessage()
    message["From"], message["To"], message["Subject"] = service.user, to, subject
    message.set_content("Hello")
    context = service.ssl_context()
    if service.security == "tls":
        client = smtplib.SMTP_SSL(service.host, service.port, context=context)
    else:
        client = smtplib.SMTP(service.host, service.port)
    with client:
        if service.security == "starttls":
            client.starttls(context=context)
        client.login(service.user, service.password)
        client.send_message(message)


@pytest.mark.parametrize("number", EACH)
@pytest.mark.parametrize("security", ["tls", "starttls", "plain"])
def test_send(mail_lab, number, security):
    ada = mail_lab.mailbox("ada@example.test")
    submit(getattr(mail_lab, security).smtp, ada.address, f"Mail {number}")
    assert ada.wait_for()["Subject"] == f"Mail {number}"
    assert len(ada.messages) == 1


@pytest.mark.parametrize("number", EACH)
def test_read(mail_lab, number):
    ada = mail_lab.mailbox()
    ada.deliver(b"Subject: Hello\\r\\n\\r\\nHello\\r\\n")
    imap = ada.imap
    with imaplib.IMAP4_SSL(imap.host, imap.port, ssl_context=imap.ssl_context()) as c:
        c.login(imap.user, imap.password)
        assert c.select() == ("OK", [b"1"])


@pytest.mark.parametrize("number", EACH)
def test_left_open(mail_lab, number):
    where = mail_lab.plain.imap
    line = socket.create_connection((where.host, where.port))
    OPEN.append(line)
    while len(OPEN) > 3:
        OPEN.pop(0).close()
    assert line.recv(4) == b"* OK"


@pytest.mark.parametrize("number", EACH)
def test_outage(mail_lab, number):
    ada = mail_lab.mailbox("ada@libero.test")
    with mail_lab.replay("libero-2023-01", phase="accepts-not-delivers"):
        submit(mail_lab.plain.smtp, ada.address, "Held back")
        assert ada.messages == []
    ada.wait_for(subject="held back")


@pytest.mark.parametrize("number", EACH)
def test_refused(mail_lab, number):
    ada = mail_lab.mailbox()
    with mail_lab.fault(Reply("RCPT", 451)):
        with pytest.raises(smtplib.SMTPRecipientsRefused):
            submit(mail_lab.plain.smtp, ada.address, "Refused")
    ada.assert_no_mail(within=0)


@pytest.mark.parametrize("number", EACH)
def test_hangs(mail_lab, number):
    with mail_lab.outage("imap_hangs"):
        where = mail_lab.plain.imap
        with socket.create_connection((where.host, where.port)):
            pass


@pytest.mark.parametrize("number", EACH)
def test_stranger(mail_lab, number):
    with pytest.raises(smtplib.SMTPRecipientsRefused):
        submit(mail_lab.plain.smtp, "eve@example.test", "Hello")
    assert len(mail_lab.take_surprises()) == 1


@pytest.mark.asyncio
@pytest.mark.parametrize("number", EACH)
async def test_wait(mail_lab, number):
    ada = mail_lab.mailbox("ada@example.test")
    waiting = asyncio.create_task(ada.wait(subject="hello"))
    await asyncio.to_thread(submit, mail_lab.plain.smtp, ada.address, "Hello")
    assert (await waiting)["To"] == ada.address
"""

INI: Final = """
[pytest]
asyncio_default_fixture_loop_scope = function
filterwarnings = error
"""


def one_round(number: int) -> tuple[float, list[str]]:
    """Run the suite once in its own order; return its seconds and what is wrong."""
    with tempfile.TemporaryDirectory(prefix="soak-") as folder:
        home, scratch = Path(folder, "suite"), Path(folder, "tmp")
        for made in (home, scratch):
            made.mkdir()
        for name, text in (
            ("conftest.py", CONFTEST),
            ("pytest.ini", INI),
            ("test_soak.py", SUITE.replace("TESTS_EACH", str(TESTS // KINDS))),
        ):
            (home / name).write_text(text, "utf-8")
        options = (f"-n{WORKERS}", f"--randomly-seed={number}", "-pno:cacheprovider")
        began = perf_counter()
        done = subprocess.run(
            [sys.executable, "-m", "pytest", "-q", *options, str(home)],
            check=False,
            capture_output=True,
            cwd=home,
            env={**os.environ, "TMPDIR": str(scratch)},
            text=True,
            timeout=PATIENCE,
        )
        return perf_counter() - began, list(_wrong(done, home / "left", scratch))


def _wrong(
    done: subprocess.CompletedProcess[str], left: Path, scratch: Path
) -> Iterator[str]:
    passed = re.search(r"^(\d+) passed in", done.stdout, re.MULTILINE)
    if done.returncode or not passed or int(passed[1]) != TESTS:
        yield done.stdout[-2000:] + done.stderr[-2000:]
    reports = sorted(left.glob("*.json"))
    if len(reports) != WORKERS:
        yield f"{len(reports)} of {WORKERS} workers reported"
    for report in reports:
        for kind, names in json.loads(report.read_text("utf-8")).items():
            if names:
                yield f"{report.stem} left {kind}: {names}"
    # pytest keeps the folders of its last runs on purpose; nothing else may be there.
    files = [one.name for one in scratch.iterdir() if "pytest-of-" not in one.name]
    if files:
        yield f"left files: {files}"


def main(arguments: Sequence[str]) -> int:
    """Run the rounds, and say how it went."""
    rounds = int(arguments[0]) if arguments else ROUNDS
    times = []
    failed = 0
    for number in range(rounds):
        took, wrong = one_round(number)
        times.append(took)
        failed += bool(wrong)
        print(
            f"round {number}: {took:.1f} s, {'; '.join(wrong) or 'clean'}", flush=True
        )
    low, high = min(times), max(times)
    print(
        f"{rounds - failed} of {rounds} rounds of {TESTS} tests clean on {WORKERS} "
        f"workers, {low:.1f} to {high:.1f} s each"
    )
    return 1 if failed else 0


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1:]))
