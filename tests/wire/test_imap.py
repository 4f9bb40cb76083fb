"""IMAP sessions against servers that misbehave."""

from __future__ import annotations

import asyncio
import base64
import ssl
from typing import TYPE_CHECKING

import pytest

from mailprobe.mail.imap import count
from mailprobe.model.failure import Kind, Phase, Reply
from mailprobe.model.limits import Limits
from mailprobe.model.secret import Secret
from mailprobe.wire.imap import CHALLENGES_MAX
from mailprobe.wire.imap_protocol import PUSHES_MAX
from mailprobe.wire.recorder import Recorder
from mailprobe.wire.trouble import Ended, Trouble
from tests.wire.peers import FakeClock, Peer, imap, recorder, until

if TYPE_CHECKING:
    from collections.abc import Awaitable

pytestmark = pytest.mark.asyncio

SECRET = Secret("hunter2")


def b64(text: bytes) -> bytes:
    """Return base64, as it stands on the wire."""
    return base64.b64encode(text)


async def trouble_of(doing: Awaitable[object]) -> Trouble:
    """Return the trouble that this must end in."""
    with pytest.raises(Trouble) as caught:
        await doing
    return caught.value


async def command(peer: Peer) -> tuple[bytes, bytes]:
    """Return tag and rest of the next command."""
    tag, _, rest = (await peer.line()).partition(b" ")
    return tag, rest


async def expect(peer: Peer, wanted: bytes) -> bytes:
    """Expect this command; return its tag."""
    tag, rest = await command(peer)
    assert rest == wanted
    return tag


async def greeted(peer: Peer, offer: bytes = b"IMAP4rev1") -> None:
    """Greet, announcing *offer*."""
    await peer.says(b"* OK [CAPABILITY %s] hi" % offer)


async def test_a_conversation_byte_by_byte() -> None:
    """However the responses are cut, the conversation is the same."""

    async def script(peer: Peer) -> None:
        await peer.drips(b"* OK hello\r\n")
        tag = await expect(peer, b"CAPABILITY")
        await peer.drips(b"* CAPABILITY IMAP4rev1 IDLE\r\n" + tag + b" OK done\r\n")
        tag = await expect(peer, b'LOGIN "ada" "hunter2"')
        await peer.drips(tag + b" OK [CAPABILITY IMAP4rev1 IDLE QUOTA] in\r\n")
        tag = await expect(peer, b'EXAMINE "INBOX"')
        await peer.drips(b"* 3 EXISTS\r\n* X {4}\r\na\r\nb\r\n" + tag + b" OK done\r\n")
        tag = await expect(peer, b"LOGOUT")
        await peer.drips(b"* BYE see you\r\n" + tag + b" OK done\r\n")

    async with imap(script) as session:
        assert await session.greeting() == Reply("OK", None, "hello")
        assert await session.capability() == ("IDLE", "IMAP4REV1")
        await session.login("LOGIN", "ada", SECRET)
        assert session.offers("QUOTA")
        done = await session.select(b"INBOX", read_only=True)
        assert count(done[0], "EXISTS") == 3
        assert done[1].literals == (b"a\r\nb",)
        assert session.usable
        await session.logout()


@pytest.mark.parametrize(
    ("sent", "kind"),
    [
        (b"* BYE overloaded\r\n", Kind.IMAP_BYE),
        (b"* BYE [UNAVAILABLE] TOO MANY BROKEN OK PARTS\r\n", Kind.IMAP_BYE),
        (b"* NO go away\r\n", Kind.IMAP_PROTOCOL),
        (b"* BAD go away\r\n", Kind.IMAP_PROTOCOL),
        (b"A1 OK what?\r\n", Kind.IMAP_PROTOCOL),
        (b"+ OK what?\r\n", Kind.IMAP_PROTOCOL),
        (b"* 3 EXISTS\r\n", Kind.IMAP_PROTOCOL),
        (b"220 mx ESMTP\r\n", Kind.IMAP_PROTOCOL),
        (b"HTTP/1.1 400 Bad Request\r\n", Kind.IMAP_PROTOCOL),
        (b"\r\n", Kind.IMAP_PROTOCOL),
        (b"x" * 20_000, Kind.IMAP_PROTOCOL),
        (b"* OK {999999999999}\r\n", None),
        (b"", Kind.PEER_CLOSED),
        (b"* OK hel", Kind.PEER_CLOSED),
    ],
)
async def test_a_greeting_is_ok_or_told_for_what_it_is(
    sent: bytes, kind: Kind | None
) -> None:
    """BYE is the server's word, other protocols are none, a loss is a loss."""

    async def script(peer: Peer) -> None:
        await peer.sends(sent)

    async with imap(script) as session:
        if kind is None:
            assert (await session.greeting()).code == "OK"
            return
        assert (await trouble_of(session.greeting())).kind is kind
        await until(lambda: not session.usable)
        assert (await trouble_of(session.command("NOOP"))).kind is kind


async def test_preauth_is_seen() -> None:
    """A server may take us for logged in."""

    async def script(peer: Peer) -> None:
        await peer.says(b"* PREAUTH welcome (not OK)")
        tag = await expect(peer, b"NOOP")
        await peer.says(tag + b" OK")

    async with imap(script) as session:
        assert (await session.greeting()).code == "PREAUTH"
        assert session.preauth
        await session.command("NOOP")


async def test_a_refusal_leaves_the_session_usable_and_a_bad_is_told() -> None:
    """NO and BAD end the command, not the session."""

    async def script(peer: Peer) -> None:
        await greeted(peer)
        tag = await expect(peer, b"NOOP")
        await peer.says(tag + b" NO [SERVERBUG] sorry")
        tag = await expect(peer, b"NOOP")
        await peer.says(tag + b" BAD what?")
        tag = await expect(peer, b"NOOP")
        await peer.says(tag + b" OK")

    async with imap(script) as session:
        await session.greeting()
        trouble = await trouble_of(session.command("NOOP"))
        assert trouble.kind is Kind.IMAP_NO
        assert trouble.reply == Reply("NO", "SERVERBUG", "sorry")
        assert (await trouble_of(session.command("NOOP"))).kind is Kind.IMAP_BAD
        await session.command("NOOP")


@pytest.mark.parametrize("reset", [False, True])
async def test_a_connection_lost_in_a_command(*, reset: bool) -> None:
    """It is told at once, with what had come so far."""

    async def script(peer: Peer) -> None:
        await greeted(peer)
        await expect(peer, b"NOOP")
        if reset:
            peer.reset()
        else:
            await peer.sends(b"* 3 EXI")

    async with imap(script) as session:
        await session.greeting()
        trouble = await trouble_of(session.command("NOOP"))
        assert trouble.kind is Kind.PEER_CLOSED
        told = "reset" if reset else "in the middle of a line: '* 3 EXI'"
        assert told in trouble.detail.lower() or told in trouble.detail
        assert not session.usable


@pytest.mark.parametrize("close", [False, True])
async def test_bye_ends_a_command_at_once(*, close: bool) -> None:
    """With or without the connection closing behind it."""

    async def script(peer: Peer) -> None:
        await greeted(peer)
        await expect(peer, b"NOOP")
        await peer.says(b"* 3 EXISTS", b"* BYE [UNAVAILABLE] shutting down")
        if not close:
            await peer.gone()

    async with imap(script) as session:
        await session.greeting()
        trouble = await trouble_of(session.command("NOOP"))
        assert trouble.kind is Kind.IMAP_BYE
        assert trouble.reply == Reply("BYE", "UNAVAILABLE", "shutting down")


async def test_bye_between_commands_is_remembered() -> None:
    """The next command is not sent, and tells why."""

    async def script(peer: Peer) -> None:
        await greeted(peer)
        await peer.says(b"* BYE autologout")

    async with imap(script) as session:
        await session.greeting()
        await until(lambda: not session.usable)
        trouble = await trouble_of(session.command("NOOP"))
        assert (trouble.kind, trouble.reply) == (
            Kind.IMAP_BYE,
            Reply("BYE", None, "autologout"),
        )


async def test_bye_during_the_login() -> None:
    """It is no refusal of the password."""

    async def script(peer: Peer) -> None:
        await greeted(peer)
        await command(peer)
        await peer.says(b"* BYE too many connections")

    async with imap(script) as session:
        await session.greeting()
        trouble = await trouble_of(session.login("LOGIN", "ada", SECRET))
        assert trouble.kind is Kind.IMAP_BYE


async def test_a_farewell_without_its_ok_is_told() -> None:
    """BYE and the end, but no tagged answer to LOGOUT."""

    async def script(peer: Peer) -> None:
        await greeted(peer)
        await expect(peer, b"LOGOUT")
        await peer.says(b"* BYE see you")

    async with imap(script) as session:
        await session.greeting()
        trouble = await trouble_of(session.logout())
        assert trouble.kind is Kind.IMAP_BYE


@pytest.mark.parametrize(
    "line", [b"ZZZ9 OK done", b"A1 NO no", b"garbage", b"", b"+ go on", b"+"]
)
async def test_a_response_nobody_asked_for_ends_the_session(line: bytes) -> None:
    """A wrong tag or a stray continuation would shift every later answer."""

    async def script(peer: Peer) -> None:
        await greeted(peer)
        await expect(peer, b"NOOP")
        await peer.says(line)
        await peer.gone()

    async with imap(script) as session:
        await session.greeting()
        trouble = await trouble_of(session.command("NOOP"))
        assert trouble.kind is Kind.IMAP_PROTOCOL
        assert "nobody asked for" in trouble.detail


async def test_a_tagged_response_between_commands_ends_the_session() -> None:
    """Nothing is running: nothing can be done."""

    async def script(peer: Peer) -> None:
        await greeted(peer)
        await peer.says(b"A1 OK done")
        await peer.gone()

    async with imap(script) as session:
        await session.greeting()
        await until(lambda: not session.usable)
        assert (await trouble_of(session.command("NOOP"))).kind is Kind.IMAP_PROTOCOL


async def test_news_between_commands_is_no_fault() -> None:
    """RFC 9051 7: a server may tell of new mail at any time."""

    async def script(peer: Peer) -> None:
        await greeted(peer)
        await peer.says(b"* 4 EXISTS", b"* OK [ALERT] disk is full")
        tag = await expect(peer, b"NOOP")
        await peer.says(tag + b" OK")

    async with imap(script) as session:
        await session.greeting()
        await until(lambda: session.alerts)
        done = await session.command("NOOP")
        assert len(done) == 1
        assert session.alerts == ("disk is full",)


async def test_alerts_are_bounded() -> None:
    """A server that repeats itself fills no memory."""

    async def script(peer: Peer) -> None:
        await greeted(peer)
        tag = await expect(peer, b"NOOP")
        await peer.says(*[b"* OK [ALERT] again"] * 1000, tag + b" OK")

    async with imap(script) as session:
        await session.greeting()
        await session.command("NOOP")
        assert 0 < len(session.alerts) <= 20


async def test_a_flood_of_responses_is_refused() -> None:
    """One command may bring so much and no more."""

    async def script(peer: Peer) -> None:
        await greeted(peer)
        await expect(peer, b"NOOP")
        await peer.says(*[b"* 1 FETCH (UID 1)"] * 200)
        await peer.gone()

    async with imap(script, recorder(Limits(response_bytes=1000))) as session:
        await session.greeting()
        trouble = await trouble_of(session.command("NOOP"))
        assert trouble.kind is Kind.IMAP_PROTOCOL
        assert "more than 1000 bytes" in trouble.detail


async def test_an_answer_counts_before_the_rubbish_behind_it() -> None:
    """A complete answer is not lost by what follows in the same segment."""

    async def script(peer: Peer) -> None:
        await greeted(peer)
        tag = await expect(peer, b"NOOP")
        await peer.sends(tag + b" OK done\r\n" + b"x" * 20_000)
        await peer.gone()

    async with imap(script) as session:
        await session.greeting()
        await session.command("NOOP")
        await until(lambda: not session.usable)
        assert (await trouble_of(session.command("NOOP"))).kind is Kind.IMAP_PROTOCOL


@pytest.mark.parametrize(
    ("password", "line"),
    [
        ("hunter2", b'LOGIN "ada" "hunter2"'),
        ('a"b\\c', b'LOGIN "ada" "a\\"b\\\\c"'),
        ("", b'LOGIN "ada" ""'),
        ("a b{3}", b'LOGIN "ada" "a b{3}"'),
    ],
)
async def test_a_password_is_quoted(password: str, line: bytes) -> None:
    """Quotes and backslashes are escaped; nothing else is touched."""

    async def script(peer: Peer) -> None:
        await greeted(peer)
        tag = await expect(peer, line)
        await peer.says(tag + b" OK in")

    async with imap(script) as session:
        await session.greeting()
        await session.login("LOGIN", "ada", Secret(password))


@pytest.mark.parametrize("user", ["ada", "ädä"])
@pytest.mark.parametrize("password", ["pässwörd", "two\r\nlines"])
async def test_eight_bits_and_line_ends_go_as_literals(
    user: str, password: str
) -> None:
    """RFC 3501 4.3: each literal waits for the server's go-ahead."""

    async def script(peer: Peer) -> None:
        await greeted(peer)
        tag, rest = await command(peer)
        line, literal = b"LOGIN ", user.encode()
        if not user.isascii():
            assert rest == line + b"{%d}" % len(literal)
            await peer.says(b"+ go")
            assert await peer.reader.readexactly(len(literal)) == literal
            line, rest = b" ", await peer.line()
        else:
            line += b'"ada" '
        literal = password.encode()
        assert rest == line + b"{%d}" % len(literal)
        await peer.says(b"+")
        assert await peer.reader.readexactly(len(literal) + 2) == literal + b"\r\n"
        await peer.says(tag + b" OK in")

    async with imap(script) as session:
        await session.greeting()
        await session.login("LOGIN", user, Secret(password))


async def test_a_literal_that_is_refused_is_not_sent() -> None:
    """The password stays here if the server wants none."""

    async def script(peer: Peer) -> None:
        await greeted(peer)
        tag, _ = await command(peer)
        await peer.says(tag + b" NO [UNAVAILABLE] not now")
        assert await peer.reader.read() == b""

    async with imap(script) as session:
        await session.greeting()
        trouble = await trouble_of(session.login("LOGIN", "ada", Secret("pässwörd")))
        assert trouble.kind is Kind.AUTH_UNAVAILABLE
        session.abort()


PLAIN = b64(b"\0ada\0hunter2")


async def test_sasl_with_an_initial_response() -> None:
    """RFC 4959: where it is offered, it saves a round trip."""

    async def script(peer: Peer) -> None:
        await greeted(peer, b"IMAP4rev1 SASL-IR AUTH=PLAIN")
        tag = await expect(peer, b"AUTHENTICATE PLAIN " + PLAIN)
        await peer.says(tag + b" OK in")

    async with imap(script) as session:
        await session.greeting()
        await session.login("PLAIN", "ada", SECRET)


async def test_sasl_without_an_initial_response() -> None:
    """Else the server asks for it with an empty continuation."""

    async def script(peer: Peer) -> None:
        await greeted(peer, b"IMAP4rev1 AUTH=PLAIN")
        tag = await expect(peer, b"AUTHENTICATE PLAIN")
        await peer.says(b"+")
        await peer.hears(PLAIN)
        await peer.says(tag + b" OK in")

    async with imap(script) as session:
        await session.greeting()
        await session.login("PLAIN", "ada", SECRET)


async def test_login_as_a_mechanism_where_the_command_is_forbidden() -> None:
    """LOGINDISABLED forbids the command, not the mechanism."""

    async def script(peer: Peer) -> None:
        await greeted(peer, b"IMAP4rev1 LOGINDISABLED SASL-IR AUTH=LOGIN")
        tag = await expect(peer, b"AUTHENTICATE LOGIN")
        await peer.says(b"+ " + b64(b"Username:"))
        await peer.hears(b64(b"ada"))
        await peer.says(b"+ " + b64(b"Password:"))
        await peer.hears(b64(b"hunter2"))
        await peer.says(tag + b" OK in")

    async with imap(script) as session:
        await session.greeting()
        await session.login("LOGIN", "ada", SECRET)


async def test_a_refused_token_is_answered_with_the_dummy() -> None:
    """RFC 7628 3.2.3: the reason comes first, the refusal after our answer."""

    async def script(peer: Peer) -> None:
        await greeted(peer, b"IMAP4rev1 SASL-IR AUTH=OAUTHBEARER")
        tag, _ = await command(peer)
        await peer.says(b"+ " + b64(b'{"status":"invalid_token"}'))
        await peer.hears(b64(b"\1"))
        await peer.says(tag + b" NO [AUTHENTICATIONFAILED] no")

    async with imap(script) as session:
        await session.greeting()
        trouble = await trouble_of(session.login("OAUTHBEARER", "ada", SECRET))
        assert trouble.kind is Kind.AUTH_REFUSED


@pytest.mark.parametrize("mechanism", ["PLAIN", "LOGIN", "CRAM-MD5", "XOAUTH2"])
async def test_a_server_that_asks_on_and_on_is_left(mechanism: str) -> None:
    """Challenges without end are no answer to a login."""
    heard: list[bytes] = []

    async def script(peer: Peer) -> None:
        await greeted(peer, b"IMAP4rev1 LOGINDISABLED")
        try:
            while line := await peer.reader.readline():
                heard.append(line)
                await peer.says(b"+ !!! no base64")
        except ConnectionResetError:
            pass

    async with imap(script) as session:
        await session.greeting()
        trouble = await trouble_of(session.login(mechanism, "ada", SECRET))
        assert trouble.kind is Kind.IMAP_PROTOCOL
    assert len(heard) == CHALLENGES_MAX + 1


@pytest.mark.parametrize(
    ("said", "kind"),
    [
        (b"NO [AUTHENTICATIONFAILED] wrong", Kind.AUTH_REFUSED),
        (b"NO wrong", Kind.AUTH_REFUSED),
        (b"NO [EXPIRED] change it", Kind.AUTH_REFUSED),
        (b"NO [UNAVAILABLE] later", Kind.AUTH_UNAVAILABLE),
        (b"NO [SERVERBUG] oops", Kind.AUTH_UNAVAILABLE),
        (b"NO [INUSE] later", Kind.AUTH_UNAVAILABLE),
        (b"NO [LIMIT] later", Kind.AUTH_UNAVAILABLE),
        (b"BAD what?", Kind.IMAP_BAD),
    ],
)
async def test_a_login_is_refused_or_unavailable(said: bytes, kind: Kind) -> None:
    """RFC 5530 tells a wrong password from a broken password store."""

    async def script(peer: Peer) -> None:
        await greeted(peer)
        tag, _ = await command(peer)
        await peer.says(tag + b" " + said)

    async with imap(script) as session:
        await session.greeting()
        trouble = await trouble_of(session.login("LOGIN", "ada", SECRET))
        assert trouble.kind is kind


INJECTED = [
    b"* CAPABILITY IMAP4rev1 AUTH=PLAIN\r\n",
    b"* OK [ALERT] hello\r\n",
    b"A9 OK fake\r\n",
    b"* CAPAB",
    b"x",
]


@pytest.mark.parametrize("injected", INJECTED)
async def test_text_behind_starttls_is_an_injection(injected: bytes) -> None:
    """Whole or half a line: nothing sent in clear enters the TLS session."""

    async def script(peer: Peer) -> None:
        await greeted(peer)
        tag = await expect(peer, b"STARTTLS")
        await peer.sends(tag + b" OK go\r\n" + injected)
        await peer.gone()

    async with imap(script) as session:
        await session.greeting()
        trouble = await trouble_of(session.starttls())
        assert trouble.kind is Kind.STARTTLS_INJECTION
        assert trouble.detail.startswith("in clear: ")


@pytest.mark.parametrize("injected", INJECTED)
async def test_text_before_the_handshake_is_an_injection_too(injected: bytes) -> None:
    """It may come in a segment of its own, while nobody is looking."""
    answered = asyncio.Event()

    async def script(peer: Peer) -> None:
        await greeted(peer)
        tag = await expect(peer, b"STARTTLS")
        await peer.says(tag + b" OK go")
        await answered.wait()
        await peer.sends(injected)
        await peer.gone()

    async with imap(script) as session:
        await session.greeting()
        await session.starttls()
        answered.set()
        protocol = session._protocol
        await until(lambda: protocol.surplus or protocol._reader.pending)
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
        trouble = await trouble_of(session.upgrade(context, "mx.test"))
        assert trouble.kind is Kind.STARTTLS_INJECTION


async def idling(peer: Peer) -> bytes:
    """Greet, and agree to IDLE; return its tag."""
    await greeted(peer, b"IMAP4rev1 IDLE")
    tag = await expect(peer, b"IDLE")
    await peer.says(b"+ idling")
    return tag


async def test_idle_tells_news_until_done() -> None:
    """What comes is told with its time; DONE ends it, and the session goes on."""

    async def script(peer: Peer) -> None:
        tag = await idling(peer)
        await peer.says(b"* 4 EXISTS", b"+ still here", b"* 5 EXISTS")
        await peer.hears(b"DONE")
        await peer.says(tag + b" OK done")
        tag = await expect(peer, b"NOOP")
        await peer.says(tag + b" OK")

    async with imap(script) as session:
        await session.greeting()
        await session.idle_start()
        seen: list[int | None] = []
        while len(seen) < 2:
            news = await session.idle_push()
            assert all(at == 0.0 for at, _ in news)  # the clock stands still
            seen += [count(response, "EXISTS") for _, response in news]
        assert seen == [4, 5]
        await session.idle_done()
        await session.command("NOOP")


async def test_news_that_crosses_done_is_told() -> None:
    """What the server tells before it has answered DONE is not lost."""

    async def script(peer: Peer) -> None:
        tag = await idling(peer)
        await peer.hears(b"DONE")
        await peer.says(b"* 4 EXISTS", tag + b" OK done")

    async with imap(script) as session:
        await session.greeting()
        await session.idle_start()
        news = await session.idle_done()
        assert [count(response, "EXISTS") for _, response in news] == [4]


async def test_a_storm_in_idle_is_bounded() -> None:
    """Ten thousand EXISTS keep the latest hundred and no more."""

    async def script(peer: Peer) -> None:
        await idling(peer)
        await peer.says(*[b"* %d EXISTS" % n for n in range(1, 10_001)])
        await peer.gone()

    async with imap(script, recorder(Limits(response_bytes=1000))) as session:
        await session.greeting()
        await session.idle_start()
        protocol = session._protocol
        await until(
            lambda: (
                protocol.pushes and count(protocol.pushes[-1][1], "EXISTS") == 10_000
            )
        )
        news = await session.idle_push()
        assert len(news) == PUSHES_MAX
        assert protocol.current is not None
        assert protocol.current.responses == []


async def test_idle_ended_by_bye() -> None:
    """News that came before it is told first; then the server's word."""

    async def script(peer: Peer) -> None:
        await idling(peer)
        await peer.says(b"* 4 EXISTS", b"* BYE shutting down")

    async with imap(script) as session:
        await session.greeting()
        await session.idle_start()
        assert len(await session.idle_push()) == 1
        trouble = await trouble_of(session.idle_push())
        assert trouble.kind is Kind.IMAP_BYE
        assert (await trouble_of(session.idle_push())).kind is Kind.IMAP_BYE


async def test_idle_ended_by_a_lost_connection() -> None:
    """Whoever listens is told at once."""

    async def script(peer: Peer) -> None:
        await idling(peer)

    async with imap(script) as session:
        await session.greeting()
        await session.idle_start()
        assert (await trouble_of(session.idle_push())).kind is Kind.PEER_CLOSED


@pytest.mark.parametrize(
    ("said", "kind"),
    [(b"OK", Kind.IMAP_PROTOCOL), (b"NO", Kind.IMAP_NO), (b"BAD", Kind.IMAP_BAD)],
)
async def test_idle_ended_by_the_server_is_told(said: bytes, kind: Kind) -> None:
    """A tagged answer without our DONE: the listener hears of it, DONE is not said."""

    async def script(peer: Peer) -> None:
        tag = await idling(peer)
        await peer.says(tag + b" " + said + b" enough")
        tag = await expect(peer, b"NOOP")
        await peer.says(tag + b" OK")

    async with imap(script) as session:
        await session.greeting()
        await session.idle_start()
        trouble = await trouble_of(session.idle_push())
        assert (trouble.kind, trouble.reply) == (
            kind,
            Reply(said.decode(), None, "enough"),
        )
        await session.idle_done()
        await session.command("NOOP")


async def test_idle_that_is_refused() -> None:
    """Offered or not: NO is told as a refusal."""

    async def script(peer: Peer) -> None:
        await greeted(peer, b"IMAP4rev1 IDLE")
        tag = await expect(peer, b"IDLE")
        await peer.says(tag + b" NO not now")

    async with imap(script) as session:
        await session.greeting()
        assert (await trouble_of(session.idle_start())).kind is Kind.IMAP_NO


async def in_a_step(record: Recorder, doing: Awaitable[object]) -> Ended:
    """Do this in a step of a hundredth of a second; return how it ended."""
    with pytest.raises(Ended) as caught, record.step(Phase.SELECT, "imap", 0.01):
        await doing
    return caught.value


async def test_a_go_ahead_that_never_comes() -> None:
    """The step's budget ends the wait, and the session is spent."""
    record = Recorder(FakeClock(), Limits(), 60)

    async def script(peer: Peer) -> None:
        await greeted(peer, b"IMAP4rev1 IDLE")
        await peer.gone()

    async with imap(script, record) as session:
        await session.greeting()
        ended = await in_a_step(record, session.idle_start())
        assert ended.failure.kind is Kind.REPLY_TIMEOUT
        assert not session.usable
        session.abort()


async def test_silence_ends_with_the_step() -> None:
    """A late answer to a command that was given up is not taken for another's."""
    record = Recorder(FakeClock(), Limits(), 60)

    async def script(peer: Peer) -> None:
        await greeted(peer)
        await peer.gone()

    async with imap(script, record) as session:
        await session.greeting()
        ended = await in_a_step(record, session.command("NOOP"))
        assert ended.failure.kind is Kind.REPLY_TIMEOUT
        assert not session.usable


async def test_an_illegal_command_is_a_fault_of_ours() -> None:
    """It is not sent, and not blamed on the server."""

    async def script(peer: Peer) -> None:
        await greeted(peer)
        assert await peer.reader.read() == b""

    async with imap(script) as session:
        await session.greeting()
        with pytest.raises(RuntimeError, match="not legal"):
            await session.select(b"INBOX", read_only=False)
        session.abort()


async def test_a_folder_is_named_as_list_named_it() -> None:
    """Its raw bytes, quoted."""

    async def script(peer: Peer) -> None:
        await peer.says(b"* PREAUTH hi")
        tag = await expect(peer, b'SELECT "a\\"b\\\\c&AOA-"')
        await peer.says(tag + b" OK")

    async with imap(script) as session:
        await session.greeting()
        await session.select(b'a"b\\c&AOA-', read_only=False)


async def test_which_folder_is_open_for_changes() -> None:
    """That of the last SELECT; after EXAMINE, or a refusal, none (RFC 9051 6.3.2)."""

    async def script(peer: Peer) -> None:
        await peer.says(b"* PREAUTH hi")
        for wanted, told in (
            (b'SELECT "INBOX"', b"OK [READ-WRITE] there"),
            (b'EXAMINE "INBOX"', b"OK [READ-ONLY] there"),
            (b'SELECT "INBOX"', b"OK [READ-WRITE] there"),
            (b'SELECT "Junk"', b"NO no such folder"),
        ):
            tag = await expect(peer, wanted)
            await peer.says(b"* OK [UIDVALIDITY 7] valid", tag + b" " + told)

    async with imap(script) as session:
        await session.greeting()
        assert session.writable is None
        await session.select(b"INBOX", read_only=False)
        assert session.writable == (b"INBOX", 7)
        await session.select(b"INBOX", read_only=True)
        assert session.writable is None
        await session.select(b"INBOX", read_only=False)
        with pytest.raises(Trouble):
            await session.select(b"Junk", read_only=False)
        assert session.writable is None
