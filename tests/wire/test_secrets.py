"""A planted password occurs nowhere but on the wire."""

from __future__ import annotations

import base64
import json
import logging
import secrets
import traceback
import urllib.parse
from typing import TYPE_CHECKING

import pytest

from mailprobe.model.failure import Phase
from mailprobe.model.limits import Limits
from mailprobe.model.secret import Secret
from mailprobe.wire.recorder import Recorder
from mailprobe.wire.trouble import Ended
from tests.wire.peers import FakeClock, Peer, imap, smtp

if TYPE_CHECKING:
    from collections.abc import Awaitable

pytestmark = pytest.mark.asyncio

USER = "ada@libero.test"


def echoes(password: str) -> list[bytes]:
    """Return what a spiteful server may say when it has heard a password."""
    raw = password.encode()
    plain = f"\0{USER}\0{password}".encode()
    bearer = f"user={USER}\1auth=Bearer {password}\1\1".encode()
    return [
        raw,
        b"you said " + raw + b", wrong",
        b'"' + raw.replace(b"\\", b"\\\\").replace(b'"', b'\\"') + b'"',
        base64.b64encode(raw),
        base64.b64encode(plain),
        base64.b64encode(bearer),
        base64.urlsafe_b64encode(plain),
        urllib.parse.quote(password).encode(),
        json.dumps({"token": password}).encode(),
        b"x" * 190 + raw,
        b"x" * 490 + raw,
        b"x" * 3990 + raw,
    ]


PASSWORDS = [
    secrets.token_urlsafe(18),
    f"q\"{secrets.token_hex(6)}\\b's",
    f"ä{secrets.token_hex(6)}ß",
]


@pytest.fixture(params=range(len(PASSWORDS)), ids=["plain", "quotes", "eight-bit"])
def password(request: pytest.FixtureRequest) -> str:
    """A password nobody has seen before, of several makes."""
    return PASSWORDS[int(request.param)]


def forms(password: str) -> list[str]:
    """Return what must not be found: the password in several writings."""
    raw = password.encode()
    doubled = password.replace("\\", "\\\\")
    return [
        password,
        doubled.replace('"', '\\"'),
        repr(password)[1:-1],
        base64.b64encode(raw).decode().rstrip("=")[:-1],
        base64.b64encode(f"\0{USER}\0{password}".encode()).decode(),
        # The beginning alone is too much as well.
        password[:8],
    ]


class Watched:
    """Gathers everything a run could show: log, transcript, steps, exceptions."""

    def __init__(self, caplog: pytest.LogCaptureFixture, password: str) -> None:
        """Watch for this password."""
        caplog.set_level(logging.DEBUG)
        self.caplog = caplog
        self.password = password
        self.record = Recorder(FakeClock(), Limits(), 60, transcript=True)
        self.shown: list[str] = []

    async def attempt(self, doing: Awaitable[object], phase: Phase) -> None:
        """Do this in a step, and keep what it ends in."""
        try:
            with self.record.step(phase, "mx", 30) as step:
                step.saw(await doing)
        except Ended as ended:
            self.shown += [str(ended), repr(ended), repr(ended.failure)]
            self.shown += traceback.format_exception(ended)

    def check(self) -> None:
        """Hold everything to the promise."""
        self.shown += [*self.record.transcript, *map(repr, self.record.steps)]
        self.shown += [self.caplog.text, repr(self.caplog.records)]
        for text in self.shown:
            for form in forms(self.password):
                assert form not in text


@pytest.fixture
def watched(caplog: pytest.LogCaptureFixture, password: str) -> Watched:
    """A recorder whose every output is watched for the password."""
    return Watched(caplog, password)


@pytest.mark.parametrize("mechanism", ["PLAIN", "LOGIN", "XOAUTH2", "CRAM-MD5"])
@pytest.mark.parametrize("shape", ["535 %s", "535-%s\r\n535 no", "%s", "334 %s"])
async def test_smtp_shows_no_password(
    watched: Watched, mechanism: str, shape: str
) -> None:
    """Whatever the server makes of it: reply, challenge, rubbish or half a line."""
    for echo in echoes(watched.password):
        said = shape.encode() % echo

        async def script(peer: Peer, said: bytes = said) -> None:
            await peer.says(b"220 hi")
            while line := await peer.line():
                more = line.startswith(b"AUTH") and b" " not in line[5:]
                await peer.says(b"334 " if more else said)

        async with smtp(script, watched.record) as session:
            await session.greeting()
            secret = Secret(watched.password)
            doing = session.auth(mechanism, USER, secret)
            await watched.attempt(doing, Phase.AUTH)
            session.abort()
    watched.check()


@pytest.mark.parametrize("mechanism", ["LOGIN", "PLAIN", "OAUTHBEARER"])
@pytest.mark.parametrize(
    "shape", ["{tag} NO {echo}", "* OK [ALERT] {echo}\r\n{tag} BAD {echo}", "{echo}"]
)
async def test_imap_shows_no_password(
    watched: Watched, mechanism: str, shape: str
) -> None:
    """Whatever the server makes of it: refusal, alert, rubbish or half a line."""
    for echo in echoes(watched.password):

        async def script(peer: Peer, echo: bytes = echo) -> None:
            await peer.says(b"* OK [CAPABILITY IMAP4rev1 SASL-IR] hi")
            line = await peer.line()
            if line.endswith(b"}"):
                await peer.says(b"+ go")
                await peer.line()
            before, _, after = shape.encode().partition(b"{echo}")
            text = before + echo + after.replace(b"{echo}", echo)
            tag = line.partition(b" ")[0]
            await peer.says(text.replace(b"{tag}", tag))

        async with imap(script, watched.record) as session:
            await session.greeting()
            secret = Secret(watched.password)
            doing = session.login(mechanism, USER, secret)
            await watched.attempt(doing, Phase.LOGIN)
            for alert in session.alerts:
                watched.shown.append(alert)
    watched.check()


async def test_a_connection_lost_in_the_echo_shows_no_password(
    watched: Watched,
) -> None:
    """Half a line that is quoted in the failure is masked as well."""

    async def script(peer: Peer) -> None:
        await peer.says(b"220 hi")
        await peer.line()
        await peer.sends(b"535 you said " + watched.password.encode())

    async with smtp(script, watched.record) as session:
        await session.greeting()
        doing = session.auth("PLAIN", USER, Secret(watched.password))
        await watched.attempt(doing, Phase.AUTH)
    watched.check()


async def test_a_login_that_works_shows_no_password(watched: Watched) -> None:
    """Not even byte by byte in the transcript."""

    async def script(peer: Peer) -> None:
        await peer.says(b"220 hi")
        heard = await peer.line()
        await peer.drips(b"235 thank you for " + heard.rpartition(b" ")[2] + b"\r\n")

    async with smtp(script, watched.record) as session:
        await session.greeting()
        doing = session.auth("PLAIN", USER, Secret(watched.password))
        await watched.attempt(doing, Phase.AUTH)
    watched.check()
    assert any("thank you for" in line for line in watched.record.transcript)
