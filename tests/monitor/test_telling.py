"""Changes of incidents reach people; a channel that fails keeps nobody waiting."""

from __future__ import annotations

import asyncio
import json
import threading
from datetime import UTC, datetime
from http.server import BaseHTTPRequestHandler, HTTPServer
from typing import TYPE_CHECKING

import pytest

from mailprobe.cli.monitor import document, line
from mailprobe.credentials import Reference
from mailprobe.model.incident import Change, Event, Incident, State
from mailprobe.model.sample import Party
from mailprobe.model.target import Mailbox
from mailprobe.model.verdict import Blame
from mailprobe.monitor import heartbeat
from mailprobe.monitor.plan import Cohort, Plan, Route
from mailprobe.monitor.telling import QUEUE_MAX, Teller

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

NOON = datetime(2026, 11, 24, 12, 0, tzinfo=UTC)
INCIDENT = Incident(
    id="2026-11-24-italiaonline",
    culprit="italiaonline",
    blame=Blame.PROVIDER,
    parties=("libero", "virgilio"),
    state=State.OPEN,
    began_at=NOON,
    opened_at=NOON,
    changed_at=NOON,
    why="italiaonline fails since 12:00.",
)
EVENT = Event(at=NOON, change=Change.OPENED, incident=INCIDENT)


def plan(webhook: Reference | None = None, notify: tuple[Reference, ...] = ()) -> Plan:
    """Return a plan that tells there."""
    return Plan(
        ledger="unused",
        mailboxes={"one": Mailbox("one@libero.test")},
        cohorts=(
            Cohort(name="x", party=Party(name="x", platform="x"), mailboxes=("one",)),
        ),
        routes=(Route(name="r", sender="one", recipient="one"),),
        webhook=webhook,
        notify=notify,
    )


@pytest.fixture
def hook() -> Iterator[tuple[str, list[bytes], threading.Event]]:
    """A server on loopback that keeps what is posted to it."""
    got: list[bytes] = []
    came = threading.Event()

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            got.append(self.rfile.read(int(self.headers["Content-Length"])))
            self.send_response(204)
            self.end_headers()
            came.set()

        def do_GET(self) -> None:
            got.append(self.path.encode())
            self.send_response(200)
            self.end_headers()

        def log_message(self, *_: object) -> None:
            """Say nothing."""

    server = HTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    yield f"http://127.0.0.1:{server.server_port}/hook", got, came
    server.shutdown()
    server.server_close()
    thread.join()


@pytest.mark.asyncio
async def test_a_change_is_posted_once(
    hook: tuple[str, list[bytes], threading.Event], monkeypatch: pytest.MonkeyPatch
) -> None:
    """As JSON, with the incident as it is."""
    url, got, came = hook
    monkeypatch.setenv("HOOK", url)
    teller = Teller(plan(Reference("env", "HOOK")))
    assert teller.wanted
    teller.tell(EVENT)
    work = asyncio.ensure_future(teller.serve())
    assert await asyncio.to_thread(came.wait, 10)
    work.cancel()
    await asyncio.gather(work, return_exceptions=True)
    (body,) = got
    said = json.loads(body)
    assert said["change"] == "opened"
    assert said["incident"]["culprit"] == "italiaonline"


def test_nobody_is_told_where_nobody_asked() -> None:
    """Without a channel nothing is kept."""
    teller = Teller(plan())
    teller.tell(EVENT)
    assert (teller.wanted, teller.lost) == (False, 0)


def test_what_does_not_fit_is_counted() -> None:
    """A dead channel costs bounded memory, and says what it lost."""
    teller = Teller(plan(notify=(Reference("env", "NOWHERE"),)))
    for _ in range(QUEUE_MAX + 3):
        teller.tell(EVENT)
    assert teller.lost == 3


@pytest.mark.asyncio
async def test_the_heart_beats_by_url_and_by_file(
    hook: tuple[str, list[bytes], threading.Event], tmp_path: Path
) -> None:
    """A URL is fetched, a file touched; what fails is said, not raised."""
    url, got, _ = hook
    assert await heartbeat.beat(url) == ""
    assert got == [b"/hook"]
    assert await heartbeat.beat(f"file:{tmp_path / 'beat'}") == ""
    assert (tmp_path / "beat").exists()
    assert await heartbeat.beat("") == ""
    assert "was not taken" in await heartbeat.beat(f"file:{tmp_path / 'no' / 'beat'}")


def test_a_change_is_one_line() -> None:
    """For a log, and as JSON."""
    assert line(EVENT) == (
        "2026-11-24T12:00:00Z opened 2026-11-24-italiaonline: "
        "italiaonline fails since 12:00."
    )
    assert json.loads(document(EVENT))["incident"]["state"] == "open"
