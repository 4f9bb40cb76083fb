"""Changes of incidents reach people; a channel that fails keeps nobody waiting."""

from __future__ import annotations

import asyncio
import json
import logging
import sys
from contextlib import asynccontextmanager
from dataclasses import replace
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

import pytest

from mailprobe.credentials import Reference
from mailprobe.model.entry import Changed, Sampled
from mailprobe.model.errors import ConfigError
from mailprobe.model.incident import Change
from mailprobe.model.sample import Party
from mailprobe.model.target import Mailbox
from mailprobe.monitor import channels, heartbeat
from mailprobe.monitor.ledger import Ledger
from mailprobe.monitor.monitor import Monitor
from mailprobe.monitor.plan import Cohort, Plan, Route
from mailprobe.monitor.telling import QUEUE_MAX, Teller
from mailprobe.prober import Prober
from tests.incidents import INCIDENT, NOON, OPENED
from tests.judge.streams import WORK, stream
from tests.monitor.hooks import Hook, hook
from tests.monitor.stories import Hand

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Iterator
    from pathlib import Path

pytestmark = pytest.mark.asyncio

CLOSED = replace(OPENED, at=NOON + timedelta(hours=1), change=Change.CLOSED)
SECRET = "tok-3fe1c0de"


def plan(*notify: str, webhook: str = "") -> Plan:
    """Return a plan that tells there: names of environment variables."""
    return Plan(
        ledger="unused",
        mailboxes={"one": Mailbox("one@libero.test")},
        cohorts=(
            Cohort(name="x", party=Party(name="x", platform="x"), mailboxes=("one",)),
        ),
        routes=(Route(name="r", sender="one", recipient="one"),),
        webhook=Reference("env", webhook) if webhook else None,
        notify=tuple(Reference("env", one) for one in notify),
    )


@pytest.fixture
def there() -> Iterator[Hook]:
    """A server that takes what is posted."""
    with hook() as one:
        yield one


@pytest.fixture
def other() -> Iterator[Hook]:
    """Another one."""
    with hook() as one:
        yield one


@pytest.fixture(autouse=True)
def _urls(monkeypatch: pytest.MonkeyPatch, there: Hook, other: Hook) -> None:
    monkeypatch.setenv("HOOK", f"{there.url}/hook/{SECRET}")
    host = other.url.removeprefix("http://")
    monkeypatch.setenv("APPRISE", f"json://ada:{SECRET}@{host}/say")


@asynccontextmanager
async def telling(
    where: Path, given: Plan, pause: float = 0.01
) -> AsyncIterator[Teller]:
    """Have a teller at work, as in one run of a monitor."""
    async with Ledger.open(where / "ledger.db") as ledger:
        teller = Teller(given, ledger, pause=pause)
        await teller.open(NOON)
        tasks = [asyncio.ensure_future(one.serve()) for one in teller.channels]
        try:
            yield teller
        finally:
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)


async def came(one: Hook) -> dict[str, object]:
    """Wait for a request; return what was posted."""
    _, body = await asyncio.to_thread(one.next)
    said: dict[str, object] = json.loads(body)
    return said


async def settled(teller: Teller, begun: datetime = NOON) -> None:
    """Return when what was told is kept, so that a next run knows it."""
    ledger = teller.channels[0]._ledger
    while True:
        kept = await ledger.kept(teller.channels[0]._key)
        if kept and kept.decode() != begun.isoformat():
            return
        await asyncio.sleep(0.001)


async def test_a_change_is_posted_as_json(there: Hook, tmp_path: Path) -> None:
    """Once, with the incident as it is."""
    async with telling(tmp_path, plan(webhook="HOOK")) as teller:
        teller.tell(OPENED)
        said = await came(there)
        teller.tell(CLOSED)
        assert (await came(there))["change"] == "closed"
        await settled(teller)
    assert said["change"] == "opened"
    assert said["incident"]["culprit"] == "italiaonline"  # type: ignore[index]
    assert there.got.empty()


async def test_a_server_in_trouble_is_asked_again(there: Hook, tmp_path: Path) -> None:
    """Until it takes it; then nothing is wrong any more."""
    there.answers = [503, 500]
    async with telling(tmp_path, plan(webhook="HOOK")) as teller:
        teller.tell(CLOSED)
        for _ in range(3):
            await came(there)
        await settled(teller)
        assert not teller.trouble
    assert there.got.empty()


async def test_trouble_is_told_while_it_lasts(there: Hook, tmp_path: Path) -> None:
    """In a sentence that names the channel, and what the server answered."""
    there.answers = [503]
    async with telling(tmp_path, plan(webhook="HOOK"), pause=3600.0) as teller:
        teller.tell(CLOSED)
        await came(there)
        while not teller.trouble:  # noqa: ASYNC110 - set by a thread that ends
            await asyncio.sleep(0.001)
        assert teller.trouble == ("webhook: the server answered 503",)


async def test_apprise_is_told_in_words(other: Hook, tmp_path: Path) -> None:
    """Title and text are ours, on one line each, whatever strangers said."""
    event = replace(
        CLOSED, incident=replace(INCIDENT, why="It said: \x1b[31m<b>no</b>\r\nBcc: x")
    )
    async with telling(tmp_path, plan("APPRISE")) as teller:
        teller.tell(event)
        said = await came(other)
        await settled(teller)
    assert said["title"] == "mailprobe: italiaonline: closed"
    assert said["message"] == r"It said: \x1b[31m<b>no</b> Bcc: x"


async def test_a_channel_that_hangs_keeps_nobody_waiting(
    there: Hook, other: Hook, tmp_path: Path
) -> None:
    """The other channel is told at once, and the monitor ends without it."""
    other.open.clear()
    async with telling(tmp_path, plan("APPRISE", webhook="HOOK")) as teller:
        for event in (OPENED, CLOSED):
            teller.tell(event)
        await came(other)
        assert [(await came(there))["change"] for _ in range(2)] == ["opened", "closed"]
    assert not other.open.is_set()


async def test_what_was_not_told_is_told_by_the_next_run(
    there: Hook, tmp_path: Path
) -> None:
    """A process that died in between keeps nobody in the dark, and repeats nothing."""
    given = plan(webhook="HOOK")
    async with telling(tmp_path, given) as teller:
        teller.tell(replace(OPENED, at=NOON + timedelta(minutes=1)))
        await came(there)
        await settled(teller)
        ledger = teller.channels[0]._ledger
        for event in (replace(OPENED, at=NOON + timedelta(minutes=1)), CLOSED):
            await ledger.append(Changed(at=event.at, event=event))
    async with telling(tmp_path, given):
        assert (await came(there))["change"] == "closed"
    assert there.got.empty()


async def test_what_a_killed_run_did_not_judge_is_told_once(
    there: Hook, tmp_path: Path
) -> None:
    """An incident that a new run finds in old facts is told as if it was just found."""
    clock, given = Hand(), replace(plan(webhook="HOOK"), ledger=tmp_path / "ledger.db")
    async with Ledger.open(given.ledger, clock=clock) as ledger:
        await Teller(given, ledger).open(clock.at - timedelta(days=1))
        for sample in stream(clock.at - timedelta(hours=3), 0.1, lambda _: WORK):
            await ledger.append(Sampled(at=sample.known_at, sample=sample))
    async with Prober(clock=clock) as prober, Monitor(given, prober) as monitor:
        found = [event.change for event in monitor.events]
        assert found
        told = [(await came(there))["change"] for _ in found]
        await settled(monitor._teller, clock.at - timedelta(days=1))
    assert told == found
    assert there.got.empty()


async def test_a_new_channel_is_not_told_what_is_past(
    there: Hook, tmp_path: Path
) -> None:
    """Whoever adds a channel does not get the history of yesterday."""
    before = replace(OPENED, at=NOON - timedelta(hours=1))
    async with Ledger.open(tmp_path / "ledger.db") as ledger:
        await ledger.append(Changed(at=before.at, event=before))
    async with telling(tmp_path, plan(webhook="HOOK")) as teller:
        teller.tell(CLOSED)
        assert (await came(there))["change"] == "closed"
    assert there.got.empty()


async def test_what_does_not_fit_is_counted(tmp_path: Path) -> None:
    """A dead channel costs bounded memory, and says what it lost."""
    async with Ledger.open(tmp_path / "ledger.db") as ledger:
        teller = Teller(plan(webhook="HOOK"), ledger)
        for _ in range(QUEUE_MAX + 3):
            teller.tell(OPENED)
        assert teller.channels[0].lost == 3
        assert "3 changes were not told" in teller.trouble[0]


@pytest.mark.parametrize(
    ("value", "said"),
    [
        (f"ftp://{SECRET}.test/", "no http:// or https:// URL"),
        (f"nonsense://{SECRET}", "no URL that Apprise knows"),
        ("", "is not set"),
    ],
)
async def test_what_cannot_be_meant_is_said_at_once(
    value: str, said: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """At the start, not in the night of the outage; and the secret is not quoted."""
    if value:
        monkeypatch.setenv("WRONG", value)
    given = plan("WRONG") if "nonsense" in value else plan(webhook="WRONG")
    with pytest.raises(ConfigError, match=said) as caught:
        async with telling(tmp_path, given):
            pass
    assert SECRET not in str(caught.value)


async def test_apprise_is_an_extra(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Without it the sentence says what to install."""
    monkeypatch.setitem(sys.modules, "apprise", None)
    with pytest.raises(ConfigError, match=r"pip install 'mailprobe\[notify\]'"):
        async with telling(tmp_path, plan("APPRISE")):
            pass


@pytest.mark.parametrize(
    "url",
    [
        f"http://127.0.0.1:1/{SECRET}",
        f"http://127.0.0.1:1/{SECRET} with blanks",
        f"http://ada:{SECRET}@127.0.0.1:1/",
        f"http://[{SECRET}/",
        f"http://{SECRET}\x00.test/",
    ],
)
async def test_no_secret_is_ever_said(
    url: str,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
    capfd: pytest.CaptureFixture[str],
) -> None:
    """Not in what is wrong, nor in a log, nor on a stream: libraries quote URLs."""
    caplog.set_level(logging.DEBUG)
    monkeypatch.setattr(Reference, "_text", lambda _: url)
    for given in (plan(webhook="X"), plan("X")):
        async with Ledger.open(tmp_path / "ledger.db") as ledger:
            (channel,) = Teller(given, ledger, pause=0.001).channels
            if channel.name != "webhook":
                monkeypatch.setattr(Reference, "_text", lambda _: f"json{url[4:]}")
            channel.tell(OPENED)
            work = asyncio.ensure_future(channel.serve())
            while not channel.trouble:  # noqa: ASYNC110 - set when a thread ends
                await asyncio.sleep(0.001)
            work.cancel()
            await asyncio.gather(work, return_exceptions=True)
            assert SECRET not in channel.trouble
            assert SECRET not in repr(channel) + repr(given)
    assert SECRET not in await heartbeat.beat(url)
    assert SECRET not in caplog.text
    assert SECRET not in "".join(capfd.readouterr())


async def test_the_heart_beats_by_url_and_by_file(there: Hook, tmp_path: Path) -> None:
    """A URL is fetched, a file touched; what fails is said, not raised."""
    assert await heartbeat.beat(f"{there.url}/beat") == ""
    assert there.next()[0] == "/beat"
    assert await heartbeat.beat(f"file:{tmp_path / 'beat'}") == ""
    assert (tmp_path / "beat").exists()
    assert await heartbeat.beat("") == ""
    said = await heartbeat.beat(f"file:{tmp_path / 'no' / 'beat'}")
    assert said == "the heartbeat was not taken: No such file or directory"
    there.answers = [500]
    said = await heartbeat.beat(there.url)
    assert said == "the heartbeat was not taken: the server answered 500"


async def test_a_message_is_short() -> None:
    """A pager takes a subject and a few lines, not a novel."""
    event = replace(OPENED, incident=replace(INCIDENT, why="no " * 5000))
    assert len(channels.body(event)) <= channels.BODY_MAX
