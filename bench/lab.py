"""The mail world for tests beside others: start, reset, and how soon mail is there."""

from __future__ import annotations

import contextlib
import imaplib
import re
import smtplib
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path
from time import perf_counter
from typing import Final

from bench import peers
from bench.measure import Comparison, Within, in_turns
from mailprobe.lab.listener import LOOPBACK
from mailprobe.pytest_plugin import DOMAINS
from mailprobe.testing import fixtures
from mailprobe.testing.inbox import Inbox
from mailprobe.testing.server import serve
from mailprobe.testing.world import MailLab

RUNS: Final = 40
"""Starts are some ten milliseconds, so forty of each are over in seconds."""

MAILS: Final = 200
GOAL: Final = 1.0
"""At least as fast as the fastest that offers IMAP."""

RESET_GOAL: Final = 0.010
PUSH_GOAL: Final = 0.010
UNUSED_GOAL: Final = 0.005
UNUSED_RUNS: Final = 9
PATIENCE: Final = 10.0
BODY: Final = b"Subject: Hello\r\n\r\nHello\r\n"


def measure() -> Iterator[Comparison | Within]:
    """Start, reset, and deliver, in turns with each of the others."""
    peers.hush()
    yield _unused()
    yield from _starts()
    yield from _resets()
    yield from _deliveries()


# --- a suite that does not use it ---------------------------------------------------

PROGRAM: Final = """
import time, pytest
class Suite:
    def pytest_collection_modifyitems(self, config, items):
        door = config.pluginmanager.get_plugin("mailprobe")
        began = time.perf_counter()
        door.pytest_collection_modifyitems(config, items)
        print("took", time.perf_counter() - began)
pytest.main(["--collect-only", "-q", "-pno:cacheprovider", {folder!r}], [Suite()])
"""


def _unused() -> Within:
    """Time what a suite of 1000 tests pays: loading the door, and its one question."""
    with tempfile.TemporaryDirectory() as folder:
        tests = "".join(f"def test_{n}(): pass\n" for n in range(1000))
        Path(folder, "test_suite.py").write_text(tests, "utf-8")
        asked = PROGRAM.format(folder=folder)
        took = tuple(_door(asked) for _ in range(UNUSED_RUNS))
    return Within(name="a suite of 1000 tests without it", took=took, goal=UNUSED_GOAL)


def _door(program: str) -> float:
    done = subprocess.run(
        [sys.executable, "-X", "importtime", "-c", program],
        check=True,
        capture_output=True,
        text=True,
    )
    loads = [line for line in done.stderr.splitlines() if "| " in line]
    loading = sum(
        int(line.split("|")[0].removeprefix("import time:"))
        for line in loads
        if line.split("|")[2].strip().startswith("mailprobe")
    )
    (asking,) = re.findall(r"^took (\S+)$", done.stdout, re.MULTILINE)
    return loading / 1e6 + float(asking)


# --- start and reset ----------------------------------------------------------------

Enter = Callable[[], contextlib.AbstractContextManager[object]]

PEERS: Final[tuple[tuple[str, Enter, float | None], ...]] = (
    ("mail-devel (SMTP and IMAP)", peers.MailDevelServer.running, GOAL),
    ("smtpdfix (SMTP alone)", peers.SmtpdfixServer.running, None),
    ("aiosmtpd's Controller (SMTP alone)", peers.AiosmtpdServer.running, None),
)


def _start(enter: Enter) -> float:
    began = perf_counter()
    with enter():
        return perf_counter() - began


def _start_and_stop(enter: Enter) -> float:
    """Return what a test pays for a server that cannot be made new."""
    began = perf_counter()
    with enter():
        pass
    return perf_counter() - began


def _starts() -> Iterator[Comparison]:
    for name, enter, goal in PEERS:
        ours, theirs = in_turns(
            RUNS, partial(_start, partial(serve, DOMAINS)), partial(_start, enter)
        )
        yield Comparison(
            name="start: SMTP, IMAP, DNS, TLS",
            against=name,
            ours=ours,
            theirs=theirs,
            goal=goal,
        )


def _resets() -> Iterator[Comparison | Within]:
    with serve(DOMAINS) as server:

        def renew() -> float:
            """Return what the fixture takes, before a test and after it."""
            worlds = fixtures.lab(server)
            began = perf_counter()
            world = next(worlds)
            took = perf_counter() - began
            world.mailbox().deliver(BODY)
            began = perf_counter()
            assert next(worlds, None) is None
            return took + perf_counter() - began

        for name, enter, goal in PEERS:
            ours, theirs = in_turns(RUNS, renew, partial(_start_and_stop, enter))
            yield Comparison(
                name="reset between tests",
                against=f"{name}, started anew",
                ours=ours,
                theirs=theirs,
                goal=goal,
            )
        took = tuple(renew() for _ in range(MAILS))
        yield Within(name="reset between tests", took=took, goal=RESET_GOAL)


# --- from sending to being there ----------------------------------------------------


def _sender(port: int) -> smtplib.SMTP:
    """Connect without TLS, which not all of them offer, nor a login."""
    return smtplib.SMTP(LOOPBACK, port, "bench.test", PATIENCE)


def _visible(client: smtplib.SMTP, look: Callable[[], object]) -> Callable[[], float]:
    """Time a mail from its sending to the moment when a test can look at it."""

    def send() -> float:
        began = perf_counter()
        client.sendmail(peers.USER, [peers.USER], BODY)
        while not look():
            pass
        return perf_counter() - began

    return send


def _news(messages: Callable[[], int]) -> Callable[[], bool]:
    """Say whether there is one message more than when it was asked last."""
    known = messages()

    def look() -> bool:
        nonlocal known
        there = messages() > known
        known += there
        return there

    return look


def _reader(port: int, password: str) -> imaplib.IMAP4:
    reader = imaplib.IMAP4(LOOPBACK, port, PATIENCE)
    reader.login(peers.USER, password)
    reader.select()
    return reader


def _by_imap(reader: imaplib.IMAP4) -> Callable[[], bool]:
    def exists() -> int:
        reader.noop()
        _, (found, *_) = reader.response("EXISTS")
        return int(found) if found else 0

    return _news(exists)


def _pushed(client: smtplib.SMTP, reader: imaplib.IMAP4) -> Callable[[], float]:
    """Time a mail from its sending to the EXISTS that an idling reader is told."""

    def send() -> float:
        reader.send(b"b IDLE\r\n")
        _until(reader, b"+")
        began = perf_counter()
        client.sendmail(peers.USER, [peers.USER], BODY)
        _until(reader, b"EXISTS")
        took = perf_counter() - began
        reader.send(b"DONE\r\n")
        _until(reader, b"b OK")
        return took

    return send


def _until(reader: imaplib.IMAP4, wanted: bytes) -> None:
    while wanted not in (line := reader.readline()):
        assert line, "the server closed the connection"


def _deliveries() -> Iterator[Comparison | Within]:
    with contextlib.ExitStack() as stack:
        ours = stack.enter_context(serve(DOMAINS))
        inbox = MailLab(ours).mailbox(peers.USER)
        client = stack.enter_context(_sender(ours.plain.smtp.port))
        yield from _to_python(stack, client, inbox)
        reader = stack.enter_context(_reader(ours.plain.imap.port, inbox.password))
        stack.enter_context(peers.keep_garbage())
        other = stack.enter_context(peers.MailDevelServer.running())
        mine, theirs = in_turns(
            MAILS,
            _visible(client, _by_imap(reader)),
            _visible(
                stack.enter_context(_sender(other.smtp_port)),
                _by_imap(stack.enter_context(_reader(other.imap_port, peers.PASSWORD))),
            ),
        )
        yield Comparison(
            name="from sending to seen by IMAP",
            against="mail-devel (SMTP and IMAP)",
            ours=mine,
            theirs=theirs,
            goal=GOAL,
        )
        # mail-devel offers IDLE, but told an idling reader nothing for seconds.
        push = _pushed(client, reader)
        took = tuple(push() for _ in range(MAILS))
        yield Within(name="from sending to pushed by IDLE", took=took, goal=PUSH_GOAL)


def _to_python(
    stack: contextlib.ExitStack, client: smtplib.SMTP, inbox: Inbox
) -> Iterator[Comparison]:
    aiosmtpd = stack.enter_context(peers.AiosmtpdServer.running())
    smtpdfix = stack.enter_context(peers.SmtpdfixServer.running())
    mine = _visible(client, _news(lambda: len(inbox.messages)))
    for name, port, look in (
        ("smtpdfix (SMTP alone)", smtpdfix.port, lambda: len(smtpdfix.messages)),
        (
            "aiosmtpd's Controller (SMTP alone)",
            aiosmtpd.port,
            lambda: len(aiosmtpd.messages),
        ),
    ):
        other = stack.enter_context(_sender(port))
        ours, theirs = in_turns(MAILS, mine, _visible(other, _news(look)))
        yield Comparison(
            name="from sending to seen in Python",
            against=name,
            ours=ours,
            theirs=theirs,
            goal=None,
        )


if __name__ == "__main__":
    for result in measure():
        print(result)
