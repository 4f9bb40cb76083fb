"""SMTP sessions against servers that misbehave."""

from __future__ import annotations

import asyncio
import base64
from typing import TYPE_CHECKING

import pytest

from mailprobe.model.failure import Kind, Phase, Reply
from mailprobe.model.limits import Limits
from mailprobe.model.secret import Secret
from mailprobe.wire.recorder import Recorder
from mailprobe.wire.smtp import CHALLENGES_MAX, SmtpSession
from mailprobe.wire.trouble import Ended, Trouble
from tests.wire.peers import FakeClock, Peer, recorder, smtp, until

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


async def test_a_conversation_byte_by_byte() -> None:
    """However the replies are cut, the conversation is the same."""

    async def script(peer: Peer) -> None:
        await peer.drips(b"220-mx\r\n220 ready\r\n")
        await peer.hears(b"EHLO probe.test")
        await peer.drips(b"250-mx.test hi\r\n250-SIZE 1000\r\n250 AUTH PLAIN\r\n")
        await peer.hears(b"MAIL FROM:<a@b>")
        await peer.drips(b"250 2.1.0 ok\r\n")
        await peer.hears(b"RCPT TO:<c@d>")
        await peer.drips(b"251 will forward\r\n")
        await peer.hears(b"DATA")
        await peer.drips(b"354 go\r\n")
        for line in (b"Subject: x", b"", b"..", b"...", b"x", b"."):
            await peer.hears(line)
        await peer.drips(b"250 2.0.0 queued\r\n")
        await peer.hears(b"QUIT")
        await peer.drips(b"221 bye\r\n")

    async with smtp(script) as session:
        assert await session.greeting() == Reply(220, None, "mx\nready")
        offer = await session.ehlo("probe.test")
        assert (offer.name, offer.size_limit, offer.auth) == (
            "mx.test",
            1000,
            ("PLAIN",),
        )
        assert await session.mail("a@b") == Reply(250, "2.1.0", "ok")
        assert (await session.rcpt("c@d")).code == 251
        await session.data()
        session.send_message(b"Subject: x\r\n\r\n.\r\n..\r\nx\r\n")
        assert (await session.accepted()).enhanced == "2.0.0"
        assert session.usable
        assert (await session.quit()).code == 221


async def test_a_message_that_begins_with_a_dot_keeps_it() -> None:
    """Dot stuffing holds for the first line too."""

    async def script(peer: Peer) -> None:
        await peer.says(b"220 hi")
        await peer.answers(b"DATA", b"354 go")
        for line in (b"..x", b"."):
            await peer.hears(line)
        await peer.says(b"250 ok")

    async with smtp(script) as session:
        await session.greeting()
        await session.data()
        session.send_message(b".x\r\n")
        await session.accepted()


@pytest.mark.parametrize(
    ("line", "kind"),
    [
        (b"554 no service", Kind.SMTP_PERMANENT),
        (b"421 4.3.2 later", Kind.SMTP_TEMPORARY),
        (b"250 wrong code", Kind.SMTP_PROTOCOL),
        (b"SSH-2.0-OpenSSH_9.6", Kind.SMTP_PROTOCOL),
        (b"* OK IMAP4rev1 ready", Kind.SMTP_PROTOCOL),
        (b"2200 hi", Kind.SMTP_PROTOCOL),
    ],
)
async def test_only_220_is_a_greeting(line: bytes, kind: Kind) -> None:
    """Other codes are refusals, other words no SMTP."""

    async def script(peer: Peer) -> None:
        await peer.says(line)
        await peer.gone()

    async with smtp(script) as session:
        assert (await trouble_of(session.greeting())).kind is kind


@pytest.mark.parametrize("apart", [False, True])
@pytest.mark.parametrize(
    ("line", "kind", "code"),
    [
        (b"250 fake", Kind.SMTP_PROTOCOL, None),
        (b"rubbish", Kind.SMTP_PROTOCOL, None),
        (b"421 4.3.2 too busy", Kind.SMTP_TEMPORARY, 421),
    ],
)
async def test_words_out_of_turn_shift_no_reply(
    line: bytes, kind: Kind, code: int | None, *, apart: bool
) -> None:
    """What comes behind the banner is never taken for the reply to EHLO."""

    async def script(peer: Peer) -> None:
        if apart:
            await peer.says(b"220 hi")
            await peer.says(line)
        else:
            await peer.says(b"220 hi", line)
        await peer.gone()

    async with smtp(script) as session:
        assert (await session.greeting()).text == "hi"
        await until(lambda: session._protocol.surplus)
        assert not session.usable
        trouble = await trouble_of(session.ehlo("probe.test"))
        assert trouble.kind is kind
        assert (trouble.reply.code if trouble.reply else None) == code


async def test_a_421_behind_a_reply_is_taken_for_what_it_is() -> None:
    """In one segment with a good reply, as a server that closes sends it."""

    async def script(peer: Peer) -> None:
        await peer.says(b"220 hi")
        await peer.answers(b"EHLO x", b"250 mx", b"421 4.4.2 closing")

    async with smtp(script) as session:
        await session.greeting()
        trouble = await trouble_of(session.ehlo("x"))
        assert trouble.kind is Kind.SMTP_TEMPORARY
        assert trouble.reply == Reply(421, "4.4.2", "closing")


async def test_an_accepted_mail_stays_accepted_whatever_follows() -> None:
    """The server has taken it; what it says behind that changes nothing."""

    async def script(peer: Peer) -> None:
        await peer.says(b"220 hi")
        await peer.answers(b"DATA", b"354 go")
        while await peer.line() != b".":
            pass
        await peer.says(b"250 queued", b"what?")

    async with smtp(script) as session:
        await session.greeting()
        await session.data()
        session.send_message(b"x\r\n")
        assert (await session.accepted()).text == "queued"
        assert not session.usable


async def test_a_421_before_the_first_command_and_the_end() -> None:
    """Said between commands and closed: the server's word, not a mere loss."""

    async def script(peer: Peer) -> None:
        await peer.says(b"220 hi")
        await peer.says(b"421 4.3.0 shutting down")

    async with smtp(script) as session:
        await session.greeting()
        await until(lambda: not session._protocol.is_connected)
        trouble = await trouble_of(session.ehlo("x"))
        assert trouble.reply == Reply(421, "4.3.0", "shutting down")


@pytest.mark.parametrize(
    ("sent", "detail"),
    [
        (b"", "the server closed the connection"),
        (b"220-hi\r\n220", "closed in the middle of a reply: 'hi\\n220'"),
        (b"22", "closed in the middle of a reply: '22'"),
    ],
)
async def test_a_connection_lost_in_a_reply(sent: bytes, detail: str) -> None:
    """It is told at once, with what had come so far."""

    async def script(peer: Peer) -> None:
        await peer.sends(sent)

    async with smtp(script) as session:
        trouble = await trouble_of(session.greeting())
        assert (trouble.kind, trouble.detail) == (Kind.PEER_CLOSED, detail)
        assert not session.usable
        again = await trouble_of(session.ehlo("x"))
        assert again.kind is Kind.PEER_CLOSED


async def test_a_connection_that_is_reset() -> None:
    """The operating system's word for it is kept."""

    async def script(peer: Peer) -> None:
        await peer.says(b"220 hi")
        await peer.hears(b"EHLO x")
        peer.reset()

    async with smtp(script) as session:
        await session.greeting()
        trouble = await trouble_of(session.ehlo("x"))
        assert trouble.kind is Kind.PEER_CLOSED
        assert "reset" in trouble.detail.lower()


async def test_a_farewell_that_is_lost_is_not_made_up() -> None:
    """A connection reset after QUIT has said nothing; after a login too."""

    async def script(peer: Peer) -> None:
        await peer.says(b"220 hi")
        await peer.line()
        await peer.says(b"235 in")
        await peer.hears(b"QUIT")
        peer.reset()

    async with smtp(script) as session:
        await session.greeting()
        await session.auth("PLAIN", "ada", SECRET)
        assert (await trouble_of(session.quit())).kind is Kind.PEER_CLOSED


async def test_a_reply_lost_after_the_mail_was_sent() -> None:
    """The loss is told as a loss: the mail's fate is open."""

    async def script(peer: Peer) -> None:
        await peer.says(b"220 hi")
        await peer.answers(b"DATA", b"354 go")
        while await peer.line() != b".":
            pass

    async with smtp(script) as session:
        await session.greeting()
        await session.data()
        session.send_message(b"x\r\n")
        assert (await trouble_of(session.accepted())).kind is Kind.PEER_CLOSED


async def test_a_server_that_knows_no_ehlo_is_greeted_with_helo() -> None:
    """Its name is that of the HELO reply, and it offers nothing."""

    async def script(peer: Peer) -> None:
        await peer.says(b"220 hi")
        await peer.answers(b"EHLO x", b"502-5.5.1 Error: command", b"502 not known")
        await peer.answers(b"HELO x", b"250 old.test at your service")

    async with smtp(script) as session:
        await session.greeting()
        offer = await session.ehlo("x")
        assert (offer.name, offer.keywords) == ("old.test", ())


async def test_a_421_to_ehlo_is_not_answered_with_helo() -> None:
    """It is a refusal, not a lack of understanding."""

    async def script(peer: Peer) -> None:
        await peer.says(b"220 hi")
        await peer.answers(b"EHLO x", b"421 busy")
        await peer.gone()

    async with smtp(script) as session:
        await session.greeting()
        assert (await trouble_of(session.ehlo("x"))).kind is Kind.SMTP_TEMPORARY


@pytest.mark.parametrize(
    "sent",
    [
        b"220 go\r\n250 fake\r\n",
        b"220 go\r\nrubbish\r\n",
        b"220 go\r\n25",
        b"220 go\r\n421 x\r\n",
    ],
)
async def test_text_behind_starttls_is_an_injection(sent: bytes) -> None:
    """Whole, half or no reply: nothing sent in clear enters the TLS session."""

    async def script(peer: Peer) -> None:
        await peer.says(b"220 hi")
        await peer.hears(b"STARTTLS")
        await peer.sends(sent)
        await peer.gone()

    async with smtp(script) as session:
        await session.greeting()
        trouble = await trouble_of(session.starttls())
        assert trouble.kind is Kind.STARTTLS_INJECTION
        assert trouble.detail.startswith("in clear: ")
        assert not session.usable


@pytest.mark.parametrize(
    ("mechanism", "said"),
    [
        ("PLAIN", [b"AUTH PLAIN " + b64(b"\0ada\0hunter2")]),
        ("LOGIN", [b"AUTH LOGIN", b64(b"ada"), b64(b"hunter2")]),
        (
            "CRAM-MD5",
            [
                b"AUTH CRAM-MD5",
                b64(b"ada 8374b1d68a1a4ae4b4b3ed2dbd9ab3c5"),
            ],
        ),
        (
            "XOAUTH2",
            [b"AUTH XOAUTH2 " + b64(b"user=ada\1auth=Bearer hunter2\1\1")],
        ),
        (
            "OAUTHBEARER",
            [b"AUTH OAUTHBEARER " + b64(b"n,a=ada,\1auth=Bearer hunter2\1\1")],
        ),
    ],
)
async def test_each_mechanism_says_what_it_must(
    mechanism: str, said: list[bytes]
) -> None:
    """Challenges are answered one by one; the last reply is the verdict."""

    async def script(peer: Peer) -> None:
        await peer.says(b"220 hi")
        first, *others = said
        await peer.hears(first)
        for line in others:
            await peer.says(b"334 " + b64(b"<1@mx>"))
            heard = await peer.line()
            if mechanism == "CRAM-MD5":  # the digest is checked in tests/mail
                assert base64.b64decode(heard).startswith(b"ada ")
            else:
                assert heard == line
        await peer.says(b"235 2.7.0 in")

    async with smtp(script) as session:
        await session.greeting()
        assert (await session.auth(mechanism, "ada", SECRET)).enhanced == "2.7.0"


@pytest.mark.parametrize(
    ("answer", "kind"),
    [
        (b"535 5.7.8 wrong", Kind.AUTH_REFUSED),
        (b"534 5.7.9 too weak", Kind.AUTH_REFUSED),
        (b"504 5.5.4 unknown", Kind.AUTH_REFUSED),
        (b"432 4.7.12 change the password", Kind.AUTH_REFUSED),
        (b"454 4.7.0 later", Kind.AUTH_UNAVAILABLE),
        (b"421 4.3.0 later", Kind.AUTH_UNAVAILABLE),
        (b"250 what?", Kind.SMTP_PROTOCOL),
        (b"354 what?", Kind.SMTP_PROTOCOL),
    ],
)
async def test_a_login_is_refused_unavailable_or_nonsense(
    answer: bytes, kind: Kind
) -> None:
    """RFC 4954 6: only 5xx and 432 speak about the password."""

    async def script(peer: Peer) -> None:
        await peer.says(b"220 hi")
        await peer.line()
        await peer.says(answer)
        await peer.gone()

    async with smtp(script) as session:
        await session.greeting()
        trouble = await trouble_of(session.auth("PLAIN", "ada", SECRET))
        assert trouble.kind is kind


@pytest.mark.parametrize("mechanism", ["PLAIN", "LOGIN", "XOAUTH2", "CRAM-MD5"])
async def test_a_server_that_asks_on_and_on_is_left(mechanism: str) -> None:
    """Challenges without end are no answer to a login."""
    heard: list[bytes] = []

    async def script(peer: Peer) -> None:
        await peer.says(b"220 hi")
        while line := await peer.reader.readline():
            heard.append(line)
            await peer.says(b"334 !!! no base64")

    async with smtp(script) as session:
        await session.greeting()
        trouble = await trouble_of(session.auth(mechanism, "ada", SECRET))
        assert trouble.kind is Kind.SMTP_PROTOCOL
        assert len(heard) == CHALLENGES_MAX + 1
        session.abort()


async def test_a_refused_token_comes_with_its_reason() -> None:
    """The challenge behind a token says why; the answer asks for the final word."""

    async def script(peer: Peer) -> None:
        await peer.says(b"220 hi")
        await peer.line()
        await peer.says(b"334 " + b64(b'{"status":"401"}'))
        await peer.answers(b"", b"535 5.7.8 no")

    async with smtp(script) as session:
        await session.greeting()
        trouble = await trouble_of(session.auth("XOAUTH2", "ada", SECRET))
        assert trouble.kind is Kind.AUTH_REFUSED
        assert trouble.detail == '{"status":"401"}'


async def test_an_endless_reply_is_cut_off() -> None:
    """Without a line end, and line after line."""
    small = Limits(reply_bytes=200)
    for unit in (b"220", b"220-more\r\n"):

        async def script(peer: Peer, unit: bytes = unit) -> None:
            await peer.sends(unit * 200)
            await peer.gone()

        async with smtp(script, recorder(small)) as session:
            trouble = await trouble_of(session.greeting())
            assert trouble.kind is Kind.SMTP_PROTOCOL
            assert "more than 200 bytes" in trouble.detail


async def test_a_command_with_a_line_end_is_never_sent() -> None:
    """An injected command is a fault of ours, before a byte was written."""

    async def script(peer: Peer) -> None:
        await peer.says(b"220 hi")
        assert await peer.reader.read() == b""

    async with smtp(script) as session:
        await session.greeting()
        with pytest.raises(ValueError, match="prohibited control character"):
            await session.mail("a@b>\r\nRCPT TO:<c@d")
        session.abort()


async def test_silence_ends_with_the_step() -> None:
    """The budget of the phase is what ends the wait, and the session is spent."""
    record = Recorder(FakeClock(), Limits(), 60)

    async def script(peer: Peer) -> None:
        await peer.gone()

    async def greet(session: SmtpSession) -> None:
        with record.step(Phase.GREETING, "mx", 0.01):
            await session.greeting()

    async with smtp(script, record) as session:
        with pytest.raises(Ended) as caught:
            await greet(session)
        assert caught.value.failure.kind is Kind.GREETING_TIMEOUT
        assert not session.usable
        session.abort()


async def test_a_cancelled_wait_lets_the_cancellation_through() -> None:
    """Nothing turns it into a failure of the server."""

    async def script(peer: Peer) -> None:
        await peer.gone()

    async with smtp(script) as session:
        waiting = asyncio.create_task(session.greeting())
        await asyncio.sleep(0)
        waiting.cancel()
        with pytest.raises(asyncio.CancelledError):
            await waiting
        session.abort()
        session.abort()
